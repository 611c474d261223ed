"""Drawings: what a figure looks like on a page, made once by content and kept beside the runs."""

from __future__ import annotations

import json
import pickle
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from markupsafe import escape

from sourcebook import tracing
from sourcebook.errors import FigureError, Finding, Place
from sourcebook.figures import Figure, altair_charts, plotly_charts
from sourcebook.figures.browser import Draw, drawing_page, find_browser
from sourcebook.figures.downloads.poster import png_of
from sourcebook.figures.marks import Mark
from sourcebook.figures.pictures import differing_share_of_svgs
from sourcebook.figures.stills import Drawn, Still, in_light, is_blank, still_of, vocabulary
from sourcebook.pages.forks import Handed, Turns, in_forks, processors
from sourcebook.pages.fragments import THEME, digest_of_json

MOST_DIFFERING = 0.02
"""Share of its pixels in which a still may differ from the drawing that it was made from."""

_WIDTHS = {"text": (342, 680), "wide": (342, 680, 1080)}
_ANY_WIDTH = 0
_DESIGN_WIDTH = 680
_HEAVY_BYTES = 400_000
_TROUBLED = ".finding"  # suffix of the file that says what is wrong with a drawing
_USED = ("engines/plotly.js", "fonts/sans.woff2", "fonts/drawing/SchibstedGrotesk-Regular.ttf")


_Shown = tuple[str, Figure]
"""A figure, after the file that shows it."""

_Told = tuple[int, Finding]
"""A finding, after the number of its figure: whoever draws first, findings are told in one order."""

_Then = Callable[[str, Figure], object]


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
        figures: Iterable[_Shown],
        *,
        then: _Then = lambda path, figure: None,
    ) -> list[Finding]:
        """Draw the figures, given as (file, figure), that are not kept yet; say what went wrong.

        Args:
            figures: what is to be drawn; several processors share the work.
            then: called with each figure that was drawn, in the process that drew it.
        """
        findings: list[Finding] = []
        missing: list[_Shown] = []
        for path, figure in figures:
            if trouble := self._trouble(figure):
                findings.append(_finding(trouble[0], path, trouble[1]))
            elif not self._kept(figure).is_file():
                missing.append((path, figure))
        hands = min(processors(), len(missing))
        told = self._make(missing, then) if hands <= 1 else self._make_together(missing, then, hands)
        return findings + [finding for _, finding in sorted(told, key=lambda one: one[0])]

    def _make(self, missing: Sequence[_Shown], then: _Then) -> list[_Told]:
        """Draw one after the other."""
        waiting = [number for number, one in enumerate(missing) if _needs_pen(one)]
        told: list[_Told] = []
        with ExitStack() as stack:
            pen, trouble = _opened(stack) if waiting else (None, "")
            for number, (_, figure) in enumerate(missing):
                if pen is not None or number not in waiting:
                    told += self._finish(missing, number, partial(_drawn, figure, pen), then)
        return told + _browser_told(missing, waiting, trouble)

    def _make_together(self, missing: Sequence[_Shown], then: _Then, hands: int) -> list[_Told]:
        """Draw in forks: one has the browser and hands on what it drew, the others take whatever is next."""
        waiting = [number for number, one in enumerate(missing) if _needs_pen(one)]
        free = [number for number, one in enumerate(missing) if not _needs_pen(one)]
        with ExitStack() as stack:
            drafts = Path(stack.enter_context(TemporaryDirectory(prefix="sourcebook-")))
            turns, handed = stack.enter_context(closing(Turns(len(free)))), Handed()
            stack.callback(handed.close)

            def hold_pen() -> list[_Told]:
                told = _draft(missing, waiting, drafts, handed) if waiting else []
                return told + take_over()

            def draw() -> list[_Told]:
                handed.end()
                own = (
                    told
                    for turn in turns
                    for told in self._finish(
                        missing, free[turn], partial(_drawn, missing[free[turn]][1]), then
                    )
                )
                return [*own, *take_over()]

            def take_over() -> list[_Told]:
                handed.end()
                return [
                    told
                    for number in handed
                    for told in self._finish(missing, number, partial(_read_draft, drafts, number), then)
                ]

            acts = [hold_pen if waiting else draw, *[draw] * (hands - 1)]
            return [told for one in in_forks(acts, begun=handed.end) for told in one]

    def _finish(
        self, missing: Sequence[_Shown], number: int, drawn: Callable[[], list[Drawn]], then: _Then
    ) -> list[_Told]:
        """Make what was drawn fit for pages; what cannot be drawn is told."""
        path, figure = missing[number]
        try:
            findings = self._clean(path, figure, drawn())
        except (FigureError, ValueError) as error:
            return [(number, _undrawn(path, figure, error))]
        then(path, figure)
        return [(number, finding) for finding in findings]

    def _clean(self, path: str, figure: Figure, drawn: Sequence[Drawn]) -> list[Finding]:
        """Keep a figure's drawing, unless readers would see nothing or something else."""
        widths = _WIDTHS[figure.width]
        stills = [
            still_of(one, prefix=f"{figure.id}-{width}") for one, width in zip(drawn, widths, strict=True)
        ]
        if any(map(is_blank, stills)):
            return [self._note(figure, "blank-still", path, f"{_named(figure)} is drawn as an empty picture")]
        if len(stills[-1].svg) > _HEAVY_BYTES:
            told = f"{_named(figure)} is a picture: its marks would weigh {len(stills[-1].svg) // 1000} KB"
            self._keep(figure, Drawing((_as_picture(stills[-1]),), finding=told))
            return [self._note(figure, "heavy-still", path, told)]
        unlike = _difference(drawn, stills)
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


