"""Packages: a figure's CSV opens anywhere and runs nothing; its descriptor explains it and is valid."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from download_parts import CC_BY, COLUMNS, REUTERS, ROWS, findings, in_pandas, people_by_city, table, write
from frictionless import Package

from sourcebook.figures import DataTable, Figure
from sourcebook.figures.downloads import files_of
from sourcebook.figures.downloads.packages import safe_csv

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"quoted\" and 'quoted', with a comma",
    "x" * 10_000,
    "مرحبا بالعالم",
    "小红书的新用户",
    "two\nlines",
    "\u202ereversed",
    "a\\b `c` $(d) {e}",
]


@pytest.fixture
def bars() -> Figure:
    """Give a figure of Altair's, as a notebook tells it."""
    return people_by_city()


def texts(*values: str) -> DataTable:
    """Make a data table of one column of texts."""
    return table([["Text", False]], [[value] for value in values])


def cells(text: str) -> list[list[str]]:
    """Read a CSV as a program does that knows nothing of it."""
    return list(csv.reader(io.StringIO(text, newline="")))


def described(figure: Figure, **told: Any) -> dict[str, Any]:
    """Give a figure's descriptor."""
    return json.loads(files_of(figure, **told)[f"{figure.id}.datapackage.json"])


def test_csv_has_a_plain_header_and_plain_values() -> None:
    """One heading a column, numbers without grouping or needless points, nothing for a missing value."""
    text = safe_csv(table(COLUMNS, ROWS))

    assert text.split("\r\n") == [
        "City,Day,People,Share,Sure",
        "Zürich,2025-01-13,1234567,-0.125,true",
        '"北京, “NA”",2025-01-14,,1e-07,false',
        "NA,,-5,3,true",
        "",
    ]


def test_csv_reads_back_in_pandas_as_the_table() -> None:
    """What a reader loads is what is plotted, as far as pandas reads digits; "NA" is a text, not a gap."""
    values = [0.1 + 0.2, 1 / 3, 2**53 + 1, 1e300, -1.5e-10, None]
    rows = [[value, f"NA {number}", number] for number, value in enumerate(values)]

    read = in_pandas(safe_csv(table([["Value", True], ["Name", False], ["Rank", True]], rows)))

    assert list(read.columns) == ["Value", "Name", "Rank"]
    assert read["Value"].tolist()[:5] == pytest.approx([0.1 + 0.2, 1 / 3, 2**53, 1e300, -1.5e-10], rel=1e-15)
    assert read["Value"].isna().tolist() == [False] * 5 + [True]
    assert read["Name"].tolist() == [row[1] for row in rows]
    assert read["Rank"].tolist() == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), float("-inf")])
def test_csv_leaves_a_missing_value_empty(value: Any) -> None:
    """What is no number is a gap, never the word "nan" or "inf"."""
    text = safe_csv(table([["n", True], ["m", True]], [[value, 1]]))

    assert cells(text)[1] == ["", "1"]


def test_csv_leaves_out_rows_without_any_value() -> None:
    """A row of gaps plots nothing, and validators take it for a fault."""
    text = safe_csv(table([["n", True]], [[1], [None], [2]]))

    assert cells(text) == [["n"], ["1"], ["2"]]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\rx",
        "\nx",
        "＝1",
        "＋1",
        "－1",
        "＠x",
        "  =1",
        "\u3000=1",
        "\u200b=1",
        "\ufeff=1",
        '=HYPERLINK("http://evil.example","x")',
        "=cmd|' /C calc'!A0",
        "-2 °C",
    ],
)
def test_csv_marks_a_text_that_would_run_in_a_spreadsheet(text: str) -> None:
    """An apostrophe in front turns a formula into text, wherever it stands."""
    written = cells(safe_csv(table([["a", False], ["b", False]], [["x", text]])))

    assert written[1] == ["x", f"'{text}"]


