"""Words, panels and ranges in Plotly's figures, drawn by the browser that draws the stills."""

from __future__ import annotations

import os
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pandas as pd
import plotly.express as px
import plotly.graph_objects as go
import pytest
from drawn_parts import sketch

from sourcebook.errors import FigureError
from sourcebook.facts import Fact
from sourcebook.figures.browser import Draw, drawing_page
from sourcebook.figures.parts.labels import label, note, ticks
from sourcebook.figures.parts.meaning import colour_map, colours_of
from sourcebook.figures.parts.panels import panels
from sourcebook.figures.parts.ranges import ranges

pytestmark = pytest.mark.browser

WIDTHS = (342, 680)
NAMES = ["Xiaohongshu, monthly", "TikTok in the US", "New in two days"]
NEWCOMERS = Fact(
    "new", "new", Decimal(700_000), "users", lower=Decimal(700_000), wording="more than", digits=1
)
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "<b>bold</b> &amp; <a href='javascript:x'>",
    "</script>",
    "مرحبا",
    "x" * 10_000,
]


@pytest.fixture(scope="module")
def pen() -> Iterator[Draw]:
    """Give the page that draws figures; it ends with this module, as its event loop is in others' way."""
    with drawing_page(os.environ.get("CHROMIUM", "/usr/bin/chromium")) as draw:
        yield draw


def bars(values: list[Any] | None = None, names: list[str] | None = None) -> Any:
    """Give horizontal bars."""
    chart = go.Figure(go.Bar(x=values or [300e6, 170e6, 7e5], y=names or NAMES, orientation="h"))
    return chart.update_layout(height=200).update_yaxes(autorange="reversed")


def lines() -> Any:
    """Give two lines that end close to each other, and a third."""
    rows = [
        (app, year, first + 10 * year)
        for app, first in (("A", 100), ("B", 102), ("C", 10))
        for year in (1, 2)
    ]
    table = pd.DataFrame(rows, columns=["app", "year", "users"])
    hues = colour_map({"A": "newcomers", "B": "violet", "C": "others"})
    return px.line(table, x="year", y="users", color="app", color_discrete_map=hues)


@pytest.mark.parametrize("width", WIDTHS)
def test_label_stands_at_each_bar_within_the_drawing(pen: Draw, width: int) -> None:
    """One layout serves every width: the margin is wide enough for the words on a phone."""
    drawn = sketch(label(bars(), [300e6, 170e6, NEWCOMERS]), width, pen)

    assert {"300M", "170M", "more than 700K"} <= set(drawn.words)
    assert 'font-weight="700"' in drawn.still
    assert (drawn.width, drawn.spilled) == (width, 0)


def test_bars_without_labels_beside_long_words_would_spill(pen: Draw) -> None:
    """The measure of these tests fails without the room that a label makes."""
    chart = label(bars(), ["a label of some length"] * 3).update_layout(margin={"r": 8})

    assert sketch(chart, 342, pen).spilled > 0


@pytest.mark.parametrize("text", HOSTILE)
def test_label_shows_hostile_text_letter_by_letter(pen: Draw, text: str) -> None:
    """Tags and entities are letters: nothing is bold, linked or run because a table says so."""
    drawn = sketch(label(bars(), [text, "two", ""]), 342, pen)

    shown = next(one for one in drawn.words if one.startswith(text[:2]))
    assert text.startswith(shown.removesuffix("…"))
    assert "<img" not in drawn.still
    assert "<a" not in drawn.still
    assert (drawn.width, drawn.spilled) == (342, 0)


@pytest.mark.parametrize("width", WIDTHS)
def test_lines_have_their_names_at_their_ends(pen: Draw, width: int) -> None:
    """A legend is not needed: each line says its name in its own tone."""
    drawn = sketch(label(lines()).update_layout(showlegend=False), width, pen)

    assert {"A", "B", "C"} <= set(drawn.words)
    assert drawn.still.count('fill="var(--red)"') == 1
    assert drawn.spilled == 0


def test_stacks_have_totals_at_their_ends(pen: Draw) -> None:
    """The sum is told beside the whole bar, also where its last part is nothing."""
    parts = [[100.0, 100.0], [0.0, 72.0]]
    chart = go.Figure([go.Bar(x=part, y=["A", "B"], orientation="h") for part in parts])

    drawn = sketch(label(chart.update_layout(barmode="stack", height=160, showlegend=False)), 342, pen)

    assert {"100", "172"} <= set(drawn.words)
    assert drawn.spilled == 0


@pytest.mark.parametrize("side", ["right", "left", "above", "below"])
def test_points_have_labels_on_any_side(pen: Draw, side: Any) -> None:
    """Words stand where the author has room for them."""
    chart = go.Figure(go.Scatter(x=[1, 50, 100], y=["a", "b", "c"], mode="markers")).update_layout(height=220)

    drawn = sketch(label(chart, ["one", "", "three"], side=side), 342, pen)

    assert {"one", "three"} <= set(drawn.words)
    assert drawn.spilled == 0