def _needs_pen(shown: _Shown) -> bool:
    return shown[1].engine == "plotly"


def _drawn(figure: Figure, pen: Draw | None = None) -> list[Drawn]:
    """Draw a figure at all its widths."""
    if figure.engine == "plotly" and pen is not None:
        return [plotly_charts.draw(figure.spec, width, pen=pen) for width in _WIDTHS[figure.width]]
    return [altair_charts.draw(figure.spec, width) for width in _WIDTHS[figure.width]]


def _draft(missing: Sequence[_Shown], waiting: Sequence[int], drafts: Path, handed: Handed) -> list[_Told]:
    """Draw what needs the browser, and hand each drawing on as a file named by its number."""
    told: list[_Told] = []
    with ExitStack() as stack:
        pen, trouble = _opened(stack)
        for number in waiting if pen is not None else ():
            path, figure = missing[number]
            try:
                drawn = [replace(one, live={}) for one in _drawn(figure, pen)]
            except (FigureError, ValueError) as error:
                told.append((number, _undrawn(path, figure, error)))
            else:
                (drafts / str(number)).write_bytes(pickle.dumps(drawn))
                handed.hand(number)
    return told + _browser_told(missing, waiting, trouble)


def _read_draft(drafts: Path, number: int) -> list[Drawn]:
    draft = drafts / str(number)
    drawn: list[Drawn] = pickle.loads(draft.read_bytes())
    draft.unlink()
    return drawn


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


def _difference(drawn: Sequence[Drawn], stills: Sequence[Still]) -> float:
    """Give the largest share of pixels in which a still differs from its drawing.

    Drawings that are made of the same lose the same when they are cleaned: of these one is compared.
    """
    pairs = {vocabulary(one.svg): (one, still) for one, still in reversed([*zip(drawn, stills, strict=True)])}
    return max(differing_share_of_svgs(one.svg, in_light(still.svg)) for one, still in pairs.values())


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


def _undrawn(path: str, figure: Figure, error: Exception) -> Finding:
    return _finding("undrawn", path, f"{_named(figure)} has no still: {error}")


def _browser_told(missing: Sequence[_Shown], waiting: Sequence[int], trouble: str) -> list[_Told]:
    if not trouble:
        return []
    charts = "1 Plotly chart shows" if len(waiting) == 1 else f"{len(waiting)} Plotly charts show"
    what = f"{charts} the data table in place of a picture: {trouble}"
    mend = "install Chromium, or name one in the environment variable CHROMIUM"
    return [(len(missing), Finding("no-browser", what, Place(missing[waiting[0]][0]), mend))]


@cache
def _drawing_code() -> str:
    """Give the digest of the code and files that draw, so that a change in them draws again."""
    files = [*sorted(Path(altair_charts.__file__).parent.rglob("*.py")), *(THEME / name for name in _USED)]
    return tracing.digest_of_bytes(b"".join(file.read_bytes() for file in files if file.is_file()))
