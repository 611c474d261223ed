"""Bare charts: what a story shows without `figure` is a plain figure, and the author hears of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from bs4 import Tag
from page_parts import soup, words_of

from sourcebook.testing import CONFIG, Book, Built

_START = """\
import altair as alt
import pandas as pd
import plotly.graph_objects as go
table = pd.DataFrame({"name": ["sail", "steam"], "ships": [7, 11]})
bars = alt.Chart(table).mark_bar().encode(y="name:N", x="ships:Q")
dots = go.Figure(go.Scatter(x=[1, 2, 3], y=[4, 6, 5], name="ships"))
"""
LAST, SHOWN, TWICE = (
    "{chart}",
    "display({chart})\nprint('after the chart')",
    "for _ in range(2):\n    display({chart})",
)
CHARTS = {"vega": "bars", "plotly": "dots"}
CELLS = (LAST, SHOWN, TWICE)
FIRST_CELL = 3  # after the heading and what all cells share

_UNWRITABLE = """\
import altair as alt
import pandas as pd
import plotly.graph_objects as go
alt.Chart(pd.DataFrame({"x": [[1, 2]]})).mark_bar().encode(x="x")
"""


def _bare(folder: Path) -> Built:
    book = Book(folder)
    book.write("_config.yml", CONFIG)
    book.write_contents(*(f"book/{engine}" for engine in CHARTS), "book/again")
    book.write_story("book/again.ipynb", "md: # Again", _START, CELLS[0].format(chart="bars"))
    for engine, chart in CHARTS.items():
        cells = (cell.format(chart=chart) for cell in CELLS)
        book.write_story(f"book/{engine}.ipynb", f"md: # {engine}", _START, *cells)
    return book.build()


@pytest.fixture(scope="session")
def bare(shelf: Any) -> Built:
    """Give a book that shows charts of both libraries without `figure`, in every way a cell can."""
    built: Built = shelf.built("bare", _bare)
    return built


@pytest.fixture(scope="session")
def bare_strictly(shelf: Any, bare: Built) -> Built:
    """Give the strict build of the same book."""

    def make(folder: Path) -> Built:
        return Book(bare.site.parents[1]).copy_to(folder).build("--strict")

    built: Built = shelf.built("bare-strictly", make)
    return built


def _figures(built: Built, engine: str) -> list[Tag]:
    assert built.code == 0, built.output
    return soup(built, f"book/{engine}").select("figure.figure")


@pytest.mark.parametrize("engine", CHARTS)
def test_bare_chart_is_drawn_however_it_is_shown(bare: Built, engine: str) -> None:
    """A chart as last expression, displayed, or displayed twice in a loop is a still each time."""
    figures = _figures(bare, engine)

    assert len(figures) == 4
    for figure in figures:
        assert len(figure.select(".still > svg")) == 2
        assert figure.select_one(".reading") is not None
        assert len(figure.select("tbody tr")) == {"vega": 2, "plotly": 3}[engine]


@pytest.mark.parametrize("engine", CHARTS)
def test_bare_chart_has_a_draft_of_its_alt_text_and_claims_nothing(bare: Built, engine: str) -> None:
    """There is no heading, no method and no source that nobody wrote; the picture has a name all the same."""
    for figure in _figures(bare, engine):
        assert figure.select(".figure-title, .tab-method, .figure-source") == []
        drawing = figure.select_one(".drawing[role=img]")
        assert drawing is not None
        assert drawing["aria-label"]
        assert figure["aria-label"] == drawing["aria-label"]


@pytest.mark.parametrize("engine", CHARTS)
def test_bare_charts_have_ids_of_their_own(bare: Built, engine: str) -> None:
    """Two of the same in one cell, and the same in another, never fight for an address."""
    page = soup(bare, f"book/{engine}")
    ids = [str(one["id"]) for one in page.select("[id]")]

    assert sorted(one for one in set(ids) if ids.count(one) > 1) == []
    names = {str(one["name"]) for one in page.select("details[name]")}
    assert len(names) == len(page.select("figure.figure"))


def test_bare_chart_travels_as_data_alone(bare: Built) -> None:
    """A picture without heading and source is not offered; the numbers are."""
    names = [name for name in bare.files() if name.startswith("_figures/chart-")]

    assert {name.rpartition(".")[2] for name in names}.isdisjoint({"png", "svg"})
    assert any(name.endswith(".csv") for name in names)


def test_equal_bare_charts_of_two_stories_are_told_apart(bare: Built) -> None:
    """A chart that another story shows, too, stops no build: each has files of its own."""
    here, there = (_figures(bare, name)[0]["id"] for name in ("vega", "again"))

    assert here != there
    assert {f"_figures/{here}/{here}.csv", f"_figures/{there}/{there}.csv"} <= set(bare.files())


@pytest.mark.parametrize("engine", CHARTS)
def test_bare_chart_brings_no_script_of_its_library(bare: Built, engine: str) -> None:
    """Nothing of what the library would have written is on the page: no script, no foreign address."""
    text = bare.page(f"book/{engine}")

    assert "vegaEmbed" not in text
    assert "Plotly.newPlot" not in text
    assert "cdn" not in text
    assert "after the chart" in words_of(soup(bare, f"book/{engine}").select_one("main"))


@pytest.mark.parametrize("engine", CHARTS)
def test_author_hears_of_each_bare_chart(bare: Built, engine: str) -> None:
    """The finding names notebook and cell, and says how to mend it."""
    output = " ".join(bare.output.split())

    for number in range(len(CELLS)):
        place = f"where: book/{engine}.ipynb, cell {FIRST_CELL + number} mend: give the chart to figure("
        assert place in output
    assert output.count("[bare-chart]") == 9


def test_strict_build_refuses_bare_charts(bare_strictly: Built) -> None:
    """What has no source and no heading is not published by who wants it complete."""
    assert bare_strictly.code != 0
    assert "[bare-chart]" in bare_strictly.output


def test_bare_chart_does_not_touch_other_outputs(shelf: Any) -> None:
    """Tables, texts and values around a chart are shown as ever."""

    def make(folder: Path) -> Built:
        book = Book(folder)
        book.write("_config.yml", CONFIG)
        book.write_contents("book/index")
        book.write_story(
            "book/index.ipynb", "md: # Mixed", _START, "print('printed')\ntable", "display('shown')\n6 * 7"
        )
        return book.build("--strict")

    built: Built = shelf.built("bare-mixed", make)

    article = words_of(soup(built, "book/index").select_one("article"))
    assert built.code == 0, built.output
    assert all(word in article for word in ("printed", "steam", "shown", "42"))


UNWRITABLE = {
    "vega": (
        "import altair as alt\nimport pandas as pd\n"
        "alt.Chart(pd.DataFrame({'x': [1]})).mark_bar().encode(x='x:Z')",
        'ValueError: "Z" is not one of the valid encoding data types',
    ),
    "plotly": (
        "import plotly.graph_objects as go\ngo.Figure(go.Bar(x=['a'], y=[1], customdata=[object()]))",
        "TypeError: Object of type object is not JSON serializable",
    ),
}


@pytest.mark.parametrize("engine", UNWRITABLE)
def test_chart_that_its_library_cannot_write_stops_the_build(shelf: Any, engine: str) -> None:
    """The author reads what the library says of it, and where; no page shows a name in its place."""
    code, words = UNWRITABLE[engine]

    def make(folder: Path) -> Built:
        book = Book(folder)
        book.write("_config.yml", CONFIG)
        book.write_contents("book/index")
        book.write_story("book/index.ipynb", "md: # Broken", code)
        return book.build()

    built: Built = shelf.built(f"bare-unwritable-{engine}", make)

    assert built.code != 0
    assert words in built.output
    assert built.output.count("where: book/index.ipynb, cell 2") == 1
