"""What is sent to another machine: what a story may read, and nothing from outside the book."""

from __future__ import annotations

import re

import pytest

from sourcebook import tracing
from sourcebook.runs.cluster.parcels import Packer, Sent, environment_here, misfits, unlike
from sourcebook.runs.tasks import Executed, Task
from sourcebook.testing import Book

PATH = "book/ports/story.ipynb"


@pytest.fixture
def large(book: Book) -> Book:
    """Give a book that is too large to be sent as a whole."""
    book.write_story(PATH, "1")
    book.write("book/ports/note.txt", "near the story")
    book.write("book/other.md", "# Another page")
    book.write("book/local/module.py", "x = 1")
    book.write("data/a.csv", "a")
    book.write("data/deep/b.csv", "b")
    book.write("_build/old.html", "built")
    for number in range(500):
        book.write(f"archive/{number}.txt", "")
    return book


def names(sent: tuple[Sent, ...]) -> set[str]:
    """Give the names of the files that are sent."""
    return {one.name for one in sent if one.digest}


def task(book: Book) -> Task:
    """Give the task of running the story."""
    return Task(book.root, PATH, (book.root / PATH).read_text())


def test_story_that_never_ran_gets_what_stories_usually_read(large: Book) -> None:
    """All data, local modules and the story's own folder are sent; pages and old files are not."""
    sent = Packer(large.root).pack(task(large), ())

    assert names(sent) == {
        PATH,
        "book/ports/note.txt",
        "book/local/module.py",
        "data/a.csv",
        "data/deep/b.csv",
    }


def test_story_that_ran_gets_what_it_read(large: Book) -> None:
    """The inputs of the last run are sent, whether they were read, listed, looked at, or read in part."""
    known = [
        "data/a.csv#row",
        "size:book/other.md",
        "archive/7.txt",
        "data/gone.csv",
        "env:HOME",
        "book/ports",
    ]

    sent = Packer(large.root).pack(task(large), known)

    assert names(sent) == {
        PATH, "data/a.csv", "book/other.md", "archive/7.txt", "book/ports/note.txt", "book/local/module.py",
    }  # fmt: skip


def test_small_book_is_sent_whole(book: Book) -> None:
    """Where all of a book is little, nothing can be missing elsewhere; what was built is never sent."""
    book.write_story(PATH, "1")
    book.write("notes/idea.txt", "anything")
    book.write("_build/old.html", "built")

    sent = Packer(book.root).pack(task(book), ["data/a.csv"])

    assert names(sent) == {PATH, "_config.yml", "notes/idea.txt"}
    assert {one.name for one in sent} > {"notes", "book/ports"}


@pytest.mark.parametrize(
    "name", ["../outside.txt", "/etc/hostname", "size:../outside.txt", "data/../../outside.txt"]
)
def test_nothing_from_outside_the_book_is_sent(large: Book, name: str) -> None:
    """Whatever an old run is said to have read, only the book leaves this machine."""
    large.root.with_name("outside.txt").write_text("secret")

    sent = Packer(large.root).pack(task(large), [name])

    assert names(sent) == {PATH, "book/local/module.py"}


def test_changed_file_is_never_sent_under_its_old_digest(book: Book) -> None:
    """A file that is saved between packing and sending is packed anew."""
    book.write_story(PATH, "1")
    table = book.write("data/a.csv", "old")
    packer = Packer(book.root)
    (old,) = (one.digest for one in packer.pack(task(book), ()) if one.name == "data/a.csv")

    table.write_text("new")
    content = packer.content(old)
    (new,) = (one.digest for one in packer.pack(task(book), ()) if one.name == "data/a.csv")

    assert content is None
    assert packer.content(new) == b"new"


def test_input_that_looked_otherwise_elsewhere_is_found(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that was not there, a shorter listing or another variable shows in the report of the run."""
    book.write("data/a.csv", "a")
    book.write("data/b.csv", "b")
    monkeypatch.setenv("PORT", "Ithaca")
    sent = (Sent("data/a.csv", "1" * 64, 0o644, 0),)
    inputs = {
        "data/a.csv": "1" * 64,  # changed here since it was sent
        "data/b.csv": tracing.ABSENT,
        "data/c.csv": tracing.ABSENT,  # absent here, too
        "data": tracing.digest_of_bytes(b"a.csv"),
        "env:PORT": tracing.ABSENT,
        "data/log.csv": tracing.UNSTABLE,
    }

    found = misfits(book.root, Executed("", {"inputs": inputs}), sent)

    assert found == ("data/b.csv", "data", "env:PORT")


def test_other_software_is_named() -> None:
    """An author sees which package differs, and in which direction."""
    here = {"Python": "3.11", "pandas": "2.3", "polars": "1.9"}

    found = unlike(here, {"Python": "3.11", "pandas": "2.2", "tables": "3.1"})

    assert found == [
        "pandas is 2.2 there and 2.3 here",
        "polars is not installed there and 1.9 here",
        "tables is 3.1 there and not installed here",
    ]


def test_software_of_this_machine_is_told() -> None:
    """Python, the system, this package with its code, and every package decide what a story gives."""
    here = environment_here()

    assert here["Python"].startswith("3.")
    assert {"system", "sourcebook", "pandas", "nbformat"} <= here.keys()
    assert re.fullmatch(r"\d+\.\d+\.\d+ \([0-9a-f]{12}\)", here["sourcebook"])
