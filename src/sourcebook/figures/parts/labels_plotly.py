"""Labels and notes in Plotly's figures: texts of the traces themselves, and annotations in their data."""

from __future__ import annotations

from collections.abc import Sequence
from math import log10
from typing import Any

from sourcebook.errors import FigureError
from sourcebook.figures.looks import PALETTE
from sourcebook.figures.parts.chart_words import (
    BAR_AWAY_PX,
    POINT_AWAY_PX,
    SIZE_PX,
    cut,
    escaped,
    is_missing,
    width_of,
    words_for,
)
from sourcebook.figures.parts.line_ends import spread
from sourcebook.figures.parts.meaning import tone_of

PHONE_PX = 342
"""Width of the narrowest drawing: where words fit there, they fit everywhere."""

_HEIGHT_PX = 360
_GUTTER_PX, _PLOT_PX, _EDGE_PX = 44, 90, 8
_POSITIONS = {"right": "middle right", "left": "middle left", "above": "top center", "below": "bottom center"}
_SCATTERS = frozenset({"scatter", "scattergl"})


def with_labels(chart: Any, text: Any, *, side: str | None, tone: str | None) -> Any:
    """Give the figure with labels at its marks: see `sourcebook.figures.parts.labels.label`."""
    import plotly.graph_objects as go

    made = go.Figure(chart)
    bars = [trace for trace in made.data if trace.type == "bar"]
    scatters = [trace for trace in made.data if trace.type in _SCATTERS and trace.mode != "text"]
    lines = [trace for trace in scatters if "lines" in (trace.mode or "lines")]
    if bars:
        _label_bars(made, bars, text, side, tone)
    elif lines:
        _label_lines(made, lines, text, side or "right", tone)
    elif scatters:
        _label_points(made, scatters, text, side or "right", tone)
    else:
        raise FigureError("the figure has no bars, points or lines to label", mend="use note() for words")
    return made


def with_note(
    chart: Any, lines: Sequence[str], place: tuple[Any, ...], *, side: str, tone: str, shift: Any
) -> Any:
    """Give the figure with a note as an annotation: see `sourcebook.figures.parts.labels.note`."""
    import plotly.graph_objects as go

    made = go.Figure(chart)
    shown = [cut(line, _room(made)) for line in lines]
    axes = (made.layout.xaxis, made.layout.yaxis)
    x, y = (_on_axis(axis, one) for axis, one in zip(axes, place, strict=True))
    across = {"right": 1, "left": -1}.get(side, 0)
    along = {"above": 1, "below": -1}.get(side, 0)
    made.add_annotation(
        text=escaped("\n".join(shown)),
        x=x,
        y=y,
        xanchor={1: "left", -1: "right", 0: "center"}[across],
        yanchor={1: "bottom", -1: "top", 0: "middle"}[along],
        xshift=across * POINT_AWAY_PX + shift[0],
        yshift=along * POINT_AWAY_PX - shift[1],
        align={1: "left", -1: "right", 0: "center"}[across],
        borderpad=0,
        showarrow=False,
        font=_font(tone),
    )
    wide = max(map(width_of, shown))
    right = {1: wide + POINT_AWAY_PX, -1: 0, 0: wide / 2}[across] + shift[0]
    _make_room(made, [(place[0], right)])
    return made


def fitted_words(made: Any, words: Sequence[object], ends: Sequence[float]) -> list[str]:
    """Cut words that begin at these places along x to the room on a phone, and make that room in `made`."""
    shown = _cut_words(made, words, list(ends), "rows")
    wide = [width_of(word) + 1.5 * POINT_AWAY_PX if word else 0 for word in shown]
    _make_room(made, list(zip(ends, wide, strict=True)))
    return shown


def gutter_of(made: Any) -> float:
    """Estimate the px that the names or numbers on the y axis take."""
    names = [one for trace in made.data for one in _list(getattr(trace, "y", None)) if isinstance(one, str)]
    is_shown = made.layout.yaxis.showticklabels is not False and made.layout.yaxis.visible is not False
    widest = max((width_of(name) for name in set(names)), default=0) if is_shown else 0
    return min(widest + 2 * _EDGE_PX, PHONE_PX / 2) if names else _GUTTER_PX


def _label_bars(made: Any, bars: list[Any], text: Any, side: str | None, tone: str | None) -> None:
    if side in {"left", "below"}:
        raise FigureError(
            f"no label stands {side} of a bar in Plotly", mend="pass 'right', 'above' or 'inside'"
        )
    is_stack = len(bars) > 1 and made.layout.barmode in {"stack", "relative"}
    position = "inside" if side == "inside" else "outside"
    tone = tone or (PALETTE["bg"] if side == "inside" else None)
    if is_stack and side != "inside":
        totals = _totals(bars)
        told = list(totals.values()) if text is None else text
        words = _cut_words(made, told, list(totals.values()), "stacks")
        _letter_bars(bars[-1], _in_order(bars[-1], dict(zip(totals, words, strict=True))), position, tone)
        ends = list(zip(totals.values(), words, strict=True))
        return _make_room_for_bars(made, bars[-1], ends)
    for trace, own in zip(bars, _texts_of(text, bars), strict=True):
        values = _list(trace.x if trace.orientation == "h" else trace.y)
        words = _cut_words(made, values if own is None else own, values, "bars")
        _letter_bars(trace, words, position, tone)
        if position == "outside":
            _make_room_for_bars(made, trace, list(zip(values, words, strict=True)))
    return None


