"""Marks: a drawing says where it shows which row, whatever kind of chart it is, by either library."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise, product
from typing import Any

import altair as alt
import pandas as pd
import plotly.graph_objects as go
import pytest
from bs4 import Tag
from page_parts import soup

from sourcebook.figures import altair_charts, plain_figure, plotly_charts
from sourcebook.figures.browser import Draw, drawing_page, find_browser
from sourcebook.figures.marks import Mark, mark_around, marks_text, rows_of_points, rows_of_records
from sourcebook.testing import Built

WIDTH = 400

TABLE = pd.DataFrame(
    {
        "month": ["Jan", "Feb", "Mar", "Apr"],
        "ships": [10, 40, 20, 30],
        "kind": ["sail", "steam", "sail", "steam"],
        "until": [15, 60, 25, 70],
    }
)
MONTH = alt.X("month:N", sort=None, title=None)
SHIPS = alt.Y("ships:Q", title=None, scale=alt.Scale(domain=[0, 100]))


# --- how marks are told


def test_mark_is_a_box_of_whole_px_from_whichever_corner() -> None:
    """Bars that hang from their baseline, or grow to the left, have a box as others do."""
    assert mark_around(3, x=10.4, y=50, width=-5, height=-20.6) == Mark(3, 5, 29, 5, 21)
    assert mark_around(0, x=7.5, y=2.4) == Mark(0, 8, 2)


def test_marks_are_written_as_short_text() -> None:
    """A page carries a few bytes a mark: points have no size."""
    assert marks_text([Mark(0, 1, 2), Mark(12, 3, 4, 0, 6)]) == "0:1,2 12:3,4,0,6"
    assert marks_text([]) == ""


# --- which row is drawn where


def test_records_are_found_in_whatever_order_they_are_drawn() -> None:
    """A chart that sorts or filters its data still says the right rows."""
    records = [{"month": "Mar", "ships": 20}, {"month": "Jan", "ships": 10}, {"month": "Dec", "ships": 1}]

    assert rows_of_records(records, TABLE) == [2, 0, None]


def test_records_compare_dates_missing_values_and_kinds_of_numbers() -> None:
    """JSON knows neither dates nor NaN: they are the same values all the same."""
    frame = pd.DataFrame(
        {"day": pd.to_datetime(["2024-01-01T00:00", "2024-01-02T12:30"]), "ships": [1.0, float("nan")]}
    )
    records = [{"day": "2024-01-02T12:30:00", "ships": None}, {"day": "2024-01-01T00:00:00", "ships": 1}]

    assert rows_of_records(records, frame) == [1, 0]


def test_equal_rows_are_told_apart_by_their_order() -> None:
    """Two dots on one place are two rows."""
    frame = pd.DataFrame({"x": [1, 1, 1], "y": [2, 2, 3]})

    assert rows_of_records([{"x": 1, "y": 2}, {"x": 1, "y": 2}, {"x": 1, "y": 3}], frame) == [0, 1, 2]


def test_points_are_found_by_their_series() -> None:
    """Where two lines meet, each says the row of its own series."""
    frame = pd.DataFrame({"series": ["a", "b"], "x": [1, 1], "y": [5, 5]})

    assert rows_of_points([(1, 5)], frame, series="b") == [1]
    assert rows_of_points([(9, 9)], frame) == [None]


def test_very_long_table_is_not_searched() -> None:
    """Nobody reads a million points one by one, and no build waits for them."""
    frame = pd.DataFrame({"x": range(5001)})

    assert rows_of_records([{"x": 1}], frame) == [None]
    assert rows_of_points([(1, 1)], frame) == [None]


# --- Altair


def _altair(chart: Any) -> list[Mark]:
    told = plain_figure(chart)
    return list(altair_charts.draw(told.spec, WIDTH).marks)


def _by_row(marks: list[Mark]) -> dict[int, Mark]:
    return {one.row: one for one in marks}


def test_bars_are_marked_from_the_baseline_to_their_value() -> None:
    """The box of a bar is the bar: heights stand to each other as the values do."""
    marks = _by_row(_altair(alt.Chart(TABLE).mark_bar().encode(MONTH, SHIPS).properties(height=200)))

    assert [marks[row].height for row in range(4)] == [20, 80, 40, 60]
    assert len({marks[row].y + marks[row].height for row in range(4)}) == 1
    assert sorted(marks, key=lambda row: marks[row].x) == [0, 1, 2, 3]


def test_stacked_bars_are_marked_apart() -> None:
    """Each part of a stack is its own row."""
    stacked = (
        alt.Chart(TABLE).mark_bar().encode(x="sum(ships):Q", y="kind:N", detail="month:N", color="kind:N")
    )
    plain = alt.Chart(TABLE).mark_bar().encode(x="ships:Q", y="kind:N", color="month:N")

    assert sorted(_by_row(_altair(plain))) == [0, 1, 2, 3]
    assert len({(one.x, one.y) for one in _altair(plain)}) == 4
    assert all(one.row in range(4) for one in _altair(stacked))


@pytest.mark.parametrize("kind", ["mark_point", "mark_circle", "mark_line", "mark_area", "mark_tick"])
def test_other_marks_stand_at_their_value(kind: str) -> None:
    """Dots, lines and areas are marked at their data, one point a row."""
    chart = getattr(alt.Chart(TABLE), kind)().encode(MONTH, SHIPS).properties(height=200)
    marks = _by_row(_altair(chart))

    middles = [marks[row].y + marks[row].height / 2 for row in range(4)]
    assert sorted(marks) == [0, 1, 2, 3]
    assert [round(middles[0] - middle) for middle in middles] == pytest.approx([0, 60, 20, 40], abs=2)


def test_spans_are_marked_from_end_to_end() -> None:
    """A rule or a floating bar from one value to another is as wide as the difference."""
    chart = (
        alt.Chart(TABLE)
        .mark_rule()
        .encode(x=alt.X("ships:Q", scale=alt.Scale(domain=[0, 100])), x2="until:Q", y="month:N")
    )
    marks = _by_row(_altair(chart))

    ratios = [marks[row].width / marks[0].width for row in range(4)]
    assert ratios == pytest.approx([1, 4, 1, 8], rel=0.1)


def test_slices_are_marked_inside_of_themselves() -> None:
    """Four slices are marked at four places around the middle."""
    chart = alt.Chart(TABLE).mark_arc(outerRadius=80).encode(theta="ships:Q", color="month:N")
    marks = _by_row(_altair(chart.properties(height=200)))

    assert len({(one.x, one.y) for one in marks.values()}) == 4


def test_panels_are_marked_each_in_its_place() -> None:
    """In small multiples a row is marked in its own panel."""
    base = alt.Chart(TABLE).mark_point().encode(MONTH, SHIPS).properties(width=120, height=100)
    marks = _by_row(_altair(base.facet(row="kind:N")))

    top, bottom = (marks[0].y, marks[2].y), (marks[1].y, marks[3].y)
    assert max(top) < min(bottom)


def test_layers_mark_a_row_once_a_layer_and_words_never() -> None:
    """Labels beside bars are no marks of their own."""
    base = alt.Chart(TABLE).encode(MONTH, SHIPS)
    marks = _altair(base.mark_bar() + base.mark_text(dy=-8).encode(text="ships:Q"))

    assert sorted(one.row for one in marks) == [0, 1, 2, 3]


def test_missing_value_has_no_mark() -> None:
    """What is not drawn cannot be pointed at."""
    frame = TABLE.assign(ships=[10, None, 20, 30])
    marks = _altair(alt.Chart(frame).mark_point().encode(MONTH, SHIPS))

    assert sorted(_by_row(marks)) == [0, 2, 3]


# --- Plotly


@pytest.fixture(scope="module")
def pen() -> Iterator[Draw]:
    """Give the page that draws Plotly's figures."""
    path = find_browser()
    if path is None:
        pytest.fail("no browser\n  mend:  run `make test`", pytrace=False)
    with drawing_page(path) as draw:
        yield draw


