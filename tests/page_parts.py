"""The parts of a built page that tests look at: its tree, its words, its prose, the entry of a number."""

from __future__ import annotations

from bs4 import BeautifulSoup, Tag

from sourcebook.testing import Built

TITLE_OF_PLOTLY = "</script><img src=x onerror=alert(4)>"


def soup(built: Built, page: str) -> BeautifulSoup:
    """Give a page as a tree."""
    return BeautifulSoup(built.page(page), "html.parser")


def words_of(part: Tag | None) -> str:
    """Give the text of a part of a page, white space made single."""
    assert part is not None
    return " ".join(part.get_text().split())


def prose_of(built: Built, page: str) -> str:
    """Give the text of a page's main part as it is read, without the cards of its numbers."""
    main = soup(built, page).select_one("main")
    assert main is not None
    for card in main.select(".fact-card"):
        card.extract()
    return words_of(main)


def entry_in(built: Built, page: str, fact_id: str) -> Tag:
    """Give a number's entry in the list at the end of a page."""
    found = soup(built, page).select_one(f"#number-{fact_id}")
    assert found is not None, f"{page} has no entry for {fact_id}"
    return found
