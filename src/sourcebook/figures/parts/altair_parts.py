"""Parts of an Altair chart: the marks that words can stand beside, their channels, their table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sourcebook.errors import FigureError
from sourcebook.figures.looks import PALETTE
from sourcebook.figures.parts.chart_words import LABEL, SIZE_PX
from sourcebook.figures.parts.meaning import field_name

if TYPE_CHECKING:
    import pandas as pd

SERIES = ("color", "stroke", "fill", "detail", "strokeDash")
"""Channels that part marks into series."""

_OUTER = ("config", "autosize", "padding", "background")
_COMPUTED = ("aggregate", "bin", "timeUnit", "stack", "impute", "bandPosition")


def marked_part(chart: Any) -> Any:
    """Give the chart, or its first layer, whose marks stand at an x and a y.

    Raises:
        FigureError: there are none.
    """
    import altair as alt

    for part in getattr(chart, "layer", None) or (chart,):
        encoding: Any = getattr(part, "encoding", alt.Undefined)
        if encoding is not alt.Undefined and all(encoding[axis] is not alt.Undefined for axis in "xy"):
            return part
    raise FigureError(
        f"a {type(chart).__name__} has no marks at an x and a y to put words beside",
        mend="label a chart before it becomes part of others or of panels",
    )


def mark_of(marked: Any) -> str:
    """Give the name of the mark: "bar", "line", ..."""
    return str(marked.mark if isinstance(marked.mark, str) else marked.mark.type)


def data_of(chart: Any, marked: Any) -> Any:
    """Give what a part draws: its own data, or that of the whole."""
    import altair as alt

    return marked.data if marked.data is not alt.Undefined else getattr(chart, "data", alt.Undefined)


def table_of(chart: Any, marked: Any) -> pd.DataFrame:
    """Give the frame that a part draws.

    Raises:
        FigureError: it draws something else.
    """
    import pandas as pd

    if isinstance(data := data_of(chart, marked), pd.DataFrame):
        return data
    raise FigureError(
        "the chart has no table of its own to take words from or give them to",
        mend="pass alt.Chart a data frame, or `text` the name of a column",
    )


def told(chart: Any, marked: Any, channel: str) -> dict[str, Any]:
    """Give a channel as Vega-Lite has it; empty if there is none."""
    import altair as alt

    one = marked.encoding[channel]
    if one is alt.Undefined:
        return {}
    given = one.to_dict(validate=False, context={"data": data_of(chart, marked)})
    return given if isinstance(given, dict) else {}


def column_of(chart: Any, marked: Any, channel: str) -> str | None:
    """Give the name of the column behind a channel, without Vega-Lite's backslashes."""
    field = told(chart, marked, channel).get("field")
    return re.sub(r"\\(.)", r"\1", field) if isinstance(field, str) else None


def is_horizontal(chart: Any, marked: Any) -> bool:
    """Say whether values run along x: between x and x2, or with names along y."""
    import altair as alt

    if marked.encoding.x2 is not alt.Undefined or marked.encoding.y2 is not alt.Undefined:
        return marked.encoding.x2 is not alt.Undefined
    return told(chart, marked, "y").get("type") in {"nominal", "ordinal"}


def is_stacked(chart: Any, marked: Any, *, value: str, category: str) -> bool:
    """Say whether several bars of one category stand on each other."""
    import altair as alt

    name = column_of(chart, marked, category)
    is_parted = any(column_of(chart, marked, one) for one in SERIES)
    is_beside = marked.encoding[f"{category}Offset"] is not alt.Undefined
    is_flat = told(chart, marked, value).get("stack", "zero") in {None, False}
    if mark_of(marked) != "bar" or name is None or not is_parted or is_beside or is_flat:
        return False
    table = table_of(chart, marked)
    return name in table.columns and bool(table[name].duplicated().any())


def moved(channel: Any, column: str) -> Any:
    """Give a position channel with its scale, axis and order, but for another column, as it is."""
    import altair as alt
    from altair.utils import parse_shorthand

    plain = channel.copy()
    if plain.shorthand is not alt.Undefined:
        for name, one in parse_shorthand(plain.shorthand).items():
            setattr(plain, name, one)
        plain.shorthand = alt.Undefined
    for name in _COMPUTED:
        if name in plain._kwds:
            plain[name] = alt.Undefined
    plain.field = field_name(column)
    return plain


def text_from(column: str) -> Any:
    """Give the channel that takes words from a column."""
    import altair as alt

    return alt.Text(field=field_name(column), type="nominal")


def text_style(side: str, away: int, *, tone: str | None, limit: float) -> dict[str, Any]:
    """Give the properties of a text mark on a side of its place, `away` px from it."""
    looks = {"fontWeight": "bold", "fontSize": SIZE_PX, "color": tone or PALETTE["ink"], "limit": limit}
    sides: dict[str, dict[str, Any]] = {
        "right": {"align": "left", "baseline": "middle", "dx": away, "dy": 0},
        "left": {"align": "right", "baseline": "middle", "dx": -away, "dy": 0},
        "above": {"align": "center", "baseline": "bottom", "dx": 0, "dy": -away},
        "below": {"align": "center", "baseline": "top", "dx": 0, "dy": away},
        "inside": {"align": "center", "baseline": "middle", "dx": 0, "dy": 0},
    }
    return {**looks, **sides[side]}


def free_name(table: pd.DataFrame) -> str:
    """Give a name for a column of labels that the table does not have yet."""
    names = (f"{LABEL}{number or ''}" for number in range(len(table.columns) + 1))
    return next(name for name in names if name not in table.columns)


def with_columns(chart: Any, table: pd.DataFrame, columns: Mapping[str, Sequence[Any]]) -> Any:
    """Give the chart with more columns in its table, wherever the table stands."""
    more = table.assign(**columns)
    whole = chart.copy(deep=["layer"] if getattr(chart, "layer", None) else False)
    for part in (whole, *(getattr(whole, "layer", None) or ())):
        if part.data is table:
            part.data = more
    return whole


def joined(chart: Any, words: Any) -> Any:
    """Lay words over a chart, keeping on the whole what only a whole may have."""
    import altair as alt

    if getattr(chart, "layer", None):
        return chart + words
    below = chart.copy(deep=False)
    given = {name: getattr(chart, name, alt.Undefined) for name in _OUTER}
    outer = {name: one for name, one in given.items() if one is not alt.Undefined}
    for name in outer:
        setattr(below, name, alt.Undefined)
    whole = alt.layer(below, words)
    for name, one in outer.items():
        setattr(whole, name, one)
    return whole
