"""Axes: what stands along a side of a chart, between which ends, and how its values are worded."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd
import plotly.graph_objects as go
import pytest
from described_charts import BARS, BASE, CROWDS, NO_TABLE, described, spec_of, table, traces

from sourcebook.figures.descriptions import describe
from sourcebook.figures.descriptions.axes import shortened, value_words

DAYS = pd.DataFrame({"plot_date": pd.date_range("2025-01-13", periods=3), "value": [1.0, 2.5, 4.0]})


@pytest.mark.parametrize(
    ("heading", "title", "said"),
    [
        ("People", "Crowd size", "crowd size"),
        ("People", "TikTok in Zürich", "TikTok in Zürich"),
        ("People", None, "people"),
        ("people", None, "people"),
        ("Head count in Zürich", None, "Head count in Zürich"),
        ("Users", None, "users"),
        ("US users", None, "US users"),
    ],
)
def test_axis_is_named_by_the_chart_or_the_table(heading: str, title: str | None, said: str) -> None:
    """The chart's own title comes first, then the heading of the column; names keep their capitals."""
    chart = BARS.encode(x=alt.X("people:Q", title=title))

    axis = described(chart, table(CROWDS, people=heading)).axis("horizontal")

    assert axis
    assert axis.title == said


def test_axis_finds_its_heading_by_what_the_column_holds() -> None:
    """Where nothing but the values ties an axis to the table, the values do."""
    chart = traces(go.Bar(x=CROWDS["people"], y=CROWDS["crowd"], orientation="h"))

    told = described(chart, table(CROWDS, people="Monthly users", crowd="App"))

    assert {axis.name: axis.title for axis in told.axes} == {"horizontal": "monthly users", "vertical": "app"}


@pytest.mark.parametrize("field", ["value", "plot_date", "x", "_row", "source_id", "a.b", "v1", "variable"])
def test_axis_has_no_title_when_its_field_has_an_internal_name(field: str) -> None:
    """What only the code calls it is kept from readers."""
    chart = alt.Chart(pd.DataFrame({"n": [1], field.replace(".", "_"): [2]})).mark_point()
    spec, engine = spec_of(chart.encode(x=alt.X("n:Q")))
    spec["encoding"]["x"]["field"] = field

    axis = describe(spec, engine, table=NO_TABLE).axis("horizontal")

    assert axis
    assert axis.title == ""


@pytest.mark.parametrize(
    ("format", "ends"),
    [
        ("%Y", ("2025", "2025")),
        ("%b %Y", ("2025-01", "2025-01")),
        ("%-d Jan", ("2025-01-13", "2025-01-15")),
        (None, ("2025-01-13", "2025-01-15")),
    ],
)
def test_dates_are_as_exact_as_the_axis_words_them(format: str | None, ends: tuple[str, str]) -> None:
    """A dot placed in mid-year that stands for a year is told as the year."""
    axis = alt.Axis(format=format) if format else alt.Axis()
    chart = alt.Chart(DAYS).mark_point().encode(x=alt.X("plot_date:T", axis=axis), y="value:Q")

    told = described(chart).axis("horizontal")

    assert told
    assert (told.kind, told.low, told.high) == ("dates", *ends)


@pytest.mark.parametrize(
    ("chart", "ends"),
    [
        (BASE.mark_bar().encode(x="year:O", y="users:Q", color="app:N"), (0, 470e6)),
        (BASE.mark_bar().encode(x="app:N", y="sum(users):Q"), (0, 685e6)),
        (BASE.mark_line().encode(x="year:Q", y=alt.Y("users:Q", scale=alt.Scale(zero=False))), (20e6, 300e6)),
        (BASE.mark_bar().encode(x="year:O", y=alt.Y("users:Q", stack="normalize"), color="app:N"), (0, 1)),
        (traces(go.Bar(x=["a"], y=[3], name="m"), go.Bar(x=["a"], y=[2], name="w"), barmode="stack"), (0, 5)),
        (traces(go.Scatter(x=["a", "b"], y=[3, 2])), (2, 3)),
        (traces(go.Bar(x=["a"], y=[3]), yaxis={"range": [5, -1]}), (-1, 5)),
        (traces(go.Bar(x=["a"], y=[3]), yaxis={"type": "log", "range": [1, 3]}), (10, 1000)),
        (traces(go.Bar(x=["a", "b"], y=[3, float("nan")])), (0, 3)),
        (traces(go.Bar(x=["a", "b"], y=[1, 3]), barnorm="percent", barmode="stack"), (0, 100)),
    ],
)  # fmt: skip
def test_axis_has_the_ends_that_are_drawn(chart: Any, ends: tuple[float, float]) -> None:
    """Ends come from the scale, else from the data: stacks add up, bars start at zero."""
    axis = described(chart).axis("vertical")

    assert axis
    assert (axis.low, axis.high) == ends


@pytest.mark.parametrize(
    ("unit", "worded"),
    [
        ({"labelExpr": "datum.value + '%'"}, "79%"),
        ({"labelExpr": "datum.value + ' km'"}, "79 km"),
        ({"labelExpr": "datum.value + ' Jan'"}, "79 Jan"),
        ({"labelExpr": "datum.value / 1e6 + 'M'"}, "79"),
        ({"format": "$,.0f"}, "$79"),
        ({"format": ".0%"}, "7,900%"),
    ],
)
def test_values_are_worded_with_the_unit_of_their_axis(unit: dict[str, str], worded: str) -> None:
    """What is written at the ticks belongs to the number."""
    chart = BASE.mark_point().encode(y=alt.Y("users:Q", axis=alt.Axis(**unit)))
    axis = described(chart).axis("vertical")

    told = value_words(79.0, axis)

    assert told == worded


@pytest.mark.parametrize(
    ("value", "worded"),
    [
        (0.1 + 0.2, "0.3"),
        (12345.678, "12,346"),
        (-1500.0, "-1,500"),
        (1e300, "1e+300"),
        (1e-9, "1e-09"),
        (0.0, "0"),
    ],
)
def test_numbers_are_worded_without_false_digits(value: float, worded: str) -> None:
    """Floats of a computer are not read out digit by digit."""
    told = value_words(value)

    assert told == worded


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("a\n\tb  c", "a b c"),
        ("\u202eevil\u200b\x00", "evil"),
        ("x" * 10_000, "x" * 59 + "…"),
        ("<b>月活</b>", "<b>月活</b>"),
        ("\ud800", ""),
        ("", ""),
    ],
)
def test_labels_are_short_and_on_one_line(label: str, shown: str) -> None:
    """A hostile label neither breaks a line nor hides what follows; markup stays text."""
    told = shortened(label)

    assert told == shown
