"""Axes: what stands along each side of a chart, and how a value is worded there."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from babel.dates import format_skeleton, get_month_names

from sourcebook.facts import date_words, quantity
from sourcebook.figures.descriptions.layers import (
    Kind,
    Layer,
    Precision,
    Scale,
    categories,
    category,
    moment,
    number,
)
from sourcebook.figures.tables import Column, DataTable

Side = Literal["horizontal", "vertical"]

_INTERNAL = re.compile(
    r"|.|_.*|.*_(id|date|key|index)|.*[^\w\s].*|.*\d|colou?r|data|index|key|label|level|measure"
    r"|name|shape|text|type|value|variable",
    re.IGNORECASE | re.DOTALL,
)
_COMMON = re.compile(
    r"adults|age|amount|app|average|change|city|company|count|country|crowd|daily|date|day|days|downloads|"
    r"euros|families|group|home|households|hour|hours|income|jobs|kind|mean|median|men|million|millions|"
    r"minutes|month|monthly|months|number|outlet|party|people|percentage|period|place|platform|"
    r"population|price|quarter|rank|rate|rating|region|revenue|sales|score|seats|seconds|share|shares|"
    r"size|source|state|temperature|time|total|turnout|type|users|value|views|visitors|visits|voters|"
    r"votes|way|week|weekly|weeks|women|world|year|yearly|years",
    re.IGNORECASE,
)
"""Words that lose their capital inside a sentence; any other may be a name."""

_LENGTHS: dict[Precision, int] = {"year": 4, "month": 7, "day": 10, "minute": 16, "": 10}
_CURRENCIES = frozenset("$€£¥")
_LIKELY_YEARS = range(1900, 2101)
_YEARS = range(1000, 2501)
_LEAST, _MOST = 1e-6, 1e15  # beyond, a number is worded as a power of ten
_LONGEST_LABEL = 60
_MOST_TITLES = 2


@dataclass(frozen=True)
class Axis:
    """One axis in words.

    Attributes:
        name: where it lies.
        title: what stands along it, as inside a sentence; "" if nothing tells.
        is_log: whether equal steps are equal factors.
        low, high: its ends: numbers, or dates in ISO 8601 at their precision; None if unknown.
        kind: what stands along it.
        categories: in their order, if it has categories.
        precision: how exactly dates are worded.
        unit: what follows each number, such as "%".
        is_share: whether 0.79 is worded as 79%.
    """

    name: Side
    title: str = ""
    is_log: bool = False
    low: float | str | None = None
    high: float | str | None = None
    kind: Kind = ""
    categories: tuple[str, ...] = ()
    precision: Precision = ""
    unit: str = ""
    is_share: bool = False

    def value(self, told: Any) -> float | str | None:
        """Give a value of the data as this axis has it: a number, an ISO 8601 date, a category; else None."""
        if self.kind == "dates" and self.precision == "year" and (year := _year(told)) is not None:
            return f"{year}-01-01T00:00"
        if self.kind == "numbers":
            return number(told)
        return moment(told) if self.kind == "dates" else category(told)


def axis_of(layers: Sequence[Layer], name: Side, *, table: DataTable) -> Axis | None:
    """Give the axis on one side; None if there is none, or parts of the chart have different ones."""
    by_id: dict[str, list[tuple[Scale, Layer]]] = {}
    for layer in layers:
        scale = layer.x if name == "horizontal" else layer.y
        if scale is not None:
            by_id.setdefault(scale.id, []).append((scale, layer))
    axes = [_axis(drawn, name, table=table) for drawn in by_id.values()]
    if len({(one.title, one.kind, one.unit, one.is_log, one.is_share) for one in axes}) != 1:
        return None
    return replace(
        axes[0],
        low=min((one.low for one in axes if one.low is not None), default=None),
        high=max((one.high for one in axes if one.high is not None), default=None),
        categories=categories(each for one in axes for each in one.categories),
    )


def day_words(value: str, *, locale: str = "en") -> str:
    """Word a day without its year: "13 January"."""
    cldr = "en_GB" if locale == "en" else locale.replace("-", "_")
    return str(format_skeleton("MMMMd", date.fromisoformat(value[:10]), locale=cldr))


def value_words(value: float | str, axis: Axis | None = None, *, locale: str = "en") -> str:
    """Word a value as it stands along an axis: "300 million", "79%", "13 January 2025".

    Raises:
        FactError: the locale has no words for numbers yet.
    """
    if isinstance(value, str):
        is_date = axis is not None and axis.kind == "dates"
        return (
            _date_words(value[: _LENGTHS[axis.precision]], locale) if axis and is_date else shortened(value)
        )
    unit = axis.unit if axis else ""
    if unit.strip() in {*get_month_names("wide", locale="en").values(), *_short_months()}:
        return f"{int(value)}{unit}"  # days of a month: 13.625 is the afternoon of the 13th
    is_share = axis is not None and axis.is_share
    if is_share or unit == "%":
        value, unit = (100 * value if is_share else value), "percent"
    if value and not _LEAST <= abs(value) < _MOST:
        return f"{value:.3g}"
    worded = quantity(_rounded(value), unit if unit == "percent" else "points").words(locale)
    if unit in _CURRENCIES:
        return f"-{unit}{worded[1:]}" if worded.startswith("-") else f"{unit}{worded}"
    return worded if unit == "percent" else shortened(f"{worded}{unit}")


def shortened(label: str, *, most: int = _LONGEST_LABEL) -> str:
    """Give a label on one line, without characters that nobody sees, at most `most` characters long."""
    seen = "".join(
        " " if unicodedata.category(one) in {"Cc", "Zl", "Zp"} else one
        for one in label[: 8 * most]
        if unicodedata.category(one) not in {"Cf", "Cs", "Co", "Cn"}
    )
    line = " ".join(seen.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def heading_of(field: str, values: Sequence[Any], *, table: DataTable) -> str:
    """Give the heading of the table's column that holds a field: by its name, else by what it holds."""
    for called in ("name", "label"):
        for column in table.columns:
            if field and getattr(column, called).strip().lower() == field.lower():
                return _heading(column)
    wanted = {_same(value) for value in values if value is not None}
    if len(wanted) < 2:
        return ""
    found = [
        _heading(column)
        for place, column in enumerate(table.columns)
        if wanted <= {_same(row[place]) for row in table.rows}
    ]
    return found[0] if len(found) == 1 else ""


