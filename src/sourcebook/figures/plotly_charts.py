"""Plotly's side of figures: the specification in the house's looks and the plotted data."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from sourcebook.figures.looks import PALETTE, merged, with_light_colours, with_properties
from sourcebook.figures.stills import Still, clean_svg

if TYPE_CHECKING:
    import pandas as pd

    from sourcebook.figures.browser import Draw

ENGINE = "plotly"
HEIGHT_PX = 360
"""Height of a figure whose layout names none."""

_STYLED = re.compile(r"</?(?:b|i|em|strong|s|u|sub|sup|span|a)(?: [^<>]*)?>")

_AXIS: dict[str, Any] = {
    "automargin": True,
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


def still(spec: dict[str, Any], *, width: int, prefix: str, draw: Draw) -> Still:
    """Draw the figure as an SVG still of that width in px; `prefix` keeps its ids apart."""
    return clean_svg(draw(with_light_colours(spec), width, height_of(spec)), prefix=prefix)


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

    traces = [trace for trace in chart.data if trace.x is not None and trace.y is not None]
    frames = [
        pd.DataFrame({"series": trace.name or "", "x": list(trace.x), "y": list(trace.y)}) for trace in traces
    ]
    return pd.concat(frames, ignore_index=True) if frames else None


def fallback_html(chart: Any, figure_id: str) -> str:
    """Give the library's own output, for a front end or a book without this package's pages."""
    return str(chart.to_html(full_html=False, include_plotlyjs="cdn", div_id=f"chart-{figure_id}"))
