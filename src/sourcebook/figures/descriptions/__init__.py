"""Descriptions: what a chart is made of, in words: its kind, axes, series and points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from sourcebook.figures.descriptions.axes import Axis, axis_of, shortened, titled, value_words
from sourcebook.figures.descriptions.layers import Layer, Point, category, number
from sourcebook.figures.descriptions.plotly_layers import plotly_layers
from sourcebook.figures.descriptions.vega_layers import vega_layers
from sourcebook.figures.tables import DataTable

_NAMES = {
    "area": "Area chart",
    "bar": "Bar chart",
    "box": "Box plot",
    "candlestick": "Candlestick chart",
    "dot": "Dot chart",
    "flow": "Flow chart",
    "funnel": "Funnel chart",
    "heat": "Heat map",
    "histogram": "Histogram",
    "line": "Line chart",
    "map": "Map",
    "pie": "Pie chart",
    "strip": "Strip chart",
    "sunburst": "Sunburst chart",
    "treemap": "Treemap",
    "violin": "Violin plot",
    "waterfall": "Waterfall chart",
}
_BESIDE = frozenset({"error", "rule", "text"})
"""Layers that explain others: a label, a line of reference, an error bar."""

_TOGETHER = ("bar", "area", "line", "dot")
_SUMMARIES = frozenset({"box", "histogram", "violin"})
_MOST_LINES, _MOST_SERIES = 3, 6


class _Axes(NamedTuple):
    horizontal: Axis | None
    vertical: Axis | None


@dataclass(frozen=True)
class Description:
    """What a chart is made of.

    Attributes:
        kind: "Bar chart", "Line chart", ...; "Chart" if it is of no kind with a name.
        axes: the horizontal and the vertical axis, each if it is known and one for all of the chart.
        series: their names, in order.
        points: how many there are.
        panels: how many parts the chart has, side by side or one above another.
        measure: what a colour or an angle stands for, if it stands for numbers.
        lines: lines across the chart that mark one value, each with the name of its axis.
        drawn: the points themselves: numbers as floats, dates as ISO 8601 to the minute.
    """

    kind: str = "Chart"
    axes: tuple[Axis, ...] = ()
    series: tuple[str, ...] = ()
    points: int = 0
    panels: int = 1
    measure: str = ""
    lines: tuple[tuple[str, float | str], ...] = ()
    drawn: tuple[Point, ...] = field(default=(), repr=False)

    def axis(self, name: str) -> Axis | None:
        """Give the axis of that name, if it is known."""
        return next((one for one in self.axes if one.name == name), None)


def describe(spec: Mapping[str, Any], engine: str, *, table: DataTable) -> Description:
    """Read what a chart is made of; of a strange specification, less is told and nothing is raised.

    Args:
        spec: Vega-Lite specification, or Plotly's {"data", "layout"}, as `Figure.spec` has it.
        engine: "vega" or "plotly".
        table: the figure's data table; its headings name axes that the chart leaves without a title.
    """
    try:
        layers = {"vega": vega_layers, "plotly": plotly_layers}[engine](spec)
        return _description(layers, table)
    except Exception:  # whatever an author's chart holds, it costs words and never the page
        return Description(points=len(table.rows))


def structure(description: Description, *, locale: str = "en") -> str:
    """Say in plain sentences what the chart is made of, for who cannot see it.

    Args:
        description: the chart.
        locale: CLDR locale of numbers and dates.

    Raises:
        FactError: the locale has no words for numbers yet.
    """
    panels = f" in {description.panels} panels" if description.panels > 1 else ""
    ordered = sorted(description.axes, key=lambda axis: axis.kind == "numbers")
    count = description.points
    is_pie = description.kind == "Pie chart"
    measured = f" of {shortened(description.measure)}" if is_pie and description.measure else ""
    told = (
        f"{description.kind}{measured}{panels}",
        *(_axis_words(one, locale) for one in ordered),
        f"Colour: {shortened(description.measure)}" if description.measure and not is_pie else "",
        _series_words(description.series, "slices" if is_pie else "series"),
        *_line_words(description, locale),
        f"{value_words(count, locale=locale) if count else 'No'} point{'' if count == 1 else 's'}",
    )
    return " ".join(f"{one}." for one in told if one)


def _description(layers: Sequence[Layer], table: DataTable) -> Description:
    main = [one for one in layers if one.kind not in _BESIDE] or [one for one in layers if one.kind == "rule"]
    axes = _Axes(axis_of(main, "horizontal", table=table), axis_of(main, "vertical", table=table))
    series = tuple(dict.fromkeys(name for layer in main for name in layer.series))
    drawn = tuple(_drawn(main, axes))
    if _is_redundant(drawn):
        series, drawn = (), tuple(replace(one, series="") for one in drawn)
    is_read = main and all(layer.points for layer in main) and not {layer.kind for layer in main} & _SUMMARIES
    return Description(
        kind=_kind(main, series),
        axes=tuple(one for one in axes if one is not None),
        series=series,
        points=len(drawn) if is_read else len(table.rows),
        panels=len({layer.panel for layer in main}) or 1,
        measure=next((title for layer in main if (title := _measure(layer, table))), ""),
        lines=tuple(_lines([one for one in layers if one not in main], axes)),
        drawn=drawn,
    )


def _drawn(layers: Sequence[Layer], axes: _Axes) -> Iterator[Point]:
    """Give the points that are seen, each once: dots on the corners of a line are the line's own."""
    known: dict[str, set[tuple[Any, ...]]] = {}
    for layer in layers:
        points = [_read(one, axes) for one in layer.points]
        seen = [one for one in points if _is_seen(one, layer)]
        places = {(one.x, one.y, one.x2, one.y2, one.measure) for one in seen}
        before = known.setdefault(layer.panel, set())
        if not places <= before or not before:
            yield from seen
        before |= places


