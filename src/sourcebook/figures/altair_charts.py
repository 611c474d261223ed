"""Altair's side of figures: the Vega-Lite specification, the plotted data, the still, the live chart."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from math import cos, sin
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sourcebook.figures.looks import PALETTE, merged, with_light_colours, with_properties
from sourcebook.figures.marks import Mark, mark_around, rows_of_records
from sourcebook.figures.stills import Drawn, Still, still_of
from sourcebook.figures.widths import needs_measuring, sized

if TYPE_CHECKING:
    import pandas as pd

ENGINE = "vega"
ROW = "_row"
"""Key under which a record of a chart's data says which row of the data table it is."""

_VEGA_LITE = "6.1"  # what vl-convert ships as 6.4 drops the fields of nearest-point tooltips
_COMPOSED = ("layer", "hconcat", "vconcat", "concat")
_SERIES = ("color", "fill", "stroke", "shape", "strokeDash", "detail", "row", "column")
_NAMED = frozenset({"nominal", "ordinal"})
_FONT = "Schibsted Grotesk"
_CONFIG: dict[str, Any] = {
    "font": _FONT,
    "background": "transparent",
    "padding": {"left": 0, "right": 8, "top": 4, "bottom": 4},
    "view": {"stroke": None},
    "range": {"category": [PALETTE[name] for name in ("violet", "teal", "red", "gold", "grey")]},
    "axis": {
        "domainColor": PALETTE["grey"],
        "gridColor": PALETTE["rule"],
        "labelColor": PALETTE["mute"],
        "labelFontSize": 13,
        "labelPadding": 6,
        "tickColor": PALETTE["grey"],
        "tickSize": 4,
        "titleColor": PALETTE["mute"],
        "titleFontSize": 13,
        "titleFontWeight": "normal",
        "tickCount": 5,
    },
    "axisX": {"grid": False},
    "bar": {"color": PALETTE["violet"]},
    "legend": {
        "labelColor": PALETTE["ink"],
        "labelFontSize": 13,
        "orient": "top",
        "title": None,
        "symbolType": "square",
    },
    "header": {"labelColor": PALETTE["ink"], "labelFontSize": 13, "labelFontWeight": "bold", "title": None},
    "line": {"strokeWidth": 2.5},
    "point": {"size": 70, "filled": True},
    "rule": {"color": PALETTE["grey"]},
    "text": {"color": PALETTE["ink"], "fontSize": 13},
}


def draws(chart: Any) -> bool:
    """Say whether `chart` is Altair's."""
    return type(chart).__module__.startswith("altair.")


def specification(chart: Any) -> dict[str, Any]:
    """Give the chart as Vega-Lite with the house's looks, colours as custom properties."""
    import altair as alt

    with alt.data_transformers.enable("default", max_rows=None):
        spec: dict[str, Any] = chart.to_dict()
    own = spec.pop("config", {})
    own.get("view", {}).pop("continuousWidth", None)
    own.get("view", {}).pop("continuousHeight", None)
    spec["config"] = merged(_CONFIG, own)
    return with_properties(spec)


def plotted_data(chart: Any) -> pd.DataFrame | None:
    """Give the frame that the chart draws, if it draws just one."""
    import pandas as pd

    for part in (chart, *getattr(chart, "layer", ())):
        if isinstance(data := getattr(part, "data", None), pd.DataFrame):
            return data
    return None


def fallback_html(chart: Any, figure_id: str) -> str:
    """Give the library's own output, for a front end or a book without this package's pages."""
    import altair as alt

    with alt.data_transformers.enable("default", max_rows=None):
        return str(chart.to_html(fullhtml=False, output_div=f"chart-{figure_id}"))


def with_rows(spec: dict[str, Any], chart: Any, plotted: pd.DataFrame) -> dict[str, Any]:
    """Note with each record of the chart's data which row of the data table it is."""
    inline = (part["data"].get("values") for part in _parts(spec) if isinstance(part.get("data"), dict))
    for records in (*spec.get("datasets", {}).values(), *inline):
        if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
            continue
        plain = with_light_colours({"records": records})["records"]  # as the frame has them
        for record, row in zip(records, rows_of_records(plain, plotted), strict=True):
            if row is not None:
                record[ROW] = row
    return spec


def series_column(spec: dict[str, Any], plotted: pd.DataFrame) -> str | None:
    """Give the column of the data that parts the chart into series, if one does."""
    parts = list(_parts(spec))
    facets = [part["facet"] for part in parts if isinstance(part.get("facet"), dict)]
    encodings = [*(part.get("encoding", {}) for part in parts), *facets]
    told = [one.get(channel) for channel in _SERIES for one in encodings] + facets
    fields = (one.get("field") for one in told if isinstance(one, dict) and one.get("type") in _NAMED)
    return next((name for name in fields if name in plotted.columns), None)


