"""Alt text: a draft is made from the chart itself, and numbers that no fact tells are found."""

from __future__ import annotations

from typing import Any

import altair as alt
import pandas as pd
import plotly.graph_objects as go
import pytest

from sourcebook.figures import DataTable, altair_charts, plotly_charts
from sourcebook.figures.descriptions import describe, structure
from sourcebook.figures.descriptions.alt_text import alt_draft
from sourcebook.figures.stated_numbers import loose_numbers, stated_numbers

USERS = pd.DataFrame(
    {
        "year": [2019, 2024, 2025, 2019, 2024, 2025],
        "users": [85e6, 300e6, 300e6, 20e6, 150e6, 170e6],
        "app": ["Xiaohongshu"] * 3 + ["TikTok"] * 3,
    }
)
WORDED = pd.DataFrame(
    {
        "crowd": ["Xiaohongshu", "TikTok", "New in two days"],
        "people": [300e6, 237e6, 700e3],
        "worded": ["about 300 million", "about 240 million", "more than 700,000"],
    }
)
MISSING = WORDED.assign(people=None)
TREE = go.Treemap(labels=["a"], parents=[""])
NO_TABLE = DataTable((), ())
DAY_MS = 86_400_000
LINES = alt.Chart(USERS).mark_line().encode(x="year:Q", y="users:Q", color=alt.Color("app:N", sort=None))
BASE = alt.Chart(USERS)
ONE = BASE.mark_line().encode(x="year:Q", y="users:Q")
BARS = alt.Chart(WORDED).mark_bar().encode(x="people:Q", y=alt.Y("crowd:N", sort=None))


def table(frame: pd.DataFrame) -> DataTable:
    """Give a data table of a frame."""
    told = [[name, frame[name].dtype.kind in "if", name] for name in frame.columns]
    rows = frame.astype(object).where(frame.notna(), None).to_numpy().tolist()
    return DataTable.from_json({"columns": told, "rows": rows})


def traces(*data: Any, **layout: Any) -> go.Figure:
    """Make a Plotly figure."""
    return go.Figure(list(data), layout)


def draft(chart: Any, known: DataTable = NO_TABLE) -> str:
    """Draft the alt text of a chart as a figure would."""
    side = altair_charts if altair_charts.draws(chart) else plotly_charts
    return alt_draft(describe(side.specification(chart), side.ENGINE, table=known), known)


def test_draft_of_lines_tells_extremes_and_last_values() -> None:
    """A line is its lowest, its highest and where it ends."""
    told = draft(LINES)

    assert told == (
        "Line chart of users by year, 2019 to 2025, for 2 series. Xiaohongshu: lowest 85 million in 2019, "
        "highest 300 million in 2024, last 300 million in 2025; TikTok: lowest 20 million in 2019, highest "
        "and last 170 million in 2025."
    )


def test_draft_of_bars_words_values_as_the_table_does() -> None:
    """The source's "about" and "more than" stand in the draft, its rounding included."""
    told = draft(BARS, table(WORDED))

    assert told == (
        "Bar chart of people by crowd. Xiaohongshu: about 300 million; TikTok: about 240 million; "
        "New in two days: more than 700,000."
    )


def test_draft_of_bars_words_values_itself_when_the_table_does_not() -> None:
    """Without wordings the values are told as they are."""
    told = draft(BARS)

    assert told.endswith("Xiaohongshu: 300 million; TikTok: 237 million; New in two days: 700,000.")


@pytest.mark.parametrize(
    ("worded", "said"),
    [
        ("about 300 million", "about 300 million"),
        ("300 million", "300 million"),
        ("about 400 million", "300 million"),
        ("300 million by the company", "300 million"),
        ("between 200 million and 300 million", "300 million"),
        (None, "300 million"),
    ],
)
def test_draft_takes_from_the_table_only_what_words_the_value(worded: str | None, said: str) -> None:
    """A text of the table that tells something else, or more, is not taken for the value."""
    frame = pd.DataFrame({"crowd": ["a"], "people": [300e6], "worded": [worded]})

    told = draft(BARS.properties(data=frame), table(frame))

    assert told == f"Bar chart of people by crowd. A: {said}."


def test_draft_words_each_point_by_its_own_row() -> None:
    """Of two rows with one value, a point takes the wording of the row that it is."""
    frame = pd.DataFrame(
        {"year": [2023, 2024], "users": [5e6, 5e6], "worded": ["more than 5 million", "about 5 million"]}
    )
    spec = altair_charts.specification(
        alt.Chart(frame[1:].assign(_row=1)).mark_point().encode(x="year:Q", y="users:Q")
    )

    told = alt_draft(describe(spec, "vega", table=table(frame)), table(frame))

    assert told.endswith("About 5 million in 2024.")