def _heading(column: Column) -> str:
    """Give the heading of a column, unless it is only what the data calls it."""
    return "" if column.label == column.name and _INTERNAL.fullmatch(column.name) else column.label


def inside(title: str, *, seen: Iterable[str] = ()) -> str:
    """Give a title as it stands inside a sentence: a common first word loses its capital."""
    first = re.match(r"[A-Z][a-z]*\b", title)
    is_common = first and (_COMMON.fullmatch(first[0]) or title.lower() in seen)
    return title[0].lower() + title[1:] if is_common else title


def titled(scale: Scale, values: Sequence[Any], *, table: DataTable) -> str:
    """Give what a scale measures: its title, the heading of its column, or the name of its field."""
    title = (
        scale.title or heading_of(scale.field, values, table=table) or scale.alias or _readable(scale.field)
    )
    title = inside(" ".join(title.split()), seen=(scale.field,))
    until = heading_of(scale.until, (), table=table) or scale.until_alias or _readable(scale.until)
    if title and until and not scale.title:
        title = f"{title} to {inside(until, seen=(scale.until,))}"
    return f"{scale.summary} of {title}" if scale.summary and title else title


def _readable(field: str) -> str:
    return "" if _INTERNAL.fullmatch(field) else field.replace("_", " ")


def _axis(drawn: list[tuple[Scale, Layer]], name: Side, *, table: DataTable) -> Axis:
    """Give the axis that some layers share; what the first leaves open, the others tell."""
    letter = name == "horizontal"
    scales = [scale for scale, _ in drawn]
    given = [[one.x if letter else one.y for one in layer.points] for _, layer in drawn]
    ends = [one.x2 if letter else one.y2 for _, layer in drawn for one in layer.points]
    titles = (titled(scale, values, table=table) for scale, values in zip(scales, given, strict=True))
    told = list(dict.fromkeys(one for one in titles if one))
    kind: Kind = next((one.kind for one in scales if one.kind), "")
    axis = Axis(
        name,
        title=" and ".join(told) if len(told) <= _MOST_TITLES else "",
        is_log=any(one.is_log for one in scales),
        kind=kind,
        precision=next((one.precision for one in scales if one.precision), ""),
        unit=next((one.unit for one in scales if one.unit), ""),
        is_share=any(one.is_share for one in scales),
    )
    values = [value for group in given for value in group]
    axis = _with_years(axis, values, fields=[one.field for one in scales])
    if axis.kind == "categories":
        return replace(
            axis, categories=categories((*(one for each in scales for one in each.order), *values))
        )
    side = "x" if letter else "y"
    sums = _sums([layer for _, layer in drawn if layer.stack == side], letter)
    known = [
        each
        for one in (*values, *(one for one in ends if one is not None))
        if (each := axis.value(one)) is not None
    ]
    return _with_ends(axis, scales, known=[*known, *(sums if axis.kind == "numbers" else [])])


