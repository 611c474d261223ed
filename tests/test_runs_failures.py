"""How a run fails: its story, cell, line and mend are told, and no other story is harmed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from small_books import FACTS, SOURCES

from sourcebook.errors import BuildFailed
from sourcebook.stories import new_notebook, write_text
from sourcebook.testing import Book

FAILING: dict[str, tuple[str, ...]] = {
    "book/good.ipynb": ("print('well')",),
    "book/raises.ipynb": ("md: # A title", "one = 1\n\nprint(one / 0)", "print('never reached')"),
    "book/asks.ipynb": ("one = 1", "md: # A title\n\nIt is {eval}`one`.\n\nIt is {eval}`missing`."),
    "book/unknown.ipynb": ("from sourcebook import fact\nfact('shops')",),
    "book/slow.ipynb": ("import time\ntime.sleep(120)",),
    "book/dies.ipynb": ("import os\nos._exit(1)",),
    "book/foreign.ipynb": ("1",),
}


@pytest.fixture(scope="session")
def failures(shelf: Any) -> Callable[[str], dict[str, Any]]:
    """Give what real kernels said of each story of a book in which most fail, as a function of its path."""

    def make(folder: Path) -> dict[str, Any]:
        book = Book(folder)
        for path, cells in FAILING.items():
            book.write_story(path, *cells)
        book.write("data/facts.csv", FACTS)
        book.write("data/sources.csv", SOURCES)
        notebook = new_notebook([("code", "1")])
        notebook.metadata["kernelspec"] = {"name": "no-such", "display_name": "R", "language": "R"}
        notebook.metadata["language_info"] = {"name": "R"}
        book.write("book/foreign.ipynb", write_text(notebook))
        try:
            book.run(timeout_s=8)
        except BuildFailed as failed:
            problems = {one.place.path: one for one in failed.problems if one.place}
        return {
            path: {
                "kind": type(problems[path]).__name__ if path in problems else None,
                "message": str(problems.get(path)),
                "stale": [str(one) for one in book.reasons(path)],
            }
            for path in FAILING
        }

    told = shelf.told("failing", make)
    return lambda path: dict(told[path])


def test_failing_cell_is_told_with_notebook_cell_line_and_exception(
    failures: Callable[[str], dict[str, Any]],
) -> None:
    """An author is sent to the very line, and told what Python said."""
    told = failures("book/raises.ipynb")

    assert told["kind"] == "StoryFailed"
    assert "ZeroDivisionError: division by zero" in told["message"]
    assert "where: book/raises.ipynb, cell 2, line 3" in told["message"]


def test_failing_stories_harm_no_other(failures: Callable[[str], dict[str, Any]]) -> None:
    """A good story among failing ones is kept; the failing ones run again next time."""
    stale = {path for path in FAILING if failures(path)["stale"]}

    assert stale == FAILING.keys() - {"book/good.ipynb"}


def test_failing_expression_is_told_with_its_cell_and_line(failures: Callable[[str], dict[str, Any]]) -> None:
    """A number that prose asks for in vain is named, with its place."""
    told = failures("book/asks.ipynb")

    assert told["kind"] == "StoryFailed"
    assert "{eval}`missing` failed: NameError: name 'missing' is not defined" in told["message"]
    assert "where: book/asks.ipynb, cell 2, line 5" in told["message"]


def test_unknown_fact_offers_the_nearest(failures: Callable[[str], dict[str, Any]]) -> None:
    """A misspelt id is mended by reading one line."""
    told = failures("book/unknown.ipynb")

    assert "unknown fact 'shops'" in told["message"]
    assert "where: book/unknown.ipynb, cell 1, line 2" in told["message"]
    assert "mend:  did you mean 'ships'?" in told["message"]


def test_cell_that_takes_too_long_is_told(failures: Callable[[str], dict[str, Any]]) -> None:
    """A build does not hang; the cell and the setting to change are named."""
    told = failures("book/slow.ipynb")

    assert told["kind"] == "StoryFailed"
    assert "a cell ran longer than 8 seconds" in told["message"]
    assert "where: book/slow.ipynb, cell 1" in told["message"]
    assert "timeout" in told["message"]


def test_kernel_that_dies_is_told(failures: Callable[[str], dict[str, Any]]) -> None:
    """A crash of the kernel is a sentence, not a traceback."""
    told = failures("book/dies.ipynb")

    assert told["kind"] == "RunnerDied"
    assert "the kernel died while the story ran" in told["message"]


def test_kernel_that_is_not_installed_is_named(failures: Callable[[str], dict[str, Any]]) -> None:
    """A story in another language says which kernel is wanting."""
    told = failures("book/foreign.ipynb")

    assert told["kind"] == "StoryFailed"
    assert "no kernel 'no-such' on this machine" in told["message"]
