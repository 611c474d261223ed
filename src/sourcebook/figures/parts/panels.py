"""Small multiples: one panel a group, side by side where there is room and below each other where not."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import Any

from sourcebook.errors import FigureError, nearest
from sourcebook.figures.looks import PALETTE
from sourcebook.figures.parts.altair_parts import column_of
from sourcebook.figures.parts.chart_words import cut, engine_of, escaped, shortening
from sourcebook.figures.parts.labels_plotly import PHONE_PX, gutter_of
from sourcebook.figures.parts.meaning import field_name
from sourcebook.figures.widths import needs_measuring, sized

__all__ = ["MOST_PLOTLY_COLUMNS", "needs_measuring", "panels", "sized"]

MOST_PLOTLY_COLUMNS = 2
"""A Plotly figure has the same columns at every width; with more than two, none can be read on a phone."""

_GAP_PX = 20
_TITLE_PX = 24
_HEIGHT_PX = 110
_EDGE_PX = 18  # half of the widest tick, which hangs over the end of its axis
_ATTRIBUTES = ("name", "legendgroup", "meta")


def panels(
    chart: Any, by: str, *, columns: int = 3, height: int = _HEIGHT_PX, order: Sequence[str] | None = None
) -> Any:
    """Give the chart once for each group, with shared axes and the group's name above each panel.

    Altair's panels get their widths, and fewer columns where three are too tight, at each width at which
    the figure is drawn. Plotly's columns are the same at every width, so there are at most two; pass
    `columns=1` for rows below each other, which give wide axes their room on a phone.

    Args:
        chart: an Altair chart, or a Plotly figure with one or more traces for each group.
        by: what tells the groups apart: a column of the chart's table; for Plotly an attribute of its
            traces: "name", "legendgroup" or "meta".
        columns: panels beside each other, at most.
        height: of one panel's plot, px.
        order: the groups as they follow each other; as they come in the data when left out.

    Returns:
        `altair.FacetChart` or `plotly.graph_objects.Figure`; the given chart is not changed.

    Raises:
        FigureError: there is no such column or attribute, no group, or fewer than one column.
    """
    if columns < 1:
        raise FigureError(f"panels in {columns} columns cannot be drawn", mend="pass `columns=1` or more")
    if engine_of(chart) == "altair":
        return _altair_panels(chart, by, columns, height, order)
    return _plotly_panels(chart, by, min(columns, MOST_PLOTLY_COLUMNS), height, order)


def _altair_panels(chart: Any, by: str, columns: int, height: int, order: Sequence[str] | None) -> Any:
    import altair as alt

    whole = _with_common_table(chart, by)
    groups = _groups(list(whole.data[by].dropna()), by, order)
    sort = list(groups) if all(isinstance(one, str) for one in groups) else None
    facet = alt.Facet(
        field=field_name(by),
        type="nominal",
        sort=sort or alt.Undefined,
        title=None,
        header=alt.Header(
            labelAnchor="start",
            labelFontWeight="bold",
            labelFontSize=13,
            labelPadding=6,
            **shortening(groups),
        ),
    )
    beside = min(columns, len(groups))
    whole = _without_legend(whole, by)
    faceted = whole.properties(height=height).facet(facet=facet, columns=beside)
    faceted = faceted.properties(spacing={"row": _GAP_PX, "column": _GAP_PX})
    return faceted.resolve_axis(x="independent") if len(groups) % beside else faceted


def _with_common_table(chart: Any, by: str) -> Any:
    """Give the chart with its table at the top, where a facet needs it; a note's own point stays its own."""
    import altair as alt
    import pandas as pd

    parts = (chart, *getattr(chart, "layer", ()))
    tables = [one.data for one in parts if isinstance(getattr(one, "data", None), pd.DataFrame)]
    if not tables:
        raise FigureError("the chart has no table of its own", mend="pass alt.Chart a data frame")
    table = next((one for one in tables if by in one.columns), None)
    if table is None:
        known = [str(name) for name in tables[0].columns]
        raise FigureError(f"the chart's table has no column '{by}'", mend=nearest(by, known))
    whole = chart.copy(deep=["layer"] if hasattr(chart, "layer") else False)
    for part in getattr(whole, "layer", ()):
        if part.data is table:
            part.data = alt.Undefined
    whole.data = table
    return whole


def _without_legend(whole: Any, by: str) -> Any:
    """Leave out a legend that says what stands above the panels."""
    import altair as alt

    if getattr(whole, "layer", None):
        whole.layer = [_without_legend(part, by) for part in whole.layer]
        return whole
    if column_of(whole, whole, "color") != by:
        return whole
    colour: Any = whole.encoding.color.copy()
    if isinstance(colour, alt.Color):
        colour["legend"] = None
    return whole.encode(color=colour)


