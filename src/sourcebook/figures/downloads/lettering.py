"""Lettering: how much room a text takes in a picture, and where its lines break, by estimate."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from unicodedata import east_asian_width

_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BREAK = re.compile("[^\\S\u00a0\u202f]+")  # white space but for the two kinds that hold words together
_LACKED = re.compile(  # letters that the book's typeface has not
    "[^\\x00-\\xffĀāĒēĚěĪīıŌōŒœŪūǍǎˆ˚˜–—‘’‚“”„†•…′″‹›⁄€™↑↓−\\u202f\\u2066-\\u2069]"
)
_UNCOMMON = re.compile("[\u0300-\u036f\u0590-\u1dff\u2c00-\U0010ffff]")  # not in every large typeface
_EAST_ASIAN = "'PingFang SC', 'Hiragino Sans GB', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif"
_ALPHABETIC = "'Helvetica Neue', Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"
_ANY_SCRIPT = "'Helvetica Neue', Helvetica, Arial, 'DejaVu Sans', 'Noto Sans', sans-serif"
FONTS = f"'Schibsted Grotesk', 'Helvetica Neue', Helvetica, Arial, {_EAST_ASIAN}"
"""The book's typeface and its substitutes, as `font-family` has them."""

_CLOSING = frozenset("、。，．：；！？）］｝」』】〉》”’…ー")
_OPENING = frozenset("（［｛「『【〈《“‘")
_ADVANCES = {  # of a bold letter in em: the widest of Schibsted Grotesk and Arial
    **dict.fromkeys(" \u00a0", 0.28),
    **dict.fromkeys(".,:;'‘’!|ijl", 0.31),
    **dict.fromkeys("ft()[]{}", 0.38),
    **dict.fromkeys("rI-/", 0.48),
    **dict.fromkeys('“”"*zJ', 0.56),
    **dict.fromkeys("aceskvxy", 0.61),
    **dict.fromkeys("EFLPSTYZ", 0.68),
    **dict.fromkeys("w&%mM", 0.95),
    **dict.fromkeys("W@—…→←", 1.02),
}
_WIDE = frozenset({"W", "F"})
_WIDE_AMONG_WIDE = frozenset({"W", "F", "A"})  # quotes and dashes take the width of the letters around them
_REGULAR = 0.94  # of a bold letter's width
_MOST_EVEN = 4  # lines up to which their lengths are evened out

Measure = Callable[[str], float]
"""Gives the room in px that a piece of a line takes at most."""


@dataclass(frozen=True)
class Lettering:
    """How a paragraph is set.

    Attributes:
        size, leading: of the letters and from line to line, in px.
        weight: 400 for regular, 700 and more for bold.
        colour: as SVG has it.
        is_heading: whether its lines are of about one length.
    """

    size: int
    leading: int
    weight: int
    colour: str
    is_heading: bool = False

    def width_of(self, text: str, *, among_wide: bool | None = None) -> float:
        """Give the room in px that a text takes at most.

        Args:
            text: a line, or a piece of one.
            among_wide: whether East Asian letters stand in the same line; found from the text if left out.
        """
        boldness = 1 if self.weight > 500 else _REGULAR
        square = _WIDE_AMONG_WIDE if (is_wide(text) if among_wide is None else among_wide) else _WIDE
        return self.size * sum(
            _square_advance(letter) if east_asian_width(letter) in square else boldness * _advance(letter)
            for letter in text
        )

    def lines_of(self, text: str, *, width: float) -> list[str]:
        """Break a text into lines no wider than `width` px; none of a few lines is a lone word."""
        measure = partial(self.width_of, among_wide=is_wide(text))
        pieces = list(_pieces(printable(text), width, measure=measure))
        lines = _filled(pieces, width, measure=measure)
        if not 1 < len(lines) <= _MOST_EVEN:
            return lines
        tried = (_filled(pieces, width * share / 20, measure=measure) for share in range(10, 21))
        equal = [broken for broken in tried if len(broken) == len(lines)]
        even = equal if self.is_heading else reversed(equal)
        return next((one for one in even if measure(one[-1]) > width / 3), equal[0])


def printable(text: str) -> str:
    """Give a text with its accents joined to their letters, and U+FFFD for what no XML document can hold."""
    return unicodedata.normalize("NFC", _UNPRINTABLE.sub("\ufffd", text))


def is_rtl(text: str) -> bool:
    """Say whether the first letter that has a direction is written from right to left."""
    strong = (kind for kind in map(unicodedata.bidirectional, text) if kind in {"L", "R", "AL"})
    return next(strong, "L") != "L"


def is_wide(text: str) -> bool:
    """Say whether a text has East Asian letters, which are as wide as they are high."""
    return any(east_asian_width(letter) in _WIDE for letter in text)


def substitutes_for(text: str) -> str | None:
    """Give typefaces for a text with letters that the book's own has not; None where it has them all.

    The whole text is set in one: usvg, which draws the PNG, would take the first typeface that has the
    rarest letter, be it an italic one, and stops where typefaces change within a word with accents
    (linebender/resvg#732).
    """
    if not _LACKED.search(text):
        return None
    if is_wide(text):
        return _EAST_ASIAN
    return _ANY_SCRIPT if _UNCOMMON.search(text) else _ALPHABETIC


def _filled(pieces: list[tuple[str, str]], width: float, *, measure: Measure) -> list[str]:
    lines: list[str] = []
    line, taken = "", 0.0
    for space, piece in pieces:
        needed = measure(space + piece)
        if line and taken + needed > width:
            lines.append(line)
            line, taken = "", 0.0
        line, taken = f"{line}{space if line else ''}{piece}", taken + needed
    return [*lines, line] if line else lines


def _pieces(text: str, width: float, *, measure: Measure) -> Iterator[tuple[str, str]]:
    """Give what must not be broken, each with the space before it."""
    for word in _BREAK.split(text):
        space = " "
        for unbroken in _unbroken(word):
            for piece in _cut(unbroken, width, measure=measure):
                yield space, piece
                space = ""


def _unbroken(word: str) -> Iterator[str]:
    """Part a word where East Asian lines may break: between letters, not before or after their brackets."""
    piece = ""
    for letter in word:
        joined = _is_slight(letter) or letter in _CLOSING or piece[-1:] in _OPENING
        if piece and not joined and is_wide(piece[-1] + letter):
            yield piece
            piece = ""
        piece += letter
    if piece:
        yield piece


def _cut(piece: str, width: float, *, measure: Measure) -> list[str]:
    """Part a word that is longer than a line wherever the line ends."""
    if measure(piece) <= width:
        return [piece]
    parts, taken = [""], 0.0
    for letter in piece:
        advance = measure(letter)
        if taken + advance > width and parts[-1]:
            parts.append("")
            taken = 0.0
        parts[-1] += letter
        taken += advance
    return parts


def _square_advance(letter: str) -> float:
    if letter <= "\u2000":
        return _advance(letter)  # "×" and the like are narrow in every typeface that we name
    return 1.3 if letter >= "\U0001f000" else 1


def _advance(letter: str) -> float:
    """Give the room that a letter takes at most, in em, when it is bold."""
    if (known := _ADVANCES.get(letter)) is not None:
        return known
    if _is_slight(letter):
        return 0
    if letter > "\u024f":
        return 0.7 if is_rtl(letter) else 0.85
    return 0.78 if letter.isupper() else 0.63


def _is_slight(letter: str) -> bool:
    """Whether a sign takes no room of its own, such as an accent that is set over the letter before."""
    return unicodedata.category(letter) in {"Mn", "Me", "Cf"}
