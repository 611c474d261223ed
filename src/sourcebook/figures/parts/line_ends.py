"""Line ends: the name of each line behind its last point, in the line's tone, none upon another."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Mapping, Sequence
from math import log10
from typing import TYPE_CHECKING, Any

from sourcebook.errors import FigureError
from sourcebook.figures.looks import PALETTE
from sourcebook.figures.parts.altair_parts import (
    SERIES,
    column_of,
    data_of,
    free_name,
    joined,
    marked_part,
    moved,
    table_of,
    text_from,
    text_style,
    told,
    with_columns,
)
from sourcebook.figures.parts.chart_words import LABEL_PX, LINE_AWAY_PX, words_for
from sourcebook.figures.parts.meaning import tone_of

if TYPE_CHECKING:
    import pandas as pd

APART_PX = 17
"""Least distance between the middles of two labels."""

_HEIGHT_PX = 300  # of Altair's charts whose author says none


def with_line_ends(chart: Any, text: Any, *, side: str, tone: str | None) -> Any:
    """Give an Altair chart of lines with a label at the end of each.

    The words stand in the chart's own table, so that each panel of a facet gets those of its rows.
    """
    import altair as alt

    marked = marked_part(chart)
    table, column = table_of(chart, marked), ""
    column = free_name(table)
    labelled = with_columns(chart, table, _label_columns(chart, text, tone, column))
    style = text_style(side, LINE_AWAY_PX, tone=None, limit=LABEL_PX)
    style["dy"] = {"expr": f"datum[{json.dumps(f'{column}_dy')}] + {style['dy']}"}
    inked = marked_part(labelled)
    layer = alt.Chart(data_of(labelled, inked)).mark_text(**style)
    layer = layer.transform_filter(f"datum[{json.dumps(column)}] !== ''").encode(
        x=inked.encoding.x,
        y=moved(inked.encoding.y, str(column_of(chart, marked, "y"))),
        text=text_from(column),
        color=alt.Color(field=f"{column}_tone", type="nominal", scale=None),
    )
    return joined(labelled, layer)


def spread(places: Mapping[Any, float]) -> dict[Any, float]:
    """Say how far down, in px, each label moves so that none stands upon the next.

    Args:
        places: label -> height in px, upwards.
    """
    placed = sorted((-height, number) for number, height in enumerate(places.values()))
    groups: list[list[tuple[float, int]]] = []
    for one in placed:
        groups.append([one])
        while len(groups) > 1 and _ends_of(groups[-1])[0] - _ends_of(groups[-2])[1] < APART_PX:
            groups[-2:] = [groups[-2] + groups[-1]]
    names = list(places)
    return {
        names[label]: round(_ends_of(group)[0] + number * APART_PX - at, 1)
        for group in groups
        for number, (at, label) in enumerate(group)
    }


def _ends_of(group: Sequence[tuple[float, int]]) -> tuple[float, float]:
    """Give where the first and the last label of a group stand, set evenly around their middle."""
    middle = sum(at for at, _ in group) / len(group)
    reach = (len(group) - 1) * APART_PX / 2
    return middle - reach, middle + reach


def _label_columns(chart: Any, text: Any, tone: str | None, column: str) -> dict[str, list[Any]]:
    """Give the words, their tones and their shifts in px, for each row of the chart's table."""
    marked = marked_part(chart)
    table = table_of(chart, marked)
    x, y = (column_of(chart, marked, axis) for axis in "xy")
    if x not in table.columns or y not in table.columns or isinstance(text, str):
        raise FigureError(
            "the ends of the lines are not known before they are drawn",
            mend="draw columns of the table, and pass `text` as a list, one a line",
        )
    series = next((name for one in SERIES if (name := column_of(chart, marked, one)) is not None), None)
    ends = _ends(table, str(x), str(y), series)
    own = table[y].iloc[list(ends.values())] if series is None else list(ends)
    words = words_for(own if text is None else text, len(ends), "lines")
    tones = _tones(told(chart, marked, "color"), list(ends), tone)
    shown = {row: word for row, word in zip(ends.values(), words, strict=True) if word}
    heights = _heights(chart, marked, table[y])
    shifts = spread({row: heights(float(table[y].iloc[row])) for row in shown})
    rows = range(len(table))
    toned = dict(zip(ends.values(), tones, strict=True))
    return {
        column: [shown.get(row, "") for row in rows],
        f"{column}_tone": [toned.get(row, "") for row in rows],
        f"{column}_dy": [shifts.get(row, 0) for row in rows],
    }


def _ends(table: pd.DataFrame, x: str, y: str, series: str | None) -> dict[Hashable, int]:
    """Give, for each line in order, the number of the row of its last point."""
    numbered = table.reset_index(drop=True)
    drawn = numbered[numbered[y].notna() & numbered[x].notna()].sort_values(x, kind="stable")
    if series is None:
        return {"": int(drawn.index[-1])} if len(drawn) else {}
    last = drawn.groupby(series, sort=False, observed=True).tail(1)
    found = dict(zip(last[series], map(int, last.index.tolist()), strict=True))
    return {name: found[name] for name in dict.fromkeys(numbered[series].dropna()) if name in found}


def _tones(colour: Mapping[str, Any], names: Sequence[Hashable], tone: str | None) -> list[str]:
    """Give the tone of each line's own colour, where its scale tells the colour; else ink."""
    scale = colour.get("scale") or {}
    shades = dict(zip(scale.get("domain") or (), scale.get("range") or (), strict=False))
    unlisted = colour.get("condition") or {}
    own = unlisted.get("value") if isinstance(unlisted, dict) else None
    rest = str(colour.get("value") or own or PALETTE["ink"])
    return [tone or tone_of(str(shades.get(name, rest))) for name in names]


def _heights(chart: Any, marked: Any, values: pd.Series[Any]) -> Callable[[float], float]:
    """Give a function from a value to its height in px, as far as the chart tells its scale."""
    scale = told(chart, marked, "y").get("scale") or {}
    low, high = float(values.min()), float(values.max())
    is_log = scale.get("type") == "log"
    low = low if is_log or scale.get("zero") is False else min(low, 0.0)
    domain = scale.get("domain")
    if isinstance(domain, list) and all(isinstance(one, int | float) for one in domain):
        low, high = float(domain[0]), float(domain[-1])
    given = (getattr(one, "height", None) for one in (chart, marked))
    height = next((one for one in given if isinstance(one, int | float)), _HEIGHT_PX)
    bend = log10 if is_log and low > 0 else float
    span = bend(high) - bend(low) or 1.0
    return lambda value: height * (bend(value) - bend(low)) / span
