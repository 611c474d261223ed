"""Numbers on pages: data with a card in prose, an entry below, words in headings."""

from __future__ import annotations

import pytest
from bs4 import Tag
from page_parts import entry_in, prose_of, soup, words_of

from sourcebook.testing import Built


def fact_in(built: Built, page: str, words: str) -> Tag:
    """Give the first number of a page that reads so, with its card."""
    return next(one for one in soup(built, page).select(".fact") if words_of(one.data) == words)


def test_book_builds(harbour_site: Built) -> None:
    """`jupyter-book build .` alone makes the whole site."""
    pages = {"index", "book/away", "book/charts", "book/index", "book/quiet", "book/sources"}

    assert harbour_site.code == 0, harbour_site.output
    assert set(harbour_site.pages) == pages


@pytest.mark.parametrize(
    ("page", "words", "value"),
    [
        ("book/index", "5,200", "5200"),
        ("book/index", "about 79%", "79"),
        ("book/index", "about 4,100", "4108"),
        ("book/index", "about 10,000", "10400"),
        ("book/away", "more than 700,000", "700000"),
        ("book/away", "about 4,100", "4108"),
    ],
)
def test_number_in_prose_is_data_with_a_card(harbour_site: Built, page: str, words: str, value: str) -> None:
    """A number carries its exact value, and its card is tied to it for those who cannot see it."""
    fact = fact_in(harbour_site, page, words)

    (data, link, card) = (fact.select_one(one) for one in ("data", "a.fact-link", "[role=tooltip]"))
    assert data is not None
    assert link is not None
    assert card is not None
    assert data["value"] == value
    assert link["aria-describedby"] == card["id"]
    assert link["href"].startswith("#number-")


def test_card_tells_label_exact_value_standing_date_and_source(harbour_site: Built) -> None:
    """What a reader asks of a number stands in its card."""
    card = fact_in(harbour_site, "book/index", "about 79%").select_one(".fact-card")

    told = words_of(card)
    for part in ("share of ships that called by night", "79%", "Reported", "as of 2024", "Harbour office"):
        assert part in told
    assert "Counted from ten in the evening." in told


def test_cards_of_one_page_have_ids_of_their_own(harbour_site: Built) -> None:
    """Two showings of one number do not share a card."""
    ids = [str(one["id"]) for one in soup(harbour_site, "book/index").select("[id]")]

    assert len(ids) == len(set(ids))


def test_number_leads_to_its_entry_on_the_same_page(harbour_site: Built) -> None:
    """Every number of every page has an entry below, and one only."""
    for page in harbour_site.pages:
        tree = soup(harbour_site, page)
        for link in tree.select("a.fact-link, .fact-card-more, .number-working a"):
            assert len(tree.select(f'[id="{str(link["href"]).removeprefix("#")}"]')) == 1, (
                page,
                link["href"],
            )


def test_entry_of_a_reported_number_tells_its_source_date_and_bound(harbour_site: Built) -> None:
    """A lower bound is told as one, and the source links to its own entry and to its document."""
    entry = entry_in(harbour_site, "book/away", "visitors")

    told = words_of(entry)
    assert "Reported: 700,000 people" in told
    assert "at least 700,000 people" in told
    assert "as of February 2025." in told
    assert "Institute of Piers, Who comes to the quay, February 2025." in told
    assert [one["href"] for one in entry.select("a")] == [
        "sources.html#source-survey",
        "https://example.org/quay",
    ]


def test_entry_of_a_derived_number_tells_its_formula_and_inputs(harbour_site: Built) -> None:
    """Arithmetic is shown in full; its inputs have entries of their own, even on a page of plain text."""
    entry = entry_in(harbour_site, "book/away", "night-ships")

    working = entry.select_one(".number-working")
    assert words_of(working) == "= share of ships that called by night (79%) × ships that called (5,200)"
    assert "Derived: 4,108 ships, as of 2024." in words_of(entry)
    assert [one["href"] for one in entry.select(".number-working a")] == [
        "#number-share-by-night",
        "#number-ships",
    ]


def test_numbers_of_a_page_are_listed_once_in_order(harbour_site: Built) -> None:
    """The list follows the text; a number shown twice stands there once."""
    entries = [one["id"] for one in soup(harbour_site, "book/index").select(".numbers-list > li")]

    assert entries == ["number-ships", "number-share-by-night", "number-night-ships", "number-ships-2"]


def test_page_without_numbers_has_no_list(harbour_site: Built) -> None:
    """Nothing is announced that is not there."""
    tree = soup(harbour_site, "book/quiet")

    assert tree.select(".numbers, .fact, data") == []


def test_heading_takes_a_number_as_words(harbour_site: Built) -> None:
    """A heading, the browser's tab and the menus read alike, without a card in them."""
    tree = soup(harbour_site, "book/index")

    heading = tree.h1
    assert words_of(heading) == "The year of 5,200 ships"
    assert heading is not None
    assert heading.select(".fact") == []
    assert "The year of 5,200 ships" in [words_of(one) for one in tree.select("nav a")]


def test_value_that_is_no_fact_is_plain_text(harbour_site: Built) -> None:
    """{eval} of a text or a count gives just that, without quotation marks."""
    assert "Nobody counted the cats." in prose_of(harbour_site, "book/index")
    assert "The table holds 3 months and 40 rumours." in prose_of(harbour_site, "book/charts")
