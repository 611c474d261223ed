"""Uncertainty as it is: open ends, ranges and disputed values, from facts and from tables."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import altair as alt
import pandas as pd
import plotly.graph_objects as go
import pytest
from drawn_parts import sketch

from sourcebook.errors import FigureError
from sourcebook.facts import Fact
from sourcebook.figures.parts.panels import panels
from sourcebook.figures.parts.ranges import fact_table, pointing, ranges

EXACT = Fact("e", "e", Decimal(300_000_000), "users", digits=1, as_of="2024-12")
MORE = Fact("m", "m", Decimal(700_000), "users", lower=Decimal(700_000), wording="more than", digits=1)
NEARLY = Fact("n", "n", Decimal(80), "percent", upper=Decimal(80), wording="nearly", digits=1)
BETWEEN = Fact(
    "b", "b", Decimal(3_000_000), "users", lower=Decimal(2_700_000), upper=Decimal(3_000_000), digits=2
)
CROWDS = {"Monthly": EXACT, "New": MORE, "Gained": BETWEEN}
TABLE = pd.DataFrame(
    {
        "name": ["Dot", "Line", "Line and dot", "At least", "At most", "Nothing"],
        "value": [10, None, 40, None, None, None],
        "low": [None, 20, 30, 50, None, None],
        "high": [None, 30, 50, None, 60, None],
    }
)


def test_facts_tell_what_is_known_of_their_bounds() -> None:
    """A fact's bounds decide its mark: "more than" is open above, "nearly" below, two bounds are a range."""
    table = fact_table({**CROWDS, "Share": NEARLY})

    assert table["_kind"].tolist() == ["exact", "at least", "range", "at most"]
    assert table["worded"].tolist()[:2] == ["300 million", "more than 700,000"]
    assert table["as_of"].tolist()[0] == "December 2024"


def test_table_tells_what_is_known_by_its_columns() -> None:
    """Low, high and value may each be missing; a row with none of them is not drawn."""
    table = fact_table(TABLE)

    assert table["_kind"].tolist() == ["exact", "range", "range", "at least", "at most"]
    assert table["worded"].tolist() == ["10", "between 20 and 30", "40", "more than 50", "up to 60"]


def test_dataset_is_read_as_it_stands() -> None:
    """The book's own columns `lower`, `upper` and `qualifier` need no renaming."""
    rows = pd.DataFrame(
        {"name": ["a", "b", "c"], "value": [65, 70, 80], "qualifier": ["about", "more than", "nearly"]}
    ).assign(lower=[None, 70, None], upper=[None, None, None])

    table = fact_table(rows, unit="percent")

    assert table["_kind"].tolist() == ["exact", "at least", "at most"]
    assert table["worded"].tolist() == ["about 65%", "more than 70%", "nearly 80%"]


@pytest.mark.parametrize("width", [342, 680])
def test_ranges_are_drawn_with_their_marks(width: int) -> None:
    """Readers see a dot, a line, an open end; every row has its name and its number, in order."""
    drawn = sketch(ranges(CROWDS, colours={"New": "newcomers"}, scale="log", ticks=[1e6, 1e8]), width)

    names = [word for word in drawn.words if word in CROWDS]
    assert names == list(CROWDS)
    assert {"300M", "700K", "3M", "1M", "100M"} <= set(drawn.words)
    assert drawn.still.count("<line") >= 1
    assert 'fill="var(--red)"' in drawn.still
    assert (drawn.width, drawn.spilled) == (width, 0)


def test_disputed_value_is_hollow() -> None:
    """Who disagrees is seen at once: a disputed mark has no filling."""
    plain, hollow = (sketch(ranges(CROWDS, disputed=names), 342).still for names in ((), ["Monthly"]))

    assert plain.count('fill="var(--bg)"') == 0
    assert hollow.count('fill="var(--bg)"') == 1


def test_marks_of_both_engines_are_alike() -> None:
    """The same rows have the same marks, whichever library an author takes."""
    altair = ranges(TABLE, disputed=["At most"])
    plotly = ranges(TABLE, disputed=["At most"], engine="plotly")

    assert isinstance(altair, alt.LayerChart)
    assert isinstance(plotly, go.Figure)
    shapes = altair.data["_shape"].tolist()
    assert shapes == ["circle", "circle", "circle", "triangle-right", "triangle-left"]
    assert list(plotly.data[0].marker.symbol) == [*shapes[:4], "triangle-left-open"]
    assert list(plotly.data[0].marker.opacity) == [1, 0, 1, 1, 1]
    assert list(plotly.data[0].error_x.array) == [0, 10, 10, 0, 0]
    assert list(plotly.data[0].error_x.arrayminus) == [0, 0, 10, 0, 0]


