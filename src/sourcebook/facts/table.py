"""Recorded facts: the rows of `data/facts.csv`."""

from __future__ import annotations

import csv
import io
from decimal import Decimal, InvalidOperation
from pathlib import Path

from sourcebook import tracing
from sourcebook.datasets import find_root
from sourcebook.errors import PackageError, Place, UnknownFact, nearest
from sourcebook.facts.value import Fact
from sourcebook.sources import Source, cite

FACTS_PATH = "data/facts.csv"

_WITH_LOWER, _WITH_UPPER = {"more than"}, {"nearly", "fewer than", "up to", "less than"}


def fact(fact_id: str, *, root: Path | None = None) -> Fact:
    """Give one recorded fact: a row of `data/facts.csv`.

    Args:
        fact_id: the row's `id`.
        root: the book's folder; found from the working directory when left out.

    Raises:
        UnknownFact: no row has that id.
        PackageError: the row's numbers cannot be read.
        UnknownSource: its source is not listed.
    """
    root = root or find_root()
    with tracing.unrecorded():
        rows = read_rows(root)
    if fact_id not in rows:
        raise UnknownFact(f"unknown fact '{fact_id}'", Place(FACTS_PATH), nearest(fact_id, rows))
    line, row = rows[fact_id]
    tracing.note_part(f"{FACTS_PATH}#{fact_id}", tracing.digest_of_row(row))
    return _parse_row(line, row, cite([row["source_id"]], root=root))


def read_facts(root: Path) -> dict[str, Fact]:
    """Read every recorded fact of the book, by id; a book without the file has none.

    Raises:
        PackageError, UnknownSource: a row is at fault.
    """
    rows = read_rows(root)
    cited = cite(dict.fromkeys(row["source_id"] for _, row in rows.values()), root=root) if rows else ()
    known = {source.id: source for source in cited}
    return {name: _parse_row(line, row, (known[row["source_id"]],)) for name, (line, row) in rows.items()}


def read_rows(root: Path) -> dict[str, tuple[int, dict[str, str]]]:
    """Read the recorded facts as text, each with its row as a spreadsheet shows it, by id.

    A book without the file has none.

    Raises:
        PackageError: a column is missing, or a row has more values than columns.
    """
    try:
        text = (root / FACTS_PATH).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return {}
    reader = csv.DictReader(io.StringIO(text, newline=""))
    missing = {"id", "value", "unit", "source_id"} - set(reader.fieldnames or ())
    if missing:
        raise PackageError(f"the facts have no column '{min(missing)}'", Place(FACTS_PATH, row=1), "add it")
    rows = list(enumerate(reader, start=2))
    for line, row in rows:
        if None in row:
            raise PackageError(
                f"the row of '{row['id']}' has too many values",
                Place(FACTS_PATH, row=line),
                "put quotes around a value that holds a comma",
            )
    return {row["id"]: (line, row) for line, row in rows}


def _parse_row(line: int, row: dict[str, str], sources: tuple[Source, ...]) -> Fact:
    number = {name: _parse_number(line, name, row.get(name) or "") for name in ("value", "lower", "upper")}
    value = number["value"]
    if value is None:
        raise PackageError(
            f"the fact '{row['id']}' has no value",
            Place(FACTS_PATH, row=line, field="value"),
            "write the number the source gives",
        )
    wording = row.get("qualifier") or "exact"
    return Fact(
        id=row["id"],
        label=row.get("label") or row["id"],
        value=value,
        unit=row["unit"],
        lower=number["lower"] if number["lower"] is not None else (value if wording in _WITH_LOWER else None),
        upper=number["upper"] if number["upper"] is not None else (value if wording in _WITH_UPPER else None),
        wording=wording,
        digits=_digits_of(value),
        as_of=row.get("as_of") or "",
        sources=sources,
        note=row.get("note") or "",
    )


def _parse_number(line: int, name: str, text: str) -> Decimal | None:
    if not text.strip():
        return None
    try:
        number = Decimal(text.strip())
        if not number.is_finite():
            raise InvalidOperation
        return number
    except ArithmeticError as error:
        raise PackageError(
            f"'{text}' is no number",
            Place(FACTS_PATH, row=line, field=name),
            "write digits, with a point for decimals",
        ) from error


def _digits_of(value: Decimal) -> int:
    """Count the digits as written; the zeros that close a whole number only hold places."""
    digits = value.as_tuple().digits
    if value == value.to_integral_value():
        return len(str(abs(int(value))).rstrip("0")) or 1
    return len(digits)
