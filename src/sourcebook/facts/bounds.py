"""Interval arithmetic on facts' bounds: what is known of a result when the inputs are open-ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

_INFINITY = Decimal("Infinity")


@dataclass(frozen=True)
class Interval:
    """Where a number lies: between `low` and `high`, either of which may be infinite.

    `floored` says that `low` is 0 only because the thing counted cannot be negative.
    """

    low: Decimal
    high: Decimal
    floored: bool = False


def interval_of(value: Decimal, lower: Decimal | None, upper: Decimal | None) -> Interval:
    """Read a fact's bounds: none at all means the value itself, one alone means open-ended."""
    if lower is None and upper is None:
        return Interval(value, value)
    if lower is None:
        return (
            Interval(Decimal(0), upper or value, floored=True)
            if value >= 0
            else Interval(-_INFINITY, upper or value)
        )
    return Interval(lower, _INFINITY if upper is None else upper)


def bounds_of(interval: Interval, value: Decimal) -> tuple[Decimal | None, Decimal | None]:
    """Give an interval as a fact's bounds (lower, upper); None where nothing is known."""
    if interval.low == interval.high:
        return None, None
    known = interval.low.is_finite() and not (interval.floored and interval.low == 0)
    lower = interval.low if known else None
    upper = interval.high if interval.high.is_finite() else None
    return (
        min(lower, value) if lower is not None else None,
        max(upper, value) if upper is not None else None,
    )


def added(one: Interval, other: Interval) -> Interval:
    """Give the interval of a sum."""
    return Interval(one.low + other.low, one.high + other.high, one.floored and other.floored)


def negated(one: Interval) -> Interval:
    """Give the interval of the negative."""
    return Interval(-one.high, -one.low)


def multiplied(one: Interval, other: Interval) -> Interval:
    """Give the interval of a product."""
    return _corners(one, other, lambda left, right: Decimal(0) if not left or not right else left * right)


def divided(one: Interval, other: Interval) -> Interval:
    """Give the interval of a quotient; dividing by what may be 0 is open-ended."""
    if other.high == 0:
        one, other = negated(one), negated(other)
    if other.low < 0 < other.high:
        return Interval(-_INFINITY, _INFINITY)
    return _corners(one, other, _quotient)


def _quotient(left: Decimal, right: Decimal) -> Decimal:
    if not right.is_finite():
        return Decimal(0) if left.is_finite() else Decimal(1)
    if not right:
        return _INFINITY.copy_sign(left) if left else Decimal(0)
    return left / right


def _corners(one: Interval, other: Interval, combine: Callable[[Decimal, Decimal], Decimal]) -> Interval:
    ends = [combine(left, right) for left in (one.low, one.high) for right in (other.low, other.high)]
    open_below = one.floored or other.floored or not (one.high.is_finite() and other.high.is_finite())
    return Interval(min(ends), max(ends), floored=open_below and min(ends) == 0)
