"""Recorded facts against themselves: readable ids, bounds that agree with the value, shares below 100."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path

from sourcebook.errors import Finding, Place
from sourcebook.facts import FACTS_PATH, read_rows

_READABLE_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_SHARE = re.compile(r"^share\b|\bshare of\b", re.IGNORECASE)


def check_facts(root: Path) -> list[Finding]:
    """Check every row of `data/facts.csv`; a book without the file has none."""
    return [finding for line, row in read_rows(root).values() for finding in _findings(line, row)]


def _findings(line: int, row: dict[str, str]) -> Iterator[Finding]:
    name = row.get("id") or ""
    if not _READABLE_ID.fullmatch(name):
        what = f"'{name}' is no readable id of a fact"
        yield Finding(
            "unreadable-id",
            what,
            Place(FACTS_PATH, row=line, field="id"),
            "use small letters, digits and hyphens",
        )
    value, lower, upper = (_number(row.get(field)) for field in ("value", "lower", "upper"))
    if value is None:
        return
    if lower is not None and lower > value:
        what = f"the lower bound of '{name}' is above its value"
        yield Finding(
            "bounds-disagree", what, Place(FACTS_PATH, row=line, field="lower"), "correct one of the two"
        )
    if upper is not None and upper < value:
        what = f"the upper bound of '{name}' is below its value"
        yield Finding(
            "bounds-disagree", what, Place(FACTS_PATH, row=line, field="upper"), "correct one of the two"
        )
    if row.get("unit") == "percent" and value > 100 and _SHARE.search(row.get("label") or ""):
        what = f"the share '{name}' is over 100 per cent"
        mend = "correct the value; a growth rate is labelled 'change' or 'growth'"
        yield Finding("share-over-100", what, Place(FACTS_PATH, row=line, field="value"), mend)


def _number(text: str | None) -> Decimal | None:
    try:
        return Decimal(text) if text else None
    except InvalidOperation:
        return None
