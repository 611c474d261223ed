"""Checks of a data package that are not made twice: what was in order, and has not changed, still is."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from sourcebook.checks import check_package
from sourcebook.testing import Book

FIELDS = [{"name": "year", "type": "integer"}]


@pytest.fixture
def note(book: Book) -> Path:
    """Give where it is noted that a small package was found to be in order."""
    resource = {"name": "years", "path": "years.csv", "schema": {"fields": FIELDS}}
    book.write("data/datapackage.json", json.dumps({"name": "small", "resources": [resource]}))
    book.write("data/years.csv", "year\n2024\n")
    place = book.root / "_build" / "checked.json"
    assert check_package(book.root, note=place) == []
    return place


def test_package_that_is_in_order_is_not_checked_again(
    book: Book, note: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A build whose data has not changed does not wait for the checks."""
    monkeypatch.setitem(sys.modules, "frictionless", None)  # whoever imports it fails

    findings = check_package(book.root, note=note)

    assert findings == []


def test_table_that_changed_is_checked_again(book: Book, note: Path) -> None:
    """A fault that comes after a good check is found."""
    book.write("data/years.csv", "year\nlast\n")

    findings = check_package(book.root, note=note)

    assert [one.code for one in findings] == ["type-error"]


def test_findings_are_told_each_time(book: Book, note: Path) -> None:
    """Who builds twice does not think that the data has mended itself."""
    book.write("data/years.csv", "year\nlast\n")
    first = check_package(book.root, note=note)

    second = check_package(book.root, note=note)

    assert first == second != []


def test_package_with_a_part_elsewhere_is_checked_each_time(book: Book, note: Path) -> None:
    """A schema outside `data/` may change unseen: nothing is taken for granted."""
    resource = {"name": "years", "path": "years.csv", "schema": "https://example.org/years.json"}
    book.write("data/datapackage.json", json.dumps({"name": "small", "resources": [resource]}))
    note.unlink()

    with pytest.raises(Exception, match="schema"):
        check_package(book.root, note=note)

    assert not note.exists()
