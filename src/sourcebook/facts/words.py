"""How a fact is worded: by Unicode CLDR (through Babel), with its qualifier and no false precision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Literal

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_skeleton
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
    periods: dict[str, str]


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
        periods={"Q": "quarter {1} of {0}", "H1": "first half of {0}", "H2": "second half of {0}"},
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
        periods={"Q": "{0}年第{1}季度", "H1": "{0}年上半年", "H2": "{0}年下半年"},
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
    phrases = _phrases_of(locale)
    if qualified and style != "exact" and fact.qualifier == "between":
        low, high = _ends(fact)
        ends = [
            _number(fact, _rounded(fact, low, ROUND_FLOOR), locale, style, ROUND_FLOOR),
            _number(fact, _rounded(fact, high, ROUND_CEILING), locale, style, ROUND_CEILING),
        ]
        return phrases.between.format(*ends)
    number = _number(fact, _shown_value(fact, style), locale, style, _rounding(fact))
    if not qualified or style == "exact":
        return number
    qualifier = fact.qualifier
    if qualifier == "exact" and _shown_value(fact, style) != fact.value and fact.is_derived:
        qualifier = "about"
    return phrases.qualifiers.get(qualifier, "{}").format(number)


def exact_words(fact: Fact, value: Decimal | None = None, *, locale: str = "en") -> str:
    """Word the value, or one of its bounds, with every digit and the unit: "237,000,000 users"."""
    number = _number(fact, _all_digits(fact.value if value is None else value), locale, "exact")
    worded = fact.unit in {"percent", "percentage points", "ratio", *CURRENCIES}
    return number if worded else f"{number} {fact.unit}"


def date_words(as_of: str, locale: str = "en_GB") -> str:
    """Word an ISO 8601 date at its own precision: "17 January 2025", "October 2024", "2024"."""
    year, _, rest = as_of.partition("-")
    if rest[:1] in {"Q", "H"}:
        periods = _phrases_of(locale).periods
        return periods["Q" if rest[0] == "Q" else rest].format(year, rest[1:])
    if not rest:
        return as_of
    cldr = locale.replace("-", "_")
    if "-" in rest:
        return format_date(date.fromisoformat(as_of), "long", locale=cldr)
    return str(format_skeleton("yMMMM", date.fromisoformat(f"{as_of}-01"), locale=cldr))


def _phrases_of(locale: str) -> _Phrases:
    try:
        language = Locale.parse(locale.replace("-", "_")).language
    except (ValueError, UnknownLocaleError):
        language = ""
    if language not in _PHRASES:
        raise FactError(f"no words for locale '{locale}'", mend=f"use one of {', '.join(sorted(_PHRASES))}")
    return _PHRASES[language]


def _ends(fact: Fact) -> tuple[Decimal, Decimal]:
    assert fact.lower is not None
    assert fact.upper is not None
    return fact.lower, fact.upper


def _shown_value(fact: Fact, style: Style) -> Decimal:
    if style == "exact":
        return _all_digits(fact.value)
    bound = (
        {ROUND_FLOOR: fact.lower, ROUND_CEILING: fact.upper}.get(_rounding(fact)) if fact.is_derived else None
    )
    return _rounded(fact, fact.value if bound is None else bound, _rounding(fact))


def _rounding(fact: Fact) -> str:
    """Round so that "more than" and "less than" stay true."""
    if fact.upper is None and fact.lower is not None:
        return ROUND_FLOOR
    return ROUND_CEILING if fact.lower is None and fact.upper is not None else ROUND_HALF_EVEN


def _all_digits(value: Decimal) -> Decimal:
    """Keep every digit of a whole number, and of any other as many as a reader can use."""
    last = min(0, value.adjusted() - _EXACT_DIGITS + 1)
    return value if value == value.to_integral_value() else round(value, -last)


def _rounded(fact: Fact, value: Decimal, rounding: str) -> Decimal:
    if fact.digits is None or not value:
        return value
    place = Decimal(1).scaleb(value.adjusted() - fact.digits + 1)
    return value.quantize(place, rounding=rounding) if abs(value) >= place else value


def _number(fact: Fact, value: Decimal, locale: str, style: Style, rounding: str = ROUND_HALF_EVEN) -> str:
    phrases = _phrases_of(locale)
    cldr = locale.replace("-", "_")
    if fact.unit == "percent" or (fact.unit == "ratio" and abs(value) < 1):
        share = value / 100 if fact.unit == "percent" else value
        return format_percent(share, locale=cldr, decimal_quantization=False)
    number = _plain(value, cldr, style, phrases.smallest_compact, rounding)
    if fact.unit == "percentage points":
        return phrases.points.format(number)
    if fact.unit in CURRENCIES:
        return f"{number}{phrases.space}{get_currency_name(fact.unit, count=2, locale=cldr)}"
    return number


def _plain(value: Decimal, locale: str, style: Style, smallest_compact: int, rounding: str) -> str:
    if style == "exact" or (
        abs(value) < smallest_compact and not (style == "short" and abs(value) >= 10_000)
    ):
        return format_decimal(value.normalize() + 0, locale=locale, decimal_quantization=False)
    compact = _MOST_DIGITS - 1 - value.adjusted()
    shortened = value.quantize(Decimal(1).scaleb(-compact), rounding=rounding) if compact < 0 else value
    has_long = "long" in Locale.parse(locale).compact_decimal_formats
    kind: Literal["long", "short"] = "long" if has_long and style == "long" else "short"
    return format_compact_decimal(
        shortened, format_type=kind, locale=locale, fraction_digits=_MOST_DIGITS - 1
    )
