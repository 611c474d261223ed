"""Where data comes from: sources, their reliability, and how one is cited."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from sourcebook import tracing
from sourcebook.errors import PackageError, Place, UnknownSource, nearest

SOURCES_PATH = "data/sources.csv"

KINDS = {
    "official-statistics": "Official statistics",
    "official-document": "Official documents",
    "survey": "Surveys",
    "company-results": "Company results",
    "research-paper": "Research papers",
    "dataset": "Open data sets",
    "news-wire": "News agencies",
    "news-media": "News media",
    "state-media": "State media",
    "trade-media": "Trade press",
    "analytics-firm": "Analytics firms",
    "encyclopedia": "Encyclopedias",
    "seed-article": "The news report this story began with",
    "aggregator": "Aggregators and reposts",
    "content-farm": "Unsourced web pages",
    "calculation": "Our own calculations",
    "recalled": "Well known, not read again",
}
"""Kinds of source, most reliable first, as readers see them."""

CAUTIONS = {
    "aggregator": "a repost or digest, not the original",
    "content-farm": "names no method or origin",
    "encyclopedia": "an encyclopedia, itself second-hand",
    "recalled": "recalled, not read again for this story",
    "seed-article": "an unsigned report that repeats figures of others",
}
"""Why a reader should be careful with a kind of source."""


_COPY = re.compile(r"\s*\([^()]*\)$")


@dataclass(frozen=True)
class Source:
    """Who published something, when and where.

    Attributes:
        id: key of the row in `data/sources.csv`.
        publisher: who says it, with the copy that was read in brackets.
        title: headline or title of the page, report or data set.
        url: address that was read, or "" if there is none.
        published: ISO 8601 date at the precision known, or "".
        accessed: ISO 8601 day on which the copy was read, or "".
        kind: one of `KINDS`.
        linkable: whether readers may be sent to the address.
        note: what to know about it, or "".
    """

    id: str
    publisher: str
    title: str
    url: str = ""
    published: str = ""
    accessed: str = ""
    kind: str = ""
    linkable: bool = False
    note: str = ""

    @property
    def name(self) -> str:
        """The publisher in short; a copy that readers must not be sent to is not named."""
        return self.publisher if self.linkable else _COPY.sub("", self.publisher)

    @property
    def link(self) -> str | None:
        """The address to send readers to, or None where it must not be printed."""
        return self.url if self.linkable and self.url.startswith(("https://", "http://")) else None

    @property
    def caution(self) -> str | None:
        """Why to be careful with this kind of source, or None for the dependable kinds."""
        return CAUTIONS.get(self.kind)

    @property
    def citation(self) -> str:
        """The source in one line of plain text: publisher, title, date."""
        return ", ".join(part for part in (self.name, f"“{self.title}”", self.published) if part)


def read_sources(root: Path) -> dict[str, Source]:
    """Read every source of the book, by id.

    Args:
        root: the book's folder.

    Raises:
        PackageError: `data/sources.csv` is missing or is no UTF-8 table.
    """
    rows = _read_rows(root)
    return {row["source_id"]: _parse_source(row) for row in rows}


def cite(source_ids: Iterable[str], *, root: Path) -> tuple[Source, ...]:
    """Give some sources, in the order asked, and note their rows as inputs of the story that asks.

    Raises:
        UnknownSource: no row of `data/sources.csv` has one of the ids.
    """
    with tracing.unrecorded():
        rows = {row["source_id"]: row for row in _read_rows(root)}
    cited = []
    for source_id in source_ids:
        if source_id not in rows:
            raise UnknownSource(
                f"unknown source '{source_id}'", Place(SOURCES_PATH), nearest(source_id, rows)
            )
        tracing.note_part(f"{SOURCES_PATH}#{source_id}", tracing.digest_of_row(rows[source_id]))
        cited.append(_parse_source(rows[source_id]))
    return tuple(cited)


def _read_rows(root: Path) -> list[dict[str, str]]:
    try:
        text = (root / SOURCES_PATH).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise PackageError(
            f"the list of sources cannot be read: {error}",
            Place(SOURCES_PATH),
            "put a UTF-8 CSV file with the columns source_id, publisher, title, ... there",
        ) from error
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    for line, row in enumerate(rows, start=2):
        if None in row:
            raise PackageError(
                f"the row of '{row.get('source_id')}' has too many values",
                Place(SOURCES_PATH, row=line),
                "put quotes around a value that holds a comma",
            )
    if rows and "source_id" not in rows[0]:
        raise PackageError(
            "the list of sources has no column 'source_id'",
            Place(SOURCES_PATH, row=1),
            "name the first column 'source_id'",
        )
    return rows


def _parse_source(row: Mapping[str, str | None]) -> Source:
    text = {name: (row.get(name) or "").strip() for name in row}
    return Source(
        id=text["source_id"],
        publisher=text.get("publisher", ""),
        title=text.get("title", ""),
        url=text.get("url", ""),
        published=text.get("published", ""),
        accessed=text.get("accessed", ""),
        kind=text.get("kind", ""),
        linkable=text.get("link_ok", "").lower() in {"true", "yes", "1"},
        note=text.get("note", ""),
    )