def is_interactive(spec: dict[str, Any]) -> bool:
    """Say whether the chart answers to its reader: it has selections or inputs."""
    return any("select" in one or "bind" in one for part in _parts(spec) for one in part.get("params", []))


def draw(spec: dict[str, Any], width: int) -> Drawn:
    """Draw the chart at that width in px, and compile it to Vega for the browser."""
    import vl_convert

    register_fonts()
    compiled = _compiled(spec, width)
    noted = deepcopy(compiled)
    for mark in _data_marks(noted):
        update = mark.setdefault("encode", {}).setdefault("update", {})
        update["description"] = {"signal": f"isValid(datum.{ROW}) ? toString(datum.{ROW}) : ''"}
    scene = vl_convert.vega_to_scenegraph(noted)
    marks = tuple(_marks_in(scene["scenegraph"], *scene["origin"]))
    return Drawn(vl_convert.vega_to_svg(compiled), marks, _fixed(compiled, scene))


def still(spec: dict[str, Any], *, width: int, prefix: str) -> Still:
    """Draw the chart as an SVG still of that width in px; `prefix` keeps its ids apart."""
    return still_of(draw(spec, width), prefix=prefix)


def live_specification(spec: dict[str, Any], *, width: int) -> dict[str, Any]:
    """Compile the chart to Vega, which the browser draws without evaluating code, exactly over its still."""
    return draw(spec, width).live


def _fixed(compiled: dict[str, Any], scene: dict[str, Any]) -> dict[str, Any]:
    """Give a chart the room that its drawing has around the plot: browsers measure text otherwise."""
    (left, top), plot = scene["origin"], scene["scenegraph"]["items"][0]
    if "layout" in compiled:  # several plots: their places depend on one another
        return with_properties(compiled)
    sides = {name: plot[name] for name in ("width", "height") if isinstance(compiled.get(name), int | float)}
    right, bottom = scene["width"] - left - plot["width"], scene["height"] - top - plot["height"]
    padding = {"left": left, "top": top, "right": right, "bottom": bottom}
    return with_properties({**compiled, **sides, "autosize": {"type": "none"}, "padding": padding})


def _compiled(spec: dict[str, Any], width: int) -> dict[str, Any]:
    import vl_convert

    sized = with_light_colours(_sized(spec, width))
    compiled: dict[str, Any] = vl_convert.vegalite_to_vega(sized, vl_version=_VEGA_LITE)
    return compiled


def _sized(spec: dict[str, Any], width: int) -> dict[str, Any]:
    if needs_measuring(spec):
        return sized(spec, width)
    return {**spec, "width": width, "autosize": {"type": "fit-x", "contains": "padding"}}


def _parts(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the specification and every one that is composed into it."""
    yield spec
    inner = [spec["spec"]] if isinstance(spec.get("spec"), dict) else []
    for part in (*inner, *(one for name in _COMPOSED for one in spec.get(name, []))):
        yield from _parts(part)


def _data_marks(compiled: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the marks of a compiled chart that stand for data; words stand beside them."""
    for mark in compiled.get("marks", []):
        if mark.get("type") not in {"group", "text"}:
            yield mark
        yield from _data_marks(mark)


def _marks_in(mark: dict[str, Any], left: float, top: float) -> Iterator[Mark]:
    """Give the marks of a scene graph that say which row they are; groups shift what they hold."""
    for item in mark.get("items", []):
        x, y = left + (item.get("x") or 0), top + (item.get("y") or 0)
        told = str(item.get("description") or "")
        if mark.get("marktype") == "group":
            for inner in item.get("items", []):
                yield from _marks_in(inner, x, y)
        elif told.isdecimal() and item.get("defined") is not False:
            yield mark_around(int(told), **_box(mark["marktype"], item, x=x, y=y))


def _box(marktype: str, item: dict[str, Any], *, x: float, y: float) -> dict[str, float]:
    if marktype == "rule":
        right, bottom = item.get("x2"), item.get("y2")
        width = 0 if right is None else right - (item.get("x") or 0)
        height = 0 if bottom is None else bottom - (item.get("y") or 0)
        return {"x": x, "y": y, "width": width, "height": height}
    if marktype in {"rect", "image"}:
        return {"x": x, "y": y, "width": item.get("width") or 0, "height": item.get("height") or 0}
    if marktype == "arc":
        angle = ((item.get("startAngle") or 0) + (item.get("endAngle") or 0)) / 2
        far = ((item.get("innerRadius") or 0) + (item.get("outerRadius") or 0)) / 2
        return {"x": x + far * sin(angle), "y": y - far * cos(angle)}
    return {"x": x, "y": y}


@cache
def register_fonts() -> None:
    """Give the renderer the book's own typeface, once."""
    import vl_convert

    folder = Path(__file__).parent.parent / "theme" / "fonts" / "drawing"
    if folder.is_dir():
        vl_convert.register_font_directory(str(folder))
