"""Layers: what a chart draws, in the same terms for both engines: its points, their scales, their series."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite
from typing import Any, Literal

Kind = Literal["numbers", "dates", "categories", ""]
Precision = Literal["year", "month", "day", "minute", ""]

_EPOCH = datetime(1970, 1, 1)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DIRECTIVE = re.compile(r"%[-_0]?([a-zA-Z])")
_DIRECTIVES: tuple[tuple[Precision, frozenset[str]], ...] = (
    ("minute", frozenset("HIMSLpXc")),
    ("day", frozenset("deajAx")),
    ("month", frozenset("bBmqUW")),
    ("year", frozenset("Yy")),
)
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)[\d:.]*(?:Z|[+-]\d\d:?\d\d)?)?)?)?")


@dataclass(frozen=True)
class Scale:
    """One axis, as one layer tells it.

    Attributes:
        id: layers with the same id share the axis.
        field: column of the data, or "".
        title: what the chart writes at the axis, or "".
        alias: what tooltips call the field, or "".
        until, until_alias: field and tooltip of the other end, where bars reach from one to another.
        kind: what stands along it; "" if only the values tell.
        low, high: ends as the chart gives them, or None.
        is_log: whether equal steps are equal factors.
        from_zero: whether it starts at zero when no end is given.
        precision: how exactly dates are labelled; "" if the chart does not say.
        unit: what is written behind each number, such as "%", or before it, such as "$".
        is_share: whether 0.79 is written as 79%.
        summary: what is plotted of several values, such as "mean", or "".
        order: categories in their order; empty if that of the data.
    """

    id: str = ""
    field: str = ""
    title: str = ""
    alias: str = ""
    until: str = ""
    until_alias: str = ""
    kind: Kind = ""
    low: Any = None
    high: Any = None
    is_log: bool = False
    from_zero: bool = False
    precision: Precision = ""
    unit: str = ""
    is_share: bool = False
    summary: str = ""
    order: tuple[str, ...] = ()


@dataclass(frozen=True)
class Point:
    """One dot, bar or corner of a line, in the terms of the data.

    Attributes:
        series: name of its series, or "".
        x, y: where it stands; None where it has no such place.
        measure: the value of a colour or of an angle.
        x2, y2: the other end of a bar that reaches from one value to another.
        row: number of the row in the data table, from 0, if the specification tells.
    """

    series: str = ""
    x: Any = None
    y: Any = None
    measure: Any = None
    x2: Any = None
    y2: Any = None
    row: int | None = None


@dataclass(frozen=True)
class Layer:
    """Points that are drawn in one way.

    Attributes:
        kind: "bar", "line", "area", "dot", "text", ...; "" for an unknown kind.
        points: what is drawn; empty if that cannot be told from the specification.
        x, y: the axes, or None.
        series: names of its series in their order.
        panel: name of the part of the chart in which it stands.
        stack: the side along which bars or areas stand on one another, or "".
        measure: field and title of a colour or an angle that stands for numbers.
    """

    kind: str
    points: tuple[Point, ...] = ()
    x: Scale | None = None
    y: Scale | None = None
    series: tuple[str, ...] = ()
    panel: str = ""
    stack: Literal["x", "y", ""] = ""
    measure: Scale | None = None


def mapping(value: Any) -> Mapping[str, Any]:
    """Give `value` if it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def listing(value: Any) -> list[Any]:
    """Give `value` as a list if it is one or a tuple, else an empty one."""
    return list(value) if isinstance(value, list | tuple) else []


def text(value: Any) -> str:
    """Give a text, or lines of text, as one; "" for anything else."""
    if isinstance(value, list):
        return " ".join(one for one in value if isinstance(one, str)).strip()
    return value.strip() if isinstance(value, str) else ""


def number(value: Any) -> float | None:
    """Give a finite number, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if isfinite(value) else None
    except OverflowError:
        return None


def moment(value: Any) -> str | None:
    """Give a date as ISO 8601 to the minute: from a text, Vega-Lite's parts, or milliseconds since 1970."""
    try:
        if isinstance(value, Mapping):
            return _from_parts(value)
        if isinstance(value, str):
            found = _DATE.fullmatch(value.strip())
            parts = [int(part) for part in found.groups(default="1")] if found else []
            hour = parts[3:] if found and found[4] else [0, 0]
            return datetime(*parts[:3], *hour).isoformat(timespec="minutes") if found else None  # type: ignore[arg-type]
        since = number(value)
        return (
            None if since is None else (_EPOCH + timedelta(milliseconds=since)).isoformat(timespec="minutes")
        )
    except (ValueError, OverflowError, TypeError):
        return None


def milliseconds(told: str) -> float:
    """Give the milliseconds from 1970 to a date as `moment` gives it."""
    return (datetime.fromisoformat(told) - _EPOCH) / timedelta(milliseconds=1)


def category(value: Any) -> str | None:
    """Give a category as text, a whole number without a point; None for a missing one."""
    if value is None or isinstance(value, list | Mapping) or value != value:
        return None
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if whole else value)


def categories(values: Iterable[Any]) -> tuple[str, ...]:
    """Give the distinct categories among values, in order of appearance."""
    return tuple(dict.fromkeys(one for value in values if (one := category(value)) is not None))


def precision_of(pattern: str) -> Precision:
    """Give how exactly a time format such as "%b %Y" words a date; "" if it is none."""
    used = set(_DIRECTIVE.findall(pattern))
    return next((name for name, directives in _DIRECTIVES if used & directives), "")


def _from_parts(parts: Mapping[str, Any]) -> str | None:
    if number(parts.get("year")) is None:
        return None
    month = parts.get("month", 1)
    if isinstance(month, str):
        month = _MONTHS.index(month.strip().lower()[:3]) + 1
    named = (parts["year"], month, parts.get("date", 1), parts.get("hours", 0), parts.get("minutes", 0))
    return datetime(*(int(one) for one in named)).isoformat(timespec="minutes")  # type: ignore[arg-type]