def _lines(beside: Sequence[Layer], axes: _Axes) -> Iterator[tuple[str, float | str]]:
    """Give the values that a rule across the chart marks, each once; a few of them, or they are no marks."""
    points = [point for one in beside if one.kind == "rule" for point in one.points]
    told = [(axis, axis.value(one.y)) for one in points if (axis := axes.vertical) and one.x is None]
    told += [(axis, axis.value(one.x)) for one in points if (axis := axes.horizontal) and one.y is None]
    known = dict.fromkeys((axis.name, value) for axis, value in told if value is not None)
    yield from known if len(known) <= _MOST_LINES else ()


def _read(point: Point, axes: _Axes) -> Point:
    across = axes.horizontal.value if axes.horizontal else _plain
    up = axes.vertical.value if axes.vertical else _plain
    return replace(
        point,
        x=across(point.x),
        y=up(point.y),
        x2=across(point.x2),
        y2=up(point.y2),
        measure=number(point.measure),
    )


def _plain(value: Any) -> float | str | None:
    read = number(value)
    return category(value) if read is None else read


def _is_seen(point: Point, layer: Layer) -> bool:
    """Say whether a point is there: no value is missing, and it is no empty piece of a stack."""
    needed = [one for one, axis in ((point.x, layer.x), (point.y, layer.y)) if axis is not None]
    if layer.kind == "pie":
        return point.x is not None and point.measure is not None
    if None in needed or (layer.kind == "heat" and layer.measure and point.measure is None):
        return False
    is_empty = (point.x if layer.stack == "x" else point.y) == 0.0
    return not (layer.stack and layer.kind == "bar" and is_empty)


def _is_redundant(points: Sequence[Point]) -> bool:
    """Say whether each series is one category of an axis: colours then tell nothing more."""
    return bool(points) and (
        all(one.series == one.x for one in points) or all(one.series == one.y for one in points)
    )


def _kind(layers: Sequence[Layer], series: tuple[str, ...]) -> str:
    kinds = [one for one in _TOGETHER if one in {layer.kind for layer in layers}]
    if "area" in kinds:
        kinds = [one for one in kinds if one != "line"]
    if {"area", "line"} & {*kinds} and _are_corners(layers):
        kinds.remove("dot")
    if len(kinds) > 1 and all(layer.kind in _TOGETHER for layer in layers):
        return f"{' and '.join(kinds).capitalize()} chart"
    found = {*kinds} or {layer.kind for layer in layers}
    name = _NAMES.get(found.pop(), "Chart") if len(found) == 1 else "Chart"
    is_stacked = len(series) > 1 and all(one.stack for one in layers if one.kind in {"area", "bar"})
    return f"Stacked {name.lower()}" if is_stacked and name in {"Area chart", "Bar chart"} else name


def _are_corners(layers: Sequence[Layer]) -> bool:
    """Say whether there are dots, and each is a corner of a line or of an area."""
    dots = {(repr(each.x), repr(each.y)) for one in layers if one.kind == "dot" for each in one.points}
    lines = {(repr(each.x), repr(each.y)) for one in layers if one.kind != "dot" for each in one.points}
    return bool(dots) and dots <= lines


def _measure(layer: Layer, table: DataTable) -> str:
    if layer.measure is None:
        return ""
    return titled(layer.measure, [one.measure for one in layer.points], table=table)


def _axis_words(axis: Axis, locale: str) -> str:
    count = len(axis.categories)
    parts = [shortened(axis.title)] if axis.title else []
    if axis.categories:
        parts.append(f"{count} categor{'y' if count == 1 else 'ies'}")
    elif axis.low is not None and axis.high is not None:
        ends = dict.fromkeys(value_words(end, axis, locale=locale) for end in (axis.low, axis.high))
        parts.append(" to ".join(ends))
    parts += ["logarithmic"] if axis.is_log else []
    return f"{axis.name.capitalize()} axis: {', '.join(parts) or axis.kind or 'without labels'}"


def _series_words(series: tuple[str, ...], noun: str) -> str:
    if len(series) < 2:
        return ""
    names = [shortened(one) for one in series[:_MOST_SERIES]]
    more = len(series) - len(names)
    *most, last = [*names, f"{more} more"] if more else names
    if any("," in name or " and " in name for name in names):
        return f"{len(series)} {noun}: {'; '.join((*most, last))}"
    return f"{len(series)} {noun}: {', '.join(most)} and {last}"


def _line_words(description: Description, locale: str) -> Iterator[str]:
    for name, value in description.lines:
        yield f"A line marks {value_words(value, description.axis(name), locale=locale)} on the {name} axis"
