"""Words in charts: labels at the ends of marks, notes anchored to the data, and ticks in words."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sourcebook.errors import FigureError
from sourcebook.facts import Fact, quantity
from sourcebook.figures.parts import labels_altair, labels_plotly
from sourcebook.figures.parts.chart_words import (
    NOTE_PX,
    Engine,
    Side,
    checked_engine,
    checked_side,
    cut,
    engine_of,
    worded,
)
from sourcebook.figures.parts.meaning import text_colour_of

Words = Sequence[object]


def label(
    chart: Any, text: str | Words | None = None, *, side: Side | None = None, colour: str | None = None
) -> Any:
    """Give the chart with a bold label at each of its marks, or at the end of each of its lines.

    Bars have it at their ends, points beside them, lines behind their last points. The words stand in
    the drawing at every width, as the room beside the plot is made for them; they are never markup.

    Args:
        chart: an Altair chart (of layers, the first one with marks at places is labelled) or a Plotly
            figure of bars, points or lines.
        text: the words: one a row of the chart's table, one a bar of a stack, one a line (in Plotly, in
            the order of its traces; in Altair, as the lines come in the table); "" or None leaves one
            out. For Altair also a column's name. A fact is worded shortly, with "more than" and the
            like. Left out: values of bars and points, names of lines.
        side: where it stands: "right", "left", "above" or "below" the mark, or "inside" a bar.
        colour: a meaning or a colour of the palette; ink when left out, for lines the line's own.

    Returns:
        A new `altair.LayerChart` or `plotly.graph_objects.Figure`.

    Raises:
        FigureError: words and marks differ in number, the chart has no marks that can be labelled, or
            the colour or the side is unknown.
    """
    tone = None if colour is None else text_colour_of(colour)
    adapter = labels_altair if engine_of(chart) == "altair" else labels_plotly
    return adapter.with_labels(chart, text, side=side and checked_side(side), tone=tone)


def note(
    chart: Any,
    words: str | Fact,
    *,
    x: object,
    y: object,
    side: Side = "right",
    colour: str = "ink",
    shift: tuple[float, float] = (0, 0),
) -> Any:
    """Give the chart with a bold note anchored to a place in its data; "\\n" begins a new line.

    Args:
        chart: an Altair chart or a Plotly figure; set a logarithmic axis of Plotly's before.
        words: what it says; never markup.
        x, y: the place in the chart's own values: a number, a fact, a date as ISO 8601 text, a name.
        side: where the words stand: "right", "left", "above" or "below" the place, or "inside": on it.
        colour: a meaning or a colour of the palette.
        shift: further px to the right and downwards.

    Returns:
        A new `altair.LayerChart` or `plotly.graph_objects.Figure`.

    Raises:
        FigureError: there are no words, or the colour or the side is unknown.
    """
    lines = [cut(line, NOTE_PX) for line in worded(words).split("\n")]
    if not any(line.strip() for line in lines):
        raise FigureError("a note has no words", mend='say something: note(chart, "the headline", x=…, y=…)')
    place = tuple(float(one) if isinstance(one, Fact) else one for one in (x, y))
    adapter = labels_altair if engine_of(chart) == "altair" else labels_plotly
    tone = text_colour_of(colour)
    return adapter.with_note(chart, lines, place, side=checked_side(side), tone=tone, shift=shift)


def ticks(
    values: Sequence[float | Fact], *, unit: str = "", engine: Engine = "altair", locale: str = "en"
) -> dict[str, Any]:
    """Give an axis few ticks, worded by Unicode CLDR: "0", "150M", "300M".

    Args:
        values: where the ticks stand, in the axis's own values.
        unit: "percent" for "60%"; otherwise numbers stand alone.
        engine: "altair" for `alt.Axis(**ticks(...))`, "plotly" for `update_xaxes(**ticks(...))`.
        locale: CLDR locale.

    Returns:
        `values` and `labelExpr` for Altair; `tickvals` and `ticktext` for Plotly.

    Raises:
        FigureError: a value is no finite number, or the engine is unknown.
        FactError: the locale has no phrases yet.
    """
    numbers = [_number(one) for one in values]
    words = [quantity(one, unit).words(locale, style="short", qualified=False) for one in numbers]
    if checked_engine(engine) == "plotly":
        return {"tickmode": "array", "tickvals": numbers, "ticktext": words}
    pairs = zip(map(json.dumps, numbers), map(json.dumps, words), strict=True)
    choices = "".join(f"datum.value === {number} ? {word} : " for number, word in pairs)
    return {"values": numbers, "labelExpr": f"{choices}datum.label"}


def _number(one: float | Fact) -> float:
    try:
        number = float(one)
    except (TypeError, ValueError):
        number = float("nan")
    if not abs(number) < float("inf"):
        raise FigureError(f"a tick at '{one}'", mend="pass finite numbers, in the axis's own values")
    return int(number) if number == int(number) else number
