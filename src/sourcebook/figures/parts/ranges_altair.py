"""Ranges in Altair: rules between bounds, filled and hollow marks, labels at the far ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sourcebook.figures.looks import PALETTE
from sourcebook.figures.parts.altair_parts import text_from, text_style
from sourcebook.figures.parts.chart_words import LABEL, LABEL_PX, POINT_AWAY_PX, shortening
from sourcebook.figures.parts.labels import ticks as worded_ticks
from sourcebook.figures.parts.meaning import colour_by, field_name

if TYPE_CHECKING:
    import pandas as pd

_SIZE, _LINE_PX = 110, 3
_HOLLOW: dict[str, Any] = {
    "size": 90,
    "filled": False,
    "fill": PALETTE["bg"],
    "strokeWidth": 2.5,
    "opacity": 1,
}


def draw_altair(
    table: pd.DataFrame,
    *,
    along: Any,
    by: str,
    colours: Mapping[str, str] | None,
    ticks: Sequence[float],
    domain: tuple[float, float] | None,
    scale: str,
    unit: str,
    height: int | None = None,
) -> Any:
    """Draw the table that `sourcebook.figures.parts.ranges` made."""
    import altair as alt

    numbers, other = ("x", "y") if along is None else ("y", "x")
    settings: dict[str, Any] = {"ticks": ticks, "domain": domain, "scale": scale, "unit": unit}
    rows = _rows(table, by) if along is None else _across(along)
    table = table.drop(columns="_colour")
    base = alt.Chart(table).encode(**{other: rows}, tooltip=_tooltip(by))
    colour = colour_by(by, colours) if colours else alt.value(PALETTE["ink"])
    lines = base.transform_filter("datum._kind == 'range'").mark_rule(strokeWidth=_LINE_PX, strokeCap="round")
    ends = {numbers: _axis(numbers, "low", **settings), f"{numbers}2": "high"}
    shape = alt.Shape("_shape:N", scale=None)
    dots = base.encode(**{numbers: _beside(numbers, "_at")}, shape=shape, color=colour)
    filled = dots.transform_filter("!datum.disputed").mark_point(size=_SIZE, filled=True, opacity=1)
    layers = [lines.encode(color=colour, **ends), filled]
    if table["disputed"].any():
        layers.append(dots.transform_filter("datum.disputed").mark_point(**_HOLLOW))
    if along is None:
        letters = text_style("right", POINT_AWAY_PX, tone=None, limit=LABEL_PX)
        words = alt.Chart(table).mark_text(**letters)
        layers.append(words.encode(x=_beside("x", "_end"), y=rows, text=text_from(LABEL)))
    whole = alt.layer(*layers)
    return whole if height is None else whole.properties(height=height)


def _axis(
    channel: str,
    column: str,
    *,
    ticks: Sequence[float],
    domain: tuple[float, float] | None,
    scale: str,
    unit: str,
) -> Any:
    """Give the channel of the numbers; every layer has the same scale and ticks."""
    import altair as alt

    told: dict[str, Any] = {"zero": False} if scale == "linear" else {"type": scale}
    if domain is not None:
        told |= {"domain": list(domain), "nice": False}
    axis: dict[str, Any] = {"axis": alt.Axis(**worded_ticks(ticks, unit=unit))} if len(ticks) else {}
    kind: Any = alt.X if channel == "x" else alt.Y
    return kind(field=column, type="quantitative", title=None, scale=alt.Scale(**told), **axis)


def _beside(channel: str, column: str) -> Any:
    """Give the channel of a further layer, which shares the scale and the axis of the first."""
    import altair as alt

    return (alt.X if channel == "x" else alt.Y)(field=column, type="quantitative", title=None)


def _rows(table: pd.DataFrame, by: str) -> Any:
    """Give the channel of the names, in the order of the table whichever rows a layer draws."""
    import altair as alt

    axis = alt.Axis(domain=False, ticks=False, labelLimit=150, **shortening(table[by]))
    return alt.Y(field=field_name(by), type="nominal", sort=list(table[by].unique()), title=None, axis=axis)


def _across(along: Any) -> Any:
    import altair as alt

    return along if isinstance(along, alt.X) else alt.X(along, title=None)


def _tooltip(by: str) -> list[Any]:
    import altair as alt

    columns = {by: by.capitalize(), "worded": "As worded"}
    return [
        alt.Tooltip(field=field_name(name), type="nominal", title=title) for name, title in columns.items()
    ]