def _with_years(axis: Axis, values: list[Any], *, fields: list[str]) -> Axis:
    """Take whole numbers for years if they are called so, or lie untitled along the bottom."""
    years = [_year(value) for value in values if value is not None]
    if axis.kind == "dates" or not years or None in years or axis.unit:
        return axis
    called = {one.lower() for one in (axis.title.split() or [""])[-1:] + fields}
    likely = not axis.title and axis.name == "horizontal" and all(one in _LIKELY_YEARS for one in years)
    is_years = bool(called & {"year", "years"}) or (likely and len(set(years)) > 1)
    return replace(axis, kind="dates", precision="year") if is_years else axis


def _with_ends(axis: Axis, scales: list[Scale], *, known: list[Any]) -> Axis:
    given = {
        end: [each for one in scales if (each := axis.value(getattr(one, end))) is not None]
        for end in ("low", "high")
    }
    if axis.kind == "dates":
        axis = replace(axis, precision=axis.precision or _precision(known))
    zero = [0.0] if axis.kind == "numbers" and known and any(one.from_zero for one in scales) else []
    low = min(given["low"] or [*known, *zero], default=None)
    high = max(given["high"] or [*known, *zero], default=None)
    if axis.kind == "dates":
        low, high = (None if one is None else str(one)[: _LENGTHS[axis.precision]] for one in (low, high))
    return replace(axis, low=low, high=high)


def _sums(layers: Sequence[Layer], is_horizontal: bool) -> Iterable[float]:
    """Give how far the bars or areas reach that stand on one another."""
    sums: dict[tuple[str, str, bool], float] = {}
    for layer in layers:
        for point in layer.points:
            value, key = (point.x, point.y) if is_horizontal else (point.y, point.x)
            if (length := number(value)) is not None:
                place = (layer.panel, repr(key), length < 0)
                sums[place] = sums.get(place, 0.0) + length
    return sums.values()


def _precision(dates: list[str]) -> Precision:
    """Give the precision that all of the dates need; a single day is a day, whichever it is."""
    if any(not one.endswith("T00:00") for one in dates):
        return "minute"
    if len(set(dates)) < 2 or any(one[8:10] != "01" for one in dates):
        return "day"
    return "year" if all(one[5:7] == "01" for one in dates) else "month"


def _year(value: Any) -> int | None:
    if isinstance(value, str):
        return int(value) if re.fullmatch(r"[12]\d{3}", value, re.ASCII) else None
    read = number(value)
    return int(read) if read is not None and read.is_integer() and int(read) in _YEARS else None


def _same(value: Any) -> Any:
    """Give a value so that 1 and 1.0, and a day and its midnight, are equal."""
    read = number(value)
    if read is not None or not isinstance(value, str):
        return category(value) if read is None else read
    return moment(value) or value


def _date_words(told: str, locale: str) -> str:
    day, _, hour = told.partition("T")
    worded = date_words(day, "en_GB" if locale == "en" else locale)
    return f"{worded}, {hour}" if hour else worded


def _short_months() -> set[str]:
    return {str(one) for one in get_month_names("abbreviated", locale="en").values()}


def _rounded(value: float) -> Decimal:
    """Keep whole numbers, and four significant digits of any other."""
    exact = Decimal(repr(value))
    if not exact or value == int(value):
        return Decimal(int(value))
    return round(exact, max(0, 3 - exact.adjusted()))
