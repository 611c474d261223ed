"""The door to a browser for drawings: one headless page that draws all of a build's Plotly stills."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sourcebook.errors import FigureError

THEME = Path(__file__).parent.parent / "theme"

_NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
_QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_SITE = "http://drawing.invalid/"  # answered from the theme's own files; nothing leaves the process
_PAGE = """<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="plotly.css"
 id="plotly.js-style-global" class="no-inline-styles"><style>
@font-face { font-family: "Schibsted Grotesk"; font-weight: 400 800; src: url(sans.woff2) }
</style><body style="font-family: 'Schibsted Grotesk'">Letters <b>and bold ones</b></body>"""
_FILES = {
    "plotly.js": "engines/plotly.js",
    "plotly.css": "engines/plotly.css",
    "sans.woff2": "fonts/sans.woff2",
}
_DRAW = """async ([figure, width, height]) => {
  const faces = [400, 700].map((weight) => `${weight} 13px "Schibsted Grotesk"`);
  await Promise.all(faces.map((face) => document.fonts.load(face)));
  const { default: Plotly } = await import("/plotly.js");
  const el = document.body.appendChild(document.createElement("div"));
  const layout = { ...figure.layout, width, height, autosize: false };
  await Plotly.newPlot(el, figure.data, layout, { staticPlot: true });
  const boxes = [], from = el.getBoundingClientRect();
  const svg = () => [Plotly.Snapshot.toSVG(el, "svg"), boxes];
  const leave = (drawn) => (Plotly.purge(el), el.remove(), drawn);
  if (!figure.marked) return leave(svg());
  const pick = (mark, trace, point) => {
    const { left, top, width, height } = mark.getBoundingClientRect();
    boxes.push([trace, point, left - from.left, top - from.top, width, height]);
  };
  for (const cd of el.calcdata) {
    const { index, type, mode, xaxis, yaxis } = cd[0]?.trace ?? {};
    if (type !== "scatter" || !/lines|markers/.test(mode)) continue;
    const [across, along] = [xaxis, yaxis].map((id) => el._fullLayout[id.replace(/^([xy])/, "$1axis")]);
    for (const { i, x, y } of cd) {
      const [left, top] = [across._offset + across.c2p(x), along._offset + along.c2p(y)];
      if (Number.isFinite(left) && Number.isFinite(top)) boxes.push([index, i, left, top, 0, 0]);
    }
  }
  for (const mark of el.querySelectorAll(".bars .point, .slice, .boxes .box, .heatmaplayer .hm"))
    if (mark.__data__?.i !== undefined) {
      const own = el.calcdata.findIndex((cd) => cd.includes(mark.__data__));
      const trace = mark.closest(".trace")?.__data__?.[0]?.trace?.index ?? own;
      pick(mark.querySelector("path") ?? mark, trace, mark.__data__.i);
    }
  return leave(svg());
}"""

Box = tuple[int, int, float, float, float, float]
"""Where a point is drawn: number of its trace, its own number, left, top, width and height in px."""

Draw = Callable[[dict[str, Any], int, int], tuple[str, list[Box]]]
"""Draws a Plotly figure at a width and a height in px: the text of an SVG, and where its points are if the
figure says that they are `marked`."""


def find_browser() -> str | None:
    """Find a Chromium: the one that the variable CHROMIUM names, or an installed one."""
    for name in (os.environ.get("CHROMIUM", ""), *_NAMES):
        if name and (found := shutil.which(name)):
            return found
    return None


def browser_flags() -> list[str]:
    """Give the flags that a headless Chromium is started with: quiet, and without a sandbox only as root."""
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*_QUIET, *(["--no-sandbox"] if is_root else [])]


@contextmanager
def drawing_page(browser: str) -> Iterator[Draw]:
    """Open a page that draws Plotly figures with the book's own typeface, and close it at the end.

    Args:
        browser: path of a Chromium.

    Raises:
        FigureError: the browser, or the driver that speaks to it, does not start.
    """
    from playwright.sync_api import Error, Route, sync_playwright

    def answer(route: Route) -> None:
        name = route.request.url.removeprefix(_SITE)
        if name in _FILES:
            kind = {".js": "text/javascript", ".css": "text/css"}.get(Path(name).suffix, "font/woff2")
            route.fulfill(body=(THEME / _FILES[name]).read_bytes(), content_type=kind)
        elif name == "":
            route.fulfill(body=_PAGE, content_type="text/html")
        else:
            route.abort()

    with ExitStack() as stack:
        try:
            playwright = stack.enter_context(sync_playwright())
            chromium = playwright.chromium.launch(executable_path=browser, args=browser_flags())
            stack.callback(chromium.close)
            page = chromium.new_page()
            page.route("**/*", answer)
            page.goto(_SITE)
        except Exception as error:  # whatever the driver lacks on this machine, it raises a bare Exception
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise FigureError(f"the browser '{browser}' does not start: {reason}") from error

        def draw(figure: dict[str, Any], width: int, height: int) -> tuple[str, list[Box]]:
            try:
                svg, boxes = page.evaluate(_DRAW, [figure, width, height])
            except Error as error:
                reason = str(error).splitlines()[0].removeprefix("Page.evaluate: ")
                raise FigureError(f"Plotly cannot draw it: {reason}") from error
            return _text_of(svg), [tuple(box) for box in boxes]

        yield draw


def _text_of(address: str) -> str:
    """Give the SVG in a data address."""
    return unquote(address.partition(",")[2]) if address.startswith("data:") else address
