"""A trace: where one process notes what it touches, in its memory or in the log of the preload library."""

from __future__ import annotations

import os
import posix
import stat
import threading
import time
from pathlib import Path
from typing import Any

from sourcebook.tracing import records
from sourcebook.tracing.places import Places, absolute
from sourcebook.tracing.records import Record, parse_records, record_bytes


class Trace:
    """What has been seen so far in one process, and in its children if the preload library watches them.

    Attributes:
        root: the book's folder, links resolved.
        spelt: the same as it was named.
        log: the file that the preload library writes to, or None where it does not watch this process.
        network: whether the story may connect to other machines.
        began: when the trace began, in ns since 1970.
        variables: environment variables that are known already, as inputs or as set by the story.
    """

    def __init__(self, root: Path, *, spelt: Path, log: Path | None, network: bool) -> None:
        self.root = root
        self.spelt = spelt
        self.places = Places(spelt)
        self.dull = tuple(f"{one}{os.sep}" for one in self.places.dull_prefixes())
        self.log = log
        self.network = network
        self.began = time.time_ns()
        self.variables: set[str] = set()
        self.is_over = False
        self._memory: list[Record] = []
        self._paused: dict[int, int] = {}
        self._writing: set[int] = set()

    @property
    def is_idle(self) -> bool:
        """Whether what this thread does now does not count."""
        thread = threading.get_ident()
        return self.is_over or thread in self._writing or self._paused.get(thread, 0) > 0

    def pause(self) -> None:
        """Let nothing that this thread does count until `resume`."""
        self._note(records.PAUSED, "-", "")
        thread = threading.get_ident()
        self._paused[thread] = self._paused.get(thread, 0) + 1

    def resume(self) -> None:
        """Let count again what this thread does."""
        self._paused[threading.get_ident()] -= 1
        self._note(records.RESUMED, "-", "")

    def note(self, kind: str, path: str, told: str = "-") -> None:
        """Note something that is no file, or that the preload library cannot see."""
        self._note(kind, told, path)

    def note_file(self, kind: str, path: str, found: os.stat_result | None) -> None:
        """Note a file of the book, or one that may turn out to lie in it; the system's cannot."""
        if not path.startswith(self.dull):
            self._note(kind, "-" if found is None else f"{found.st_mtime_ns}:{found.st_size}", path)

    def note_open(self, path: Any, *, changes: bool, empties: bool) -> None:
        """Note a file that is about to be opened, for reading or for change."""
        place = self.place_of(path)
        if place is None or place.startswith(self.dull):
            return
        found = stat_now(os.fspath(path))  # not the place: the working folder may be gone
        if empties or (changes and found is None):
            self.note_file(records.WRITTEN, place, None)
        elif found is None:
            self.note_file(records.MISSED, place, None)
        elif stat.S_ISDIR(found.st_mode):
            self.note_file(records.STORY_LOOKED_AT, place, None)  # its listing is another event
        else:
            self.note_file(records.UPDATED if changes else records.READ, place, found)

    def place_of(self, path: object, folder: int | None = None) -> str | None:
        """Give an absolute path; None for an open file descriptor: whoever opened it was seen."""
        if not isinstance(path, str | bytes | os.PathLike):
            return None
        try:
            return absolute(os.fsdecode(path), folder)
        except OSError:
            self._note(records.UNSEEN, "-", "a path relative to an unknown folder")
            return None

    def records(self) -> list[Record]:
        """Give everything noted so far, in order."""
        return list(self._memory) if self.log is None else list(parse_records(self.log.read_bytes()))

    def _note(self, kind: str, told: str, path: str) -> None:
        record = Record(os.getpid(), threading.get_native_id(), kind, told, path)
        if self.log is None:
            self._memory.append(record)
            return
        thread = threading.get_ident()
        self._writing.add(thread)  # the log's own opening is an event, too
        try:
            handle = os.open(self.log, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC)
            try:
                os.write(handle, record_bytes(record))
            finally:
                os.close(handle)
        finally:
            self._writing.discard(thread)


def stat_now(path: str | bytes) -> os.stat_result | None:
    """Give what is at a path now, unnoticed, or None."""
    try:
        return posix.stat(path)
    except (OSError, ValueError):
        return None