def _groups(values: Sequence[Any], by: str, order: Sequence[str] | None) -> tuple[Any, ...]:
    """Give the groups in order: those asked for first."""
    found = tuple(dict.fromkeys(values))
    if not found:
        raise FigureError(f"'{by}' has no value to make panels of", mend="look whether the table is empty")
    asked = tuple(dict.fromkeys(order or ()))
    if unknown := [one for one in asked if one not in found]:
        raise FigureError(f"'{by}' has no '{unknown[0]}'", mend=nearest(str(unknown[0]), map(str, found)))
    return (*asked, *(one for one in found if one not in asked))


def _plotly_panels(chart: Any, by: str, columns: int, height: int, order: Sequence[str] | None) -> Any:
    from plotly.subplots import make_subplots

    if by not in _ATTRIBUTES:
        raise FigureError(f"traces are not told apart by '{by}'", mend=nearest(by, _ATTRIBUTES))
    groups = _groups([str(name) for trace in chart.data if (name := trace[by])], by, order)
    rows, columns = ceil(len(groups) / columns), min(columns, len(groups))
    plots = rows * height + (rows - 1) * (_GAP_PX + _TITLE_PX)
    beside = max(chart.layout.margin.r or 0, _EDGE_PX)
    across = PHONE_PX - gutter_of(chart) - beside - 8
    made = make_subplots(
        rows=rows,
        cols=columns,
        shared_xaxes="all",
        shared_yaxes="all",
        horizontal_spacing=min((beside + 8) / across, 0.4) if columns > 1 else 0,
        vertical_spacing=(_GAP_PX + _TITLE_PX) / plots if rows > 1 else 0,
    )
    for trace in chart.data:
        if trace[by]:
            number = groups.index(str(trace[by]))
            made.add_trace(trace, row=number // columns + 1, col=number % columns + 1)
    if len(made.data) == len(groups):  # bars that stood beside each other are alone now
        made.update_traces(offsetgroup=None, alignmentgroup=None, selector={"type": "bar"})
    _take_layout(chart, made, len(groups), columns)
    made.update_layout(height=plots + 3 * _TITLE_PX, margin={"t": _TITLE_PX + 4, "r": beside, "l": 8, "b": 8})
    for number, name in enumerate(groups):
        _add_title(made, number, cut(str(name), (PHONE_PX - 80) / columns))
    return made


def _take_layout(chart: Any, made: Any, count: int, columns: int) -> None:
    """Give every panel the axes of the chart, and the rest of its layout to the whole.

    Ticks stand under the lowest panel of each column only, and no axis where there is no panel.
    """
    layout = chart.layout.to_plotly_json()
    across, along = ({**layout.pop(name, {})} for name in ("xaxis", "yaxis"))
    for axis in (across, along):
        for name in ("anchor", "domain", "matches"):
            axis.pop(name, None)
    layout.pop("template", None)
    is_named = any(isinstance(one, str) for trace in chart.data for one in _listed(trace["y"]))
    ticks = {"tickfont": {"color": PALETTE["mute"], "size": 13}, "tickcolor": PALETTE["grey"]}
    looks = {"automargin": True, "linecolor": PALETTE["grey"], **ticks}
    made.update_layout(layout).update_layout(showlegend=False)
    made.update_xaxes({**looks, "showgrid": False, "tickangle": 0, **across})
    grid = {"showgrid": False} if is_named else {"gridcolor": PALETTE["rule"], "nticks": 4}
    made.update_yaxes({**looks, **grid, **along})
    for name in ("xaxis", "yaxis"):
        for number in range(count + (-count) % columns):
            is_outer = number + columns >= count if name == "xaxis" else number % columns == 0
            axis = made.layout[f"{name}{number + 1 if number else ''}"]
            axis.update(visible=number < count, showticklabels=is_outer)
            axis.update({} if is_outer else {"title": {"text": ""}})


def _listed(values: Any) -> list[Any]:
    return [] if values is None else list(values)


def _add_title(made: Any, number: int, name: str) -> None:
    end = str(number + 1) if number else ""
    made.add_annotation(
        text=escaped(name),
        xref=f"x{end} domain",
        yref=f"y{end} domain",
        x=0,
        y=1,
        xanchor="left",
        yanchor="bottom",
        yshift=4,
        showarrow=False,
        font={"weight": 700, "size": 13, "color": PALETTE["ink"]},
    )
