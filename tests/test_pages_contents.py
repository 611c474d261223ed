"""Contents of large books: a page is as long as its own text, and what is not near stays one link away."""

from __future__ import annotations

from pathlib import Path

import pytest
from page_parts import soup

from sourcebook.pages.contents import MOST_LISTED
from sourcebook.testing import CONFIG, Book, Built

PAGES = MOST_LISTED + 20


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """Give a book of more pages than any page lists, built."""
    book = _written(tmp_path_factory.mktemp("contents") / "large", PAGES)
    book.build_stock()
    return book


def _written(folder: Path, pages: int) -> Book:
    book = Book(folder)
    book.write("_config.yml", CONFIG)
    book.write("book/index.md", "# Front\n")
    for number in range(pages):
        book.write(f"book/page-{number:03}.md", f"# Title {number}\n\nSome prose.\n")
    book.write_contents("book/index", *(f"book/page-{number:03}" for number in range(pages)))
    return book


def _site(book: Book) -> Built:
    return Built(0, "", book.root / "_build" / "html")


def test_page_of_a_large_book_lists_its_neighbours(large: Book) -> None:
    """Readers see the front page and what stands around the page they are on, not a thousand titles."""
    menu = soup(_site(large), "book/page-040").select(".menu-panel .contents a")

    shown = [str(link["href"]) for link in menu]

    assert shown[0] == "index.html"
    assert {"page-039.html", "", "page-041.html"} <= set(shown)
    assert len(shown) < 30


def test_page_of_a_large_book_leads_to_all_pages(large: Book) -> None:
    """Every page is two clicks away, without a script."""
    page = soup(_site(large), "book/page-040")

    link = page.select_one(".contents-all")

    assert link is not None
    assert link["href"] == "../all-pages.html"
    listed = soup(_site(large), "all-pages").select("article .contents a")
    assert len(listed) == PAGES + 1


def test_page_of_a_large_book_is_as_long_as_that_of_a_larger_one(large: Book, tmp_path: Path) -> None:
    """What a page weighs does not grow with the book, so neither does the time to write it."""
    larger = _written(tmp_path / "larger", 2 * PAGES).build_stock()

    lengths = [len(one.page("book/page-040")) for one in (_site(large), larger)]

    assert lengths[0] == lengths[1]


def test_small_book_lists_all_pages_on_each(tmp_path: Path) -> None:
    """The contents of a small book stand on every page."""
    small = _written(tmp_path / "small", 5).build_stock()

    menu = soup(small, "book/page-003").select(".menu-panel .contents a")

    assert len(menu) == 6
    assert "all-pages" not in small.pages


def test_new_title_changes_only_pages_that_show_it(large: Book) -> None:
    """A page far away does not name the title that changed, and stays as it is."""
    before = _site(large).files()
    large.write("book/page-040.md", "# Another title\n\nSome prose.\n")

    after = large.build_stock().files()

    changed = {name for name in after if name.endswith(".html") and before.get(name) != after[name]}
    assert {"book/page-040.html", "book/page-041.html", "book/page-050.html", "all-pages.html"} <= changed
    assert changed & {"book/page-000.html", "book/page-070.html"} == set()