@pytest.mark.parametrize(
    ("label", "heading"), [("=1+1", "'=1+1"), (" @a\nb", "'@a b"), ("-", "'-"), ("＝x", "'＝x"), ("\tx", "x")]
)
def test_csv_marks_a_heading_that_would_run_in_a_spreadsheet(label: str, heading: str) -> None:
    """Headings are cells too."""
    written = cells(safe_csv(table([["a", False], [label, True]], [["x", -1]])))

    assert written == [["a", heading], ["x", "-1"]]


@pytest.mark.parametrize("text", ["a=b", "–5", "−5", "5-1", "'", "x\n=1", "#tag", "", "é", "1e5", "\u00a0x"])
def test_csv_leaves_other_texts_as_they_are(text: str) -> None:
    """A text that no spreadsheet runs is written as it stands."""
    written = cells(safe_csv(table([["a", False], ["b", False]], [["x", text]])))

    assert written[1] == ["x", text]


def test_csv_leaves_negative_numbers_as_numbers() -> None:
    """A minus before a number is no formula: -5 can be computed with."""
    read = in_pandas(safe_csv(table([["n", True], ["of any kind", False]], [[-5, -0.5], [-1e30, -7]])))

    assert read.to_numpy().tolist() == [[-5, -0.5], [-1e30, -7]]


def test_csv_tells_headings_apart() -> None:
    """Every column has a name of its own, on one line, even where its author gave none."""
    columns = [["Users", True], ["Users", True], ["", False], ["Users (2)", True], ["two\nlines ", False]]

    header = cells(safe_csv(table(columns, [])))

    assert header == [["Users", "Users (2)", "column 3", "Users (2) (2)", "two lines"]]


@pytest.mark.parametrize("inner", ["two\nlines", "two\r\nlines", "two\rlines", 'a "quote"', "a,b", "a;b\tc"])
def test_csv_keeps_a_cell_in_one_piece(inner: str) -> None:
    """New lines, quotes and separators within a value do not part it."""
    text = safe_csv(table([["a", False], ["b", False]], [[inner, "x"], ["y", "z"]]))

    assert cells(text) == [["a", "b"], [inner, "x"], ["y", "z"]]
    assert in_pandas(text).to_numpy().tolist()[1] == ["y", "z"]


@pytest.mark.parametrize(
    ("broken", "mended"), [("a\x00b", "a\ufffdb"), ("\ud800", "\ufffd"), ("\x00=1", "\ufffd=1")]
)
def test_csv_holds_no_bytes_that_break_programs(broken: str, mended: str) -> None:
    """NUL and lone surrogates become the sign for what cannot be shown, in cells and headings."""
    text = safe_csv(table([[broken, False]], [[broken]]))

    assert cells(text.encode("utf-8").decode("utf-8")) == [[mended], [mended]]


@pytest.mark.parametrize("value", HOSTILE)
def test_csv_carries_any_text_unchanged(value: str) -> None:
    """Markup, quotes, long texts and any script come out as they went in."""
    read = in_pandas(safe_csv(texts("first", value)))

    assert read["Text"].tolist() == ["first", value]


def test_descriptor_is_valid_with_its_csv(bars: Figure, tmp_path: Path) -> None:
    """Frictionless opens the descriptor beside the CSV and finds nothing wrong."""
    folder = write(files_of(bars, licences=[CC_BY]), tmp_path)

    assert findings(folder) == []
    (rows,) = (one.read_rows() for one in Package(str(folder / "people-by-city.datapackage.json")).resources)
    assert [row["People"] for row in rows] == [1234567, None, -5]


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (b"1234567", b"1234568", "hash-count"),
        (b"1234567", b"million", "type-error"),
        (b"City", b"Town", "label"),
    ],
)
def test_descriptor_tells_when_its_csv_was_changed(
    bars: Figure, tmp_path: Path, before: bytes, after: bytes, kind: str
) -> None:
    """The check means something: another number, a word for a number, another heading are found."""
    files = files_of(bars)
    files["people-by-city.csv"] = files["people-by-city.csv"].replace(before, after)

    found = findings(write(files, tmp_path))

    assert any(kind in one for one in found)


