"""Descriptions: what a chart is made of is told in plain sentences, and a strange chart breaks nothing."""

from __future__ import annotations

import copy
import random
from typing import Any

import altair as alt
import pandas as pd
import plotly.graph_objects as go
import pytest
from described_charts import BARS, BASE, CROWDS, USERS, described, spec_of, table, traces

from sourcebook.errors import FactError
from sourcebook.figures.descriptions import describe, structure
from sourcebook.figures.descriptions.alt_text import alt_draft

LINES = BASE.mark_line().encode(x="year:Q", y="users:Q", color="app:N")
TWO_BARS = (go.Bar(x=["a", "b"], y=[1, 0], name="m"), go.Bar(x=["a", "b"], y=[0, 1], name="w"))


def test_structure_tells_kind_axes_and_points() -> None:
    """Who cannot see the chart hears what it is, what its axes measure and how much there is."""
    chart = BARS.encode(x=alt.X("people:Q", scale=alt.Scale(domain=[0, 380e6]), title=None))

    told = structure(described(chart))

    assert told == (
        "Bar chart. Vertical axis: crowd, 2 categories. Horizontal axis: people, 0 to 380 million. 2 points."
    )


def test_structure_tells_series_dates_and_logarithms() -> None:
    """Series are named, years are years, and a logarithmic axis is called so."""
    chart = LINES.encode(y=alt.Y("users:Q", scale=alt.Scale(type="log", domain=[1e6, 1e9])))

    told = structure(described(chart))

    assert told == (
        "Line chart. Horizontal axis: year, 2019 to 2025. Vertical axis: users, 1 million to 1 billion, "
        "logarithmic. 2 series: TikTok and Xiaohongshu. 6 points."
    )


def test_structure_of_plotly_reads_packed_arrays() -> None:
    """Numbers that Plotly packs as bytes are read like any other."""
    chart = traces(
        go.Bar(x=CROWDS["people"].to_numpy(), y=CROWDS["crowd"], orientation="h"),
        xaxis={"title": "People", "range": [0, 400e6]},
    )

    told = structure(described(chart, table(CROWDS, crowd="Crowd")))

    assert told == (
        "Bar chart. Vertical axis: crowd, 2 categories. Horizontal axis: people, 0 to 400 million. 2 points."
    )


def test_structure_words_values_in_a_locale() -> None:
    """Values are worded as the reader's language does."""
    told = structure(described(BARS), locale="zh_Hans")

    assert "0 to 3亿" in told


def test_structure_is_refused_in_a_language_without_words() -> None:
    """An unknown locale is told as facts tell it."""
    with pytest.raises(FactError, match="no words for locale 'xx'"):
        structure(described(BARS), locale="xx")


@pytest.mark.parametrize(
    ("chart", "kind"),
    [
        (BARS, "Bar chart"),
        (LINES, "Line chart"),
        (LINES.mark_line(point=True), "Line chart"),
        (alt.layer(LINES, LINES.mark_point()), "Line chart"),
        (alt.layer(BASE.mark_point().encode(x="users", y="year"), LINES), "Line and dot chart"),
        (BASE.mark_circle().encode(x="year:Q", y="users:Q"), "Dot chart"),
        (BASE.mark_area().encode(x="year:Q", y="users:Q"), "Area chart"),
        (BASE.mark_area().encode(x="year:Q", y="users:Q", color="app:N"), "Stacked area chart"),
        (BASE.mark_bar().encode(x="year:O", y="users:Q", color="app:N"), "Stacked bar chart"),
        (BASE.mark_bar().encode(x="year:O", y="users:Q", color="app:N", xOffset="app:N"), "Bar chart"),
        (BASE.mark_bar().encode(x="year:O", y=alt.Y("users:Q", stack=None), color="app:N"), "Bar chart"),
        (BASE.mark_bar().encode(x=alt.X("users:Q", bin=True), y="count()"), "Histogram"),
        (BASE.mark_rect().encode(x="year:O", y="app:N", color="users:Q"), "Heat map"),
        (BASE.mark_arc().encode(theta="users:Q", color="app:N"), "Pie chart"),
        (BASE.mark_boxplot().encode(x="app:N", y="users:Q"), "Box plot"),
        (BASE.mark_rule().encode(y="users:Q"), "Chart"),
        (BASE.mark_text().encode(text="app:N"), "Chart"),
        (alt.hconcat(LINES, BARS), "Bar and line chart"),
        (traces(go.Bar(x=["a"], y=[1])), "Bar chart"),
        (traces(*TWO_BARS, barmode="stack"), "Stacked bar chart"),
        (traces(*TWO_BARS), "Bar chart"),
        (traces(go.Scatter(x=[1, 2], y=[1, 2])), "Line chart"),
        (traces(go.Scatter(x=[1, 2], y=[1, 2], mode="markers+text")), "Dot chart"),
        (traces(go.Scatter(x=[1, 2], y=[1, 2], fill="tozeroy")), "Area chart"),
        (traces(go.Heatmap(z=[[1, 2]])), "Heat map"),
        (traces(go.Pie(labels=["a"], values=[1])), "Pie chart"),
        (traces(go.Histogram(x=[1, 2])), "Histogram"),
        (traces(go.Treemap(labels=["a"], parents=[""])), "Treemap"),
        (traces(go.Scatter3d(x=[1], y=[1], z=[1])), "Chart"),
        (traces(go.Bar(x=["a"], y=[1]), go.Scatter(x=["a"], y=[1], mode="lines")), "Bar and line chart"),
        (traces(), "Chart"),
    ],
)  # fmt: skip
def test_chart_is_called_by_its_kind(chart: Any, kind: str) -> None:
    """A reader hears the name that the kind of chart has, and "Chart" if it has none."""
    told = described(chart)

    assert told.kind == kind


