"""Widths: a Vega-Lite chart whose whole drawing is as wide as asked, found by drawing and measuring it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from sourcebook.figures.looks import with_light_colours

PANEL_PX = 130
"""Narrowest panel, with its gutters, that is still put beside another one."""

_VEGA_LITE = "6.1"
_GAP_PX = 20  # what Vega leaves between panels
_TRIES = 6
_LEGEND_COLUMNS = (3, 2, 1)
_NARROWEST_PX, _PLOT_PX = 24, 90
_BESIDE = ("hconcat", "concat")
_FACETED = ("facet", "repeat")


def sized(spec: dict[str, Any], width: int) -> dict[str, Any]:
    """Give a Vega-Lite chart the inner widths with which its whole drawing is as wide as asked.

    The columns of a wrapped chart become fewer where plots would be too narrow to read; charts beside
    each other keep the proportions of the widths that their author gave. The drawing is measured, as only
    the renderer knows the room that axes, names and words beside the marks take.

    Args:
        spec: a specification of one plot, of layers, of panels or of charts beside each other, with the
            house's looks; it is not changed. The renderer needs the book's fonts before.
        width: of the whole drawing, px.

    Returns:
        The specification for that width; as narrow as can be if even that is wider than asked.
    """
    narrowest, drawn, last = spec, float("inf"), None
    for wrapped in _layouts(spec, width):
        if wrapped == last:
            continue
        last = wrapped
        narrowest, drawn, inner = _fitted(wrapped, width)
        if drawn <= width and inner >= _PLOT_PX:
            break
    return _padded(narrowest, width - drawn) if drawn < width else narrowest


def needs_measuring(spec: dict[str, Any]) -> bool:
    """Say whether a chart gets its widths from `sized`: it has several plots, or words beside its marks.

    For other charts Vega's own "fit-x" is exact; it takes words that begin within the plot for narrower
    than they are, as it measures before it narrows the plot.
    """
    composed = any(name in spec for name in (*_FACETED, *_BESIDE, "vconcat")) or bool(_facets_in(spec))
    marks = [part.get("mark") for part in (spec, *spec.get("layer", []))]
    return composed or any("text" in (one, one.get("type") if isinstance(one, dict) else "") for one in marks)


def _layouts(spec: dict[str, Any], width: int) -> Iterator[dict[str, Any]]:
    """Give the chart with fewer and fewer columns, then with its legend in columns too."""
    for most in range(max(1, width // PANEL_PX), 0, -1):
        yield _wrapped(spec, spec, most)
    config = spec.get("config", {})
    for columns in _LEGEND_COLUMNS:
        legend = {**config.get("legend", {}), "columns": columns}
        yield _wrapped({**spec, "config": {**config, "legend": legend}}, spec, 1)


def _fitted(spec: dict[str, Any], width: int) -> tuple[dict[str, Any], float, float]:
    """Draw with a guess, measure, and mend the guess.

    Returns:
        The widest specification that fits, or the narrowest tried; its width, and that of a plot, in px.
    """
    tried: list[tuple[float, float, dict[str, Any]]] = []
    inner, slope = float(width), 1.0
    for _ in range(_TRIES):
        inner = max(inner, _NARROWEST_PX)
        trial = _with_inner(spec, inner)
        drawn = _width_of(trial)
        if tried and inner != tried[-1][0]:
            slope = max((drawn - tried[-1][1]) / (inner - tried[-1][0]), 0.1)
        tried.append((inner, drawn, trial))
        if width - 1 < drawn <= width or (inner == _NARROWEST_PX and drawn > width):
            break
        inner += (width - drawn) / slope - 0.1
    fitting = [one for one in tried if one[1] <= width]
    chosen = max(fitting, key=lambda one: one[1]) if fitting else min(tried, key=lambda one: one[1])
    return chosen[2], chosen[1], min(_plot_widths(chosen[2]), default=0)


def _padded(spec: dict[str, Any], room: float) -> dict[str, Any]:
    """Give the chart with so many px more at its right edge."""
    told = spec.get("padding", spec.get("config", {}).get("padding", 5))
    sides = told if isinstance(told, dict) else dict.fromkeys(("left", "right", "top", "bottom"), told)
    return {**spec, "padding": {**sides, "right": sides.get("right", 0) + room}}


def _plot_widths(spec: dict[str, Any]) -> Iterator[float]:
    """Give the width of every plot, px."""
    inside = [spec["spec"]] if "spec" in spec else []
    parts = [*inside, *(part for name in (*_BESIDE, "vconcat") for part in spec.get(name, []))]
    if not parts:
        yield spec["width"]
    for part in parts:
        yield from _plot_widths(part)


def _width_of(spec: dict[str, Any]) -> float:
    import vl_convert

    svg = vl_convert.vegalite_to_svg(with_light_colours(spec), vl_version=_VEGA_LITE)
    found = re.search(r'<svg[^>]* width="([\d.]+)', svg)
    return float(found[1]) if found else 0.0


def _with_inner(spec: dict[str, Any], inner: float) -> dict[str, Any]:
    """Give every view of a composed chart its share of `inner` px."""
    if any(name in spec for name in _FACETED):
        beside = _columns_of(spec)
        each = (inner - (beside - 1) * _gap(spec)) / beside
        return _with_short_headers({**spec, "spec": _with_inner(spec["spec"], each)}, each)
    for name in _BESIDE:
        if name in spec:
            return {**spec, name: list(_shared_out(spec[name], inner, _columns_of(spec), _gap(spec)))}
    if "vconcat" in spec:
        return {**spec, "vconcat": [_with_inner(part, inner) for part in spec["vconcat"]]}
    beside = _columns_of(spec)
    each = max(1, int((inner - (beside - 1) * _GAP_PX) / beside))
    plain = {name: value for name, value in spec.items() if name != "autosize"}
    channels = {
        name: _with_short_header(one, each) for name, one in _facets_in(spec).items() if name != "row"
    }
    encoding = {"encoding": {**spec["encoding"], **channels}} if channels else {}
    return {**plain, **encoding, "width": each}


def _shared_out(
    parts: Sequence[dict[str, Any]], inner: float, beside: int, gap: float
) -> Iterator[dict[str, Any]]:
    for start in range(0, len(parts), beside):
        row = parts[start : start + beside]
        own = [part.get("width") for part in row]
        weights = [float(one) if isinstance(one, int | float) and one > 0 else 0.0 for one in own]
        whole = all(weights) and len(row) == beside
        shares = [one / sum(weights) for one in weights] if whole else [1 / beside] * len(row)
        for part, share in zip(row, shares, strict=True):
            yield _with_inner(part, (inner - (beside - 1) * gap) * share)


def _with_short_headers(spec: dict[str, Any], width: float) -> dict[str, Any]:
    """Cut the names above panels where they would be wider than a panel."""
    facet = spec.get("facet")
    if not facet:
        return spec
    if "field" in facet:
        return {**spec, "facet": _with_short_header(facet, width)}
    column = {"column": _with_short_header(facet["column"], width)} if "column" in facet else {}
    return {**spec, "facet": {**facet, **column}}


def _with_short_header(channel: dict[str, Any], width: float) -> dict[str, Any]:
    if channel.get("header", {}) is None:
        return channel
    return {**channel, "header": {"labelLimit": max(1, int(width)), **channel.get("header", {})}}


def _facets_in(spec: dict[str, Any]) -> dict[str, Any]:
    """Give the channels that part a plot itself into panels."""
    encoding = spec.get("encoding", {})
    return {name: encoding[name] for name in ("facet", "column", "row") if name in encoding}


def _wrapped(spec: dict[str, Any], whole: dict[str, Any], most: int) -> dict[str, Any]:
    """Give the chart with at most that many columns."""
    if any(name in spec for name in _FACETED):
        inside = {**spec, "spec": _wrapped(spec["spec"], whole, most)}
        fixed = any(name in (spec.get("facet") or spec["repeat"]) for name in ("row", "column"))
        return inside if fixed else {**inside, "columns": min(most, _columns_of(spec, whole))}
    for name in (*_BESIDE, "vconcat"):
        if name not in spec:
            continue
        parts = [_wrapped(part, whole, max(1, most // _columns_of(spec))) for part in spec[name]]
        if name == "vconcat" or _columns_of(spec) <= most:
            return {**spec, name: parts}
        rest = {key: value for key, value in spec.items() if key not in _BESIDE}
        return {**rest, "concat": parts, "columns": most}
    return _wrapped_encoding(spec, whole, most)


def _wrapped_encoding(spec: dict[str, Any], whole: dict[str, Any], most: int) -> dict[str, Any]:
    """Give a plot with fewer columns; panels beside each other that are too many for it wrap."""
    facets = _facets_in(spec)
    across = facets.get("facet") or facets.get("column")
    if across is None or "row" in facets:
        return spec
    count = _columns_of(spec, whole)
    if "column" in facets and count <= most:
        return spec
    rest = {name: one for name, one in spec["encoding"].items() if name not in facets}
    return {**spec, "encoding": {**rest, "facet": {**across, "columns": min(most, count)}}}


def _columns_of(spec: dict[str, Any], whole: dict[str, Any] | None = None) -> int:
    """Count the panels beside each other."""
    if "vconcat" in spec:
        return 1
    if "hconcat" in spec:
        return max(1, len(spec["hconcat"]))
    if "concat" in spec:
        return max(1, min(len(spec["concat"]), int(spec.get("columns") or len(spec["concat"]))))
    if facets := _facets_in(spec):
        across = facets.get("facet") or facets.get("column")
        count = _count(across, spec, whole) if across else 1
        return max(1, min(count, int((across or {}).get("columns") or count)))
    told = spec.get("facet") or spec.get("repeat")
    if not told:
        return 1
    if isinstance(told, list):
        return max(1, min(len(told), int(spec.get("columns") or len(told))))
    if "row" in told or "column" in told:
        return max(1, _count(told["column"], spec, whole)) if "column" in told else 1
    count = _count(told, spec, whole)
    return max(1, min(count, int(spec.get("columns") or count)))


def _count(channel: Any, spec: dict[str, Any], whole: dict[str, Any] | None) -> int:
    """Count the groups of a facet in the chart's own data; a list of fields is its own count."""
    if isinstance(channel, list):
        return len(channel)
    data = spec.get("data") or (whole or {}).get("data") or {}
    named = (whole or spec).get("datasets", {}).get(data.get("name"))
    records = named if isinstance(named, list) else data.get("values")
    field = str(channel.get("field", "")).replace("\\", "")
    if not isinstance(records, list) or not records:
        return int(channel.get("columns") or spec.get("columns") or 1)
    return len({str(one.get(field)) for one in records if isinstance(one, dict)})


def _gap(spec: dict[str, Any]) -> float:
    told = spec.get("spacing", _GAP_PX)
    return float(told.get("column", _GAP_PX) if isinstance(told, dict) else told)
