"""Drawings: what a figure looks like on a page, made once by content and kept beside the runs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sourcebook import tracing
from sourcebook.errors import FigureError, Finding, Place
from sourcebook.figures import Figure, altair_charts, plotly_charts
from sourcebook.figures.browser import Draw, drawing_page, find_browser
from sourcebook.figures.stills import Still, is_blank
from sourcebook.pages.fragments import THEME

_WIDTHS = {"text": (342, 680), "wide": (342, 680, 1080)}
_DESIGN_WIDTH = 680
_USED = ("engines/plotly.js", "fonts/sans.woff2", "fonts/drawing/SchibstedGrotesk-Regular.ttf")


@dataclass(frozen=True)
class Drawing:
    """A figure as pages show it.

    Attributes:
        live: what the engine draws from in the browser.
        stills: one drawing for each width of the design; none if there was nothing to draw with.
    """

    live: dict[str, Any]
    stills: tuple[Still, ...] = ()


@dataclass(frozen=True)
class Drawings:
    """The drawings kept in one folder."""

    folder: Path

    def of(self, figure: Figure) -> Drawing:
        """Give a figure's drawing; without stills if none has been kept."""
        kept = self._kept(figure)
        if not kept.is_file():
            return Drawing(figure.spec if figure.engine == "plotly" else _compiled(figure))
        told = json.loads(kept.read_text(encoding="utf-8"))
        return Drawing(told["live"], tuple(Still(**one) for one in told["stills"]))

    def state(self, figure: Figure) -> str:
        """Give a text that changes when the figure must be shown anew: drawn otherwise, or now at all."""
        return f"{self._kept(figure).name} {'kept' if self._kept(figure).is_file() else 'not kept'}"

    def make(self, figures: Iterable[tuple[str, Figure]]) -> list[Finding]:
        """Draw the figures, given as (file, figure), that are not kept yet; say which could not be drawn."""
        missing = [(path, figure) for path, figure in figures if not self._kept(figure).is_file()]
        waiting = [path for path, figure in missing if figure.engine == "plotly"]
        findings = []
        with ExitStack() as stack:
            draw, trouble = _opened(stack) if waiting else (None, "")
            for path, figure in missing:
                if figure.engine == "plotly" and draw is None:
                    continue
                drawing = _drawn(figure, draw)
                if any(map(is_blank, drawing.stills)):
                    findings.append(_blank_finding(path, figure))
                else:
                    self._keep(figure, drawing)
        return findings + ([_browser_finding(waiting, trouble)] if trouble else [])

    def _keep(self, figure: Figure, drawing: Drawing) -> None:
        kept = self._kept(figure)
        self.folder.mkdir(parents=True, exist_ok=True)
        partly = kept.with_suffix(".part")
        told = {"live": drawing.live, "stills": [asdict(one) for one in drawing.stills]}
        partly.write_text(json.dumps(told), encoding="utf-8")
        partly.replace(kept)

    def _kept(self, figure: Figure) -> Path:
        told = json.dumps([figure.id, figure.spec, figure.width, _drawing_code()], sort_keys=True)
        return self.folder / f"{tracing.digest_of_bytes(told.encode())}.json"


def _drawn(figure: Figure, draw: Draw | None) -> Drawing:
    widths = _WIDTHS[figure.width]
    if draw is not None and figure.engine == "plotly":
        stills = (
            plotly_charts.still(figure.spec, width=width, prefix=f"{figure.id}-{width}", draw=draw)
            for width in widths
        )
        return Drawing(figure.spec, tuple(stills))
    drawn = (altair_charts.still(figure.spec, width=width, prefix=f"{figure.id}-{width}") for width in widths)
    return Drawing(_compiled(figure), tuple(drawn))


def _compiled(figure: Figure) -> dict[str, Any]:
    return altair_charts.live_specification(figure.spec, width=_DESIGN_WIDTH)


def _blank_finding(path: str, figure: Figure) -> Finding:
    what = f"the figure '{figure.id}' is drawn as an empty picture"
    return Finding(
        "blank-still", what, Place(path), "look at the chart: its data or its scales leave no mark"
    )


def _opened(stack: ExitStack) -> tuple[Draw | None, str]:
    """Open the page that draws Plotly figures, or say what stands in the way."""
    browser = find_browser()
    if browser is None:
        return None, "there is no Chromium on this machine"
    try:
        return stack.enter_context(drawing_page(browser)), ""
    except FigureError as error:
        return None, error.what


def _browser_finding(waiting: list[str], trouble: str) -> Finding:
    charts = "1 Plotly chart shows" if len(waiting) == 1 else f"{len(waiting)} Plotly charts show"
    what = f"{charts} the data table in place of a picture: {trouble}"
    mend = "install Chromium, or name one in the environment variable CHROMIUM"
    return Finding("no-browser", what, Place(waiting[0]), mend)


@cache
def _drawing_code() -> str:
    """Give the digest of the code and files that draw, so that a change in them draws again."""
    files = [*sorted(Path(altair_charts.__file__).parent.glob("*.py")), *(THEME / name for name in _USED)]
    return tracing.digest_of_bytes(b"".join(file.read_bytes() for file in files if file.is_file()))