def _plotly(pen: Draw, *traces: Any, **layout: Any) -> list[Mark]:
    chart = go.Figure(list(traces)).update_layout(height=300, **layout)
    return list(plotly_charts.draw(plain_figure(chart).spec, WIDTH, pen=pen).marks)


@pytest.mark.browser
@pytest.mark.parametrize(("axis", "side"), [("v", "height"), ("h", "width")])
def test_plotly_bars_are_marked_as_they_are_drawn(pen: Draw, axis: str, side: str) -> None:
    """Standing or lying, a bar's box is as long as its value."""
    months, ships = TABLE["month"].tolist(), TABLE["ships"].tolist()
    across, along = (months, ships) if axis == "v" else (ships, months)
    marks = _by_row(_plotly(pen, go.Bar(x=across, y=along, orientation=axis)))

    longest = getattr(marks[1], side)
    assert [getattr(marks[row], side) / longest for row in range(4)] == pytest.approx(
        [0.25, 1, 0.5, 0.75], abs=0.02
    )


@pytest.mark.browser
@pytest.mark.parametrize("mode", ["lines", "markers", "lines+markers"])
def test_plotly_points_are_marked_at_their_values(pen: Draw, mode: str) -> None:
    """A line without dots is read point by point like one with them."""
    marks = _by_row(_plotly(pen, go.Scatter(x=TABLE["month"], y=TABLE["ships"], mode=mode)))

    assert sorted(marks, key=lambda row: -marks[row].y) == [0, 2, 3, 1]
    assert sorted(marks, key=lambda row: marks[row].x) == [0, 1, 2, 3]


