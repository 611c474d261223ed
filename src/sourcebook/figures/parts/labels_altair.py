"""Labels and notes in Altair's charts: layers of text beside the marks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sourcebook.errors import FigureError, nearest
from sourcebook.figures.looks import PALETTE
from sourcebook.figures.parts.altair_parts import (
    SERIES,
    column_of,
    data_of,
    free_name,
    is_horizontal,
    is_stacked,
    joined,
    mark_of,
    marked_part,
    moved,
    table_of,
    text_from,
    text_style,
    told,
    with_columns,
)
from sourcebook.figures.parts.chart_words import (
    BAR_AWAY_PX,
    LABEL,
    LABEL_PX,
    NOTE_PX,
    POINT_AWAY_PX,
    words_for,
)
from sourcebook.figures.parts.line_ends import with_line_ends
from sourcebook.figures.parts.meaning import field_name

_PADDING_PX = 40
_LINES = frozenset({"line", "trail", "area"})


def with_labels(chart: Any, text: Any, *, side: str | None, tone: str | None) -> Any:
    """Give the chart with a layer of labels: see `sourcebook.figures.parts.labels.label`."""
    marked = marked_part(chart)
    if mark_of(marked) in _LINES:
        return with_line_ends(chart, text, side=side or "right", tone=tone)
    value, category = ("x", "y") if is_horizontal(chart, marked) else ("y", "x")
    is_bar = mark_of(marked) == "bar"
    place = side or ("above" if is_bar and value == "y" else "right")
    if place != "inside" and is_stacked(chart, marked, value=value, category=category):
        return _with_totals(chart, text, place, tone, axes=(value, category))
    column, labelled = text, chart
    if not isinstance(text, str):
        table = table_of(chart, marked)
        column = free_name(table)
        labelled = with_columns(chart, table, {column: _words(chart, marked, text, value)})
    layer = _beside if place != "inside" or not is_bar else _inside
    return joined(labelled, layer(labelled, column, place, tone, value))


def with_note(
    chart: Any, lines: Sequence[str], place: tuple[Any, ...], *, side: str, tone: str, shift: Any
) -> Any:
    """Give the chart with a note as a layer: see `sourcebook.figures.parts.labels.note`."""
    import altair as alt
    import pandas as pd

    marked = marked_part(chart)
    own: dict[str, list[Any]] = {LABEL: ["\n".join(lines)]}
    channels = {}
    for axis, value in zip("xy", place, strict=True):
        name = column_of(chart, marked, axis) or f"_{axis}"
        own[name] = [_placed(told(chart, marked, axis).get("type"), value)]
        channels[axis] = moved(marked.encoding[axis], name)
    style = text_style(side, POINT_AWAY_PX, tone=tone, limit=NOTE_PX)
    style |= {"dx": style["dx"] + shift[0], "dy": style["dy"] + shift[1], "lineBreak": "\n"}
    words = alt.Chart(pd.DataFrame(own)).mark_text(**style)
    return joined(chart, words.encode(**channels, text=text_from(LABEL)))


def _words(chart: Any, marked: Any, text: Any, value: str) -> list[str]:
    table, column = table_of(chart, marked), column_of(chart, marked, value)
    if text is not None:
        return words_for(text, len(table), "rows")
    is_computed = any(name in told(chart, marked, value) for name in ("aggregate", "bin", "timeUnit"))
    if column not in table.columns or is_computed:
        raise FigureError("the chart's values are computed while it is drawn", mend="pass `text`: the words")
    return words_for(table[column], len(table), "rows")


def _beside(chart: Any, column: str, side: str, tone: str | None, value: str) -> Any:
    """Give the layer of words at the ends of bars, or on a side of points."""
    import altair as alt

    marked = marked_part(chart)
    is_bar = mark_of(marked) == "bar"
    style = text_style(side, BAR_AWAY_PX if is_bar else POINT_AWAY_PX, tone=tone, limit=LABEL_PX)
    channels = {axis: marked.encoding[axis] for axis in ("x", "y", "xOffset", "yOffset")}
    if (end := column_of(chart, marked, f"{value}2")) is not None:
        channels[value] = moved(channels[value], end)
    elif is_bar and (turned := _turned(chart, marked, value, side)):
        style |= turned
        channels[value] = _with_padding(channels[value])
    channels = {name: one for name, one in channels.items() if one is not alt.Undefined}
    return _text_layer(chart, column, style).encode(**channels, text=text_from(column))


def _with_padding(channel: Any) -> Any:
    """Give a channel whose scale leaves room for words beyond negative bars, before the axis' names."""
    import altair as alt

    padded = channel.copy()
    scale = padded["scale"] if isinstance(padded["scale"], alt.Scale) else alt.Scale()
    padded.scale = alt.Scale(**{"padding": _PADDING_PX, **scale.to_dict()})
    return padded


