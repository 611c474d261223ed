"""Datasets: one typed table by name, with its sources, or an error that names the cell."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sourcebook.datasets import Resource, dataset, find_root, read_package
from sourcebook.errors import BookError, PackageError, UnknownDataset, UnknownSource
from sourcebook.testing import Book
from sourcebook.tracing import digest_of

SCHEMA = [
    {"name": "area", "type": "string", "title": "Area"},
    {"name": "people", "type": "integer", "unit": "people"},
    {"name": "share", "type": "number"},
    {"name": "year", "type": "year"},
    {"name": "day", "type": "date"},
    {"name": "seen", "type": "datetime"},
    {"name": "sure", "type": "boolean"},
    {"name": "source_id", "type": "string"},
]
HEADER = "area,people,share,year,day,seen,sure,source_id\n"
ROW = "Zürich,400000,0.5,2024,2024-12-31,2024-12-31T12:00:00+01:00,true,reuters\n"


@pytest.fixture
def arrivals(book: Book) -> Book:
    """Give a book with one table, `arrivals`, of one row, and two sources."""
    book.write_package({"arrivals": SCHEMA})
    book.write("data/sources.csv", "source_id,publisher,title\nreuters,Reuters,A\nxhs,小红书,标题\n")
    book.write("data/arrivals.csv", HEADER + ROW)
    return book


def test_dataset_has_the_types_of_its_schema(arrivals: Book) -> None:
    """Numbers are numbers, dates are dates, and names keep their letters."""
    table = dataset("arrivals", root=arrivals.root)

    assert {name: str(kind) for name, kind in table.dtypes.items()} == {
        "area": "string",
        "people": "Int64",
        "share": "float64",
        "year": "Int64",
        "day": "datetime64[ns]",
        "seen": "datetime64[ns, UTC]",
        "sure": "boolean",
        "source_id": "string",
    }
    assert table.iloc[0].to_dict() == {
        "area": "Zürich",
        "people": 400000,
        "share": 0.5,
        "year": 2024,
        "day": pd.Timestamp("2024-12-31"),
        "seen": pd.Timestamp("2024-12-31T11:00:00Z"),
        "sure": True,
        "source_id": "reuters",
    }


def test_dataset_has_missing_values_where_a_cell_is_empty(arrivals: Book) -> None:
    """An empty cell is no value in every type, and never a zero."""
    arrivals.write("data/arrivals.csv", HEADER + ROW + ",,,,,,,\n")

    table = dataset("arrivals", root=arrivals.root)

    assert table.iloc[1].isna().all()
    assert str(table["people"].dtype) == "Int64"


def test_dataset_takes_the_missing_values_of_its_schema(arrivals: Book) -> None:
    """What the descriptor calls missing is missing; what it does not is a text."""
    descriptor = json.loads((arrivals.root / "data/datapackage.json").read_text("utf-8"))
    descriptor["resources"][0]["schema"]["missingValues"] = ["", "n/a"]
    arrivals.write("data/datapackage.json", json.dumps(descriptor))
    arrivals.write("data/arrivals.csv", HEADER + "-,n/a,n/a,n/a,n/a,n/a,n/a,n/a\n")

    table = dataset("arrivals", root=arrivals.root)

    assert table["area"].tolist() == ["-"]
    assert table.drop(columns=["area", "source_id"]).isna().all(axis=None)


def test_dataset_may_be_empty(arrivals: Book) -> None:
    """A table without rows keeps its columns and their types."""
    arrivals.write("data/arrivals.csv", HEADER)

    table = dataset("arrivals", root=arrivals.root)

    assert len(table) == 0
    assert list(table.columns) == [field["name"] for field in SCHEMA]
    assert str(table["day"].dtype) == "datetime64[ns]"


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff" + HEADER + ROW,
        (HEADER + ROW).replace("\n", "\r\n"),
        HEADER + ROW.rstrip("\n"),
        HEADER + ROW + "\n",
        HEADER + ROW.replace("Zürich", '"Zürich"'),
    ],
    ids=["byte order mark", "Windows line ends", "no last line end", "blank last line", "quotes"],
)
def test_dataset_reads_what_programs_write(arrivals: Book, text: str) -> None:
    """Spreadsheet programs save the same table in several ways; all give the same data."""
    arrivals.write("data/arrivals.csv", text)

    table = dataset("arrivals", root=arrivals.root)

    assert table["area"].tolist() == ["Zürich"]
    assert table["source_id"].tolist() == ["reuters"]


def test_dataset_finds_its_columns_in_any_order(arrivals: Book) -> None:
    """Columns are found by name; one that is not described is left out."""
    names = HEADER.strip().split(",")
    values = ROW.strip().split(",")
    arrivals.write("data/arrivals.csv", f"extra,{','.join(names[::-1])}\nx,{','.join(values[::-1])}\n")

    table = dataset("arrivals", root=arrivals.root)

    assert list(table.columns) == names
    assert table["people"].tolist() == [400000]


def test_dataset_knows_its_name_its_sources_and_its_units(arrivals: Book) -> None:
    """A table carries the ids of the sources that its rows cite, sorted, and what its numbers count."""
    second = ROW.replace("reuters", "xhs")
    arrivals.write("data/arrivals.csv", HEADER + second + ROW + second + ROW.replace("reuters", ""))

    table = dataset("arrivals", root=arrivals.root)

    told = {"dataset": "arrivals", "sources": ["reuters", "xhs"], "units": {"people": "people"}}
    assert table.attrs == told


def test_dataset_keeps_its_sources_when_filtered(arrivals: Book) -> None:
    """What an author picks from a table still knows where it is from."""
    table = dataset("arrivals", root=arrivals.root)

    picked = table[table["people"] > 0][["area"]]

    assert picked.attrs["sources"] == ["reuters"]


def test_dataset_may_cite_no_source(arrivals: Book) -> None:
    """A table without the column source_id has no sources, and needs no list of them."""
    arrivals.write_package({"plain": [{"name": "x"}]})
    arrivals.write("data/plain.csv", "x\n1\n")

    table = dataset("plain", root=arrivals.root)

    assert table.attrs["sources"] == []
    assert table["x"].tolist() == ["1"]


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("people", "400,000"),
        ("people", "4.5"),
        ("people", "many"),
        ("share", "50%"),
        ("share", "0,5"),
        ("year", "MMXXIV"),
        ("day", "31.31.2024"),
        ("seen", "noon"),
        ("sure", "perhaps"),
    ],
)
def test_dataset_with_a_value_of_another_type_is_an_error_that_names_the_cell(
    arrivals: Book, field: str, text: str
) -> None:
    """A value that does not fit is told with file, row as the spreadsheet counts, and field."""
    names = HEADER.strip().split(",")
    values = ROW.strip().split(",")
    values[names.index(field)] = f'"{text}"'
    arrivals.write("data/arrivals.csv", HEADER + ROW + ",".join(values) + "\n")

    with pytest.raises(PackageError, match=f"'{text}' is not of type") as caught:
        dataset("arrivals", root=arrivals.root)

    assert str(caught.value.place) == f"data/arrivals.csv, row 3, field '{field}'"
    assert "'arrivals'" in caught.value.what
    assert caught.value.mend


def test_dataset_counts_rows_as_a_spreadsheet_does_when_a_cell_has_two_lines(arrivals: Book) -> None:
    """A line break inside quotes does not shift the row that an error names."""
    two_lines = ROW.replace("Zürich", '"Zürich\nStadt"')
    arrivals.write("data/arrivals.csv", HEADER + two_lines + ROW.replace("400000", "many"))

    with pytest.raises(PackageError) as caught:
        dataset("arrivals", root=arrivals.root)

    assert str(caught.value.place) == "data/arrivals.csv, row 3, field 'people'"


def test_dataset_refuses_an_unknown_name(arrivals: Book) -> None:
    """A misspelt name is answered with the nearest one."""
    with pytest.raises(UnknownDataset) as caught:
        dataset("arivals", root=arrivals.root)

    assert str(caught.value) == (
        "unknown dataset 'arivals'\n  where: data/datapackage.json\n  mend:  did you mean 'arrivals'?"
    )


def test_dataset_refuses_an_unknown_source(arrivals: Book) -> None:
    """A row that cites what sources.csv does not list cannot be used."""
    arrivals.edit("data/arrivals.csv", "reuters", "reutres")

    with pytest.raises(UnknownSource, match="unknown source 'reutres'"):
        dataset("arrivals", root=arrivals.root)


def test_dataset_without_its_file_is_an_error(arrivals: Book) -> None:
    """A described table whose file is gone is told with both ways to mend it."""
    (arrivals.root / "data/arrivals.csv").unlink()

    with pytest.raises(PackageError, match="the file of dataset 'arrivals' is missing") as caught:
        dataset("arrivals", root=arrivals.root)

    assert str(caught.value.place) == "data/arrivals.csv"
    assert caught.value.mend == "put it back, or take 'arrivals' out of data/datapackage.json"


@pytest.mark.parametrize("header", [HEADER.replace("people", "folk"), ""], ids=["renamed", "empty file"])
def test_dataset_without_a_column_is_an_error(arrivals: Book, header: str) -> None:
    """A described column that the table lacks is named."""
    arrivals.write("data/arrivals.csv", header)

    with pytest.raises(PackageError, match=r"dataset 'arrivals' has no column '(people|area)'") as caught:
        dataset("arrivals", root=arrivals.root)

    assert str(caught.value.place) == "data/arrivals.csv, row 1"


def test_dataset_that_is_not_utf8_is_an_error(arrivals: Book) -> None:
    """A table in another encoding is named, and so is the encoding to save it in."""
    (arrivals.root / "data/arrivals.csv").write_bytes((HEADER + ROW).encode("latin-1"))

    with pytest.raises(PackageError, match="is not UTF-8") as caught:
        dataset("arrivals", root=arrivals.root)

    assert str(caught.value.place) == "data/arrivals.csv"


def test_package_that_is_no_json_is_an_error_that_names_the_line(arrivals: Book) -> None:
    """A comma too many is found at its line."""
    arrivals.write("data/datapackage.json", '{\n "name": "a",\n "resources": [],\n}\n')

    with pytest.raises(PackageError, match="not valid JSON") as caught:
        read_package(arrivals.root)

    assert caught.value.place is not None
    assert caught.value.place.path == "data/datapackage.json"
    assert caught.value.place.line in {3, 4}  # Python names the comma or the bracket after it


@pytest.mark.parametrize(
    ("descriptor", "what"),
    [
        (None, "no descriptor"),
        ([], "no list 'resources'"),
        ({}, "no list 'resources'"),
        ({"resources": {}}, "no list 'resources'"),
        (
            {"resources": [{"name": "a", "path": "a.csv"}, {"name": "b"}]},
            "resource 2 .*lacks 'name' or 'path'",
        ),
        ({"resources": [{"path": "a.csv"}]}, "resource 1 .*lacks 'name' or 'path'"),
        ({"resources": ["a"]}, "resource 1 .*lacks 'name' or 'path'"),
    ],
)
def test_package_that_describes_no_tables_is_an_error(book: Book, descriptor: Any, what: str) -> None:
    """A descriptor without what is needed is told so, never as a crash."""
    if descriptor is not None:
        book.write("data/datapackage.json", json.dumps(descriptor))

    with pytest.raises(PackageError, match=what) as caught:
        read_package(book.root)

    assert str(caught.value.place) == "data/datapackage.json"
    assert caught.value.mend


@pytest.mark.parametrize(
    "schema", [{"fields": [{"type": "integer"}]}, {"fields": "all"}, {"fields": None}, "schema.json"]
)
def test_package_with_a_broken_schema_is_an_error(book: Book, schema: Any) -> None:
    """A field without a name, or no list of fields, is an error that an author can mend."""
    resource = {"name": "a", "path": "a.csv", "schema": schema}
    book.write("data/datapackage.json", json.dumps({"resources": [resource]}))

    with pytest.raises(BookError) as caught:
        read_package(book.root)

    assert caught.value.place is not None
    assert caught.value.place.path == "data/datapackage.json"


def test_package_tells_what_its_tables_hold(arrivals: Book) -> None:
    """Titles and units of the descriptor reach the pages; what is left out has a default."""
    resources = read_package(arrivals.root)

    told = resources["arrivals"]
    assert isinstance(told, Resource)
    assert (told.path, told.title) == ("data/arrivals.csv", "arrivals")
    assert [(field.name, field.title, field.unit) for field in told.fields[:2]] == [
        ("area", "Area", ""),
        ("people", "people", "people"),
    ]


def test_dataset_makes_its_table_schema_and_sources_inputs(arrivals: Book) -> None:
    """A story that reads a table depends on the table, its description and the sources it cites."""
    code = (
        "import json; from pathlib import Path; from sourcebook import dataset, tracing\n"
        f"tracing.start(Path({str(arrivals.root)!r}))\n"
        "dataset('arrivals'); print(json.dumps(tracing.report()['inputs']))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=arrivals.root, capture_output=True, check=True)

    inputs = json.loads(ran.stdout)

    names = ["data/arrivals.csv", "data/datapackage.json#arrivals", "data/sources.csv#reuters"]
    assert inputs == {name: digest_of(arrivals.root, name) for name in names}


@pytest.mark.parametrize("inside", [".", "book", "data"])
def test_root_is_found_from_any_folder_of_the_book(arrivals: Book, inside: str) -> None:
    """Wherever in the book an author works, it is the same book."""
    (arrivals.root / "book").mkdir()

    root = find_root(arrivals.root / inside)

    assert root == arrivals.root.resolve()


def test_root_is_the_one_that_the_build_names(arrivals: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that the build started works for the book that is built."""
    monkeypatch.setenv("SOURCEBOOK_ROOT", str(arrivals.root))
    monkeypatch.chdir(Path(arrivals.root.anchor))

    table = dataset("arrivals")

    assert table.attrs["dataset"] == "arrivals"


def test_root_is_not_found_outside_a_book(tmp_path: Path) -> None:
    """Outside any book the error says where to work."""
    with pytest.raises(PackageError, match="no book in") as caught:
        find_root(tmp_path)

    assert "_config.yml" in caught.value.mend