@pytest.mark.browser
def test_plotly_traces_are_told_apart(pen: Draw) -> None:
    """Two series in one chart have rows of their own, also where their points fall together."""
    traces = (
        go.Scatter(x=[1, 2], y=[5, values], name=name, mode="markers")
        for name, values in (("a", 6), ("b", 9))
    )
    marks = _plotly(pen, *traces)

    assert sorted(one.row for one in marks) == [0, 1, 2, 3]
    assert _by_row(marks)[1].y > _by_row(marks)[3].y


@pytest.mark.browser
def test_plotly_missing_value_has_no_mark(pen: Draw) -> None:
    """What is not drawn cannot be pointed at."""
    marks = _plotly(pen, go.Scatter(x=[1, 2, 3], y=[5, None, 7], mode="markers"))

    assert sorted(one.row for one in marks) == [0, 2]


# --- the figures of the book


def _figures(built: Built) -> list[Tag]:
    return [
        figure
        for name in built.pages
        if name.startswith("book/")
        for figure in soup(built, name).select("figure.figure")
    ]


def test_every_row_of_the_book_is_marked_in_every_still(story_site: Built) -> None:
    """Nothing in a data table is missing in its chart."""
    for figure in _figures(story_site):
        rows = len(figure.select("tbody tr"))
        for still in figure.select(".still"):
            marked = {int(row) for row in re.findall(r"(\d+):", str(still["data-marks"]))}
            assert marked == set(range(rows)), (figure["id"], still["data-width"])


def test_every_mark_of_the_book_is_inside_of_its_still(story_site: Built) -> None:
    """No ring is drawn outside of the picture."""
    for figure in _figures(story_site):
        for still in figure.select(".still"):
            width, height = int(str(still["data-width"])), int(str(still["data-height"]))
            outside = [
                one
                for one in _marks_of(still)
                if one.x < 0 or one.y < 0 or one.x + one.width > width or one.y + one.height > height
            ]
            assert outside == [], figure["id"]


def test_marks_of_the_book_follow_the_numbers(story_site: Built) -> None:
    """Rows are not mixed up: some edge of the marks rises or falls with a column of the table."""
    for figure in _figures(story_site):
        columns = [values for values in _columns_of(figure) if len(set(values)) > 2]
        for still in figure.select(".still"):
            edges = _edges_of(_marks_of(still))
            assert columns, figure["id"]
            assert any(_in_step(values, edge) for values, edge in product(columns, edges)), figure["id"]


def _marks_of(still: Tag) -> list[Mark]:
    told = (re.split("[:,]", one) for one in str(still["data-marks"]).split())
    return [Mark(*map(int, one)) for one in told]


def _edges_of(marks: list[Mark]) -> list[list[float]]:
    """Give left, right, top, bottom and width of what stands for each row, in the order of the rows."""
    rows = {
        number: [one for one in marks if one.row == number] for number in sorted({one.row for one in marks})
    }
    left, top = ([min(getattr(one, side) for one in held) for held in rows.values()] for side in "xy")
    right = [max(one.x + one.width for one in held) for held in rows.values()]
    bottom = [max(one.y + one.height for one in held) for held in rows.values()]
    width = [two - one for one, two in zip(left, right, strict=True)]
    return [left, right, top, bottom, width]


def _columns_of(figure: Tag) -> Iterator[list[Any]]:
    """Give the columns of a table that hold numbers or dates, as what can be sorted."""
    rows = [[cell.get_text() for cell in row.select("th, td")] for row in figure.select("tbody tr")]
    for texts in zip(*rows, strict=True):
        if all(re.fullmatch(r"\d{4}-\d\d-\d\d", text) for text in texts):
            yield list(texts)
        elif all(re.fullmatch(r"-?[\d,]+(\.\d+)?", text) for text in texts):
            yield [float(text.replace(",", "")) for text in texts]


def _in_step(values: list[Any], edge: list[float]) -> bool:
    """Say whether an edge never falls, or never rises, from the smallest value to the largest."""
    order = sorted(range(len(values)), key=lambda number: values[number])
    steps = [edge[two] - edge[one] for one, two in pairwise(order)]
    return max(edge) - min(edge) > 2 and (
        all(step >= -1 for step in steps) or all(step <= 1 for step in steps)
    )