@pytest.mark.parametrize(
    ("chart", "series"),
    [
        (LINES, ("TikTok", "Xiaohongshu")),
        (LINES.encode(color=alt.Color("app:N", sort=None)), ("Xiaohongshu", "TikTok")),
        (LINES.encode(color=alt.Color("app:N", sort="descending")), ("Xiaohongshu", "TikTok")),
        (LINES.encode(color=alt.Color("app:N", scale={"domain": ["X"]})), ("Xiaohongshu", "TikTok")),
        (LINES.encode(color=alt.Color("app:N", scale=None)), ()),
        (BARS.encode(color="crowd:N"), ()),
        (LINES.encode(color="users:Q"), ()),
        (LINES.encode(color=alt.value("red"), column="app:N"), ("Xiaohongshu", "TikTok")),
        (LINES.encode(color=alt.value("red")).facet("app:N"), ("Xiaohongshu", "TikTok")),
        (alt.layer(LINES.mark_text().encode(text="app:N"), LINES.encode(color=alt.value("red"))), ()),
        (traces(go.Scatter(x=[1], y=[1], name="b"), go.Scatter(x=[2], y=[1], name="a")), ("b", "a")),
        (traces(go.Scatter(x=[1], y=[1], name="b"), go.Scatter(x=[2], y=[1], name="a", mode="text")), ("b",)),
        (traces(go.Bar(x=["b"], y=[1], name="b"), go.Bar(x=["a"], y=[1], name="a")), ()),
        (traces(go.Scatter(x=[1], y=[1], name="b", visible="legendonly")), ()),
    ],
)  # fmt: skip
def test_series_are_those_that_readers_tell_apart(chart: Any, series: tuple[str, ...]) -> None:
    """Names in the legend's order; literal colours, labels and colours that repeat an axis are none."""
    told = described(chart)

    assert told.series == series


@pytest.mark.parametrize(
    ("chart", "points"),
    [
        (LINES, 6),
        (alt.layer(LINES, LINES.mark_point(), LINES.mark_text()), 6),
        (LINES.transform_filter(alt.datum.year > 2020), 4),
        (LINES.transform_filter(alt.FieldEqualPredicate(field="app", equal="TikTok")), 3),
        (LINES.transform_filter("datum['app'] !== 'TikTok'"), 3),
        (LINES.transform_filter("datum.year * 2 > 1"), 9),
        (LINES.transform_fold(["year", "users"]), 9),
        (LINES.transform_calculate(double="datum.users * 2"), 6),
        (BASE.mark_bar().encode(x="app:N", y="mean(users):Q"), 2),
        (BASE.mark_boxplot().encode(x="app:N", y="users:Q"), 9),
        (alt.Chart("data.csv").mark_bar().encode(x="a:N", y="b:Q"), 9),
        (alt.layer(LINES, BASE.mark_rule().encode(y="year:Q")), 6),
        (traces(go.Bar(x=["a", "b", "c"], y=[1, None, float("nan")])), 1),
        (traces(*TWO_BARS, barmode="stack"), 2),
        (traces(*TWO_BARS), 4),
        (traces(go.Heatmap(z=[[1, None], [3, 4]])), 3),
    ],
)  # fmt: skip
def test_points_are_counted_once_or_by_the_table(chart: Any, points: int) -> None:
    """A dot on a line is the line's, a missing value no point; the table counts what cannot be read."""
    nine = table(pd.DataFrame({"n": range(9)}))

    told = described(chart, nine)

    assert told.points == points


