"""Altair's side of figures: the Vega-Lite specification, the plotted data, the still, the live chart."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sourcebook.figures.looks import PALETTE, merged, with_light_colours, with_properties
from sourcebook.figures.stills import Still, clean_svg

if TYPE_CHECKING:
    import pandas as pd

ENGINE = "vega"

_VEGA_LITE = "6.1"  # what vl-convert ships as 6.4 drops the fields of nearest-point tooltips
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


def still(spec: dict[str, Any], *, width: int, prefix: str) -> Still:
    """Draw the chart as an SVG still of that width in px; `prefix` keeps its ids apart."""
    import vl_convert

    _register_fonts()
    svg = vl_convert.vegalite_to_svg(with_light_colours(_sized(spec, width)), vl_version=_VEGA_LITE)
    return clean_svg(svg, prefix=prefix)


def live_specification(spec: dict[str, Any], *, width: int) -> dict[str, Any]:
    """Compile the chart to Vega, which the browser draws without evaluating code."""
    import vl_convert

    compiled = vl_convert.vegalite_to_vega(with_light_colours(_sized(spec, width)), vl_version=_VEGA_LITE)
    return with_properties(compiled)


def _sized(spec: dict[str, Any], width: int) -> dict[str, Any]:
    if any(name in spec for name in ("hconcat", "vconcat", "concat", "facet", "repeat")):
        return spec  # a composed chart keeps the sizes its author gave
    return {**spec, "width": width, "autosize": {"type": "fit-x", "contains": "padding"}}


@cache
def _register_fonts() -> None:
    import vl_convert

    folder = Path(__file__).parent.parent / "theme" / "fonts" / "drawing"
    if folder.is_dir():
        vl_convert.register_font_directory(str(folder))
