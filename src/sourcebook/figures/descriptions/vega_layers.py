"""The layers of a Vega-Lite specification: one for each of its marks, however they are composed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from statistics import fmean, median
from typing import Any, Literal

from sourcebook.figures.descriptions.layers import (
    Kind,
    Layer,
    Point,
    Precision,
    Scale,
    categories,
    category,
    listing,
    mapping,
    number,
    precision_of,
    text,
)
from sourcebook.figures.descriptions.vega_views import Rows, View, views_of

_KINDS = {
    "arc": "pie",
    "area": "area",
    "bar": "bar",
    "boxplot": "box",
    "circle": "dot",
    "errorband": "error",
    "errorbar": "error",
    "geoshape": "map",
    "line": "line",
    "point": "dot",
    "rect": "heat",
    "rule": "rule",
    "square": "dot",
    "text": "text",
    "tick": "strip",
    "trail": "line",
}
_TYPES: dict[str, Kind] = {
    "nominal": "categories",
    "ordinal": "categories",
    "quantitative": "numbers",
    "temporal": "dates",
}
_SERIES = ("color", "fill", "stroke", "shape", "strokeDash", "detail", "xOffset", "yOffset")
_PANELS = ("facet", "row", "column")
_AGGREGATES: dict[str, Callable[[list[float]], float]] = {
    "average": fmean,
    "max": max,
    "mean": fmean,
    "median": median,
    "min": min,
    "sum": sum,
}
_UNIT = re.compile(r"""datum\.(?:value|label)\s*\+\s*(['"])([^'"\\]*)\1""")
_TIME_UNITS: dict[str, Precision] = {"year": "year", "month": "month", "quarter": "month", "date": "day"}


def vega_layers(spec: Mapping[str, Any]) -> tuple[Layer, ...]:
    """Read the layers of a specification; of what cannot be told from it, a layer says nothing."""
    return tuple(layer for view in views_of(spec) for layer in _layers(view))


@dataclass(frozen=True)
class _Channels:
    """The encoding of one mark, each channel a mapping, an absent one empty."""

    encoding: Mapping[str, Any]

    def __getitem__(self, name: str) -> Mapping[str, Any]:
        told = self.encoding.get(name)
        return mapping(told[0] if isinstance(told, list) and told else told)

    def field(self, name: str) -> str:
        return text(self[name].get("field"))


def _layers(view: View) -> Iterator[Layer]:
    channels = _Channels(view.encoding)
    kind = _KINDS.get(view.mark, "")
    grouping = [one for one in (_series_channel(channels),) if one]
    facets = [one for one in _PANELS if channels.field(one)]
    if kind == "bar" and any("bin" in channels[one] for one in ("x", "y")):
        kind = "histogram"
    one = Layer(
        kind=kind,
        x=_scale(view, channels, name="x", kind=kind),
        y=_scale(view, channels, name="y", kind=kind),
        panel=view.panel,
        stack=_stack(channels, kind),
        measure=_measure(channels, kind),
    )
    names = [_named(channels[each]) for each in (*facets, *grouping)]
    for panel, rows in _panels(view, channels, facets=facets):
        parts = tuple(_points(rows or [], channels, kind=kind, names=[text(each["field"]) for each in names]))
        series = _in_order(names, parts) if names else ()
        if any(channels[side].get("stack") == "normalize" for side in ("x", "y")):
            parts = ()  # what is drawn are shares, which nobody wrote down
        elif kind == "pie":
            parts = tuple(replace(each, series="", x=each.series) for each in parts)
        yield replace(one, panel=panel, points=parts, series=series)


def _panels(view: View, channels: _Channels, *, facets: list[str]) -> Iterator[tuple[str, Rows | None]]:
    """Part the rows by facet; a chart without facets, or without rows to part, is one panel."""
    if not facets or not view.rows:
        yield view.panel, view.rows
        return
    fields = [channels.field(one) for one in facets]
    parted: dict[str, Rows] = {}
    for row in view.rows:
        parted.setdefault(", ".join(str(category(row.get(field))) for field in fields), []).append(row)
    yield from ((f"{view.panel}/{name}", rows) for name, rows in parted.items())


def _series_channel(channels: _Channels) -> str:
    """Give the channel that tells series apart: nominal, with names rather than literal colours."""
    placed = {channels.field("x"), channels.field("y")}
    for name in _SERIES:
        told = _named(channels[name])
        literal = "scale" in told and told["scale"] is None
        field = text(told.get("field"))
        if told.get("type") in ("nominal", "ordinal") and not literal and field and field not in placed:
            return name
    return ""


def _named(channel: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give a channel's field definition, which a condition may hold."""
    return channel if "field" in channel else mapping(channel.get("condition"))


def _in_order(names: list[Mapping[str, Any]], points: tuple[Point, ...]) -> tuple[str, ...]:
    found = dict.fromkeys(one.series for one in points if one.series)
    order = _order(names[-1], list(found)) if len(names) == 1 else tuple(found)
    return tuple(one for one in order if one in found) + tuple(one for one in found if one not in order)


def _order(channel: Mapping[str, Any], values: list[Any]) -> tuple[str, ...]:
    """Give categories in the order in which they are drawn, as far as it is told."""
    domain = listing(mapping(channel.get("scale")).get("domain"))
    sort = channel.get("sort", "ascending")
    found = categories(values)
    if domain or isinstance(sort, list):
        first = categories(domain or listing(sort))
        return first + tuple(one for one in found if one not in first)
    if sort in ("ascending", "descending"):
        numeric = all(number(value) is not None for value in values)
        plain = categories(sorted(values)) if numeric else tuple(sorted(found))
        return plain if sort == "ascending" else plain[::-1]
    return found


def _points(rows: Rows, channels: _Channels, *, kind: str, names: list[str]) -> Iterator[Point]:
    """Give a point a row, or a group of rows if the chart aggregates them."""
    told = {name: channels[name] for name in ("x", "y", "theta", "color")}
    if any("bin" in one or ("timeUnit" in one and _is_aggregated(told)) for one in told.values()):
        return
    measure = "theta" if kind == "pie" else "color"
    numeric = kind == "pie" or channels["color"].get("type") == "quantitative"
    for group in _groups(rows, told, names=names) if _is_aggregated(told) else ([row] for row in rows):
        first = group[0]
        row = first.get("_row")
        yield Point(
            series=", ".join(str(category(first.get(name))) for name in names),
            x=_value(group, told["x"]),
            y=_value(group, told["y"]),
            measure=_value(group, told[measure]) if numeric else None,
            x2=first.get(channels.field("x2")),
            y2=first.get(channels.field("y2")),
            row=row if isinstance(row, int) and len(group) == 1 else None,
        )


def _is_aggregated(told: Mapping[str, Mapping[str, Any]]) -> bool:
    return any("aggregate" in one for one in told.values())


def _groups(rows: Rows, told: Mapping[str, Mapping[str, Any]], *, names: list[str]) -> Iterator[Rows]:
    fields = [text(one.get("field")) for one in told.values() if "field" in one and "aggregate" not in one]
    parted: dict[tuple[str, ...], Rows] = {}
    for row in rows:
        parted.setdefault(tuple(repr(row.get(name)) for name in (*fields, *names)), []).append(row)
    yield from parted.values()


def _value(group: Rows, channel: Mapping[str, Any]) -> Any:
    if "aggregate" not in channel:
        field = text(channel.get("field"))
        return group[0].get(field) if field else channel.get("datum")
    named = channel["aggregate"]
    method = _AGGREGATES.get(named) if isinstance(named, str) else None
    if named == "count":
        return len(group)
    values = [value for row in group if (value := number(row.get(text(channel.get("field"))))) is not None]
    return method(values) if method and values else None


def _scale(view: View, channels: _Channels, *, name: str, kind: str) -> Scale | None:
    channel = channels[name]
    if not channel or not ({"field", "aggregate"} & set(channel)):
        return None
    scale, axis = mapping(channel.get("scale")), mapping(channel.get("axis"))
    along: Kind = "numbers" if "aggregate" in channel else _TYPES.get(text(channel.get("type")), "")
    field, pattern = text(channel.get("field")), text(axis.get("format"))
    is_normal = channel.get("stack") == "normalize"
    low, high = (0, 1) if is_normal else _ends(scale)
    is_log = scale.get("type") in ("log", "symlog")
    free = low is not None or high is not None or is_log or scale.get("zero") is False or "bin" in channel
    values = [row.get(field) for row in view.rows or []]
    return Scale(
        id=f"{name}{view.panel}" + (f"#{view.number}" if name in view.free else ""),
        field=field,
        title=text(channel.get("title")) or text(axis.get("title")) or _counted(channel),
        alias=_alias(channels, field),
        until=channels.field(f"{name}2"),
        until_alias=_alias(channels, channels.field(f"{name}2")),
        kind=along,
        low=low,
        high=high,
        is_log=is_log,
        from_zero=along == "numbers" and not free and kind != "box",
        precision=_precision(channel, pattern) if along == "dates" else "",
        unit=_unit(axis, pattern),
        is_share=along == "numbers" and (is_normal or pattern.endswith("%")),
        summary=_summary(channel),
        order=_order(channel, values) if along == "categories" else (),
    )


def _ends(scale: Mapping[str, Any]) -> tuple[Any, Any]:
    domain = listing(scale.get("domain"))
    low, high = (domain[0], domain[-1]) if len(domain) > 1 else (None, None)
    return scale.get("domainMin", low), scale.get("domainMax", high)


def _counted(channel: Mapping[str, Any]) -> str:
    return "number of records" if channel.get("aggregate") == "count" else ""


def _summary(channel: Mapping[str, Any]) -> str:
    named = text(channel.get("aggregate"))
    return {"average": "mean", "count": "", "sum": ""}.get(named, named)


def _precision(channel: Mapping[str, Any], pattern: str) -> Precision:
    unit = text(channel.get("timeUnit")) or text(mapping(channel.get("timeUnit")).get("unit"))
    unit = unit.removeprefix("utc").removeprefix("binned")
    worded: Precision = next((exact for end, exact in _TIME_UNITS.items() if unit.endswith(end)), "")
    return precision_of(pattern) or worded


def _unit(axis: Mapping[str, Any], pattern: str) -> str:
    found = _UNIT.fullmatch(text(axis.get("labelExpr")))
    return found[2] if found else "$" if pattern.startswith("$") else ""


def _alias(channels: _Channels, field: str) -> str:
    told = channels.encoding.get("tooltip")
    tips = [mapping(one) for one in (told if isinstance(told, list) else [told])]
    return next((text(one.get("title")) for one in tips if field and one.get("field") == field), "")


def _stack(channels: _Channels, kind: str) -> Literal["x", "y", ""]:
    if kind not in {"bar", "area"} or channels.field("x2") or channels.field("y2"):
        return ""
    if channels.field("xOffset") or channels.field("yOffset"):
        return ""
    side: Literal["x", "y"] = "y" if _is_numeric(channels["y"]) else "x"
    return "" if channels[side].get("stack", "zero") in (None, False) else side


def _is_numeric(channel: Mapping[str, Any]) -> bool:
    return "aggregate" in channel or channel.get("type") == "quantitative"


def _measure(channels: _Channels, kind: str) -> Scale | None:
    channel = channels["theta" if kind == "pie" else "color"]
    if kind != "pie" and channel.get("type") != "quantitative":
        return None
    field = text(channel.get("field"))
    title = text(channel.get("title")) or text(mapping(channel.get("legend")).get("title"))
    return Scale(field=field, title=title or _counted(channel), alias=_alias(channels, field), kind="numbers")
