"""Stated numbers: the numbers that a text tells, as they stand there and as values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

_SMALL = 12
_LONGEST_WORD = 20
_YEARS = range(1900, 2101)
_SCALES = {
    "thousand": 3, "k": 3, "万": 4, "million": 6, "millions": 6, "mn": 6, "m": 6, "亿": 8, "billion": 9,
    "billions": 9, "bn": 9, "b": 9, "trillion": 12, "trillions": 12, "tn": 12,
}  # fmt: skip
_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    r"|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\b\.?"
)
_DAY = r"(?:[12]\d|3[01]|0?[1-9])"
_TO = r"\s?(?:[-–—/&]|to|and|or)\s?"
_DATES = re.compile(
    rf"""
      \b\d{{4}}-\d\d(?:-\d\d(?:[T ]\d\d:\d\d[\d:.]*Z?)?)?\b(?![,.]?\d)     # 2025-01-13
    | \b{_DAY}[./]{_DAY}[./](?:\d{{4}}|\d\d)\b                             # 13/01/2025
    | \b\d\d?[:.]\d\d(?:[:.]\d\d)?\s?[ap]\.?m\b | \b\d\d?\s?[ap]\.?m\b | \b\d\d?:\d\d(?::\d\d)?\b
    | \b{_DAY}(?:st|nd|rd|th)?(?:(?:{_TO}|,\s){_DAY}){{0,4}}\s{_MONTH}(?:,?\s\d{{4}}\b)?
    | \b{_MONTH}\s{_DAY}(?:{_TO}{_DAY})?(?:st|nd|rd|th)?\b(?![.,]?\d|\s?(?:%|per\s?cent|[mb]illion))
      (?:,\s\d{{4}}\b(?!-\d))?
    | \b\d+(?:st|nd|rd|th)\b                                               # 3rd
    | \b(?:1[5-9]|20)\d\d(?:[-–/]\d\d(?!\d)|s\b)                           # 2024–25, 1990s
    | \d{{1,4}}[年月日]                                                 # 2025年1月13日
    | \b\d+(?:\.\d+){{2,}}\b                                               # version 1.2.3
    """,
    re.VERBOSE,
)
_NUMBER = re.compile(
    r"""
    (?<![\w.])
    (?P<sign>(?<![\w)%])[-−+±])?
    (?P<money>(?:US|HK|A|C)?[$€£¥])?
    (?P<digits>\d{1,3}(?:,\d{3})+(?!\d)|\d{1,3}(?:[\u0020\u00a0\u202f\u2009]\d{3})+(?!\d)|\d+|(?=\.\d))
    (?P<decimals>\.\d+)?
    (?:[\s-]?(?P<scale>thousand|millions?|billions?|trillions?|[mbt]n)\b|(?P<letter>[kKmMbB])\b|\s?(?P<wan>[万亿]))?
    (?P<share>\s?(?:%|per\s?cent\b|percent(?:age)?\b(?:\spoints?\b)?|pp\b))?
    """,
    re.VERBOSE,
)
_TIED = re.compile(r"([A-Za-z]+)[-‑]$")
_JOINED = re.compile(r"\s?(?:[-–—,]|to|and|or|by|,\s(?:and|or))\s?", re.IGNORECASE)
_WIDE = str.maketrans("０１２３４５６７８９％，．＋－", "0123456789%,.+-")


@dataclass(frozen=True)
class Stated:
    """A number as a text tells it.

    Attributes:
        text: as it stands there, with sign, scale and per cent sign: "300 million".
        value: what it comes to; a percentage in per cent.
        start, end: where it stands.
        is_signed: whether a sign is written.
        is_share: whether it is written as a percentage.
        is_bare: whether it is digits and nothing else.
        readings: other values that it may mean: the 20 in "20 to 30 million".
    """

    text: str
    value: Decimal
    start: int
    end: int
    is_signed: bool = False
    is_share: bool = False
    is_bare: bool = False
    readings: tuple[Decimal, ...] = ()


def stated_numbers(told: str) -> tuple[Stated, ...]:
    """Give the numbers of a text in order; dates, times, ordinals and parts of names are none."""
    plain = told.translate(_WIDE)
    masked = _DATES.sub(lambda found: "\0" * len(found[0]), plain)
    found = [
        one
        for one in _NUMBER.finditer(masked)
        if not _is_in_name(masked[max(0, one.start() - _LONGEST_WORD) : one.start()])
    ]
    return tuple(_with_readings([_stated(told, one) for one in found], masked))


def loose_numbers(alt: str, known: Iterable[str]) -> tuple[str, ...]:
    """Give the numbers of a text that none of the known wordings tells: they were typed by hand.

    Years from 1900 to 2100 and whole numbers up to 12 that stand alone are left out. A number without a
    sign is also known from one with a minus, as in "fell by 5%"; 79% is also known from 79 and from 0.79.

    Args:
        alt: the text.
        known: wordings of facts, "more than 700,000", and texts of table cells, "79.1".
    """
    told = {value for text in known for one in stated_numbers(text) for value in (one.value, *one.readings)}
    sizes = {abs(value) for value in told}
    loose = (
        one
        for one in stated_numbers(alt)
        if not _is_plain(one) and not _is_known(one, told if one.is_signed else sizes)
    )
    return tuple(dict.fromkeys(one.text for one in loose))


def _is_in_name(before: str) -> bool:
    """Say whether a hyphen ties the number that follows to a word: COVID-19, but not 300 million-400."""
    tied = _TIED.search(before)
    return tied is not None and tied[1].lower() not in _SCALES


def _stated(told: str, found: re.Match[str]) -> Stated:
    digits = re.sub(r"\D", "", found["digits"]) + (found["decimals"] or "")
    scale = found["scale"] or found["letter"] or found["wan"] or ""
    value = Decimal(digits).scaleb(_SCALES.get(scale.lower(), 0))
    marks = (found["sign"], found["money"], found["decimals"], scale, found["share"], "," in found[0] or None)
    return Stated(
        text=told[found.start() : found.end()].strip(),
        value=-value if found["sign"] in {"-", "−"} else value,
        start=found.start(),
        end=found.end(),
        is_signed=found["sign"] in {"-", "−", "+"},
        is_share=bool(found["share"]),
        is_bare=not any(marks),
    )


def _with_readings(numbers: list[Stated], told: str) -> Iterator[Stated]:
    """Let a number in a range or a list take the scale that is written behind the last one."""
    scale, after = 0, None
    read: list[Stated] = []
    for one in reversed(numbers):
        is_year = one.is_bare and one.value in _YEARS
        is_joined = after is not None and not is_year and _JOINED.fullmatch(told[one.end : after.start])
        own = _scale_of(one)
        scale = own or (scale if is_joined else 0)
        if scale and not own:
            one = replace(one, readings=(one.value.scaleb(scale),), is_bare=False)
        elif is_joined and after is not None and after.is_share and one.is_bare:
            one = replace(one, is_share=True, is_bare=False)
        read.append(one)
        after = one
    yield from reversed(read)


def _scale_of(one: Stated) -> int:
    found = _NUMBER.match(one.text.translate(_WIDE))
    scale = (found["scale"] or found["letter"] or found["wan"] or "") if found else ""
    return _SCALES.get(scale.lower(), 0)


def _is_plain(one: Stated) -> bool:
    """Say whether a number stands alone as a year or a small count."""
    return one.is_bare and (one.value <= _SMALL or one.value in _YEARS)


def _is_known(one: Stated, told: set[Decimal]) -> bool:
    meant = {one.value, *one.readings}
    if one.is_share:
        meant |= {value / 100 for value in meant}
    return bool(meant & told)
