"""Errors and findings: what went wrong, where, and how to mend it."""

from __future__ import annotations

import inspect

import pytest

from sourcebook import errors
from sourcebook.errors import BookError, BuildFailed, Finding, Place, UnknownFact, nearest

PLACE = Place("book/arrivals.ipynb", cell=7)
KINDS = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, Exception) and kind.__module__ == errors.__name__
]


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (Place("data/a.csv"), "data/a.csv"),
        (Place("book/a.ipynb", cell=7), "book/a.ipynb, cell 7"),
        (Place("book/a.ipynb", cell=7, line=2), "book/a.ipynb, cell 7, line 2"),
        (Place("data/a.csv", row=3, field="größe"), "data/a.csv, row 3, field 'größe'"),
        (Place("data/a.csv", row=0), "data/a.csv, row 0"),
    ],
)
def test_place_is_told_in_one_line(place: Place, line: str) -> None:
    """A reader of an error finds the file first, then the spot in it, and nothing that is not known."""
    told = str(place)

    assert told == line


def test_places_sort_by_file_and_then_by_row() -> None:
    """Findings can be listed in the order in which an author meets them."""
    places = [Place("b.csv", row=1), Place("a.csv", row=1)]

    ordered = sorted(places)

    assert [place.path for place in ordered] == ["a.csv", "b.csv"]


def test_error_tells_what_where_and_how_to_mend_it() -> None:
    """Every error has three lines, in that order."""
    error = UnknownFact("unknown fact 'arrivals-2042'", PLACE, "did you mean 'arrivals-2024'?")

    told = str(error)

    assert told == (
        "unknown fact 'arrivals-2042'\n"
        "  where: book/arrivals.ipynb, cell 7\n"
        "  mend:  did you mean 'arrivals-2024'?"
    )


def test_error_leaves_out_the_lines_it_cannot_fill() -> None:
    """An error without place or mend is one line, without empty labels."""
    error = BookError("the book is closed")

    told = str(error)

    assert told == "the book is closed"


def test_finding_closes_with_its_code() -> None:
    """A finding reads like an error and names the rule that it broke."""
    finding = Finding("missing-value", "'people' is empty", Place("data/a.csv", row=2), "fill it in")

    told = str(finding)

    assert told == "'people' is empty\n  where: data/a.csv, row 2\n  mend:  fill it in  [missing-value]"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_is_a_book_error(kind: type[Exception]) -> None:
    """One `except BookError` catches all that an author can mend."""
    family = kind.__mro__

    assert BookError in family


@pytest.mark.parametrize(("count", "said"), [(1, "1 problem stopped"), (2, "2 problems stopped")])
def test_failed_build_counts_its_problems(count: int, said: str) -> None:
    """The short form of a failed build says how many things to mend."""
    failed = BuildFailed(BookError(f"problem {number}") for number in range(count))

    short = failed.what

    assert short.startswith(said)


def test_failed_build_tells_every_problem() -> None:
    """No problem hides behind another: each is told in full, findings and errors alike."""
    problems = [BookError("one", PLACE, "mend it"), Finding("code", "two", Place("data/a.csv"), "mend")]

    told = str(BuildFailed(problems))

    assert told == f"{problems[0]}\n\n{problems[1]}"


@pytest.mark.parametrize(
    ("name", "known", "mend"),
    [
        ("arrivls", ["arrivals", "about"], "did you mean 'arrivals'?"),
        ("zzz", [], "none is known yet"),
        ("zzz", ["b", "a"], "known are 'a', 'b'"),
        ("zzz", list("abcdefg"), "known are 'a', 'b', 'c', 'd', 'e' and 2 more"),
        ("人口数", ["人口", "面积"], "did you mean '人口'?"),
    ],
)
def test_nearest_offers_what_was_probably_meant(name: str, known: list[str], mend: str) -> None:
    """A misspelt name is answered with the nearest one, or else with what there is."""
    offered = nearest(name, known)

    assert offered == mend