def test_ranges_stand_in_time() -> None:
    """Along a column of dates, larger numbers stand higher and triangles point up and down."""
    table = TABLE.assign(day=pd.date_range("2025-01-01", periods=6), name="one")

    chart = ranges(table, along=alt.X("day:T", title=None), ticks=[0, 50])
    figure = ranges(table, along="day", ticks=[0, 50], engine="plotly")

    drawn = sketch(chart, 342)
    assert {"0", "50"} <= set(drawn.words)
    assert "triangle-up" in chart.data["_shape"].tolist()
    assert list(figure.data[0].error_y.array) == [0, 10, 10, 0, 0]


@pytest.mark.parametrize("column", ["kind", "name", "source.of [x]"])
def test_column_of_an_author_tells_colours_apart(column: str) -> None:
    """Whatever an author calls the column, its values have the colours given for them."""
    table = TABLE.drop(columns="name").assign(**{column: ["press", "panel"] * 3}, day=range(6))

    drawn = sketch(ranges(table, along="day:Q", by=column, colours={"press": "violet"}), 342)

    assert 'fill="var(--violet)"' in drawn.still
    assert 'fill="var(--grey)"' in drawn.still


def test_ranges_make_panels() -> None:
    """What the helpers give is what they take."""
    table = TABLE.assign(place=["US", "China"] * 3)

    drawn = sketch(panels(ranges(table), "place", height=120), 342)

    assert {"US", "China", "Dot", "Line"} <= set(drawn.words)
    assert (drawn.width, drawn.spilled) == (342, 0)


@pytest.mark.parametrize(
    "name", ["<img src=x onerror=alert(1)>", "</script>", "مرحبا", "小红书", "x" * 10_000]
)
def test_row_with_a_hostile_name_is_drawn_as_text(name: str) -> None:
    """Names of rows are letters, and leave room for what is drawn."""
    drawn = sketch(ranges({name: EXACT, "New": MORE}), 342)

    assert "<img" not in drawn.still
    assert {"New", "700K"} <= set(drawn.words)
    assert (drawn.width, drawn.spilled) == (342, 0)


@pytest.mark.parametrize("engine", ["altair", "plotly"])
def test_one_row_is_enough(engine: Any) -> None:
    """A single number is drawn too."""
    made = ranges({"New": MORE}, engine=engine, ticks=[0, 1e6])

    assert made is not None


@pytest.mark.parametrize(
    ("of", "told", "said"),
    [
        ({}, {}, "no number to draw"),
        (TABLE[5:], {}, "no number to draw"),
        (TABLE, {"by": "nmae"}, "no column 'nmae'"),
        (TABLE, {"disputed": ["Dott"]}, "no row 'Dott'"),
        (TABLE, {"engine": "plotyl"}, "unknown engine 'plotyl'"),
        (TABLE, {"colours": {"Dot": "pink"}}, "unknown colour 'pink'"),
        (TABLE, {"along": "day", "engine": "plotly"}, "no column 'day'"),
        (TABLE.assign(value=0, low=0, high=0), {"scale": "log"}, "is not above 0"),
        (TABLE.assign(low=70), {}, "is not between its bounds"),
        ({"New": 700_000}, {}, "'New' is no fact"),
    ],
)
def test_ranges_are_refused_with_a_mend(of: Any, told: dict[str, Any], said: str) -> None:
    """A row is never drawn as what it is not; the error says what to look at."""
    with pytest.raises(FigureError, match=said) as caught:
        ranges(of, **told)

    assert caught.value.mend


def test_qualifiers_point_in_the_names_of_both_engines() -> None:
    """One list of marks serves `alt.Shape(scale=None)` and Plotly's `marker.symbol`."""
    told = ["more than", "nearly", "exact", None, float("nan")]

    assert pointing(told) == ["triangle-up", "triangle-down", "circle", "circle", "circle"]
    assert pointing(told[:2], towards="right") == ["triangle-right", "triangle-left"]
    with pytest.raises(FigureError, match="unknown direction 'upp'"):
        pointing(told, towards="upp")  # type: ignore[arg-type]
