"""`sourcebook why`: which stories must run, for what reason, and what each reads."""

from __future__ import annotations

import json
from typing import Any

import pytest
from small_books import INDEX, OTHER

from sourcebook.testing import Book, FakeKernels


@pytest.fixture
def told(two: Book, kernels: FakeKernels) -> Book:
    """Give a book whose two stories are fresh."""
    two.write_contents("book/index", "book/other")
    two.run(kernels)
    return two


def _json(book: Book, *words: str) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(book.command("why", "--json", *words).output)
    return told


def test_why_says_that_nothing_must_run(told: Book) -> None:
    """Who asks after a build hears that all is fresh, and a script sees it by the exit code."""
    answer = told.command("why")

    assert answer.code == 0
    assert [line.split()[:4] for line in answer.output.splitlines() if ".ipynb" in line] == [
        [INDEX, "fresh", "nothing", "changed"],
        [OTHER, "fresh", "nothing", "changed"],
    ]


def test_why_names_the_reason_of_each_story(told: Book) -> None:
    """What will run, and for what, is known before it is run."""
    told.write("data/arrivals.csv", "year,people\n2024,8\n")
    told.write_story(OTHER, "y = 3")

    answer = told.command("why")

    assert answer.code == 1
    assert "input changed: data/arrivals.csv" in answer.output
    assert f"code changed: {OTHER}" in answer.output


@pytest.mark.parametrize("name", ["index", "book/index", INDEX, f"./{INDEX}"])
def test_why_prints_what_one_story_reads_however_it_is_named(told: Book, name: str) -> None:
    """The inputs of a story are a table: which of them changed, and how it is known that they are all."""
    told.write("data/late.csv", "year,people\n")

    lines = told.command("why", name).output.splitlines()

    rows = {line.split()[0]: line.split()[1] for line in lines if line.strip().startswith("data/")}
    assert rows == {"data/arrivals.csv": "same", "data/late.csv": "changed"}
    assert "Its inputs are seen while it ran." in lines


def test_why_says_when_all_of_data_counts_as_read(told: Book, kernels: FakeKernels) -> None:
    """Where reading cannot be noticed, the author sees why a story runs so often, and can mend it."""
    kernels.unseen = {INDEX: ["a subprocess ran"]}
    told.write_story(INDEX, "x = 5")
    told.run(kernels)

    answer = told.command("why", "index")

    assert "all of data/, since a subprocess ran cannot be watched" in " ".join(answer.output.split())
    assert "data/arrivals.csv" in answer.output


def test_why_tells_machines_everything(told: Book) -> None:
    """Names, digests and reasons are data, not prose."""
    told.write("data/arrivals.csv", "year,people\n2024,8\n")

    index, other = _json(told)

    assert index["story"] == INDEX
    assert (index["fresh"], other["fresh"]) == (False, True)
    assert index["reasons"] == [{"kind": "input changed", "subject": "data/arrivals.csv"}]
    assert [(one["name"], one["changed"]) for one in index["inputs"]] == [
        ("data/arrivals.csv", True),
        ("data/late.csv", False),
    ]
    assert index["rule"] == "seen"


def test_why_offers_the_nearest_story_when_there_is_none_of_that_name(told: Book) -> None:
    """A misspelt name is no dead end."""
    answer = told.command("why", "book/indx.ipynb")

    assert answer.code == 1
    assert f"did you mean '{INDEX}'?" in answer.output


def test_why_says_where_there_is_no_book(two: Book) -> None:
    """In the wrong folder the answer names what is missing."""
    answer = two.command("why")

    assert answer.code == 1
    assert "there is no book here" in answer.output


def test_runs_that_are_in_use_survive_the_cutting_down(told: Book) -> None:
    """`gc` removes what was not used for longest, and never the runs that pages are made of."""
    answer = told.command("gc", "--most-mb", "0")

    assert answer.code == 0
    assert told.reasons(INDEX) == told.reasons(OTHER) == ()
