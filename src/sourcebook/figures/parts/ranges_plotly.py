"""Ranges in Plotly: a trace a colour, with error bars between bounds and hollow marks for the disputed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import log10
from typing import TYPE_CHECKING, Any

from sourcebook.errors import FigureError, nearest
from sourcebook.figures.looks import PALETTE
from sourcebook.figures.parts.chart_words import SIZE_PX, escaped
from sourcebook.figures.parts.labels import ticks as worded_ticks
from sourcebook.figures.parts.labels_plotly import fitted_words

if TYPE_CHECKING:
    import pandas as pd

_MARK_PX, _LINE_PX = 12, 3


def draw_plotly(
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
    import plotly.graph_objects as go

    if along is not None and along not in table.columns:
        raise FigureError(
            f"the table has no column '{along}'", mend=nearest(str(along), map(str, table.columns))
        )
    numbers, other = ("x", "y") if along is None else ("y", "x")
    made = go.Figure()
    for colour, rows in table.groupby("_colour", sort=False):
        names = rows[by].astype(str).unique()
        name = str(names[0]) if len(names) == 1 else ""
        places = rows[by if along is None else along]
        made.add_trace(_marks(rows, numbers, {other: places.tolist(), "name": name}, str(colour), by))
    made.update_layout(showlegend=False, **({} if height is None else {"height": height}))
    axis = worded_ticks(ticks, unit=unit, engine="plotly") if len(ticks) else {}
    axis |= {"type": scale, "tickangle": 0}
    if domain is not None:
        axis["range"] = [log10(one) for one in domain] if scale == "log" else list(domain)
    if along is not None:
        return made.update_yaxes(**axis).update_xaxes(tickangle=0)
    made.update_xaxes(**axis)
    labels = [escaped(str(name)) for name in table[by]]
    order = {"categoryorder": "array", "categoryarray": labels, "autorange": "reversed"}
    made.update_yaxes(**order, showgrid=False, showline=False, ticks="")
    return _with_labels(made, table, labels)


def _marks(rows: pd.DataFrame, numbers: str, others: dict[str, Any], colour: str, by: str) -> Any:
    import plotly.graph_objects as go

    is_range = rows["_kind"] == "range"
    is_bare = rows["_at"].isna()
    places = rows["_at"].astype("float64").fillna(rows["low"])
    hollow = ["-open" if one else "" for one in rows["disputed"]]
    if "y" in others and isinstance(others["y"], list):
        others = {**others, "y": [escaped(str(one)) for one in others["y"]]}
    return go.Scatter(
        **{numbers: places.tolist()},
        **others,
        mode="markers",
        marker={
            "size": _MARK_PX,
            "color": colour,
            "symbol": [f"{shape}{end}" for shape, end in zip(rows["_shape"], hollow, strict=True)],
            "opacity": [0 if bare else 1 for bare in is_bare],
            "line": {"width": [2.5 if one else 0 for one in rows["disputed"]], "color": colour},
        },
        **{
            f"error_{numbers}": {
                "type": "data",
                "symmetric": False,
                "array": (rows["high"] - places).where(is_range, 0.0).tolist(),
                "arrayminus": (places - rows["low"]).where(is_range, 0.0).tolist(),
                "thickness": _LINE_PX,
                "width": 0,
                "color": colour,
            }
        },
        customdata=[
            [escaped(str(name)), escaped(str(word))]
            for name, word in zip(rows[by], rows["worded"], strict=True)
        ],
        hovertemplate="%{customdata[0]}: %{customdata[1]}<extra></extra>",
        cliponaxis=False,
    )


def _with_labels(made: Any, table: pd.DataFrame, names: list[str]) -> Any:
    """Write each label beside the far end of its row."""
    import plotly.graph_objects as go

    ends = table["_end"].tolist()
    words = fitted_words(made, table["_label"].tolist(), ends)
    return made.add_trace(
        go.Scatter(
            x=ends,
            y=names,
            mode="text",
            text=[f"\u00a0\u00a0\u00a0{escaped(word)}" for word in words],
            textposition="middle right",
            textfont={"weight": 700, "size": SIZE_PX, "color": PALETTE["ink"]},
            hoverinfo="skip",
            cliponaxis=False,
        )
    )
