"""Tables against their schemas, by Frictionless: types, constraints, keys and foreign keys."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sourcebook.datasets import PACKAGE_PATH, Resource, read_package
from sourcebook.errors import Finding, Place, nearest

_CONSTRAINT = re.compile(r'constraint "(\w+)" is "?(.+?)"?$')
_TYPE = re.compile(r'type is "(\w+)/\w+"')
_MENDS = {
    "type-error": "write a value of the field's type, or change the type in the descriptor",
    "constraint-error": "correct the value, or the field's constraint if the value is right",
    "primary-key": "give every row a key of its own",
    "unique-error": "give every row a value of its own",
    "blank-row": "take the empty row out",
    "missing-label": "name the column in the first row, or take the field out of the descriptor",
    "extra-label": "describe the column in the descriptor, or take it out of the table",
    "incorrect-label": "name the column as the descriptor does",
    "missing-cell": "the row has too few values: add a comma for each empty one",
    "extra-cell": "the row has too many values: put quotes around a value that holds a comma",
    "encoding-error": "save the file as UTF-8",
}


def check_tables(root: Path) -> list[Finding]:
    """Check every table of the data package.

    Raises:
        PackageError: the descriptor cannot be read.
    """
    resources = read_package(root)
    absent = [_missing_file(one) for one in resources.values() if not (root / one.path).is_file()]
    return absent or _validated(root, resources)


def _missing_file(resource: Resource) -> Finding:
    what = f"the file of dataset '{resource.name}' is missing"
    mend = f"put it back, or take '{resource.name}' out of {PACKAGE_PATH}"
    return Finding("missing-file", what, Place(resource.path), mend)


def _validated(root: Path, resources: Mapping[str, Resource]) -> list[Finding]:
    from frictionless import FrictionlessException, Package

    try:
        package = Package.from_descriptor(str(root / PACKAGE_PATH))
    except FrictionlessException as error:
        return [_descriptor_finding(one.note) for one in error.reasons or [error.error]]
    for one in package.resources:
        one.encoding = one.encoding or "utf-8"  # the standard's default; Frictionless would guess
    report = package.validate()
    findings = [_descriptor_finding(error.note) for error in report.errors]
    for task in report.tasks:
        resource = resources.get(task.name)
        if resource is not None:
            findings.extend(_finding(root, resource, error.to_descriptor()) for error in task.errors)
    return findings


def _descriptor_finding(note: str) -> Finding:
    return Finding(
        "invalid-descriptor",
        f"the data package's descriptor is not valid: {note}",
        Place(PACKAGE_PATH),
        "mend that property; https://datapackage.org says what it takes",
    )


def _finding(root: Path, resource: Resource, told: Mapping[str, Any]) -> Finding:
    place = Place(resource.path, row=told.get("rowNumber"), field=told.get("fieldName"))
    if told["type"] == "foreign-key":
        return _foreign_key_finding(root, resource, told)
    value = told.get("cell")
    subject = (
        f"'{value}' in dataset '{resource.name}'" if value not in {None, ""} else f"dataset '{resource.name}'"
    )
    mend = _MENDS.get(told["type"], "correct the table")
    return Finding(told["type"], f"{subject}: {_plain(told)}", place, mend)


def _plain(told: Mapping[str, Any]) -> str:
    """Word what Frictionless found in a reader's terms."""
    note = str(told.get("note", "")).strip().rstrip(".")
    if named := _TYPE.search(note):
        return f"not of type '{named.group(1)}'"
    match = _CONSTRAINT.search(note)
    if match is None:
        return note[:1].lower() + note[1:] if note else "not as described"
    words = {
        "minimum": "below the least value allowed, {}",
        "maximum": "above the greatest value allowed, {}",
        "required": "a value is required",
        "enum": "not one of {}",
        "pattern": "not of the form {}",
        "unique": "stands in more than one row",
    }
    return words.get(match.group(1), note).format(match.group(2))


def _foreign_key_finding(root: Path, resource: Resource, told: Mapping[str, Any]) -> Finding:
    fields, target = told["fieldNames"], told["referenceName"]
    value = ", ".join(str(cell) for cell in told.get("fieldCells", []))
    what = f"'{value}' in dataset '{resource.name}' stands in no row of '{target}'"
    place = Place(resource.path, row=told.get("rowNumber"), field=", ".join(fields))
    known = _first_column(root / Path(PACKAGE_PATH).parent / f"{target}.csv")
    mend = f"{nearest(value, known).rstrip('?')}? Else add a row for it to data/{target}.csv"
    return Finding("unknown-source" if target == "sources" else "foreign-key", what, place, mend)


def _first_column(path: Path) -> list[str]:
    try:
        rows = csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
    except OSError:
        return []
    return [row[0] for row in rows if row][1:]
