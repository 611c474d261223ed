"""How a fact is worded: by Unicode CLDR (through Babel), with its qualifier and no false precision."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Literal

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_compact_decimal, format_decimal, format_percent, get_currency_name

from sourcebook.errors import FactError

if TYPE_CHECKING:
    from sourcebook.facts.value import Fact

Style = Literal["long", "short", "exact"]

CURRENCIES = frozenset({"USD", "CNY", "EUR", "GBP", "TWD"})
_MOST_DIGITS = 4  # of a number worded in millions or billions
_EXACT_DIGITS = 6  # of a fraction worded "exactly"


@dataclass(frozen=True)
class _Phrases:
    """The few words that CLDR does not have; {} stands for the number."""

    qualifiers: dict[str, str]
    between: str
    points: str
    space: str
    smallest_compact: int


_PHRASES = {
    "en": _Phrases(
        {
            "about": "about {}",
            "more than": "more than {}",
            "nearly": "nearly {}",
            "fewer than": "fewer than {}",
            "up to": "up to {}",
            "less than": "less than {}",
        },
        between="between {} and {}",
        points="{} percentage points",
        space=" ",
        smallest_compact=1_000_000,
    ),
    "zh": _Phrases(
        {
            "about": "约{}",
            "more than": "超过{}",
            "nearly": "近{}",
            "fewer than": "不到{}",
            "up to": "至多{}",
            "less than": "不到{}",
        },
        between="{}至{}",
        points="{}个百分点",
        space="",
        smallest_compact=10_000,
    ),
}


def words(fact: Fact, locale: str = "en", *, style: Style = "long", qualified: bool = True) -> str:
    """Word a fact: "300 million", "more than 700,000", "79%", "about 0.41%".

    Args:
        fact: the fact.
        locale: CLDR locale; English and Chinese have qualifiers, "zh_Hans" gives "3亿".
        style: "long" for prose, "short" for tight places ("300M"), "exact" for every digit.
        qualified: whether to say "about", "more than" and the like.

    Raises:
        FactError: the locale has no phrases yet.
    """
    language = Locale.parse(locale.replace("-", "_")).language
    if language not in _PHRASES:
        raise FactError(f"no words for locale '{locale}'", mend=f"use one of {', '.join(sorted(_PHRASES))}")
    if qualified and style != "exact" and fact.qualifier == "between":
        ends = [_number(fact, _rounded(fact, end, ROUND_HALF_EVEN), locale, style) for end in _ends(fact)]
        return _PHRASES[language].between.format(*ends)
    number = _number(fact, _shown_value(fact, style), locale, style)
    if not qualified or style == "exact":
        return number
    qualifier = fact.qualifier
    if qualifier == "exact" and _shown_value(fact, style) != fact.value and fact.is_derived:
        qualifier = "about"
    return _PHRASES[language].qualifiers.get(qualifier, "{}").format(number)


def exact_words(fact: Fact, value: Decimal | None = None, *, locale: str = "en") -> str:
    """Word the value, or one of its bounds, with every digit and the unit: "237,000,000 users"."""
    number = _number(fact, _all_digits(fact.value if value is None else value), locale, "exact")
    worded = fact.unit in {"percent", "percentage points", "ratio", *CURRENCIES}
    return number if worded else f"{number} {fact.unit}"


def date_words(as_of: str, locale: str = "en_GB") -> str:
    """Word an ISO 8601 date at its own precision: "17 January 2025", "October 2024", "2024"."""
    parts = as_of.split("-")
    if len(parts) == 3 or (len(parts) == 2 and parts[1].isdigit()):
        from datetime import date

        day = date.fromisoformat(as_of if len(parts) == 3 else f"{as_of}-01")
        return format_date(day, "long" if len(parts) == 3 else "MMMM y", locale=locale)
    if len(parts) == 2:
        names = {"H1": "first half of", "H2": "second half of"}
        lead = names.get(parts[1], f"{parts[1].replace('Q', 'quarter ')} of")
        return f"{lead} {parts[0]}"
    return as_of


def _ends(fact: Fact) -> tuple[Decimal, Decimal]:
    assert fact.lower is not None
    assert fact.upper is not None
    return fact.lower, fact.upper


def _shown_value(fact: Fact, style: Style) -> Decimal:
    if style == "exact":
        return _all_digits(fact.value)
    if fact.upper is None and fact.lower is not None:
        return _rounded(fact, fact.value, ROUND_FLOOR)  # "more than" must stay true
    if fact.lower is None and fact.upper is not None:
        return _rounded(fact, fact.value, ROUND_CEILING)
    return _rounded(fact, fact.value, ROUND_HALF_EVEN)


def _all_digits(value: Decimal) -> Decimal:
    """Keep every digit of a whole number, and of any other as many as a reader can use."""
    last = min(0, value.adjusted() - _EXACT_DIGITS + 1)
    return value if value == value.to_integral_value() else round(value, -last)


def _rounded(fact: Fact, value: Decimal, rounding: str) -> Decimal:
    if fact.digits is None or not value:
        return value
    place = Decimal(1).scaleb(value.adjusted() - fact.digits + 1)
    return value.quantize(place, rounding=rounding) if abs(value) >= place else value


def _number(fact: Fact, value: Decimal, locale: str, style: Style) -> str:
    phrases = _PHRASES[Locale.parse(locale.replace("-", "_")).language]
    cldr = locale.replace("-", "_")
    if fact.unit == "percent" or (fact.unit == "ratio" and abs(value) < 1):
        share = value / 100 if fact.unit == "percent" else value
        return format_percent(share, locale=cldr, decimal_quantization=False)
    number = _plain(value, cldr, style, phrases.smallest_compact)
    if fact.unit == "percentage points":
        return phrases.points.format(number)
    if fact.unit in CURRENCIES:
        return f"{number}{phrases.space}{get_currency_name(fact.unit, count=2, locale=cldr)}"
    return number


def _plain(value: Decimal, locale: str, style: Style, smallest_compact: int) -> str:
    if style == "exact" or (
        abs(value) < smallest_compact and not (style == "short" and abs(value) >= 10_000)
    ):
        return format_decimal(value.normalize() + 0, locale=locale, decimal_quantization=False)
    compact = _MOST_DIGITS - 1 - value.adjusted()
    shortened = round(value, compact) if compact < 0 else value
    has_long = "long" in Locale.parse(locale).compact_decimal_formats
    kind: Literal["long", "short"] = "long" if has_long and style == "long" else "short"
    return format_compact_decimal(
        shortened, format_type=kind, locale=locale, fraction_digits=_MOST_DIGITS - 1
    )
