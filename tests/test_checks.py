"""Checks: each fault in the data is one finding that says what, where, and how to mend it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sourcebook.checks import check_package
from sourcebook.errors import PackageError
from sourcebook.testing import Book

ROOT = Path(__file__).parents[1]

ID_FIELD = {"name": "id", "type": "string", "constraints": {"required": True, "unique": True}}
SOURCE_FIELD = {"name": "source_id", "type": "string", "constraints": {"required": True}}
SOURCE_KEY = {"fields": ["source_id"], "reference": {"resource": "sources", "fields": ["source_id"]}}
NOT_NEGATIVE = {"minimum": 0}
TABLES: dict[str, dict[str, Any]] = {
    "sources": {
        "fields": [
            {"name": "source_id", "type": "string"},
            {"name": "publisher", "type": "string"},
            {"name": "title", "type": "string"},
        ],
        "primaryKey": ["source_id"],
    },
    "facts": {
        "fields": [
            {"name": "id", "type": "string", "constraints": {"required": True}},
            {"name": "label", "type": "string"},
            {"name": "value", "type": "number", "constraints": NOT_NEGATIVE},
            {"name": "unit", "type": "string", "constraints": {"enum": ["users", "percent"]}},
            {"name": "lower", "type": "number"},
            {"name": "upper", "type": "number"},
            SOURCE_FIELD,
        ],
        "primaryKey": ["id"],
        "foreignKeys": [SOURCE_KEY],
    },
    "arrivals": {
        "fields": [
            {"name": "area", "type": "string", "constraints": {"required": True}},
            {"name": "people", "type": "integer", "constraints": NOT_NEGATIVE},
            SOURCE_FIELD,
        ],
        "primaryKey": ["area"],
        "foreignKeys": [SOURCE_KEY],
    },
}
FILES = {
    "sources": "source_id,publisher,title\nreuters,Reuters,A\nxhs,小红书,标题\n",
    "facts": (
        "id,label,value,unit,lower,upper,source_id\n"
        "users,users,300,users,250,350,reuters\n"
        "share,share of women,79,percent,,,xhs\n"
        "growth,change in downloads,216,percent,,,xhs\n"
    ),
    "arrivals": "area,people,source_id\nZürich,12,reuters\n北京,0,xhs\nRome,,xhs\n",
}


@pytest.fixture
def package(book: Book) -> Book:
    """Give a book whose data package is without fault."""
    resources = [
        {"name": name, "type": "table", "path": f"{name}.csv", "schema": schema}
        for name, schema in TABLES.items()
    ]
    book.write("data/datapackage.json", json.dumps({"name": "small", "resources": resources}))
    for name, text in FILES.items():
        book.write(f"data/{name}.csv", text)
    return book


def test_package_without_fault_has_no_finding(package: Book) -> None:
    """Names in any script, empty cells where they are allowed, and growth over 100 % are all fine."""
    findings = check_package(package.root)

    assert findings == []


def test_package_of_this_repository_has_no_finding() -> None:
    """The story's own data keeps every rule that the package knows."""
    findings = check_package(ROOT)

    assert "\n".join(map(str, findings)) == ""


Case = tuple[str, str, str, str, int | None, str | None]
FAULTS: dict[str, Case] = {
    # name: (file, old text, new text, code, row, field)
    "unknown source": ("arrivals", "12,reuters", "12,reutres", "unknown-source", 2, "source_id"),
    "unknown source of a fact": ("facts", ",,xhs\ngrowth", ",,xsh\ngrowth", "unknown-source", 3, "source_id"),
    "no source": ("arrivals", "12,reuters", "12,", "constraint-error", 2, "source_id"),
    "word for a number": ("arrivals", ",12,", ",many,", "type-error", 2, "people"),
    "fraction of a person": ("arrivals", ",12,", ",1.5,", "type-error", 2, "people"),
    "negative count": ("arrivals", ",12,", ",-12,", "constraint-error", 2, "people"),
    "negative fact": ("facts", ",300,users,250", ",-300,users,", "constraint-error", 2, "value"),
    "unknown unit": ("facts", "300,users", "300,folk", "constraint-error", 2, "unit"),
    "duplicate key": ("arrivals", "北京", "Zürich", "primary-key", 3, None),
    "comma too many": ("arrivals", "12,reuters", "12,reuters,", "extra-cell", 2, None),
    "comma too few": ("arrivals", "Zürich,12,reuters", "Zürich,reuters", "", 2, None),
    "renamed column": ("arrivals", "people", "folk", "incorrect-label", None, "people"),
    "empty row": ("arrivals", "北京,0,xhs", ",,", "", 3, None),
    "share over 100": ("facts", ",79,", ",790,", "share-over-100", 3, "value"),
    "lower bound above": ("facts", "250", "301", "bounds-disagree", 2, "lower"),
    "upper bound below": ("facts", "350", "299", "bounds-disagree", 2, "upper"),
    "unreadable id": ("facts", "growth,", "Growth_1,", "unreadable-id", 4, "id"),
}
MERGED = {"comma too few", "empty row"}


@pytest.mark.parametrize("case", [case for name, case in FAULTS.items() if name not in MERGED],
                         ids=[name for name in FAULTS if name not in MERGED])  # fmt: skip
def test_fault_is_one_finding_with_its_place_and_mend(package: Book, case: Case) -> None:
    """One fault is one finding: a stable code, the cell it is in, and what to do."""
    table, old, new, code, row, field = case
    package.edit(f"data/{table}.csv", old, new)

    findings = check_package(package.root)

    assert [finding.code for finding in findings] == [code]
    (finding,) = findings
    assert finding.place.path == f"data/{table}.csv"
    assert row is None or finding.place.row == row
    assert field is None or finding.place.field == field
    assert finding.mend