@pytest.mark.parametrize(
    ("chart", "said"),
    [
        (ONE.encode(y=alt.Y("users:Q", scale={"type": "log"})), "on a logarithmic axis"),
        (LINES.facet("app:N"), "in 2 panels"),
        (LINES.transform_filter("datum.year > 2020"), "Xiaohongshu: 300 million throughout"),
        (BASE.mark_arc().encode(theta="sum(users):Q", color="app:N"), "Xiaohongshu: 685 million"),
        (BASE.mark_rect().encode(x="year:O", y="app:N", color="users:Q"), "Lowest 20 million (TikTok, 2019)"),
        (BASE.mark_boxplot().encode(x="app:N", y="users:Q"), "highest 300 million (Xiaohongshu)"),
        (BASE.mark_bar().encode(x=alt.X("users:Q", bin=True), y="count()"), "Histogram of users."),
        (traces(go.Bar(x=["a", "b"], y=[1, None])), "Bar chart. A: 1."),
        (traces(go.Bar(x=["a: b"], y=[1])), "A, b: 1."),
        (traces(go.Scatter(x=["2025-01-13", "2025-01-15"], y=[1, 3])), "last 3 on 15 January."),
        (traces(go.Scatter(x=["2024-01-13", "2025-01-15"], y=[1, 3])), "last 3 on 15 January 2025."),
        (traces(go.Bar(x=[DAY_MS], y=["law"], base=["2025-01-01"], orientation="h")), "to 2 January 2025"),
        (traces(go.Scatter(x=[1.5, 20.25], y=[60, 70], mode="markers")), "Lowest 60 at 1.5, highest 70 at"),
        (traces(go.Scatter(x=["a"], y=[0])), "A: 0."),
        (traces(go.Scatter(x=["a", "b"], y=[-1, -2.5])), "A: -1; b: -2.5."),
    ],
)
def test_draft_tells_what_matters_of_each_kind(chart: Any, said: str) -> None:
    """Each kind of chart has its own way to be put in words."""
    told = draft(chart, table(USERS))

    assert said in told


def test_draft_does_not_compare_values_of_two_axes() -> None:
    """Where one side has two axes, no value is called the highest."""
    two = go.Bar(x=["a"], y=[1]), go.Scatter(x=["a"], y=[900], yaxis="y2")
    chart = traces(*two, yaxis={"title": "Users"}, yaxis2={"title": "Views", "overlaying": "y"})

    told = draft(chart)

    assert told == "Bar and line chart."


@pytest.mark.parametrize(
    ("chart", "known", "said"),
    [
        (traces(), NO_TABLE, "Chart without data."),
        (traces(), table(USERS), "Chart of 6 rows: year, users, app."),
        (traces(TREE), table(USERS[:1]), "Treemap of 1 row: year, users, app."),
        (BARS.properties(data="a.csv"), table(USERS), "Bar chart of people by crowd."),
        (BARS.properties(data=WORDED[:0]), table(WORDED[:0]), "Bar chart without data."),
        (BARS.properties(data=WORDED[1:2]), NO_TABLE, "Bar chart of people by crowd. TikTok: 237 million."),
        (ONE.properties(data=USERS[:1]), NO_TABLE, "Line chart of users by year, 2019. 85 million in 2019."),
        (BARS.properties(data=MISSING), table(MISSING), "Bar chart of 3 rows: crowd, people, worded."),
    ],
)  # fmt: skip
def test_draft_of_little_tells_little(chart: Any, known: DataTable, said: str) -> None:
    """An empty table, one row, missing values and what cannot be read still give a plain sentence."""
    told = draft(chart, known)

    assert told == said


@pytest.mark.parametrize("label", ["x" * 10_000, "a\nb\x00" * 500, "<script>" * 99, "\u202e月" * 5_000])
def test_draft_and_structure_are_short_when_labels_are_not(label: str) -> None:
    """However long the labels, an alt text stays one, on a single line."""
    frame = pd.DataFrame({"crowd": [f"{label}{n}" for n in range(9)], "people": range(9), "of": [label] * 9})
    chart = BARS.properties(data=frame).encode(x=alt.X("people:Q", title=label), color="of:N")

    told = draft(chart, table(frame))
    side = altair_charts.specification(chart)
    heard = structure(describe(side, "vega", table=table(frame)))

    assert 0 < len(told) <= 300
    assert len(heard) < 600
    assert not {"\n", "\x00", "\u202e"} & {*told, *heard}


def test_draft_shortens_what_it_tells_of_each_series_rather_than_leaving_series_out() -> None:
    """With less room, each series keeps its extremes; with none, the first series are told."""
    few, many = (
        pd.concat([USERS.assign(app=f"App number {n}", year=USERS["year"] - n) for n in range(count)])
        for count in (3, 40)
    )

    told = [draft(LINES.properties(data=one)) for one in (few, many)]

    assert all(f"App number {n}: lowest" in told[0] for n in range(3))
    assert "for 40 series" in told[1]
    assert all(len(one) <= 300 for one in told)


