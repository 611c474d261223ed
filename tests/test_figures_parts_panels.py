"""Small multiples: panels that fit a phone and a desk, in both libraries' own charts."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd
import plotly.graph_objects as go
import pytest
from drawn_parts import sketch

from sourcebook.errors import FigureError
from sourcebook.figures import altair_charts
from sourcebook.figures.parts.labels import label, note
from sourcebook.figures.parts.panels import panels, sized
from sourcebook.figures.widths import needs_measuring

WIDTHS = (342, 680, 1080)
APPS = ("Xiaohongshu", "TikTok", "微博", "WeChat", "Kuaishou")


@pytest.fixture
def growth() -> pd.DataFrame:
    """Give users of five apps in three years."""
    rows = [(app, year, 10.0 * number + year) for number, app in enumerate(APPS) for year in (1, 2, 3)]
    return pd.DataFrame(rows, columns=["app", "year", "users"])


@pytest.fixture
def lines(growth: pd.DataFrame) -> Any:
    """Give the users as lines."""
    y = alt.Y("users:Q", title=None)
    return alt.Chart(growth).mark_line().encode(x=alt.X("year:Q", title=None), y=y, color="app:N")


@pytest.fixture
def traces(growth: pd.DataFrame) -> Any:
    """Give the users as traces of Plotly's."""
    return go.Figure(
        [
            go.Scatter(x=rows["year"], y=rows["users"], name=app)
            for app, rows in growth.groupby("app", sort=False)
        ]
    )


def columns_at(chart: Any, width: int) -> int:
    """Give the panels beside each other at a width."""
    return int(sized(altair_charts.specification(chart), width)["columns"])


@pytest.mark.parametrize("width", WIDTHS)
def test_panels_are_as_wide_as_the_page(lines: Any, width: int) -> None:
    """Panels fill the column of text exactly, and nothing of them is cut off."""
    drawn = sketch(panels(lines, "app"), width)

    assert set(APPS) <= set(drawn.words)
    assert (drawn.width, drawn.spilled) == (width, 0)


def test_panels_are_fewer_beside_each_other_on_a_phone(lines: Any) -> None:
    """A panel is never squeezed: columns become rows."""
    counts = [columns_at(panels(lines, "app"), width) for width in WIDTHS]

    assert counts == [2, 3, 3]


def test_panels_with_long_labels_stand_below_each_other_on_a_phone(lines: Any) -> None:
    """Where words take the room of a plot, one panel is a row."""
    chart = panels(label(lines, ["a label that is long"] * 5), "app")

    assert columns_at(chart, 342) == 1
    assert sketch(chart, 342).spilled == 0


def test_panels_show_each_row_once(lines: Any) -> None:
    """Each panel has its own rows and its own labels, not everybody's."""
    drawn = sketch(panels(label(lines), "app"), 680)

    assert [drawn.words.count(app) for app in APPS] == [2] * 5  # its title and its line's name


def test_panels_come_in_the_order_of_the_data_or_as_asked(lines: Any) -> None:
    """Authors order panels by what they mean, and misspell none."""
    as_they_come, asked = (
        [word for word in sketch(panels(lines, "app", order=order), 680).words if word in APPS]
        for order in (None, ["微博", "TikTok"])
    )

    assert as_they_come == list(APPS)
    assert asked == ["微博", "TikTok", "Xiaohongshu", "WeChat", "Kuaishou"]


def test_panels_take_notes_along(lines: Any) -> None:
    """A note stands in every panel, as its place is in each."""
    drawn = sketch(panels(note(label(lines), "here", x=2, y=20), "app"), 680)

    assert drawn.words.count("here") == 5
    assert [drawn.words.count(app) for app in APPS] == [2] * 5


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", "</script>", "مرحبا", "x" * 10_000])
def test_panel_with_a_hostile_name_is_drawn_as_text(growth: pd.DataFrame, name: str) -> None:
    """Names of panels are letters; what is longer than a panel is cut."""
    table = growth.assign(app=growth["app"].replace("TikTok", name))
    chart = alt.Chart(table).mark_line().encode(x="year:Q", y="users:Q")

    drawn = sketch(panels(chart, "app"), 342)

    assert "<img" not in drawn.still
    assert any(name.startswith(word.removesuffix("…")) for word in drawn.words if len(word) > 4)
    assert (drawn.width, drawn.spilled) == (342, 0)


def test_one_panel_is_a_chart_with_a_title(growth: pd.DataFrame) -> None:
    """A table that shrinks to one group keeps its form."""
    chart = alt.Chart(growth[growth["app"] == "TikTok"]).mark_line().encode(x="year:Q", y="users:Q")

    drawn = sketch(panels(chart, "app"), 342)

    assert (drawn.width, drawn.words.count("TikTok")) == (342, 1)