@pytest.mark.parametrize("name", sorted(MERGED))
def test_broken_row_is_found_at_its_line(package: Book, name: str) -> None:
    """A row that has lost its shape may break several rules; each finding names that row."""
    table, old, new, _, row, _ = FAULTS[name]
    package.edit(f"data/{table}.csv", old, new)

    findings = check_package(package.root)

    assert {(finding.place.path, finding.place.row) for finding in findings} == {(f"data/{table}.csv", row)}


@pytest.mark.parametrize(
    ("case", "names"),
    [
        ("unknown source", ["'reutres'", "'arrivals'"]),
        ("word for a number", ["'many'", "'arrivals'"]),
        ("negative count", ["'-12'", "below the least value allowed, 0"]),
        ("no source", ["'arrivals'", "a value is required"]),
        ("unknown unit", ["'folk'"]),
        ("share over 100", ["'share'"]),
        ("lower bound above", ["'users'"]),
        ("unreadable id", ["'Growth_1'"]),
    ],
)
def test_finding_names_the_thing_in_quotes(package: Book, case: str, names: list[str]) -> None:
    """A finding says which value it is about, in words that need no knowledge of the tools."""
    table, old, new, *_ = FAULTS[case]
    package.edit(f"data/{table}.csv", old, new)

    (finding,) = check_package(package.root)

    for name in names:
        assert name in finding.what


def test_unknown_source_is_answered_with_the_nearest(package: Book) -> None:
    """A misspelt source is most often one letter away."""
    package.edit("data/arrivals.csv", "12,reuters", "12,reutres")

    (finding,) = check_package(package.root)

    assert "did you mean 'reuters'?" in finding.mend


def test_missing_file_is_one_finding(package: Book) -> None:
    """A described table whose file is gone is told once, with both ways to mend it."""
    (package.root / "data" / "arrivals.csv").unlink()

    (finding,) = check_package(package.root)

    assert (finding.code, finding.place.path) == ("missing-file", "data/arrivals.csv")
    assert finding.mend == "put it back, or take 'arrivals' out of data/datapackage.json"


def test_table_that_is_not_utf8_is_one_finding(package: Book) -> None:
    """A table in another encoding is told with the encoding to save it in."""
    (package.root / "data" / "arrivals.csv").write_bytes(
        "area,people,source_id\nZürich,1,xhs\n".encode("latin-1")
    )

    (finding,) = check_package(package.root)

    assert (finding.code, finding.place.path) == ("encoding-error", "data/arrivals.csv")
    assert "UTF-8" in finding.mend


@pytest.mark.parametrize(
    "spoil",
    [
        lambda told: told["resources"][2]["schema"]["fields"][1].update(type="integr"),
        lambda told: told["resources"][2]["schema"].update(primaryKey=["town"]),
        lambda told: told.update(resources=[*told["resources"], told["resources"][0]]),
    ],
    ids=["unknown type", "unknown key field", "table described twice"],
)
def test_invalid_descriptor_is_one_finding(package: Book, spoil: Callable[[Any], None]) -> None:
    """A descriptor that means nothing is told with its file and a mend."""
    told = json.loads((package.root / "data/datapackage.json").read_text("utf-8"))
    spoil(told)
    package.write("data/datapackage.json", json.dumps(told))

    (finding,) = check_package(package.root)

    assert (finding.code, finding.place.path) == ("invalid-descriptor", "data/datapackage.json")
    assert finding.mend


def test_unreadable_descriptor_is_an_error(package: Book) -> None:
    """Without a descriptor that can be read nothing can be checked."""
    package.edit("data/datapackage.json", '{"name": "small",', '{"name": "small"')

    with pytest.raises(PackageError, match="not valid JSON") as caught:
        check_package(package.root)

    assert str(caught.value.place) == "data/datapackage.json, line 1"


def test_findings_come_in_the_order_of_the_rows(package: Book) -> None:
    """An author can go through a table from top to bottom, and mends all of it at once."""
    package.edit("data/arrivals.csv", ",12,", ",-1,")
    package.edit("data/arrivals.csv", ",0,", ",none,")

    findings = check_package(package.root)

    assert [(finding.place.row, finding.code) for finding in findings] == [
        (2, "constraint-error"),
        (3, "type-error"),
    ]


def test_book_without_data_has_no_finding(book: Book) -> None:
    """Any plain Jupyter Book passes: where there is no data, there is nothing to check."""
    findings = check_package(book.root)

    assert findings == []


def test_plain_book_with_undescribed_tables_has_no_finding(book: Book) -> None:
    """A plain Jupyter Book may keep tables in data/ without a data package."""
    book.write("data/arrivals.csv", "area\n")

    findings = check_package(book.root)

    assert findings == []


def test_empty_table_has_no_finding(package: Book) -> None:
    """A table that has only its header is valid."""
    package.write("data/arrivals.csv", "area,people,source_id\n")

    findings = check_package(package.root)

    assert findings == []


def test_fact_is_found_in_the_row_a_spreadsheet_shows_when_a_cell_has_two_lines(book: Book) -> None:
    """A note of two lines does not shift the rows below it."""
    book.write(
        "data/facts.csv",
        "id,label,value,unit,lower,upper,source_id,note\n"
        'ships,ships,1,users,,,seed,"first line\nsecond line"\n'
        "boats,boats,1,users,2,,seed,\n",
    )

    (finding,) = check_package(book.root)

    assert finding.code == "bounds-disagree"
    assert finding.place.row == 3