def _inside(chart: Any, column: str, side: str, tone: str | None, value: str) -> Any:
    """Give the layer of words in the middle of bars, or of the parts of a stack."""
    import altair as alt

    marked = marked_part(chart)
    style = text_style(side, 0, tone=tone or PALETTE["bg"], limit=LABEL_PX)
    names = ("x", "y", "x2", "y2", "xOffset", "yOffset", "order")
    channels = {name: marked.encoding[name] for name in names}
    channels[value] = channels[value].copy()
    channels[value].bandPosition = 0.5
    if channels[f"{value}2"] is alt.Undefined:
        channels[value].stack = "zero"
    parts = [name for one in SERIES if (name := column_of(chart, marked, one)) is not None]
    if parts:
        channels["detail"] = alt.Detail(field=field_name(parts[0]), type="nominal")
    channels = {name: one for name, one in channels.items() if one is not alt.Undefined}
    return _text_layer(chart, column, style).encode(**channels, text=text_from(column))


def _text_layer(chart: Any, column: str, style: dict[str, Any]) -> Any:
    import altair as alt

    marked = marked_part(chart)
    data = data_of(chart, marked)
    columns = [str(name) for name in getattr(data, "columns", (column,))]
    if column not in columns:
        raise FigureError(f"the chart's table has no column '{column}'", mend=nearest(column, columns))
    layer = alt.Chart(data).mark_text(**style)
    layer.transform = marked.transform
    return layer


def _turned(chart: Any, marked: Any, value: str, side: str) -> dict[str, Any]:
    """Put the words of negative bars on the bars' other side."""
    column, data = column_of(chart, marked, value), data_of(chart, marked)
    if side not in {"right", "above"} or column not in getattr(data, "columns", ()):
        return {}
    if not (data[column] < 0).any():
        return {}
    negative, away = f"datum[{json.dumps(column)}] < 0", BAR_AWAY_PX
    if side == "right":
        align, shift = f"{negative} ? 'right' : 'left'", f"{negative} ? -{away} : {away}"
        return {"align": {"expr": align}, "dx": {"expr": shift}}
    baseline, shift = f"{negative} ? 'top' : 'bottom'", f"{negative} ? {away} : -{away}"
    return {"baseline": {"expr": baseline}, "dy": {"expr": shift}}


def _with_totals(chart: Any, text: Any, side: str, tone: str | None, *, axes: tuple[str, str]) -> Any:
    """Label each stack with one text, at its end."""
    import altair as alt

    value, category = axes
    marked = marked_part(chart)
    field, name = (str(column_of(chart, marked, axis)) for axis in axes)
    table = table_of(chart, marked)
    if isinstance(text, str) or field not in table.columns:
        raise FigureError("a stack has no column of words", mend="pass `text`: a list, one a stack")
    totals = table.groupby(name, sort=False, observed=True)[field].sum().reset_index()
    words = words_for(totals[field] if text is None else text, len(totals), "stacks")
    style = text_style(side, BAR_AWAY_PX, tone=tone, limit=LABEL_PX)
    channels = {value: moved(marked.encoding[value], field), category: marked.encoding[category]}
    layer = alt.Chart(totals.assign(**{LABEL: words})).mark_text(**style)
    return joined(chart, layer.encode(**channels, text=text_from(LABEL)))


def _placed(kind: str | None, value: Any) -> Any:
    import pandas as pd

    if kind != "temporal":
        return value
    try:
        return pd.Timestamp(value)
    except (TypeError, ValueError) as error:
        raise FigureError(f"'{value}' is no date to put a note at", mend="write it as 2025-01-17") from error
