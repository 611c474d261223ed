"""The layers of a Plotly figure: one for each trace."""

from __future__ import annotations

import base64
import struct
from collections.abc import Mapping
from dataclasses import replace
from itertools import zip_longest
from math import prod
from typing import Any, Literal

from sourcebook.figures.descriptions.layers import (
    Kind,
    Layer,
    Point,
    Scale,
    categories,
    listing,
    mapping,
    milliseconds,
    moment,
    number,
    precision_of,
    text,
)

_KINDS = {
    "bar": "bar",
    "box": "box",
    "candlestick": "candlestick",
    "choropleth": "map",
    "choroplethmap": "map",
    "contour": "heat",
    "funnel": "funnel",
    "heatmap": "heat",
    "histogram": "histogram",
    "ohlc": "candlestick",
    "pie": "pie",
    "sankey": "flow",
    "scattergeo": "map",
    "scattermap": "map",
    "sunburst": "sunburst",
    "treemap": "treemap",
    "violin": "violin",
    "waterfall": "waterfall",
}
_AXIS_KINDS: dict[str, Kind] = {
    "category": "categories",
    "multicategory": "categories",
    "date": "dates",
    "linear": "numbers",
    "log": "numbers",
}
_CODES = dict(zip(("i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"), "bBhHiIqQfd", strict=True))
_AFFIXES = ("ticksuffix", "tickprefix")
_FEW = 20  # points from which Plotly draws a line without dots
_UNPLOTTED = frozenset({"box", "histogram", "violin"})  # they draw a summary of the values they are given


def plotly_layers(spec: Mapping[str, Any]) -> tuple[Layer, ...]:
    """Read the layers of a figure {"data", "layout"}; hidden traces are left out."""
    layout = mapping(spec.get("layout"))
    traces = [mapping(one) for one in listing(spec.get("data"))]
    layers = tuple(_layer(one, layout) for one in traces if one.get("visible", True) is True)
    lines = tuple(_line(mapping(one)) for one in listing(layout.get("shapes")))
    return layers + tuple(Layer("rule", (one,)) for one in lines if one)


def values_of(told: Any) -> list[Any]:
    """Give a list of values, also one that Plotly packed as {"bdata", "dtype", "shape"}."""
    packed = mapping(told)
    code = _CODES.get(text(packed.get("dtype")).lstrip("<|="))
    if code is None:
        return listing(told)
    try:
        raw = base64.b64decode(packed.get("bdata") or "")
        flat = list(struct.unpack(f"<{len(raw) // struct.calcsize(code)}{code}", raw))
    except (ValueError, TypeError, struct.error):
        return []
    shape = [int(one) for one in str(packed.get("shape") or "").split(",") if one.strip().isdigit()]
    if len(shape) != 2 or prod(shape) != len(flat):
        return flat
    return [flat[start : start + shape[1]] for start in range(0, len(flat), shape[1] or 1)]


def _layer(trace: Mapping[str, Any], layout: Mapping[str, Any]) -> Layer:
    kind, name = _kind_of(trace), text(trace.get("name"))
    if kind == "pie":
        return _pie(trace)
    points = _grid(trace) if kind == "heat" else _points(trace, name=name, kind=kind)
    side: Literal["x", "y"] = "x" if trace.get("orientation") == "h" else "y"
    stands = kind == "bar" and layout.get("barmode", "group") in ("stack", "relative")
    zero = side if kind in {"bar", "area", "histogram", "funnel", "waterfall"} else ""
    one = Layer(
        kind=kind,
        points=points,
        x=_scale(trace, layout, letter="x", values=[point.x for point in points], from_zero=zero == "x"),
        y=_scale(trace, layout, letter="y", values=[point.y for point in points], from_zero=zero == "y"),
        series=(name,) if name and kind != "text" else (),
        panel=_panel(trace, layout),
        stack=side if stands or trace.get("stackgroup") else "",
        measure=Scale(title=_title(mapping(trace.get("colorbar")))) if kind == "heat" else None,
    )
    normal = text(layout.get("barnorm") if kind == "bar" else trace.get("groupnorm"))
    return _normalized(one, side, whole=100 if normal == "percent" else 1) if normal else one


def _normalized(layer: Layer, side: Literal["x", "y"], *, whole: int) -> Layer:
    """Give a layer that draws shares, which nobody wrote down: its ends are known, its points are not."""
    scale = layer.x if side == "x" else layer.y
    if scale is None:
        return layer
    ended = replace(scale, low=0, high=whole, unit="%" if whole == 100 else "", is_share=whole == 1)
    return replace(layer, points=(), x=ended if side == "x" else layer.x, y=ended if side == "y" else layer.y)


def _line(shape: Mapping[str, Any]) -> Point | None:
    """Give the place of a line across the whole chart; None for any other shape."""
    if shape.get("type") != "line" or shape.get("x0") == shape.get("x1") == shape.get("y0"):
        return None
    if shape.get("y0") == shape.get("y1") and shape.get("yref", "y") == "y":
        return Point(y=shape.get("y0"))
    upright = shape.get("x0") == shape.get("x1") and shape.get("xref", "x") == "x"
    return Point(x=shape.get("x0")) if upright else None


