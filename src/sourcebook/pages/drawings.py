"""Drawings: what a figure looks like on a page, made once by content and kept beside the runs."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any

from markupsafe import escape

from sourcebook import tracing
from sourcebook.errors import FigureError, Finding, Place
from sourcebook.figures import Figure, altair_charts, plotly_charts
from sourcebook.figures.browser import Draw, drawing_page, find_browser
from sourcebook.figures.downloads.poster import png_of
from sourcebook.figures.marks import Mark
from sourcebook.figures.pictures import differing_share, picture_of_svg
from sourcebook.figures.stills import Drawn, Still, in_light, is_blank, still_of
from sourcebook.pages.forks import in_forks, processors
from sourcebook.pages.fragments import THEME, digest_of_json

MOST_DIFFERING = 0.02
"""Share of its pixels in which a still may differ from the drawing that it was made from."""

_WIDTHS = {"text": (342, 680), "wide": (342, 680, 1080)}
_ANY_WIDTH = 0
_DESIGN_WIDTH = 680
_HEAVY_BYTES = 400_000
_TROUBLED = ".finding"  # suffix of the file that says what is wrong with a drawing
_USED = ("engines/plotly.js", "fonts/sans.woff2", "fonts/drawing/SchibstedGrotesk-Regular.ttf")


@dataclass(frozen=True)
class Drawing:
    """A figure as pages show it.

    Attributes:
        stills: one drawing for each width of the design; none if there was nothing to draw with.
        live: what the engine draws from in the browser, by the width in px; 0 is any width.
        finding: what is wrong with it though it can be shown, or "".
    """

    stills: tuple[Still, ...] = ()
    live: dict[int, dict[str, Any]] = field(default_factory=dict, repr=False)
    finding: str = ""


@dataclass(frozen=True)
class Drawings:
    """The drawings kept in one folder."""

    folder: Path

    def of(self, figure: Figure) -> Drawing:
        """Give a figure's drawing; without stills if none has been kept."""
        kept = self._kept(figure)
        if not kept.is_file():
            return Drawing((), _live_without_still(figure))
        told = json.loads(kept.read_text(encoding="utf-8"))
        stills = tuple(_parse_still(one) for one in told["stills"])
        live = {int(width): spec for width, spec in told["live"].items()}
        return Drawing(stills, live, told["finding"])

    def state(self, figure: Figure) -> str:
        """Give a text that changes when the figure must be shown anew: drawn otherwise, or now at all."""
        return self.state_of(drawing_key(vars(figure)))

    def state_of(self, key: str) -> str:
        """Give the state of the figure that has this `drawing_key`."""
        kept = self._place(key)
        return f"{kept.name} {'kept' if kept.is_file() else 'not kept'}"

    def is_good(self, key: str) -> bool:
        """Say whether a figure is drawn and nothing is to be told of it."""
        kept = self._place(key)
        return kept.is_file() and not kept.with_suffix(_TROUBLED).exists()

    def make(
        self,
        figures: Iterable[tuple[str, Figure]],
        *,
        then: Callable[[str, Figure], object] = lambda path, figure: None,
    ) -> list[Finding]:
        """Draw the figures, given as (file, figure), that are not kept yet; say what went wrong.

        Args:
            figures: what is to be drawn; several processors share the work.
            then: called with each figure that was drawn, in the process that drew it.
        """
        findings: list[Finding] = []
        missing: list[tuple[str, Figure]] = []
        for path, figure in figures:
            if trouble := self._trouble(figure):
                findings.append(_finding(trouble[0], path, trouble[1]))
            elif not self._kept(figure).is_file():
                missing.append((path, figure))
        shares = [partial(self._make, share, then) for share in _shared_out(missing, processors())]
        return findings + [finding for share in in_forks(shares) for finding in share]

    def _make(
        self, missing: Sequence[tuple[str, Figure]], then: Callable[[str, Figure], object]
    ) -> list[Finding]:
        findings: list[Finding] = []
        waiting = [path for path, figure in missing if figure.engine == "plotly"]
        with ExitStack() as stack:
            pen, trouble = _opened(stack) if waiting else (None, "")
            for path, figure in missing:
                if figure.engine == "plotly" and pen is None:
                    continue
                try:
                    findings += self._draw(path, figure, pen)
                except (FigureError, ValueError) as error:
                    findings.append(_finding("undrawn", path, f"{_named(figure)} has no still: {error}"))
                else:
                    then(path, figure)
        return findings + ([_browser_finding(waiting, trouble)] if trouble else [])

    def _draw(self, path: str, figure: Figure, pen: Draw | None) -> list[Finding]:
        """Draw one figure and keep it, unless readers would see nothing or something else."""
        widths = _WIDTHS[figure.width]
        drawn = [_drawn(figure, width, pen) for width in widths]
        stills = [
            still_of(one, prefix=f"{figure.id}-{width}") for one, width in zip(drawn, widths, strict=True)
        ]
        if any(map(is_blank, stills)):
            return [self._note(figure, "blank-still", path, f"{_named(figure)} is drawn as an empty picture")]
        if len(stills[-1].svg) > _HEAVY_BYTES:
            told = f"{_named(figure)} is a picture: its marks would weigh {len(stills[-1].svg) // 1000} KB"
            self._keep(figure, Drawing((_as_picture(stills[-1]),), finding=told))
            return [self._note(figure, "heavy-still", path, told)]
        unlike = max(_difference(one, still) for one, still in zip(drawn, stills, strict=True))
        if unlike > MOST_DIFFERING:
            told = f"{unlike:.1%} of the still of {_named(figure)} differ from what its library draws"
            return [self._note(figure, "unlike-still", path, told)]
        self._keep(figure, Drawing(tuple(stills), _live_of(figure, dict(zip(widths, drawn, strict=True)))))
        return []

    def _keep(self, figure: Figure, drawing: Drawing) -> None:
        kept = self._kept(figure)
        self.folder.mkdir(parents=True, exist_ok=True)
        partly = kept.with_suffix(".part")
        stills = [asdict(one) for one in drawing.stills]
        told = {"live": drawing.live, "stills": stills, "finding": drawing.finding}
        partly.write_text(json.dumps(told), encoding="utf-8")
        partly.replace(kept)

    def _note(self, figure: Figure, code: str, path: str, told: str) -> Finding:
        """Keep what is wrong with a drawing too: drawn again from the same, it would be as wrong."""
        self.folder.mkdir(parents=True, exist_ok=True)
        note = self._kept(figure).with_suffix(_TROUBLED)
        partly = note.with_suffix(".part")
        partly.write_text(json.dumps([code, told]), encoding="utf-8")
        partly.replace(note)
        return _finding(code, path, told)

    def _trouble(self, figure: Figure) -> tuple[str, str] | None:
        try:
            code, told = json.loads(self._kept(figure).with_suffix(_TROUBLED).read_bytes())
        except (OSError, ValueError):
            return None
        return code, told

    def _kept(self, figure: Figure) -> Path:
        return self._place(drawing_key(vars(figure)))

    def _place(self, key: str) -> Path:
        return self.folder / f"{tracing.digest_of_bytes(f'{key} {_drawing_code()}'.encode())}.json"


