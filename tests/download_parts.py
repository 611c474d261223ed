"""What the tests of downloads share: a figure, its sources and table, and how a reader opens its files."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd
from frictionless import Package

from sourcebook.figures import PALETTE, DataTable, Figure, altair_charts
from sourcebook.figures.stills import Still
from sourcebook.sources import Source

REUTERS = Source(
    "reuters",
    "Reuters (via a paper)",
    "Over half a million",
    url="https://reuters.example/a?b=1",
    published="2025-01-14",
    linkable=True,
    note="One person close to the company.",
)
MIRROR = Source(
    "wiki", "Wikipedia (mirror)", "Xiaohongshu", url="https://mirror.example", kind="encyclopedia"
)
CC_BY = {"name": "CC-BY-4.0", "title": "Creative Commons Attribution 4.0", "path": "https://cc.example/by"}
STILL = Still(
    '<svg xmlns="http://www.w3.org/2000/svg" width="320" height="40" viewBox="0 0 320 40">'
    '<rect width="200" height="20" fill="var(--red)" /></svg>',
    width=320,
    height=40,
)
COLUMNS = [["City", False], ["Day", False], ["People", True], ["Share", True], ["Sure", False]]
ROWS: list[list[Any]] = [
    ["Zürich", "2025-01-13", 1234567.0, -0.125, True],
    ["北京, “NA”", "2025-01-14", None, 1e-7, False],
    ["NA", None, -5, 3.0, True],
]


def table(columns: list[list[Any]], rows: list[list[Any]]) -> DataTable:
    """Make a data table of headings and values."""
    return DataTable.from_json({"columns": columns, "rows": rows})


def in_pandas(text: str) -> pd.DataFrame:
    """Read a CSV as the snippet for pandas does."""
    return pd.read_csv(io.BytesIO(text.encode()), keep_default_na=False, na_values=[""])


def people_by_city() -> Figure:
    """Give a figure of Altair's, as a notebook tells it."""
    chart = alt.Chart(pd.DataFrame({"city": ["Zürich", "北京"], "people": [2, 1]}))
    return Figure(
        id="people-by-city",
        title="Fewer came than were said",
        subtitle="People in a day, by city",
        alt="Bars: Zürich 1,234,567, Beijing unknown.",
        method=("Counted by hand.", "It cannot say who stayed."),
        engine="vega",
        spec=altair_charts.specification(chart.mark_bar(color=PALETTE["red"]).encode(x="people", y="city")),
        table=table(COLUMNS, ROWS),
        sources=(REUTERS, MIRROR),
        as_of="2025-01-14",
    )


def write(files: dict[str, bytes], folder: Path) -> Path:
    """Put a figure's files into a folder, as a reader has them."""
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def findings(folder: Path, figure_id: str = "people-by-city") -> list[str]:
    """Give what Frictionless finds wrong with a descriptor and its CSV."""
    report = Package(str(folder / f"{figure_id}.datapackage.json")).validate()
    return [f"{kind}: {note}" for kind, note in report.flatten(["type", "note"])]