def _letter_bars(trace: Any, words: list[str], position: str, tone: str | None) -> None:
    gap = "\u00a0" if trace.orientation == "h" and position == "outside" else ""
    trace.update(
        text=[escaped(f"{gap}{word}" if word else "") for word in words],
        texttemplate=None,
        textposition=position,
        insidetextanchor="middle",
        textangle=0,
        textfont=_font(tone or PALETTE["ink"]),
        constraintext="none",
        cliponaxis=False,
    )


def _label_lines(made: Any, lines: list[Any], text: Any, side: str, tone: str | None) -> None:
    names = [trace.name or "" for trace in lines]
    words = _cut_words(made, names if text is None else text, [None] * len(lines), "lines")
    ends = [_end_of(trace) for trace in lines]
    heights = _heights(made, lines)
    shifts = spread(
        {
            number: heights(_list(trace.y)[end])
            for number, (trace, end, word) in enumerate(zip(lines, ends, words, strict=True))
            if word and end is not None
        }
    )
    for number, (trace, end, word) in enumerate(zip(lines, ends, words, strict=True)):
        if not word or end is None:
            continue
        shift = shifts[number] if side == "right" else 0
        place = (
            "top right" if shift < -4 else "bottom right" if shift > 4 else _POSITIONS.get(side, "top center")
        )
        shown = [""] * len(_list(trace.y))
        shown[end] = escaped(word if side in {"above", "below"} else f"\u00a0{word}\u00a0")
        own = (trace.line.color if trace.line else None) or PALETTE["ink"]
        _letter_points(trace, shown, place, tone or tone_of(str(own)))
        if side == "right":
            _make_room(made, [(_xs_of(trace)[end], width_of(word) + BAR_AWAY_PX)])


def _label_points(made: Any, traces: list[Any], text: Any, side: str, tone: str | None) -> None:
    for trace, own in zip(traces, _texts_of(text, traces), strict=True):
        names_along = any(isinstance(one, str) for one in _list(trace.y))
        values = _list(trace.x if names_along else trace.y)
        words = _cut_words(made, values if own is None else own, _xs_of(trace), "points")
        gap = "\u00a0" if side in {"right", "left"} else ""
        shown = [escaped(f"{gap}{word}{gap}" if word else "") for word in words]
        _letter_points(trace, shown, _POSITIONS.get(side, "middle center"), tone or PALETTE["ink"])
        if side == "right":
            wide = [width_of(word) + POINT_AWAY_PX if word else 0 for word in words]
            _make_room(made, list(zip(_xs_of(trace), wide, strict=True)))


def _letter_points(trace: Any, words: list[str], position: str, tone: str) -> None:
    mode = trace.mode or "lines"
    trace.update(
        mode=mode if "text" in mode else f"{mode}+text",
        text=words,
        texttemplate=None,
        textposition=position,
        textfont=_font(tone),
        cliponaxis=False,
    )


def _font(tone: str) -> dict[str, Any]:
    return {"weight": 700, "size": SIZE_PX, "color": tone}


def _texts_of(text: Any, traces: list[Any]) -> list[Any]:
    """Share out what was given: the words of the only trace, or a list for each of several."""
    if text is None:
        return [None] * len(traces)
    if isinstance(text, str):
        raise FigureError(f"a figure has no column '{text}'", mend="pass `text` as a list, one a mark")
    if len(traces) == 1:
        return [text]
    given = list(text)
    if len(given) != len(traces) or any(isinstance(one, str) or not hasattr(one, "__len__") for one in given):
        raise FigureError(
            f"{len(traces)} traces need {len(traces)} lists of labels",
            mend="pass a list of lists, one a trace",
        )
    return given


def _totals(bars: list[Any]) -> dict[Any, float]:
    """Add up the bars of each stack; stacks in the order of the first trace that has them."""
    totals: dict[Any, float] = {}
    for trace in bars:
        names, values = (trace.y, trace.x) if trace.orientation == "h" else (trace.x, trace.y)
        for name, value in zip(_list(names), _list(values), strict=False):
            totals[name] = totals.get(name, 0.0) + (0.0 if is_missing(value) else float(value))
    return totals


def _in_order(trace: Any, words: dict[Any, str]) -> list[str]:
    """Give the words of each stack in the order of the trace on its top."""
    names = _list(trace.y if trace.orientation == "h" else trace.x)
    if set(names) != set(words):
        raise FigureError(
            "the last trace of the stacks lacks some of them",
            mend="give each trace a bar a stack, 0 for none",
        )
    return [words[name] for name in names]