def test_panels_share_the_axes_that_they_agree_on() -> None:
    """Of charts side by side only what holds for each is told."""
    chart = alt.hconcat(LINES, BASE.mark_line().encode(x="app:N", y="users:Q"))

    told = described(chart)

    assert told.panels == 2
    assert [(axis.name, axis.title) for axis in told.axes] == [("vertical", "users")]


def test_second_axis_over_the_first_is_not_mixed_with_it() -> None:
    """Where one side has two axes, neither is told as if it were the only one."""
    chart = traces(
        go.Bar(x=["a"], y=[1], name="m"),
        go.Scatter(x=["a"], y=[0.5], name="w", yaxis="y2"),
        yaxis={"title": "Users"},
        yaxis2={"title": "Share", "overlaying": "y"},
    )

    told = described(chart)

    assert (told.panels, [axis.name for axis in told.axes]) == (1, ["horizontal"])


def test_lines_of_reference_are_told() -> None:
    """A rule across the chart marks a value, which is told; it is no point."""
    rule = alt.Chart(pd.DataFrame({"limit": [1e6]})).mark_rule().encode(y="limit:Q")
    drawn = traces(
        go.Bar(x=["a"], y=[3e6]), shapes=[{"type": "line", "y0": 1e6, "y1": 1e6, "x0": 0, "x1": 1}]
    )

    told = [structure(described(one)) for one in (alt.layer(LINES, rule), drawn)]

    assert all("A line marks 1 million on the vertical axis." in one for one in told)


JUNK: tuple[Any, ...] = (
    None, 5, "", "x", [], {}, [None], [[]], True, float("nan"), float("inf"), 10**400, {"field": ["a"]},
    "\ud800", "2025-13-45", {"year": "x"}, {"year": 99999}, "9" * 50, {"bdata": "!!", "dtype": "f8"},
)  # fmt: skip
STRANGE: tuple[Any, ...] = (
    alt.layer(LINES, BARS), alt.hconcat(LINES, BARS), LINES.facet("app:N"),
    BASE.mark_arc().encode(theta="users:Q"), BASE.mark_bar().encode(x="app:N", y="mean(users):Q"),
    BASE.mark_point().encode(x=alt.X(alt.repeat("row"), type="quantitative")).repeat(row=["year", "users"]),
    traces(*TWO_BARS, go.Bar(x=["a"], y=[1], base=[1]), barmode="stack"),
    traces(go.Heatmap(z=[[1]]), shapes=[{"type": "line", "y0": 1, "y1": 1}]),
    traces(go.Pie(labels=["a"], values=[1])),
)  # fmt: skip


def places_in(value: Any, place: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Give the places of everything inside a specification."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place, *(each for key, one in inner for each in places_in(one, (*place, key)))]


def spoiled(spec: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    """Put something strange at one place of a specification."""
    made = copy.deepcopy(spec)
    *path, last = dice.choice([place for place in places_in(made) if place])
    inside = made
    for key in path:
        inside = inside[key]
    inside[last] = copy.deepcopy(dice.choice(JUNK))
    return made


@pytest.mark.parametrize("number", range(len(STRANGE)))
def test_strange_specification_costs_words_and_nothing_else(number: int) -> None:
    """Whatever stands in a specification, its description, structure and draft are there and in bounds."""
    spec, engine = spec_of(STRANGE[number])
    spec.pop("config", None)
    dice = random.Random(number)
    known = table(USERS)

    told = [describe(spoiled(spec, dice), engine, table=known) for _ in range(150)]

    assert all(structure(one).endswith(".") for one in told)
    assert all(0 < len(alt_draft(one, known).encode()) <= 600 for one in told)
    assert sum(one.kind != "Chart" for one in told) > 75


@pytest.mark.parametrize("spec", [{}, {"layer": 5}, {"data": 5}, {"mark": []}, None, [], "x"])
@pytest.mark.parametrize("engine", ["vega", "plotly", "gnuplot"])
def test_description_of_nothing_tells_the_rows_of_the_table(spec: Any, engine: str) -> None:
    """What is no specification is a chart of which only the table is known."""
    told = describe(spec, engine, table=table(CROWDS))

    assert (told.kind, told.points, told.axes) == ("Chart", 2, ())