def test_panels_change_no_chart_that_they_are_given(lines: Any, traces: Any) -> None:
    """An author can go on with the chart in one panel."""
    before = lines.to_dict(), traces.to_dict()

    made = panels(lines, "app"), panels(traces, "name")

    assert (lines.to_dict(), traces.to_dict()) == before
    assert [type(one) for one in made] == [alt.FacetChart, go.Figure]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"by": "ap"}, "no column 'ap'"),
        ({"by": "app", "columns": 0}, "panels in 0 columns"),
        ({"by": "app", "order": ["Tiktok"]}, "has no 'Tiktok'"),
    ],
)
def test_panels_are_refused_with_a_mend(lines: Any, told: dict[str, Any], said: str) -> None:
    """What cannot be laid out is told with what to do."""
    with pytest.raises(FigureError, match=said) as caught:
        panels(lines, **told)

    assert caught.value.mend


def test_panels_of_nothing_are_refused(growth: pd.DataFrame) -> None:
    """An empty table has no panels to draw, in either library."""
    empty = alt.Chart(growth[:0]).mark_line().encode(x="year:Q", y="users:Q")

    with pytest.raises(FigureError, match="no value to make panels of"):
        panels(empty, "app")
    with pytest.raises(FigureError, match="no value to make panels of"):
        panels(go.Figure(), "name")


def test_panels_of_plotly_are_told_apart_by_their_traces(traces: Any) -> None:
    """A figure of Plotly's has no table: the error names what its traces have."""
    with pytest.raises(FigureError, match="not told apart by 'nmae'") as caught:
        panels(traces, "nmae")

    assert caught.value.mend == "did you mean 'name'?"


@pytest.mark.parametrize(("asked", "axes"), [(1, 5), (2, 6), (3, 6)])
def test_panels_of_plotly_are_at_most_two_beside_each_other(traces: Any, asked: int, axes: int) -> None:
    """A layout that is the same at every width is made for a phone."""
    made = panels(traces, "name", columns=asked)

    assert len(list(made.select_xaxes())) == axes
    assert [one.text for one in made.layout.annotations] == list(APPS)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", ["hconcat", "vconcat", "concat", "column", "row", "repeat", "layer"])
def test_composed_chart_is_never_wider_than_the_page(growth: pd.DataFrame, kind: str, width: int) -> None:
    """However an author puts plots together, they fit the width of each drawing, to the pixel."""
    one = alt.Chart(growth).mark_bar().encode(x="users:Q", y="app:N")
    made = {
        "hconcat": lambda: alt.hconcat(one, one.properties(width=400), one),
        "vconcat": lambda: alt.vconcat(one, alt.hconcat(one, one)),
        "concat": lambda: alt.concat(one, one, one, columns=2),
        "column": lambda: one.encode(column="year:N"),
        "row": lambda: one.encode(row="year:N"),
        "repeat": lambda: (
            alt.Chart(growth)
            .mark_bar()
            .encode(x=alt.X(alt.repeat(), type="quantitative"))
            .repeat(["year", "users"])
        ),
        "layer": lambda: one + one.mark_text(dx=60).encode(text="users:Q"),
    }

    drawn = sketch(made[kind](), width)

    assert (drawn.width, drawn.spilled) == (width, 0)


def test_sizing_changes_no_specification(lines: Any) -> None:
    """One specification is drawn at several widths."""
    spec = altair_charts.specification(panels(lines, "app"))
    before = str(spec)

    sized(spec, 342)

    assert str(spec) == before


def test_charts_beside_each_other_keep_their_proportions(growth: pd.DataFrame) -> None:
    """What an author made twice as wide stays twice as wide."""
    one = alt.Chart(growth).mark_point().encode(x="users:Q")

    spec = sized(
        altair_charts.specification(alt.hconcat(one.properties(width=400), one.properties(width=200))), 680
    )

    first, second = (part["width"] for part in spec["hconcat"])
    assert first == pytest.approx(2 * second, abs=2)


@pytest.mark.parametrize(
    ("chart", "measured"),
    [
        ({"mark": "bar"}, False),
        ({"layer": [{"mark": "bar"}, {"mark": {"type": "rule"}}]}, False),
        ({"layer": [{"mark": "bar"}, {"mark": {"type": "text"}}]}, True),
        ({"mark": "text"}, True),
        ({"mark": "bar", "encoding": {"column": {"field": "a"}}}, True),
        ({"facet": {"field": "a"}, "spec": {"mark": "bar"}}, True),
        ({"vconcat": []}, True),
    ],
)
def test_only_charts_that_need_it_are_measured(chart: dict[str, Any], measured: bool) -> None:
    """A plain plot is fitted by Vega itself, in one drawing."""
    assert needs_measuring(chart) is measured