def _cut_words(made: Any, told: Any, places: list[Any], what: str) -> list[str]:
    """Word what was given for marks at these places along x, cut to the room beside each on a phone."""
    if isinstance(told, str):
        raise FigureError(f"a figure has no column '{told}'", mend="pass `text` as a list, one a mark")
    low = 0.0 if what in {"bars", "stacks"} else None
    rooms = [_room(made, share) for share in _shares(made, places, low)]
    words = words_for(told, len(places), what)
    return [cut(word, room) for word, room in zip(words, rooms, strict=True)]


def _room(made: Any, share: float = 1.0) -> float:
    """Give the px that words may take, on a phone, from that share of the x axis on."""
    return PHONE_PX - gutter_of(made) - 2 * _EDGE_PX - _PLOT_PX * share


def _make_room_for_bars(made: Any, trace: Any, ends: list[tuple[Any, str]]) -> None:
    if trace.orientation == "h":
        wide = [(value, width_of(word) + BAR_AWAY_PX if word else 0) for value, word in ends]
        return _make_room(made, wide, low=0)
    return made.update_layout(margin={"t": max(made.layout.margin.t or 0, 2 * SIZE_PX)})


def _make_room(made: Any, ends: list[tuple[Any, float]], low: float | None = None) -> None:
    """Widen the margin so far that words which begin at `ends` stand within the narrowest drawing.

    With a plot of w px and a margin of m beside it, words of n px at the share f of the axis end within
    the drawing if f (w - m) + n <= w; the narrowest drawing needs the widest margin.
    """
    wide = PHONE_PX - gutter_of(made) - _EDGE_PX
    shares = _shares(made, [place for place, _ in ends], low)
    needs = [
        (taken - wide * (1 - share)) / share
        for share, (_, taken) in zip(shares, ends, strict=True)
        if share > 0 and taken
    ]
    now = made.layout.margin.r
    margin = max([_EDGE_PX if now is None else now, *needs])
    made.update_layout(margin={"r": min(round(margin + 0.5), round(wide - _PLOT_PX / 2))})


def _shares(made: Any, places: list[Any], low: float | None) -> list[float]:
    """Say how far along the x axis each place is, from 0 to 1; what cannot be told is at the end."""
    axis = made.layout.xaxis
    known = [number for trace in made.data for one in _xs_of(trace) if (number := _position(one)) is not None]
    given = [number for one in axis.range or () if (number := _position(one)) is not None]
    if len(given) == 2:
        start, end = given
    elif known:
        ends = [_bent(axis, one) for one in (min(known), max(known))]
        start, end = ends if low is None or axis.type == "log" else (min(low, ends[0]), max(low, ends[1]))
    else:
        return [1.0] * len(places)
    numbers = [_position(one) for one in places]
    span = (end - start) or 1.0
    shares = (1.0 if one is None else (_bent(axis, one) - start) / span for one in numbers)
    return [min(max(share, 0.0), 1.0) for share in shares]


def _position(one: Any) -> float | None:
    """Give a number or a date as a number; None for a name or nothing."""
    import pandas as pd

    if is_missing(one) or isinstance(one, bool):
        return None
    if hasattr(one, "__float__") and not isinstance(one, pd.Timestamp):
        return float(one)
    try:
        return float(pd.Timestamp(one).timestamp())
    except (TypeError, ValueError):
        return None


def _bent(axis: Any, number: float) -> float:
    return log10(number) if axis.type == "log" and number > 0 else number


def _on_axis(axis: Any, one: Any) -> Any:
    """Give a place as annotations name it: by its exponent on a logarithmic axis."""
    return log10(float(one)) if axis.type == "log" and float(one) > 0 else one


def _end_of(trace: Any) -> int | None:
    """Give the number of the last point of a line."""
    ys = _list(trace.y)
    drawn = [number for number, one in enumerate(ys) if not is_missing(one)]
    places = {number: _position(one) for number, one in enumerate(_xs_of(trace)) if number in set(drawn)}
    if not drawn:
        return None
    return max(drawn, key=lambda number: (places.get(number) or 0.0, number))


def _heights(made: Any, lines: list[Any]) -> Any:
    """Give a function from a value to its height in px, as far as the figure tells its axis."""
    axis = made.layout.yaxis
    ys = [float(one) for trace in lines for one in _list(trace.y) if not is_missing(one)]
    low, high = axis.range or (_bent(axis, min(ys, default=0)), _bent(axis, max(ys, default=1)))
    height = (made.layout.height or _HEIGHT_PX) - 5 * _EDGE_PX
    return lambda value: height * (_bent(axis, float(value)) - low) / ((high - low) or 1.0)


def _xs_of(trace: Any) -> list[Any]:
    xs = _list(getattr(trace, "x", None))
    return xs or list(range(len(_list(getattr(trace, "y", None)))))


def _list(values: Any) -> list[Any]:
    return [] if values is None else list(values)
