"""The list of sources: each with what rests on it, and a link to where that stands."""

from __future__ import annotations

from page_parts import TITLE_OF_PLOTLY, soup, words_of

from sourcebook.testing import Built


def test_sources_are_listed_with_what_rests_on_them(harbour_site: Built) -> None:
    """A reader who doubts a source sees which numbers and charts would fall with it."""
    entry = soup(harbour_site, "book/sources").select_one("#source-port")
    assert entry is not None

    links = {words_of(one): str(one["href"]) for one in entry.select("dd a")}
    assert links["5,200"].endswith("#number-ships")
    assert links["about 79%"].endswith("#number-share-by-night")
    assert links[TITLE_OF_PLOTLY] == "charts.html#nights-by-month"
    assert "Ships that called, by month (3 rows)" in words_of(entry)


def test_links_of_the_sources_page_lead_somewhere(harbour_site: Built) -> None:
    """Each number and chart that is named there exists on the page that is linked."""
    for link in soup(harbour_site, "book/sources").select("dd a"):
        page, _, anchor = str(link["href"]).partition("#")
        name = f"book/{page.removesuffix('.html')}"
        assert soup(harbour_site, name).select(f'[id="{anchor}"]'), link["href"]


def test_source_on_which_nothing_rests_is_left_out(harbour_site: Built) -> None:
    """The list is of this book's sources, not of everything that was read."""
    assert soup(harbour_site, "book/sources").select("#source-unused") == []