LABELLED: list[tuple[str, list[str], tuple[str, ...]]] = [
    # the number itself, in the forms in which facts and tables have it
    ("about 300 million users", [], ("300 million",)),
    ("about 300 million users", ["300 million"], ()),
    ("about 300 million users", ["about 300 million"], ()),
    ("about 300 million users", ["300"], ("300 million",)),
    ("more than 700,000", ["more than 700,000"], ()),
    ("700000 people", ["700,000"], ()),
    ("700 000 people", ["700,000"], ()),
    ("700\u202f000 people", ["more than 700,000"], ()),
    ("1,000,000,000 people", ["1 billion"], ()),
    ("170M and 32.5m", ["170 million"], ("32.5m",)),
    ("$1.4bn", ["1.4 billion US dollars"], ()),
    ("€300m–400m", ["300 million euros"], ("400m",)),
    ("约3亿，7000万", ["3亿"], ("7000万",)),
    ("5 million", [], ("5 million",)),
    ("50,000 and 700,000.", ["more than 700,000"], ("50,000",)),
    ("the million and 300 millions", ["300 million"], ()),
    # shares
    ("0.4%", ["more than 0.4%"], ()),
    ("79 per cent", ["79%"], ()),
    ("79%", ["0.79"], ()),
    ("79%", ["79.0"], ()),
    ("79.1%", ["79.1"], ()),
    ("79%", ["79.1"], ("79%",)),
    ("79%, 70% and 65%", ["79%"], ("70%", "65%")),
    ("70, 65 and 63 per cent", ["70%", "65%", "63%"], ()),
    ("3 percentage points", [], ("3 percentage points",)),
    ("１００％", [], ("１００％",)),
    # ranges and lists
    ("20 to 30 million", ["between 20 million and 30 million"], ()),
    ("20 to 30 million", ["30 million"], ("20",)),
    ("2 to 3 million", [], ("2", "3 million")),
    ("300, 170 and 120 million", ["300 million", "170 million", "120 million"], ()),
    ("20–30%", ["20%", "30%"], ()),
    ("5-10%", ["5%"], ("10%",)),
    ("from 85 million in 2019 to 300 million in 2024", ["85 million", "300 million"], ()),
    # signs
    ("fell by 5%", ["−5%"], ()),
    ("−5%", ["5%"], ("−5%",)),
    ("-5%", ["−5%"], ()),
    ("+5%", ["5%"], ()),
    ("(−12)", [], ("−12",)),
    # years, dates, times, ordinals
    ("in 2024, 2019–25 and the 1990s", [], ()),
    ("2,024 users, 2025 million, $2000", [], ("2,024", "2025 million", "$2000")),
    ("1899 and 2101", [], ("1899", "2101")),
    ("13 January, 14–15 January 2025, January 16, 2025-01-17", [], ()),
    ("13, 14 and 15 January; Jan. 20, 2025; 20 Sept", [], ()),
    ("March 2,000 people; May 30% more", [], ("2,000", "30%")),
    ("15:00, 3 pm, 9.30 a.m.", [], ()),
    ("2025年1月13日", [], ()),
    ("the 3rd and the 21st", [], ()),
    ("quarter 1 of 2024, Q4 2024", [], ()),
    # small counts and names
    ("5 of 12 outlets", [], ()),
    ("13 outlets", [], ("13",)),
    ("under 18", [], ("18",)),
    ("3.5 times, .5, 12.0", [], ("3.5", ".5", "12.0")),
    ("7-day and 30-day means", [], ("30",)),
    ("COVID-19, A4, G20, GPT‑4, version 1.2.3", [], ()),
    ("Order 14166", ["Executive Order 14166"], ()),
    ("100 by 17 dots", ["17"], ("100",)),
    ("×1,000", ["× 1,000"], ()),
    # nothing, and twice the same
    ("", [], ()),
    ("No numbers at all.", ["300 million"], ()),
    ("48 hours, then 48 more", [], ("48",)),
]  # fmt: skip


@pytest.mark.parametrize(("alt_text", "known", "loose"), LABELLED)
def test_loose_numbers_are_those_that_nothing_known_tells(
    alt_text: str, known: list[str], loose: tuple[str, ...]
) -> None:
    """A number that was typed is found; one that a fact or a table tells, and what is no quantity, is not."""
    found = loose_numbers(alt_text, known)

    assert found == loose


def test_dates_among_known_wordings_make_no_number_known() -> None:
    """A table's "13 January 2025" does not excuse "13 users"."""
    found = loose_numbers("13 users, 2,025 views", ["13 January 2025"])

    assert found == ("13", "2,025")


def test_loose_numbers_take_any_iterable_once() -> None:
    """A generator of wordings does for a text of several numbers."""
    found = loose_numbers("79%, 65%", (one for one in ("65%", "79%")))

    assert found == ()


def test_stated_numbers_say_where_they_stand() -> None:
    """Each number can be shown at its place in the text as it was written."""
    text = "Von −5 % auf １２ Mio."

    told = [text[one.start : one.end].strip() for one in stated_numbers(text)]

    assert told == ["−5 %", "１２"]
