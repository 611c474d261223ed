"""Books that must be refused: two numbers or figures of one id, and facts that are not there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from sourcebook.testing import Book, Built


@pytest.fixture(scope="session")
def refused(shelf: Any, harbour_site: Built) -> Built:
    """Give the build of a harbour with two figures and two facts of one id, and with misspelt facts."""

    def make(folder: Path) -> Built:
        book = Book(harbour_site.site.parents[1]).copy_to(folder)
        book.write_story(
            "book/again.ipynb",
            "md: # Again\n\nOf {fact}`visitor`, {fact}`visitors` came.",
            "import altair as alt\nfrom sourcebook import dataset, derive, fact, figure",
            'derive("night-ships", fact("ships") * 2, label="other ships")',
            'derive("visitors", fact("visitors") * 2, label="other visitors")',
            'figure(alt.Chart(dataset("arrivals")).mark_bar().encode(x="ships:Q"), id="ships-by-month", '
            'title="Again", alt="Again.", method="Counted.", of=dataset("arrivals"))',
        )
        book.edit("book/quiet.md", "is calm.", "is calm.\n\nNot so {fact}`night-shops`.")
        book.edit("_toc.yml", "  - file: book/quiet\n", "  - file: book/quiet\n  - file: book/again\n")
        return book.build_stock()

    built: Built = shelf.built("harbour-refused", make)
    return built


def test_unknown_fact_on_a_text_page_stops_the_build(refused: Built) -> None:
    """The error names the file and the line, and offers the nearest id."""
    assert refused.code != 0
    assert _paragraph("unknown fact 'night-shops'", refused) == (
        "unknown fact 'night-shops'",
        "where: book/quiet.md, line 5",
        "mend:  did you mean 'night-ships'?",
    )


def test_unknown_fact_in_a_story_stops_the_build(refused: Built) -> None:
    """In a notebook, the cell is named."""
    assert _paragraph("unknown fact 'visitor'", refused)[1:] == (
        "where: book/again.ipynb, cell 1, line 3",
        "mend:  did you mean 'visitors'?",
    )


def test_fact_derived_twice_stops_the_build(refused: Built) -> None:
    """An id stands for one number in the whole book; both places are named."""
    told = _paragraph("the fact 'night-ships' stands in", refused)

    assert {"book/again.ipynb", "book/index.ipynb"} == set(re.findall(r"book/\w+\.ipynb", " ".join(told)))


def test_derived_fact_with_the_id_of_a_recorded_one_stops_the_build(refused: Built) -> None:
    """A computed number never hides a reported one."""
    assert _paragraph("the fact 'visitors' stands in 'data/facts.csv' too", refused)


def test_figure_id_in_two_stories_stops_the_build(refused: Built) -> None:
    """Two charts never fight for one address."""
    told = _paragraph("the figure 'ships-by-month' stands in", refused)

    assert {"book/again.ipynb", "book/charts.ipynb"} == set(re.findall(r"book/\w+\.ipynb", " ".join(told)))


def test_refused_book_changes_no_page(refused: Built, harbour_site: Built) -> None:
    """The errors are found before a page is written."""
    assert {page: refused.page(page) for page in harbour_site.pages} == {
        page: harbour_site.page(page) for page in harbour_site.pages
    }


def _paragraph(what: str, built: Built) -> tuple[str, ...]:
    """Give the error that begins so, as (what, where, mend); empty if none does."""
    lines = [line.strip() for line in built.output.splitlines()]
    start = next((number for number, line in enumerate(lines) if line.startswith(what)), None)
    return () if start is None else tuple(lines[start : start + 3])
