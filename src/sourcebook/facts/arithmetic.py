"""Arithmetic on facts: what a sum, a product or a comparison keeps of units, bounds and sources."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING

from sourcebook.errors import FactError, UnitError
from sourcebook.facts import bounds, units
from sourcebook.facts.words import exact_words

if TYPE_CHECKING:
    from sourcebook.facts.value import Fact

_FIRST_MONTHS = {"H1": "01", "H2": "07", "Q1": "01", "Q2": "04", "Q3": "07", "Q4": "10"}
_LEAST_DIGITS = 2  # a result of round numbers is worded with no fewer


def operand(beside: Fact, number: Fact | float | Decimal, *, unit: str = "ratio") -> Fact:
    """Take a plain number, beside a fact, as an exact fact without name or source."""
    if isinstance(number, type(beside)):
        return number
    given: object = number
    if isinstance(given, bool) or not isinstance(given, Real | Decimal):
        raise FactError(f"{number!r} is no number to compute with", mend="use a fact, a number or quantity()")
    value = number if isinstance(number, Decimal) else Decimal(str(number))
    plain = replace(beside, id="", label="", as_of="", sources=(), formula="", inputs=(), note="")
    return replace(plain, value=value, unit=unit, lower=None, upper=None, wording="exact", digits=None)


def combine(left: Fact, right: Fact, sign: str) -> Fact:
    """Compute one step, with its unit, bounds, digits, sources and formula."""
    unit, value, interval = _sum(left, right, sign) if sign in "+−" else _product(left, right, sign)
    lower, upper = bounds.bounds_of(interval, value)
    return replace(
        left,
        id="",
        label="",
        note="",
        value=value,
        unit=unit,
        lower=lower,
        upper=upper,
        wording=_wording_after(left, right, lower, upper, is_open=interval.low != interval.high),
        digits=_digits_after(left, right, value, sign),
        as_of=newest((left.as_of, right.as_of)),
        sources=tuple(dict.fromkeys((*left.sources, *right.sources))),
        formula=f"{_term(left, sign, first=True)} {sign} {_term(right, sign, first=False)}",
        inputs=tuple({one.id: one for one in (*_named(left), *_named(right))}.values()),
    )


def newest(dates: Iterable[str]) -> str:
    """Give the date that begins last; of two that begin together, the more precise one."""
    return max(dates, key=_beginning, default="")


def _beginning(date: str) -> tuple[str, str]:
    year, _, rest = date.partition("-")
    return year, _FIRST_MONTHS.get(rest, rest)


def is_less(left: Fact, right: Fact) -> bool:
    """Say whether one fact is below another, as far as their bounds can tell.

    Raises:
        UnitError: they measure different things.
        FactError: their bounds overlap, so that nobody knows.
    """
    try:
        other = right.to(left.unit)
    except UnitError as error:
        raise UnitError(
            f"{left.name} cannot be compared with {right.name}", mend="compare facts of one kind"
        ) from error
    own, span = (bounds.interval_of(one.value, one.lower, one.upper) for one in (left, other))
    if own.high < span.low:
        return True
    if own.low >= span.high:
        return False
    raise FactError(
        f"whether {left.name} is below {right.name} is not known: their bounds overlap",
        mend="compare their `.value` if the point values are meant",
    )


def _sum(left: Fact, right: Fact, sign: str) -> tuple[str, Decimal, bounds.Interval]:
    try:
        other = right.to(left.unit)
    except UnitError as error:
        verb = "added to" if sign == "+" else "subtracted from"
        raise UnitError(
            f"{right.name} cannot be {verb} {left.name}", mend="combine facts of one kind"
        ) from error
    span = bounds.interval_of(other.value, other.lower, other.upper)
    own = bounds.interval_of(left.value, left.lower, left.upper)
    points = sign == "−" and left.unit == right.unit == "percent" and left.sources and right.sources
    unit = "percentage points" if points else left.unit
    if sign == "+":
        return unit, left.value + other.value, bounds.added(own, span)
    return unit, left.value - other.value, bounds.added(own, bounds.negated(span))


def _product(left: Fact, right: Fact, sign: str) -> tuple[str, Decimal, bounds.Interval]:
    if sign == "÷" and not right.value:
        raise FactError(f"{left.name} cannot be divided by {right.name}, which is 0", mend="check the number")
    own, span = (bounds.interval_of(one.value, one.lower, one.upper) for one in (left, right))
    joined = bounds.multiplied(own, span) if sign == "×" else bounds.divided(own, span)
    value = left.value * right.value if sign == "×" else left.value / right.value
    kept = _kept_unit(left, right, sign)
    if kept is not None:
        return kept, value, joined
    parsed = units.parse_unit(left.unit), units.parse_unit(right.unit)
    unit, factor = units.multiply(*parsed) if sign == "×" else units.divide(*parsed)
    scaled = bounds.Interval(joined.low * factor, joined.high * factor, joined.floored)
    return str(unit), value * factor, scaled


def _kept_unit(left: Fact, right: Fact, sign: str) -> str | None:
    """Keep the unit of what is multiplied or divided by a pure number: half of 79 % is per cent."""
    if not right.inputs and not right.id and right.unit == "ratio":
        return left.unit
    if sign == "×" and not left.inputs and not left.id and left.unit == "ratio":
        return right.unit
    return None


def _wording_after(
    left: Fact, right: Fact, lower: Decimal | None, upper: Decimal | None, *, is_open: bool
) -> str:
    """Give the word for what the bounds cannot say: "up to" for "less than", "about" for no bound at all."""
    wordings = {left.wording, right.wording}
    if "up to" in wordings and lower is None and upper is not None:
        return "up to"
    unbounded = is_open and lower is None and upper is None
    return "about" if unbounded or "about" in wordings else "exact"


def _digits_after(left: Fact, right: Fact, value: Decimal, sign: str) -> int | None:
    known = [one for one in (left, right) if one.digits is not None]
    if not known:
        return None
    if sign in "×÷":
        return max(_LEAST_DIGITS, min(one.digits or 0 for one in known))
    place = max(one.value.adjusted() - (one.digits or 0) + 1 for one in known)
    return max(_LEAST_DIGITS, value.adjusted() - place + 1) if value else 1


def _term(one: Fact, sign: str, *, first: bool) -> str:
    if one.id:
        return f"{{{one.id}}}"
    if not one.formula:
        return exact_words(one).replace("-", "−")
    inner = any(f" {other} " in one.formula for other in ("+−" if sign in "×÷" else ""))
    inner = inner or (not first and sign in "−÷" and " " in one.formula)
    return f"({one.formula})" if inner else one.formula


def _named(one: Fact) -> tuple[Fact, ...]:
    return (one,) if one.id else one.inputs
