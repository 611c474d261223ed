"""The views of a Vega-Lite specification: its single marks, with the data and encodings that they inherit."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from sourcebook.figures.descriptions.layers import listing, mapping, number, text

Rows = list[Mapping[str, Any]]

_DEEPEST = 12
_MOST_REPEATED = 50
_KEPT = frozenset({"bin", "calculate", "joinaggregate", "lookup", "stack", "timeUnit", "window"})
"""Transforms that add columns and leave the rows as they are."""

_COMPARED = re.compile(
    r"""datum(?:\.(\w+)|\[(['"])([^'"]+)\2\])\s*(===?|!==?|<=?|>=?)\s*("[^"\\]*"|'[^'\\]*'|-?[\d.]+(?:e\d+)?)"""
)
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_PREDICATES = {"equal": "==", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


@dataclass(frozen=True)
class View:
    """One mark with all that it is drawn from.

    Attributes:
        mark: Vega-Lite's name of the mark, or "".
        encoding: channel -> definition.
        rows: its data after transforms; None if that cannot be told from the specification.
        panel: name of the part of a composed chart.
        number: number of the layer in its part.
        free: names of the axes that this layer does not share with others.
    """

    mark: str = ""
    encoding: Mapping[str, Any] = field(default_factory=dict)
    rows: Rows | None = None
    panel: str = ""
    number: int = 0
    free: frozenset[str] = frozenset()


def views_of(spec: Mapping[str, Any]) -> Iterator[View]:
    """Give every mark of a specification, from layers, facets, concatenated and repeated charts."""
    yield from _views(mapping(spec), View(), datasets=mapping(mapping(spec).get("datasets")), depth=0)


def _views(
    spec: Mapping[str, Any], around: View, *, datasets: Mapping[str, Any], depth: int
) -> Iterator[View]:
    if depth > _DEEPEST:
        return
    here = replace(around, rows=_rows(spec, around.rows, datasets=datasets))
    beside = [one for name in ("concat", "hconcat", "vconcat") for one in listing(spec.get(name))]
    inner: list[tuple[Mapping[str, Any], View]] = []
    if "repeat" in spec:
        repeated = _repeated(spec)
        inner = [
            (one, replace(here, panel=f"{here.panel}.{name}" if name else here.panel))
            for name, one in repeated
        ]
    elif beside:
        inner = [(mapping(one), replace(here, panel=f"{here.panel}.{n}")) for n, one in enumerate(beside)]
    elif "facet" in spec and "spec" in spec:
        inner = [(mapping(spec["spec"]), replace(here, encoding={**here.encoding, **_facets(spec)}))]
    here = replace(here, encoding={**here.encoding, **mapping(spec.get("encoding"))})
    if "layer" in spec:
        here = replace(here, free=here.free | _free(spec))
        inner = [(mapping(one), replace(here, number=n)) for n, one in enumerate(listing(spec["layer"]))]
    for one, view in inner:
        yield from _views(one, view, datasets=datasets, depth=depth + 1)
    if "mark" in spec and not inner:
        yield replace(here, mark=text(mapping(spec["mark"]).get("type")) or text(spec["mark"]))


def _facets(spec: Mapping[str, Any]) -> dict[str, Any]:
    told = mapping(spec["facet"])
    return (
        {"facet": told} if "field" in told else {one: told[one] for one in ("row", "column") if one in told}
    )


def _free(spec: Mapping[str, Any]) -> frozenset[str]:
    resolved = mapping(mapping(spec.get("resolve")).get("scale"))
    return frozenset(name for name in ("x", "y") if resolved.get(name) == "independent")


def _repeated(spec: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Give the inner specification once for each repeated field; repeated layers are not told apart."""
    told = spec["repeat"]
    lists = (
        {"repeat": listing(told)}
        if not isinstance(told, Mapping)
        else {k: listing(v) for k, v in told.items()}
    )
    chosen = [dict(zip(lists, fields, strict=True)) for fields in product(*lists.values())]
    for fields in chosen[:_MOST_REPEATED]:
        yield (
            "/".join(str(one) for name, one in fields.items() if name != "layer"),
            mapping(_filled(spec.get("spec"), fields, depth=0)),
        )


def _filled(value: Any, fields: Mapping[str, Any], *, depth: int) -> Any:
    """Put the repeated fields where the specification says {"repeat": "column"}."""
    if depth > 4 * _DEEPEST:
        return None
    if isinstance(value, list):
        return [_filled(one, fields, depth=depth + 1) for one in value]
    if not isinstance(value, Mapping):
        return value
    if set(value) == {"repeat"} and isinstance(value["repeat"], str):
        return fields.get(value["repeat"])
    return {name: _filled(one, fields, depth=depth + 1) for name, one in value.items()}


def _rows(spec: Mapping[str, Any], inherited: Rows | None, *, datasets: Mapping[str, Any]) -> Rows | None:
    rows = inherited
    if "data" in spec and spec["data"] is not None:
        data = mapping(spec["data"])
        values = data.get("values", datasets.get(text(data.get("name"))))
        rows = [one for one in values if isinstance(one, Mapping)] if isinstance(values, list) else None
    for one in listing(spec.get("transform")):
        rows = _transformed(rows, mapping(one))
    return rows


def _transformed(rows: Rows | None, transform: Mapping[str, Any]) -> Rows | None:
    if rows is None or "aggregate" in transform:
        return None
    if "filter" in transform:
        is_kept = _predicate(transform["filter"])
        return None if is_kept is None else [row for row in rows if is_kept(row)]
    return rows if _KEPT & set(transform) else None


def _predicate(told: Any) -> Callable[[Mapping[str, Any]], bool] | None:
    """Read a filter that compares one column with one value; None for any other."""
    if isinstance(told, str):
        found = _COMPARED.fullmatch(told.strip().removeprefix("(").removesuffix(")").strip())
        return _comparison(found[1] or found[3], _literal(found[5]), sign=found[4][:2]) if found else None
    predicate = mapping(told)
    if "param" in predicate:
        return lambda row: True  # before a reader selects anything, all is shown
    column = text(predicate.get("field"))
    if "oneOf" in predicate:
        allowed = listing(predicate["oneOf"])
        return lambda row: row.get(column) in allowed
    named = [name for name in _PREDICATES if name in predicate]
    return (
        _comparison(column, predicate[named[0]], sign=_PREDICATES[named[0]])
        if column and len(named) == 1
        else None
    )


def _literal(written: str) -> Any:
    return written[1:-1] if written[0] in "'\"" else number(float(written))


def _comparison(column: str, other: Any, *, sign: str) -> Callable[[Mapping[str, Any]], bool]:
    compare = _OPERATORS[sign]

    def holds(row: Mapping[str, Any]) -> bool:
        try:
            return compare(row.get(column), other)
        except TypeError:
            return False

    return holds
