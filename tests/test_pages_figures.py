"""Figures on pages: complete before a script runs, with the files that they load and offer."""

from __future__ import annotations

import json

import pytest
from bs4 import Tag
from page_parts import soup, words_of

from sourcebook.pages.figures import named_once
from sourcebook.testing import Built


def figure_in(built: Built, figure_id: str) -> Tag:
    """Give a figure of the harbour's page of charts."""
    found = soup(built, "book/charts").select_one(f"figure#{figure_id}")
    assert found is not None
    return found


def test_figure_has_title_alt_source_line_and_table(harbour_site: Built) -> None:
    """A chart is complete before a script runs."""
    figure = figure_in(harbour_site, "ships-by-month")

    stage = figure.select_one("[role=img]")
    assert stage is not None
    assert stage["aria-label"] == "Bars of three months: 410, 396 and 455 ships."
    assert words_of(figure.select_one(".figure-title")) == 'March was the busiest <month> & "best"'
    assert figure["aria-labelledby"] == "ships-by-month-title"
    assert words_of(figure.figcaption) == 'Sources: Harbour office; <b>Sly</b> & "Sons". As of 1 March 2025.'
    assert [words_of(one) for one in figure.select("thead th")] == ["Month", "Ships", "Share by night"]
    assert words_of(figure.select("tbody tr")[1]) == "2024-02-01396–"


@pytest.mark.parametrize("figure_id", ["ships-by-month", "nights-by-month"])
def test_figure_has_stills_with_marks(harbour_site: Built, figure_id: str) -> None:
    """The picture is in the page, in two widths, with ids that do not clash; whichever library drew it."""
    figure = figure_in(harbour_site, figure_id)

    stills = figure.select(".still > svg")
    assert len(stills) == 2
    assert all(len(still.select("path")) >= 3 for still in stills)
    assert figure.select("[style], script, image, foreignObject") == []


def test_plotly_figure_shows_its_table_when_nothing_could_draw_it(harbour_without_browser: Built) -> None:
    """Where there is no still, the table is open, and the author is told why and how to mend it."""
    figure = figure_in(harbour_without_browser, "nights-by-month")

    table = figure.select_one(".tab-table")
    assert figure.select(".still") == []
    assert table is not None
    assert table.has_attr("open")
    assert len(table.select("tbody tr")) == 3
    assert (
        "install Chromium, or name one in the environment variable CHROMIUM" in harbour_without_browser.output
    )
    assert harbour_without_browser.code == 0


@pytest.mark.parametrize("figure_id", ["ships-by-month", "nights-by-month"])
def test_stage_says_what_a_reader_can_read_off_it(harbour_site: Built, figure_id: str) -> None:
    """Each still names the place of every row; the slider for the arrow keys waits for a script."""
    figure = figure_in(harbour_site, figure_id)

    drawing, reading = (
        figure.select_one(".stage > .drawing[role=img]"),
        figure.select_one(".stage > .reading"),
    )
    assert drawing is not None
    assert reading is not None
    assert (reading["type"], reading["min"], reading["max"]) == ("range", "1", "3")
    assert reading.has_attr("hidden")
    assert reading["aria-label"]
    assert reading["aria-valuetext"] == "not read yet"
    for still in drawing.select(".still"):
        assert still["aria-hidden"] == "true"
        assert {one.split(":")[0] for one in str(still["data-marks"]).split()} == {"0", "1", "2"}


@pytest.mark.parametrize("figure_id", ["ships-by-month", "nights-by-month"])
def test_figure_is_described_beside_its_alt_text(harbour_site: Built, figure_id: str) -> None:
    """Who cannot see the chart is told how it is built: the picture and the slider point at the words."""
    figure = figure_in(harbour_site, figure_id)

    words = figure.select_one(f"#{figure_id}-structure")
    described = figure.select(f"[aria-describedby='{figure_id}-structure']")
    assert words_of(words)
    assert len(described) == 2


def test_figure_to_touch_loads_no_chart_library(harbour_site: Built) -> None:
    """Only a live figure names a library, offers to explore, and has files to draw from."""
    for figure_id in ("ships-by-month", "nights-by-month"):
        figure = figure_in(harbour_site, figure_id)
        assert not figure.has_attr("data-engine")
        assert figure.select(".explore, [data-spec]") == []
        assert list((harbour_site.site / "_figures" / figure_id).glob("live*")) == []


def test_live_figure_names_what_it_is_drawn_from(story_site: Built) -> None:
    """Each still of a live figure has a specification on the site, in the page's colours."""
    pages = (soup(story_site, name) for name in story_site.pages if name.startswith("book/"))
    live = [figure for page in pages for figure in page.select("figure[data-engine]")]

    assert live
    for figure in live:
        assert figure.select_one("button.explore") is not None
        for still in figure.select(".still"):
            spec = (story_site.site / "book" / str(still["data-spec"])).read_text(encoding="utf-8")
            assert "var(--" in spec
            assert json.loads(spec)


@pytest.mark.parametrize("figure_id", ["ships-by-month", "nights-by-month"])
def test_downloads_of_a_figure_are_published(harbour_site: Built, figure_id: str) -> None:
    """Every file that a figure offers is on the site, under the address in the page."""
    links = figure_in(harbour_site, figure_id).select(".tab-download a[download]")

    files = [harbour_site.site / "book" / str(link["href"]) for link in links]
    assert {"csv", "png", "svg"} <= {file.name.rpartition(".")[2] for file in files}
    assert [file.name for file in files if not file.is_file() or not file.stat().st_size] == []
    rows = next(file for file in files if file.suffix == ".csv").read_text(encoding="utf-8").splitlines()
    assert len(rows) == 4


def test_csv_of_a_figure_holds_plain_values(harbour_site: Built) -> None:
    """A spreadsheet reads the download: no grouping, and nothing where a value is missing."""
    path = harbour_site.site / "_figures" / "ships-by-month" / "ships-by-month.csv"

    lines = path.read_text(encoding="utf-8-sig").splitlines()

    assert lines == [
        "Month,Ships,Share by night",
        "2024-01-01,410,71.5",
        "2024-02-01,396,",
        "2024-03-01,455,80",
    ]


def test_figures_folder_holds_nothing_else(harbour_site: Built) -> None:
    """What is published belongs to a figure that is on a page."""
    folders = {path.name for path in (harbour_site.site / "_figures").iterdir()}

    assert folders == {"ships-by-month", "nights-by-month"}


def test_source_line_names_each_publisher_once_in_the_order_of_the_data() -> None:
    """Several reports of one publisher are one name under a chart, where the first of them stands."""
    cited = [{"publisher": name, "title": title} for name, title in (("A", "1"), ("B", "2"), ("A", "3"))]

    named = named_once(cited)

    assert [(one["publisher"], one["title"]) for one in named] == [("A", "1"), ("B", "2")]
