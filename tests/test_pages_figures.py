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
def test_files_of_a_figure_are_published(harbour_site: Built, figure_id: str) -> None:
    """What a chart loads and what readers download are on the site, under the addresses in the page."""
    figure = figure_in(harbour_site, figure_id)

    folder = harbour_site.site / "book"
    spec = json.loads((folder / str(figure["data-spec"])).read_text(encoding="utf-8"))
    link = figure.select_one(".tab-download a")
    assert link is not None
    rows = (folder / str(link["href"])).read_text(encoding="utf-8").splitlines()
    assert spec.get("marks") or spec.get("data")
    assert len(rows) == 4


def test_csv_of_a_figure_holds_plain_values(harbour_site: Built) -> None:
    """A spreadsheet reads the download: no grouping, and nothing where a value is missing."""
    text = (harbour_site.site / "_figures" / "ships-by-month.csv").read_text(encoding="utf-8")

    assert text == ("Month,Ships,Share by night\n2024-01-01,410,71.5\n2024-02-01,396,\n2024-03-01,455,80.0\n")


def test_specification_of_a_figure_names_no_colour_of_a_theme(harbour_site: Built) -> None:
    """Charts follow the page from light to dark."""
    for path in sorted((harbour_site.site / "_figures").glob("*.json")):
        assert "var(--" in path.read_text(encoding="utf-8")


def test_source_line_names_each_publisher_once_in_the_order_of_the_data() -> None:
    """Several reports of one publisher are one name under a chart, where the first of them stands."""
    cited = [{"publisher": name, "title": title} for name, title in (("A", "1"), ("B", "2"), ("A", "3"))]

    named = named_once(cited)

    assert [(one["publisher"], one["title"]) for one in named] == [("A", "1"), ("B", "2")]
