"""A changed fact: one story runs, and exactly the pages that show the number change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from page_parts import entry_in, prose_of, soup, words_of

from sourcebook.testing import Book, Built


@pytest.fixture(scope="session")
def changed(shelf: Any, harbour_site: Built) -> dict[str, Any]:
    """Give what a second build did after one fact had changed: stories run, pages written, files changed."""

    def make(folder: Path) -> dict[str, Any]:
        book = Book(harbour_site.site.parents[1]).copy_to(folder)
        first = book.build_stock()
        before, dates = first.files(), {name: _written(first, name) for name in first.pages}
        book.edit("data/facts.csv", ",79,", ",65,")
        second = book.build_stock()
        after = second.files()
        return {
            "output": second.output,
            "ran": second.ran,
            "written": [name for name in second.pages if _written(second, name) != dates.get(name)],
            "differ": [name for name in sorted(before | after) if before.get(name) != after.get(name)],
            "site": str(second.site),
        }

    told: dict[str, Any] = shelf.told("harbour-changed", make)
    return told


def _written(built: Built, page: str) -> int:
    return (built.site / f"{page}.html").stat().st_mtime_ns


def test_changed_fact_runs_only_the_story_that_uses_it(changed: dict[str, Any]) -> None:
    """One number of many changes: one story runs."""
    assert changed["ran"] == ["book/index.ipynb"], changed["output"]


def test_changed_fact_changes_exactly_the_pages_that_show_it(changed: dict[str, Any]) -> None:
    """A derived number is new on every page that takes it, and no other page's bytes change."""
    pages = [name for name in changed["differ"] if name.endswith(".html")]

    assert pages == ["book/away.html", "book/index.html", "book/sources.html"]


def test_changed_fact_writes_no_other_page(changed: dict[str, Any]) -> None:
    """Pages that show other numbers are not even written again."""
    assert set(changed["written"]) <= {"index", "book/away", "book/index", "book/sources"}


def test_changed_fact_is_worded_anew_on_other_pages(changed: dict[str, Any]) -> None:
    """The derived number, its working and the list of sources all say the new value."""
    site = Built(0, "", Path(changed["site"]))

    assert "who saw about 3,400 ships" in prose_of(site, "book/away")
    assert "(65%) × ships that called (5,200)" in words_of(entry_in(site, "book/away", "night-ships"))
    assert "about 65% share of ships" in words_of(soup(site, "book/sources").select_one("#source-port"))
