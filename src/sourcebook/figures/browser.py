"""The door to a browser for drawings: one headless page that draws all of a build's Plotly stills."""

from __future__ import annotations

import json
import os
import shutil
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sourcebook.errors import FigureError
from sourcebook.figures.chromium import BrowserGone, Connection, started

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
_BARE = (
    "--headless",
    "--no-startup-window",
    "--in-process-gpu",
    "--disable-breakpad",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--hide-scrollbars",
    "--mute-audio",
    "--force-color-profile=srgb",
    "--enable-features=NetworkServiceInProcess2",
    "--disable-features=SpareRendererForSitePerProcess,WebUIOmniboxPopup,WebUIOmniboxAimPopup,AimEnabled",
)
"""Flags for one page and nothing else: fewer processes, and no pages for a window that nobody sees."""

_SCREEN = {"width": 1280, "height": 720, "deviceScaleFactor": 1, "mobile": False}
_BETWEEN_SWEEPS = 16  # drawings
_DRAWING_S = 120.0  # longest that a figure may take
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
        FigureError: the browser does not start.
    """
    with ExitStack() as stack:
        try:
            page = stack.enter_context(started(browser, [*browser_flags(), *_BARE]))
            _open(page)
        except (BrowserGone, ValueError, OSError) as error:
            raise FigureError(f"the browser '{browser}' does not start: {error}") from error

        drawn = count(1)

        def draw(figure: dict[str, Any], width: int, height: int) -> tuple[str, list[Box]]:
            try:
                if next(drawn) % _BETWEEN_SWEEPS == 0:  # else it keeps what hundreds of charts were made of
                    page.call("HeapProfiler.collectGarbage")
                svg, boxes = _value_of(page, f"({_DRAW})({json.dumps([figure, width, height])})")
            except (BrowserGone, ValueError) as error:
                raise FigureError(f"Plotly cannot draw it: {error}") from error
            return _text_of(svg), [tuple(box) for box in boxes]

        yield draw


def _open(browser: Connection) -> None:
    """Open the page; whatever it asks for is answered from the theme's own files."""
    target = browser.call("Target.createTarget", url="about:blank")["targetId"]
    session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    browser.session, browser.hear = session, partial(_hear, browser)
    browser.call("Page.enable")
    browser.call("Inspector.enable")
    browser.call("Fetch.enable")
    browser.call("Emulation.setDeviceMetricsOverride", **_SCREEN)
    browser.call("Page.navigate", url=_SITE)
    browser.hear_until("Page.loadEventFired")


def _hear(page: Connection, event: str, told: dict[str, Any]) -> None:
    if event == "Inspector.targetCrashed":
        raise BrowserGone("its page has crashed")
    if event == "Fetch.requestPaused":
        name = told["request"]["url"].removeprefix(_SITE)
        if name and name not in _FILES:
            page.send("Fetch.failRequest", requestId=told["requestId"], errorReason="Failed")
            return
        kind = {".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2"}
        content = (THEME / _FILES[name]).read_bytes() if name else _PAGE.encode()
        page.send(
            "Fetch.fulfillRequest",
            requestId=told["requestId"],
            responseCode=200,
            responseHeaders=[{"name": "Content-Type", "value": kind.get(Path(name).suffix, "text/html")}],
            body=b64encode(content).decode(),
        )


def _value_of(page: Connection, expression: str) -> Any:
    """Give what an expression promises in the page; ValueError has the first line of what it throws."""
    told = page.call(
        "Runtime.evaluate",
        expression=expression,
        awaitPromise=True,
        returnByValue=True,
        within_s=_DRAWING_S,
    )
    if thrown := told.get("exceptionDetails"):
        said = thrown.get("exception", {}).get("description") or thrown.get("text", "")
        raise ValueError(str(said).splitlines()[0])
    return told["result"]["value"]


def _text_of(address: str) -> str:
    """Give the SVG in a data address."""
    return unquote(address.partition(",")[2]) if address.startswith("data:") else address
