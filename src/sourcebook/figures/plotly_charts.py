"""Plotly's side of figures: the specification in the house's looks and the plotted data."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from sourcebook.figures.looks import PALETTE, merged, with_light_colours, with_properties
from sourcebook.figures.marks import mark_around, rows_of_points
from sourcebook.figures.stills import Drawn, Still, still_of

if TYPE_CHECKING:
    import pandas as pd

    from sourcebook.figures.browser import Draw

ENGINE = "plotly"
ROWS = "rows"
"""Key of a specification: for each trace, which row of the data table each point is."""
HEIGHT_PX = 360
"""Height of a figure whose layout names none."""

_STYLED = re.compile(r"</?(?:b|i|em|strong|s|u|sub|sup|span|a)(?: [^<>]*)?>")

_AXIS: dict[str, Any] = {
    "automargin": True,
    "exponentformat": "B",
    "gridcolor": PALETTE["rule"],
    "linecolor": PALETTE["grey"],
    "tickcolor": PALETTE["grey"],
    "tickfont": {"color": PALETTE["mute"], "size": 13},
    "title": {"font": {"color": PALETTE["mute"], "size": 13}},
    "zerolinecolor": PALETTE["grey"],
}
_LAYOUT: dict[str, Any] = {
    "colorway": [PALETTE[name] for name in ("violet", "teal", "red", "gold", "grey")],
    "font": {"family": "Schibsted Grotesk, sans-serif", "size": 13, "color": PALETTE["ink"]},
    "hoverlabel": {
        "bgcolor": PALETTE["ink"],
        "bordercolor": PALETTE["ink"],
        "font": {"color": PALETTE["bg"], "size": 13},
    },
    "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"color": PALETTE["ink"]}},
    "margin": {"l": 8, "r": 8, "t": 8, "b": 8, "pad": 4},
    "paper_bgcolor": "rgba(0,0,0,0)",
    "plot_bgcolor": "rgba(0,0,0,0)",
    "xaxis": {**_AXIS, "showgrid": False},
    "yaxis": _AXIS,
}


def draws(chart: Any) -> bool:
    """Say whether `chart` is Plotly's."""
    return type(chart).__module__.startswith("plotly.")


def specification(chart: Any) -> dict[str, Any]:
    """Give the figure's data and layout in the house's looks, colours as custom properties."""
    told = json.loads(chart.to_json())
    layout = told["layout"]
    for trace in told["data"]:
        _lift_bold(trace, "textfont")
    for annotation in layout.get("annotations", []):
        _lift_bold(annotation, "font")
    told["data"], layout = _without_tags(told["data"]), _without_tags(layout)
    layout.pop("template", None)
    return with_properties({"data": told["data"], "layout": merged(_LAYOUT, layout)})


def height_of(spec: dict[str, Any]) -> int:
    """Give the height in px at which the figure is drawn, at any width."""
    return int(spec["layout"].get("height") or HEIGHT_PX)


def with_rows(spec: dict[str, Any], chart: Any, plotted: pd.DataFrame) -> dict[str, Any]:
    """Note for each trace which row of the data table each of its points is."""
    rows = [
        rows_of_points(_points_of(trace), plotted, series=str(getattr(trace, "name", None) or ""))
        for trace in chart.data
    ]
    return {**spec, ROWS: rows}


def draw(spec: dict[str, Any], width: int, *, pen: Draw) -> Drawn:
    """Draw the figure at that width in px."""
    plain = with_light_colours(spec)
    rows = spec.get(ROWS, [])
    marked = any(row is not None for trace in rows for row in trace)
    told = {"data": plain["data"], "layout": plain["layout"], "marked": marked}
    svg, boxes = pen(told, width, height_of(spec))
    marks = (
        mark_around(row, x=x, y=y, width=wide, height=high)
        for trace, point, x, y, wide, high in boxes
        if trace < len(rows) and point < len(rows[trace]) and (row := rows[trace][point]) is not None
    )
    return Drawn(svg, tuple(marks), live_specification(spec, width=width))


def still(spec: dict[str, Any], *, width: int, prefix: str, pen: Draw) -> Still:
    """Draw the figure as an SVG still of that width in px; `prefix` keeps its ids apart."""
    return still_of(draw(spec, width, pen=pen), prefix=prefix)


def live_specification(spec: dict[str, Any], *, width: int) -> dict[str, Any]:
    """Give what the browser draws the figure from, at any width."""
    return {"data": spec["data"], "layout": {**spec["layout"], "height": height_of(spec)}}


def is_interactive(spec: dict[str, Any]) -> bool:
    """Say whether the figure answers to its reader: it has buttons, sliders or a range slider."""
    layout = spec["layout"]
    ranged = any("rangeslider" in axis for axis in layout.values() if isinstance(axis, dict))
    return bool(layout.get("updatemenus") or layout.get("sliders") or ranged)


def series_column(spec: dict[str, Any], plotted: pd.DataFrame) -> str | None:
    """Give the column of the data that holds the names of the traces, if there are several."""
    names = {str(trace["name"]) for trace in spec["data"] if trace.get("name")}
    columns = (str(name) for name in plotted.columns if names <= {str(one) for one in plotted[name].unique()})
    return next(columns, None) if len(names) > 1 else None


def _points_of(trace: Any) -> list[tuple[Any, Any]]:
    across = next((values for name in ("x", "labels") if (values := _values(trace, name))), [])
    along = next((values for name in ("y", "values") if (values := _values(trace, name))), [])
    return list(zip(across, along, strict=False))


def _values(trace: Any, name: str) -> list[Any]:
    import pandas as pd

    values = getattr(trace, name, None) if name in trace else None
    return [] if values is None else pd.Series(list(values)).tolist()


def _lift_bold(part: dict[str, Any], key: str) -> None:
    """Say bold as a font weight: inline markup would become a style attribute, which pages refuse."""
    if "<b>" in str(part.get("text", "")):
        part[key] = {"weight": 700, **part.get(key, {})}


def _without_tags(value: Any) -> Any:
    if isinstance(value, str):
        return _STYLED.sub("", value)
    if isinstance(value, list):
        return [_without_tags(one) for one in value]
    return {name: _without_tags(one) for name, one in value.items()} if isinstance(value, dict) else value


def plotted_data(chart: Any) -> pd.DataFrame | None:
    """Give the points of every trace that has x and y, one row a point."""
    import pandas as pd

    placed = [trace for trace in chart.data if trace.x is not None and trace.y is not None]
    traces = [trace for trace in placed if getattr(trace, "mode", None) != "text"] or placed
    frames = [
        pd.DataFrame({"series": trace.name or "", "x": list(trace.x), "y": list(trace.y)}) for trace in traces
    ]
    if not frames:
        return None
    plotted = pd.concat(frames, ignore_index=True)
    return plotted if plotted["series"].any() else plotted.drop(columns="series")


def fallback_html(chart: Any, figure_id: str) -> str:
    """Give the library's own output, for a front end or a book without this package's pages."""
    return str(chart.to_html(full_html=False, include_plotlyjs="cdn", div_id=f"chart-{figure_id}"))