@pytest.mark.parametrize("values", [[None, 3.0, 2.0], [float("nan"), 3.0, 2.0], [-5.0, 3.0, 2.0]])
def test_missing_and_negative_values_keep_the_other_labels(pen: Draw, values: list[Any]) -> None:
    """One bad row leaves no "nan" behind and takes no label from the others."""
    drawn = sketch(label(bars(values)), 342, pen)

    assert {"3", "2"} <= set(drawn.words)
    assert not any("nan" in word.lower() for word in drawn.words if word not in NAMES)


@pytest.mark.parametrize("width", WIDTHS)
def test_note_stands_at_its_place_on_a_logarithmic_axis(pen: Draw, width: int) -> None:
    """Plotly counts such axes in exponents; authors do not."""
    chart = go.Figure(go.Scatter(x=[1e5, 1e9], y=["a", "b"], mode="markers")).update_layout(height=200)
    chart.update_xaxes(type="log", **ticks([1e5, 1e9], engine="plotly"))

    made = note(chart, "here\n<b>and there</b>", x=1e9, y="b", side="left")

    drawn = sketch(made, width, pen)
    assert made.layout.annotations[0].x == 9
    assert any("<b>and there</b>" in word for word in drawn.words)
    assert (drawn.width, drawn.spilled) == (width, 0)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("columns", [1, 2, 3])
def test_panels_can_be_read_at_every_width(pen: Draw, columns: int, width: int) -> None:
    """Every panel has its name and the outer ones their ticks; nothing is cut off."""
    chart = lines().update_xaxes(title=None, tickvals=[1, 2]).update_yaxes(title=None)

    drawn = sketch(panels(chart, "name", columns=columns), width, pen)

    assert {"A", "B", "C"} <= set(drawn.words)
    assert drawn.words.count("2") == (1 if columns == 1 else 2)
    assert (drawn.width, drawn.spilled) == (width, 0)


def test_panels_show_hostile_names_letter_by_letter(pen: Draw) -> None:
    """Names of panels are cut to a panel and are never markup."""
    traces = [go.Scatter(x=[1, 2], y=[1, 2], name=name) for name in HOSTILE]

    drawn = sketch(panels(go.Figure(traces), "name"), 342, pen)

    assert "<img" not in drawn.still
    assert any(word.startswith("<b>bold</b>") for word in drawn.words)
    assert drawn.spilled == 0


@pytest.mark.parametrize("width", WIDTHS)
def test_ranges_are_drawn_with_their_marks(pen: Draw, width: int) -> None:
    """Names, numbers, lines and open ends stand within the drawing, in the order given."""
    table = pd.DataFrame(
        {
            "name": ["Dot", "Line", "Open <i>end</i>"],
            "value": [10, None, None],
            "low": [None, 20, 90],
            "high": [None, 30, None],
        }
    )

    drawn = sketch(ranges(table, engine="plotly", ticks=[0, 50, 100], unit="percent"), width, pen)

    assert {"10%", "20%–30%", "90%", "50%", "Dot", "Line", "Open <i>end</i>"} <= set(drawn.words)
    assert (drawn.width, drawn.spilled) == (width, 0)


def test_label_changes_no_figure_that_it_is_given() -> None:
    """An author can go on with the figure without labels."""
    chart = bars()
    before = chart.to_dict()

    label(chart)
    note(chart, "here", x=1, y=NAMES[0])

    assert chart.to_dict() == before


@pytest.mark.parametrize(
    ("chart", "told", "said"),
    [
        (go.Figure(), {}, "no bars, points or lines"),
        (bars(), {"text": ["one"]}, "1 labels for 3 bars"),
        (bars(), {"text": "column"}, "no column 'column'"),
        (bars(), {"side": "left"}, "no label stands left of a bar"),
        (lines(), {"text": ["A"]}, "1 labels for 3 lines"),
        (go.Figure([*bars().data, *bars().data]), {"text": ["a", "b"]}, "2 traces need 2 lists"),
    ],
)
def test_label_is_refused_with_a_mend(chart: Any, told: dict[str, Any], said: str) -> None:
    """What cannot be labelled is told with what to do."""
    with pytest.raises(FigureError, match=said) as caught:
        label(chart, **told)

    assert caught.value.mend


def test_colours_by_meaning_are_plain_values() -> None:
    """Plotly gets lists and maps, and nothing else changes in an author's figure."""
    chart = bars().update_traces(marker_color=colours_of(["violet", "TikTok", "newcomers"]))

    assert list(chart.data[0].marker.color) == ["#4b2e9e", "#0a8f98", "#c8102e"]
