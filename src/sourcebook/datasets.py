"""The data package: one typed table by name, with its sources."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sourcebook import tracing
from sourcebook.errors import PackageError, Place, UnknownDataset, nearest
from sourcebook.sources import cite

if TYPE_CHECKING:
    import pandas as pd

PACKAGE_PATH = "data/datapackage.json"

_DTYPES = {
    "string": "string",
    "integer": "Int64",
    "number": "float64",
    "year": "Int64",
    "boolean": "boolean",
    "date": "datetime64[ns]",
    "datetime": "datetime64[ns, UTC]",
}
_TRUE, _FALSE = frozenset({"true", "True", "TRUE", "1"}), frozenset({"false", "False", "FALSE", "0"})


@dataclass(frozen=True)
class Field:
    """One column as the descriptor words it (Table Schema)."""

    name: str
    type: str = "string"
    title: str = ""
    description: str = ""
    unit: str = ""


@dataclass(frozen=True)
class Resource:
    """One table as the descriptor words it (Data Resource).

    Attributes:
        name: what `dataset()` takes.
        path: file, relative to the book's folder.
        title, description: what readers and authors are told of it.
        fields: its columns.
        missing: texts that stand for no value.
    """

    name: str
    path: str
    title: str = ""
    description: str = ""
    fields: tuple[Field, ...] = ()
    missing: frozenset[str] = field(default_factory=lambda: frozenset({""}))


def find_root(start: Path | None = None) -> Path:
    """Find the book's folder: the nearest one above `start` that holds a data package or `_config.yml`.

    Without `start`, the folder that the build names to its kernels, else the working directory's.

    Raises:
        PackageError: no folder above is a book.
    """
    if start is None and (named := os.environ.get(tracing.ROOT_VARIABLE)):
        return Path(named)
    begin = (start or Path.cwd()).resolve()
    for folder in (begin, *begin.parents):
        if (folder / PACKAGE_PATH).is_file() or (folder / "_config.yml").is_file():
            return folder
    raise PackageError(
        f"no book in '{begin.name}' or any folder above it",
        mend="work inside the folder that holds _config.yml and data/",
    )


def read_package(root: Path) -> dict[str, Resource]:
    """Read the descriptor: every described table, by name.

    Raises:
        PackageError: the descriptor is missing, is no JSON, or describes a table without name or path.
    """
    return {one["name"]: _parse_resource(one) for one in _read_descriptor(root)}


def read_licences(root: Path) -> list[dict[str, str]]:
    """Read the terms of the book's data, as a data package words them; none without a descriptor."""
    if not (root / PACKAGE_PATH).is_file():
        return []
    return list(_read_json(root).get("licenses", []))


def read_records(root: Path, resource: Resource) -> list[tuple[int, dict[str, str | None]]]:
    """Read a table's records as text, each with its row as a spreadsheet shows it.

    Raises:
        PackageError: the file is missing, is not UTF-8, or lacks a column.
    """
    try:
        text = (root / resource.path).read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise PackageError(
            f"the file of dataset '{resource.name}' is missing",
            Place(resource.path),
            f"put it back, or take '{resource.name}' out of {PACKAGE_PATH}",
        ) from error
    except UnicodeDecodeError as error:
        raise PackageError(
            f"dataset '{resource.name}' is not UTF-8 text", Place(resource.path), "save the file as UTF-8"
        ) from error
    reader = csv.DictReader(io.StringIO(text, newline=""))
    rows = list(enumerate(reader, start=2))
    absent = [field.name for field in resource.fields if field.name not in (reader.fieldnames or [])]
    if absent:
        raise PackageError(
            f"dataset '{resource.name}' has no column '{absent[0]}'",
            Place(resource.path, row=1),
            f"add the column, or take the field out of {PACKAGE_PATH}",
        )
    return rows