@pytest.mark.parametrize(
    "odd",
    [
        table([["Text", False]], [[value] for value in [*HOSTILE, "=1", "\x00", "\ud800", "", None]]),
        table([[value, False] for value in [*HOSTILE, "=1", "", "\x00", "a", "a", " a"]], [["x"] * 15]),
        table([["n", True]], [[1]]),
        table([["n", True]], [[None]]),
        table([["n", True], ["n", True]], [[None, 1], [None, None], [float("nan"), float("inf")]]),
        table([["n", True]], []),
        table([["a;b", False], ["c;d", False]], [["1;2", "3;4"], ["5;6", "7;8"]]),
        table([["mixed", False]], [[1], ["one"], [True], ["2025-01-01"]]),
        table([["n", True]], [[1e300], [1e15], [2**70], [-1e-300], [-0.0]]),
        table([["d", False]], [["2024-02-29"], ["2023-02-29"]]),
    ],
)
def test_descriptor_is_valid_whatever_the_data(bars: Figure, tmp_path: Path, odd: DataTable) -> None:
    """Hostile texts, gaps, one row, no row, odd numbers: the two files still agree."""
    folder = write(files_of(replace(bars, table=odd)), tmp_path)

    assert findings(folder) == []


def test_descriptor_types_columns_by_what_they_hold(bars: Figure) -> None:
    """A program knows dates, whole numbers, numbers and yes-or-no from texts."""
    (resource,) = described(bars)["resources"]

    fields = [(field["name"], field["type"]) for field in resource["schema"]["fields"]]

    assert fields == [
        ("City", "string"),
        ("Day", "date"),
        ("People", "integer"),
        ("Share", "number"),
        ("Sure", "boolean"),
    ]


def test_descriptor_tells_where_the_numbers_come_from(bars: Figure) -> None:
    """Title, unit, date, method, licence and sources travel with the data; a mirror is not linked to."""
    told = described(bars, licences=[CC_BY])

    assert (told["title"], told["as_of"], told["licenses"]) == (bars.title, "2025-01-14", [CC_BY])
    assert told["resources"][0]["description"] == "People in a day, by city"
    assert told["method"] == ["Counted by hand.", "It cannot say who stayed."]
    assert [source.get("path") for source in told["sources"]] == ["https://reuters.example/a?b=1", None]
    assert told["sources"][0]["title"] == REUTERS.citation


@pytest.mark.parametrize(
    ("licence", "told"),
    [
        ({"title": "CC BY 4.0"}, [{"title": "CC BY 4.0", "name": "CC-BY-4.0"}]),
        ({"name": "CC BY 4.0"}, [{"name": "CC-BY-4.0"}]),
        ({"path": "https://cc.example"}, [{"path": "https://cc.example"}]),
        ({"name": ""}, None),
    ],
)
def test_descriptor_words_a_licence_as_the_standard_does(
    bars: Figure, tmp_path: Path, licence: dict[str, str], told: Any
) -> None:
    """A licence has a name without spaces there, or an address; without either it is not told."""
    files = files_of(bars, licences=[licence])

    assert json.loads(files["people-by-city.datapackage.json"]).get("licenses") == told
    assert findings(write(files, tmp_path)) == []


def test_marks_are_explained_where_they_were_made(bars: Figure) -> None:
    """Descriptor and README say of the column, and of no other, that an apostrophe was put in front."""
    marked = replace(bars, table=table([["Place", False], ["Tag", False]], [["a", "@b"], ["-", "c"]]))
    plain = replace(bars, table=table([["Place", False], ["Tag", False]], [["a", "b"], ["x", "c"]]))
    half = replace(bars, table=table([["Place", False], ["Tag", False]], [["a", "@b"], ["x", "c"]]))

    told = [
        [
            "apostrophe" in field.get("description", "")
            for field in described(one)["resources"][0]["schema"]["fields"]
        ]
        for one in (marked, plain, half)
    ]

    assert told == [[True, True], [False, False], [False, True]]
    readmes = [files_of(one)["people-by-city.README.md"].decode() for one in (marked, plain, half)]
    assert [readme.count("apostrophe") for readme in readmes] == [2, 0, 1]
