"""Words for charts: which engine draws them, and how they are worded, measured, cut and escaped."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any, Literal, cast, get_args
from unicodedata import east_asian_width

from sourcebook.errors import FigureError, nearest
from sourcebook.facts import Fact, quantity

Side = Literal["right", "left", "above", "below", "inside"]
Engine = Literal["altair", "plotly"]

LABEL = "_label"
"""Column of a chart's table that holds the words of its labels."""

SIZE_PX = 14
"""Size of the letters of labels and notes."""

LABEL_PX, NOTE_PX = 190.0, 300.0
"""Widths at which a label, and a line of a note, are cut: none is wider than a phone."""

BAR_AWAY_PX, LINE_AWAY_PX, POINT_AWAY_PX = 6, 8, 11
"""How far words stand from the end of a bar, the end of a line and the middle of a point."""

_DIGITS = 4
_MOST_LETTERS = 80
_LETTERS_PX = {4.4: " .,:;!|'’‘ijlI()[]ft", 12.0: "mwMWO@%—…→", 9.8: "ABCDEGHKNPQRSTUVXYZ+<>=~&"}
_LETTER_PX, _WIDE_PX = 8.3, 14.5
_WIDTHS = {letter: px for px, letters in _LETTERS_PX.items() for letter in letters}


def engine_of(chart: object) -> Engine:
    """Say which library draws the chart.

    Raises:
        FigureError: neither of the two does.
    """
    library = type(chart).__module__.partition(".")[0]
    if library not in get_args(Engine):
        raise FigureError(
            f"a {type(chart).__name__} is no chart", mend="pass an Altair chart or a Plotly figure"
        )
    return cast(Engine, library)


def checked_engine(name: str) -> Engine:
    """Give the engine of that name.

    Raises:
        FigureError: there is none.
    """
    if name not in get_args(Engine):
        raise FigureError(f"unknown engine '{name}'", mend=nearest(str(name), get_args(Engine)))
    return cast(Engine, name)


def checked_side(name: str) -> Side:
    """Give the side of that name.

    Raises:
        FigureError: there is none.
    """
    if name not in get_args(Side):
        raise FigureError(f"unknown side '{name}'", mend=nearest(str(name), get_args(Side)))
    return cast(Side, name)


def worded(one: object) -> str:
    """Word one thing for a chart: a fact or a number shortly, a missing value not at all.

    A fact keeps the words that open it ("more than 700K"); "about" is left to the prose.
    """
    if isinstance(one, Fact):
        return one.words(style="short", qualified=one.qualifier not in {"about", "exact"})
    if is_missing(one):
        return ""
    if isinstance(one, bool | str) or not hasattr(one, "__float__"):
        return str(one)
    number = float(one)
    return quantity(float(f"{number:.{_DIGITS}g}"), "").short if abs(number) < float("inf") else ""


def is_missing(one: Any) -> bool:
    """Say whether a value is none: None, NaN, NaT or pandas' NA."""
    import pandas as pd

    return one is None or (pd.api.types.is_scalar(one) and bool(pd.isna(one)))


def words_for(told: Iterable[object], count: int, what: str) -> list[str]:
    """Word what was given for `count` marks, one each, cut to the width of a label.

    Raises:
        FigureError: there are more or fewer.
    """
    if isinstance(told, str | Fact):
        told = [told]
    words = [cut(worded(one), LABEL_PX) for one in told]
    if len(words) != count:
        raise FigureError(f"{len(words)} labels for {count} {what}", mend='pass one each, "" for none')
    return words


def shortening(names: Iterable[object]) -> dict[str, Any]:
    """Give the setting of an Altair axis or header that shortens very long names before they are measured.

    Vega cuts a name to its room letter by letter, which takes minutes where a name is a page of text.
    """
    is_needed = any(len(str(name)) > _MOST_LETTERS for name in names)
    return {"labelExpr": f"truncate(datum.label, {_MOST_LETTERS})"} if is_needed else {}


def cut(text: str, most_px: float) -> str:
    """Shorten a line that is wider than so many px, with an ellipsis."""
    if width_of(text) <= most_px:
        return text
    kept, room = 0, most_px - _WIDTHS["…"]
    while room >= (wide := _letter_px(text[kept])):
        kept, room = kept + 1, room - wide
    return f"{text[:kept].rstrip()}…"


def width_of(text: str) -> float:
    """Estimate the width of a line of bold 14px letters in px, rather too wide than too narrow."""
    return sum(map(_letter_px, text))


def escaped(text: str) -> str:
    """Give a text as Plotly shows it letter by letter, where it would else read tags and entities."""
    return escape(text, quote=False).replace("\n", "<br>")


def _letter_px(letter: str) -> float:
    return _WIDE_PX if east_asian_width(letter) in "WF" else _WIDTHS.get(letter, _LETTER_PX)