def dataset(name: str, *, root: Path | None = None) -> pd.DataFrame:
    """Give one table of the data package, typed as its schema says.

    Args:
        name: name of a resource of `data/datapackage.json`.
        root: the book's folder; found from the working directory when left out.

    Returns:
        One row per record and one column per field: `string`, `Int64`, `float64`, `boolean`,
        `datetime64[ns]` for dates; missing values are `NA`. `.attrs["dataset"]` holds the name,
        `.attrs["sources"]` the ids of the sources that its rows cite, sorted, `.attrs["units"]` the unit
        of each column that has one.

    Raises:
        UnknownDataset: no resource has that name.
        PackageError: the file is missing, or a value is not of its field's type.
    """
    import pandas as pd

    root = root or find_root()
    resource = _find_resource(root, name)
    rows = read_records(root, resource)
    columns = {
        field.name: pd.Series(
            [_parse_value(resource, field, line, row.get(field.name)) for line, row in rows],
            dtype=_DTYPES.get(field.type, "string"),
        )
        for field in resource.fields
    }
    table = pd.DataFrame(columns)
    cited = {
        row["source_id"]
        for _, row in rows
        if row.get("source_id") and row["source_id"] not in resource.missing
    }
    units = {field.name: field.unit for field in resource.fields if field.unit not in {"", "varies"}}
    table.attrs = {"dataset": name, "sources": sorted(cited), "units": units}
    cite(table.attrs["sources"], root=root)  # their rows become inputs of the story
    return table


def _find_resource(root: Path, name: str) -> Resource:
    with tracing.unrecorded():
        described = {one["name"]: one for one in _read_descriptor(root)}
    if name not in described:
        raise UnknownDataset(f"unknown dataset '{name}'", Place(PACKAGE_PATH), nearest(name, described))
    tracing.note_part(f"{PACKAGE_PATH}#{name}", tracing.digest_of_row(described[name]))
    return _parse_resource(described[name])


def _read_json(root: Path) -> dict[str, Any]:
    try:
        descriptor = json.loads((root / PACKAGE_PATH).read_text(encoding="utf-8"))
    except OSError as error:
        raise PackageError(
            "the data package has no descriptor", Place(PACKAGE_PATH), "write one there"
        ) from error
    except ValueError as error:
        line = getattr(error, "lineno", None)
        raise PackageError(
            f"the descriptor is not valid JSON: {error}",
            Place(PACKAGE_PATH, line=line),
            "mend the text there: often a comma is missing or stands too many",
        ) from error
    return descriptor if isinstance(descriptor, dict) else {}


def _read_descriptor(root: Path) -> list[dict[str, Any]]:
    place = Place(PACKAGE_PATH)
    resources = _read_json(root).get("resources")
    if not isinstance(resources, list):
        raise PackageError("the descriptor has no list 'resources'", place, "add one entry per table")
    for number, one in enumerate(resources, start=1):
        if not isinstance(one, dict) or not isinstance(one.get("name"), str) or "path" not in one:
            raise PackageError(
                f"resource {number} of the descriptor lacks 'name' or 'path'", place, "give it both"
            )
    return resources


def _parse_resource(described: Mapping[str, Any]) -> Resource:
    schema = described.get("schema") or {}
    fields = schema.get("fields", []) if isinstance(schema, dict) else None
    if not isinstance(fields, list) or not all(isinstance(one, dict) and one.get("name") for one in fields):
        raise PackageError(
            f"the schema of dataset '{described['name']}' cannot be read",
            Place(PACKAGE_PATH, field="schema"),
            "describe it there: a list 'fields', each field with a name",
        )
    return Resource(
        name=described["name"],
        path=f"{Path(PACKAGE_PATH).parent.as_posix()}/{described['path']}",
        title=described.get("title", described["name"]),
        description=described.get("description", ""),
        fields=tuple(
            Field(
                name=one["name"],
                type=one.get("type", "string"),
                title=one.get("title", one["name"]),
                description=one.get("description", ""),
                unit=one.get("unit", ""),
            )
            for one in fields
        ),
        missing=frozenset(schema.get("missingValues", [""])),
    )


def _parse_value(resource: Resource, field: Field, line: int, text: str | None) -> Any:
    import pandas as pd

    if text is None or text in resource.missing:
        return float("nan") if field.type == "number" else pd.NA
    try:
        return _parse_typed(field.type, text)
    except (ValueError, InvalidOperation) as error:
        raise PackageError(
            f"'{text}' is not of type '{field.type}' in dataset '{resource.name}'",
            Place(resource.path, row=line, field=field.name),
            f"write a value of type '{field.type}' there, or leave it empty",
        ) from error


def _parse_typed(kind: str, text: str) -> Any:
    import pandas as pd

    if kind in {"integer", "year"}:
        return int(text)
    if kind == "number":
        return float(Decimal(text))
    if kind == "date":
        return pd.Timestamp(text)
    if kind == "datetime":
        stamp = pd.Timestamp(text)
        return stamp.tz_localize("UTC") if stamp.tzinfo is None else stamp.tz_convert("UTC")
    if kind == "boolean":
        if text not in _TRUE | _FALSE:
            raise ValueError(text)
        return text in _TRUE
    return text
