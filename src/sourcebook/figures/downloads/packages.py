"""Packages: a figure's data table as a CSV that is safe to open, and the descriptor that explains it."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from numbers import Real
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sourcebook.figures import Figure
    from sourcebook.figures.tables import DataTable
    from sourcebook.sources import Source

MARKED = (
    "A text that begins like a formula has an apostrophe (') in front, so that no spreadsheet runs it; "
    "take it off to get the text itself."
)
"""What is said of a column in which apostrophes were put."""

_PROFILES = "https://datapackage.org/profiles/2.0"
_UNWRITABLE = re.compile("[\x00\ud800-\udfff]")
_FORMULA = re.compile("[\t\r\n]|[\\s\x00-\x1f\u200b-\u200f\u2060\ufeff]*[=+\\-@＝＋－＠]")
_ISO_DATE = re.compile(r"[1-9]\d{3}-\d{2}-\d{2}", re.ASCII)
_NOT_IN_NAME = re.compile(r"[^-a-zA-Z0-9._]+")
_ENDLESS = (float("inf"), float("-inf"))
_LARGEST_WHOLE = 1e15  # up to here a float that is whole is written as one


def safe_csv(table: DataTable) -> str:
    """Give a data table as CSV that pandas, R and spreadsheets read alike, and that runs nothing in them.

    Numbers are plain, whole ones without a point; a missing value is empty; a row without any value
    is left out. Headings are told apart where two are the same.

    Returns:
        Text by RFC 4180: commas, lines that end in CR LF, quotes where needed. Texts and headings that
        begin like a formula have an apostrophe in front.

    Source:
        OWASP, "CSV Injection": cells beginning with = + - @, tab, CR, LF, or the full-width signs.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_headings(table))
    writer.writerows(cells for row in table.rows if any(cells := [_cell(value) for value in row]))
    return text.getvalue()


def writable(text: str) -> str:
    """Replace what no UTF-8 file can hold, or no program reads back, by the sign for it, U+FFFD."""
    return _UNWRITABLE.sub("\ufffd", text)


def descriptor_of(
    figure: Figure, table: bytes, *, licences: Sequence[Mapping[str, str]] = ()
) -> dict[str, Any]:
    """Describe a figure's CSV as a Data Package of one table, `<id>.csv`.

    Args:
        figure: whose table it is.
        table: the CSV as it is written.
        licences: terms of the data, each with `name`, `title` and `path`, or some of them.

    Source:
        Data Package and Table Schema, version 2 (datapackage.org); `as_of` and `method` are our own.
    """
    told = {
        "$schema": f"{_PROFILES}/datapackage.json",
        "name": figure.id,
        "title": figure.title,
        "description": "\n\n".join(part for part in (figure.subtitle, figure.alt) if part),
        "as_of": figure.as_of,
        "method": list(figure.method),
        "licenses": [named for one in licences if (named := _licence(one))],
        "sources": [_source(one) for one in figure.sources],
        "resources": [_resource(figure, table)],
    }
    return {name: value for name, value in told.items() if value}


def _headings(table: DataTable) -> list[str]:
    """Give the CSV's headings: on one line, none empty, no two the same, none a formula."""
    headings: list[str] = []
    for number, column in enumerate(table.columns, start=1):
        wanted = _guarded(_label(column.label)) or f"column {number}"
        same = (f"{wanted} ({count})" for count in range(2, len(table.columns) + 2))
        headings.append(
            wanted if wanted not in headings else next(one for one in same if one not in headings)
        )
    return headings


def _label(label: str) -> str:
    return " ".join(writable(label).split())


def _cell(value: Any) -> str:
    """Write one value: "" for none, numbers plain, texts so that they cannot run."""
    if value is None or value != value or value in _ENDLESS:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Real | Decimal):
        return _digits(value)
    return _guarded(writable(str(value)))


def _digits(number: Any) -> str:
    return str(int(number)) if _is_whole(number) else str(number)


def _guarded(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) or (abs(value) < _LARGEST_WHOLE and value == int(value))


def _resource(figure: Figure, table: bytes) -> dict[str, Any]:
    told = {
        "name": figure.id,
        "type": "table",
        "path": f"{figure.id}.csv",
        "title": figure.title,
        "description": figure.subtitle,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(table),
        "hash": f"sha256:{hashlib.sha256(table).hexdigest()}",
        "dialect": {"delimiter": ",", "doubleQuote": True, "lineTerminator": "\r\n", "quoteChar": '"'},
        "schema": {
            "$schema": f"{_PROFILES}/tableschema.json",
            "fields": _fields(figure.table),
            "missingValues": [""],
        },
    }
    return {name: value for name, value in told.items() if value}


def _fields(table: DataTable) -> list[dict[str, str]]:
    fields = []
    for number, (column, heading) in enumerate(zip(table.columns, _headings(table), strict=True)):
        values = [row[number] for row in table.rows]
        label = _label(column.label)
        kind = _type_of(values, is_numeric=column.is_numeric)
        noted = {"description": MARKED} if any(map(_is_marked, (label, *values))) else {}
        counted = {"unit": column.unit} if column.unit else {}
        fields.append({"name": heading, "type": kind, "title": label or heading, **counted, **noted})
    return fields


def _is_marked(value: Any) -> bool:
    return isinstance(value, str) and bool(_FORMULA.match(writable(value)))


def _type_of(values: list[Any], *, is_numeric: bool) -> str:
    """Give the type of a column as Table Schema names it."""
    found = set(map(_type_of_value, values)) - {""}
    if found == {"integer", "number"} or (not found and is_numeric):
        return "number"
    return found.pop() if len(found) == 1 else "string"


def _type_of_value(value: Any) -> str:
    if _cell(value) == "":
        return ""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, Real | Decimal):
        return "integer" if _is_whole(value) else "number"
    return "date" if _is_date(str(value)) else "string"


def _is_date(text: str) -> bool:
    try:
        return bool(_ISO_DATE.fullmatch(text) and date.fromisoformat(text))
    except ValueError:
        return False


def _source(source: Source) -> dict[str, str]:
    noted = {"description": source.note} if source.note else {}
    return {"title": source.citation, **({"path": source.link} if source.link else {}), **noted}


def _licence(told: Mapping[str, str]) -> dict[str, str]:
    """Give a licence as a data package words it: its name has no spaces there, and is never missing."""
    kept = {key: text for key in ("name", "title", "path") if (text := str(told.get(key) or "").strip())}
    named = _NOT_IN_NAME.sub("-", kept.get("name") or kept.get("title", "")).strip("-")
    return {**kept, "name": named} if named else {key: kept[key] for key in kept if key != "name"}
