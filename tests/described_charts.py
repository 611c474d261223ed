"""Charts to describe, and how they are described: shared by the tests of descriptions."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd
import plotly.graph_objects as go

from sourcebook.figures import DataTable, altair_charts, plotly_charts
from sourcebook.figures.descriptions import Description, describe

USERS = pd.DataFrame(
    {
        "year": [2019, 2024, 2025, 2019, 2024, 2025],
        "users": [85e6, 300e6, 300e6, 20e6, 150e6, 170e6],
        "app": ["Xiaohongshu"] * 3 + ["TikTok"] * 3,
    }
)
CROWDS = pd.DataFrame({"crowd": ["月活", "TikTok"], "people": [300e6, 170e6]})
BASE = alt.Chart(USERS)
BARS = alt.Chart(CROWDS).mark_bar().encode(x="people:Q", y="crowd:N")
NO_TABLE = DataTable((), ())


def table(frame: pd.DataFrame, **headings: str) -> DataTable:
    """Give a data table of a frame, under its own headings but for those told."""
    told = [[headings.get(name, name), frame[name].dtype.kind in "if", name] for name in frame.columns]
    rows = frame.astype(object).where(frame.notna(), None).to_numpy().tolist()
    return DataTable.from_json({"columns": told, "rows": rows})


def spec_of(chart: Any) -> tuple[dict[str, Any], str]:
    """Give a chart's specification as a figure keeps it, and its engine."""
    side = altair_charts if altair_charts.draws(chart) else plotly_charts
    return side.specification(chart), side.ENGINE


def described(chart: Any, known: DataTable = NO_TABLE) -> Description:
    """Describe a chart as a figure would."""
    spec, engine = spec_of(chart)
    return describe(spec, engine, table=known)


def traces(*data: Any, **layout: Any) -> go.Figure:
    """Make a Plotly figure."""
    return go.Figure(list(data), layout)