def _kind_of(trace: Mapping[str, Any]) -> str:
    named = text(trace.get("type")) or "scatter"
    if named not in {"scatter", "scattergl"}:
        return _KINDS.get(named, "")
    mode = text(trace.get("mode"))
    if not mode:
        mode = "lines+markers" if len(values_of(trace.get("y"))) < _FEW else "lines"
    if trace.get("stackgroup") or text(trace.get("fill")) not in {"", "none"}:
        return "area"
    return "line" if "lines" in mode else "dot" if "markers" in mode else "text"


def _points(trace: Mapping[str, Any], *, name: str, kind: str) -> tuple[Point, ...]:
    x, y = values_of(trace.get("x")), values_of(trace.get("y"))
    if kind in _UNPLOTTED or not (x and y):
        return tuple([Point(name, x=one) for one in x] + [Point(name, y=one) for one in y])
    points = [Point(name, x=one, y=other) for one, other in zip(x, y, strict=False)]
    bases = values_of(trace.get("base")) if kind == "bar" else []
    is_flat = trace.get("orientation") == "h"
    return tuple(
        _reaching(one, base, is_flat=is_flat) for one, base in zip_longest(points, bases[: len(points)])
    )


def _reaching(point: Point, base: Any, *, is_flat: bool) -> Point:
    """Give a bar that starts at a base of its own, a number or a date; any other as it is."""
    length, start = number(point.x if is_flat else point.y), moment(base) if isinstance(base, str) else None
    low = number(base) if start is None else milliseconds(start)
    if low is None or length is None:
        return point
    ends = (low, low + length) if start is None else (start, moment(low + length))
    return replace(point, x=ends[0], x2=ends[1]) if is_flat else replace(point, y=ends[0], y2=ends[1])


def _grid(trace: Mapping[str, Any]) -> tuple[Point, ...]:
    rows = [values_of(row) for row in values_of(trace.get("z"))]
    x = values_of(trace.get("x")) or list(range(max(map(len, rows), default=0)))
    y = values_of(trace.get("y")) or list(range(len(rows)))
    return tuple(
        Point(x=across, y=up, measure=value)
        for up, row in zip(y, rows, strict=False)
        for across, value in zip(x, row, strict=False)
    )


def _pie(trace: Mapping[str, Any]) -> Layer:
    labels, values = values_of(trace.get("labels")), values_of(trace.get("values"))
    points = tuple(Point(x=one, measure=value) for one, value in zip(labels, values, strict=False))
    return Layer(
        kind="pie", points=points, series=categories(labels), panel=str(mapping(trace.get("domain")))
    )


def _scale(
    trace: Mapping[str, Any], layout: Mapping[str, Any], *, letter: str, values: list[Any], from_zero: bool
) -> Scale | None:
    name = text(trace.get(f"{letter}axis")) or letter
    axis = mapping(layout.get(f"{letter}axis{name[1:]}"))
    given = [one for one in values if one is not None]
    if not given:
        return None
    kind = _AXIS_KINDS.get(text(axis.get("type"))) or _guessed(given)
    is_log, pattern = axis.get("type") == "log", text(axis.get("tickformat"))
    low, high = _ends(axis, is_log=is_log)
    return Scale(
        id=text(axis.get("matches")) or name,
        title=_title(axis),
        kind=kind,
        low=low if kind != "categories" else None,
        high=high if kind != "categories" else None,
        is_log=is_log,
        from_zero=(from_zero or axis.get("rangemode") == "tozero") and not is_log,
        precision=precision_of(pattern) if kind == "dates" else "",
        unit=next((one for name in _AFFIXES if isinstance(one := axis.get(name), str)), ""),
        is_share=kind == "numbers" and pattern.endswith("%"),
        order=categories(values_of(axis.get("categoryarray"))),
    )


def _guessed(values: list[Any]) -> Kind:
    if values and all(number(one) is not None for one in values):
        return "numbers"
    dated = bool(values) and all(isinstance(one, str) and len(one) > 4 and moment(one) for one in values)
    return "dates" if dated else "categories" if values else ""


def _ends(axis: Mapping[str, Any], *, is_log: bool) -> tuple[Any, Any]:
    """Give the ends of an axis, the lower first; a logarithmic one is given in powers of ten."""
    ends = listing(axis.get("range"))
    if len(ends) != 2 or any(one is None for one in ends):
        return None, None
    if is_log:
        powers = [number(one) for one in ends]
        ends = [float(f"{10**one:.2g}") if one is not None and abs(one) < 300 else None for one in powers]
    low, high = ends
    backwards = number(low) is not None and number(high) is not None and low > high
    return (high, low) if backwards else (low, high)


def _title(part: Mapping[str, Any]) -> str:
    title = part.get("title")
    return text(mapping(title).get("text")) or text(title)


def _panel(trace: Mapping[str, Any], layout: Mapping[str, Any]) -> str:
    """Name the part of the chart; an axis that lies over another makes no part of its own."""
    under = []
    for letter in ("x", "y"):
        name = text(trace.get(f"{letter}axis")) or letter
        over = text(mapping(layout.get(f"{letter}axis{name[1:]}")).get("overlaying"))
        under.append(over if over not in {"", "free"} else name)
    return "".join(under)
