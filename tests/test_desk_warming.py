"""Guessing, before Sphinx is even imported, whether a build will run stories."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sourcebook.desk.footprint import Footprint, stamp_of
from sourcebook.desk.warming import STORE, may_run_stories, threads_for
from sourcebook.testing import Book
from sourcebook.tracing import digest_of

FILES = ("book/story.ipynb", "book/text.md", "data/table.csv", "requirements.txt", "book/looks.css")


@pytest.fixture
def rests_on(book: Book) -> Path:
    """Give what a build told that it rested on: a story that reads a table."""
    book.write_story("book/story.ipynb", "md:# Story\n\nWords.", "open('../data/table.csv').read()")
    book.write("book/text.md", "# Text\n")
    book.write("book/looks.css", "p {}\n")
    book.write("data/table.csv", "year\n2024\n")
    book.write("requirements.txt", "pandas\n")
    book.write(f"{STORE}/current/book/story.ipynb", (book.root / "book/story.ipynb").read_text())
    told = {"inputs": {"data/table.csv": "", "book/story.ipynb": ""}, "files": [], "threads": 3}
    return book.write("_build/rests-on.json", json.dumps(told))


@pytest.fixture
def last(book: Book, rests_on: Path) -> Footprint:
    """Give the footprint of that build."""
    files = {name: (stamp_of(book.root, name) or (), digest_of(book.root, name)) for name in FILES}
    return Footprint(str(book.root), "", False, (), "", 0, files)


EDITS: dict[str, tuple[Callable[[Book], object], bool]] = {
    "nothing": (lambda book: None, False),
    "prose of a story": (lambda book: book.edit("book/story.ipynb", "Words.", "Other words."), False),
    "code of a story": (lambda book: book.edit("book/story.ipynb", ".read()", ".readlines()"), True),
    "notebook that is none": (lambda book: book.write("book/story.ipynb", "{"), True),
    "page of text": (lambda book: book.write("book/text.md", "# Other\n"), False),
    "what no story reads": (lambda book: book.write("book/looks.css", "p { color: red }\n"), False),
    "table": (lambda book: book.write("data/table.csv", "year\n2025\n"), True),
    "table that is gone": (lambda book: (book.root / "data/table.csv").unlink(), True),
    "locked packages": (lambda book: book.write("requirements.txt", "polars\n"), True),
}


@pytest.mark.parametrize("kind", EDITS)
def test_runners_are_made_ready_where_stories_will_run(
    book: Book, rests_on: Path, last: Footprint, kind: str
) -> None:
    """A nursery is started early for a change that makes stories stale, and for no other."""
    edit, expected = EDITS[kind]
    edit(book)

    guess = may_run_stories(book.root, last, rests_on=rests_on, asked={})

    assert guess is expected


def test_first_build_is_expected_to_run_stories(book: Book, rests_on: Path) -> None:
    """Where nothing is known, runners are made ready."""
    guess = may_run_stories(book.root, None, rests_on=rests_on, asked={})

    assert guess


def test_threads_are_those_of_the_last_build_or_of_the_orders(rests_on: Path) -> None:
    """A book may set how many stories run at once; who asks otherwise for one build is heard."""
    told = [threads_for(asked, rests_on=rests_on) for asked in ({}, {"workers": 1000}, {"is_cold": True})]

    assert told == [3, 1, None]