def drawing_key(figure: Mapping[str, Any]) -> str:
    """Give the digest of what a figure's drawing is made from; `figure` holds its attributes or its JSON."""
    return digest_of_json([figure.get(name) for name in ("id", "spec", "width", "tier")])


def _shared_out(figures: Sequence[tuple[str, Figure]], shares: int) -> list[list[tuple[str, Figure]]]:
    """Part the work evenly, with all that needs the browser in one hand: starting it takes longest."""
    drawn_by = {
        is_plotly: [one for one in figures if (one[1].engine == "plotly") == is_plotly]
        for is_plotly in (True, False)
    }
    parts: list[list[tuple[str, Figure]]] = [[] for _ in range(max(1, shares))]
    parts[0] += drawn_by[True]
    for one in drawn_by[False]:
        min(parts[::-1], key=len).append(one)
    return [part for part in parts if part]


_MENDS = {
    "undrawn": "look at the chart's data and its settings in the notebook",
    "blank-still": "look at the chart: its data or its scales leave no mark",
    "heavy-still": "draw fewer marks: group, bin or sample the data before it is drawn",
    "unlike-still": "look whether the chart uses filters, masks or pictures, which a page cannot show",
}


def _parse_still(told: dict[str, Any]) -> Still:
    return Still(**{**told, "marks": tuple(Mark(**one) for one in told["marks"])})


def _finding(code: str, path: str, what: str) -> Finding:
    return Finding(code, what, Place(path), _MENDS[code])


def _named(figure: Figure) -> str:
    return f"the figure '{figure.id}'"


def _drawn(figure: Figure, width: int, pen: Draw | None) -> Drawn:
    if figure.engine == "plotly" and pen is not None:
        return plotly_charts.draw(figure.spec, width, pen=pen)
    return altair_charts.draw(figure.spec, width)


def _live_of(figure: Figure, drawn: Mapping[int, Drawn]) -> dict[int, dict[str, Any]]:
    if figure.tier != "live":
        return {}
    if figure.engine == "plotly":
        return {_ANY_WIDTH: plotly_charts.live_specification(figure.spec, width=_DESIGN_WIDTH)}
    return {width: one.live for width, one in drawn.items()}


def _live_without_still(figure: Figure) -> dict[int, dict[str, Any]]:
    if figure.engine == "plotly":
        return {_ANY_WIDTH: plotly_charts.live_specification(figure.spec, width=_DESIGN_WIDTH)}
    return {_DESIGN_WIDTH: altair_charts.draw(figure.spec, _DESIGN_WIDTH).live}


def _difference(drawn: Drawn, still: Still) -> float:
    return differing_share(picture_of_svg(drawn.svg), picture_of_svg(in_light(still.svg)))


def _as_picture(still: Still) -> Still:
    """Give a still of very many marks as an image of twice the resolution."""
    png = png_of(in_light(still.svg))
    address = f"data:image/png;base64,{b64encode(png).decode()}"
    size = f'width="{still.width}" height="{still.height}"'
    markup = f'<img class="still-picture" alt="" src="{escape(address)}" {size}>'
    return replace(still, svg=markup, marks=())


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
    files = [*sorted(Path(altair_charts.__file__).parent.rglob("*.py")), *(THEME / name for name in _USED)]
    return tracing.digest_of_bytes(b"".join(file.read_bytes() for file in files if file.is_file()))
