"""Records: what was touched, one after the other, as the preload library and the hook write them down."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote, unquote

READ, WRITTEN, UPDATED, MISSED = "R", "W", "U", "M"
LOOKED_AT, ASKED, LISTED, MADE, RENAMED = "S", "A", "L", "D", "T"
BEGAN, EXEC, EXEC_FAILED, SHELL, CONNECTED, UNSEEN = "H", "X", "F", "Y", "N", "Q"
"""What the preload library notes; `preload.c` says what each stands for."""

IMPORT_LISTED, PAUSED, RESUMED, HOOKED = "I", "P", "C", "K"
STORY_LOOKED_AT, STORY_ASKED, PART, VARIABLE = "s", "a", "B", "V"
"""What only the hook can know: who listed, whose reading does not count, which processes carry it,
what Python code (and not the import system) looked at, parts of files, and environment variables."""


class Record(NamedTuple):
    """One thing that one process did.

    Attributes:
        process: its id.
        thread: the id of its thread.
        kind: one of the letters above.
        told: the file's stamp, "mtime in ns:size in bytes"; a digest, for parts and variables; or "-".
        path: an absolute path, not resolved; a name, a reason or "host:port" where there is none.
    """

    process: int
    thread: int
    kind: str
    told: str
    path: str

    @property
    def stamp(self) -> tuple[int, int] | None:
        """The file's (mtime in ns, size in bytes), or None if nobody took it."""
        mtime, _, size = self.told.partition(":")
        return (int(mtime), int(size)) if size else None


def record_bytes(record: Record) -> bytes:
    """Give a record as it stands in the log."""
    head = f"{record.process} {record.thread} {record.kind} {quote(record.told)} "
    return head.encode() + os.fsencode(record.path) + b"\0"


def parse_records(log: bytes) -> Iterator[Record]:
    """Give the records of a log; one that is torn becomes a record of something unseen."""
    for entry in log.split(b"\0"):
        parts = entry.split(b" ", 4)
        try:
            process, thread, kind, told, path = parts
            yield Record(int(process), int(thread), kind.decode(), unquote(told.decode()), os.fsdecode(path))
        except ValueError:
            if entry:
                yield Record(0, 0, UNSEEN, "-", "the record of what was read is torn")
    if log and not log.endswith(b"\0"):
        yield Record(0, 0, UNSEEN, "-", "the record of what was read is torn")
