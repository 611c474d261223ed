"""What a story read and wrote, worked out from the records of its processes, in their order."""

from __future__ import annotations

import importlib.machinery
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from sourcebook.tracing import records
from sourcebook.tracing.digests import SIZE_PREFIX, UNSTABLE, digest_of, stamp_of
from sourcebook.tracing.places import Places, source_of
from sourcebook.tracing.records import Record

Stamp = tuple[int, int]

_MODULES = tuple(importlib.machinery.all_suffixes())


class Reading:
    """What the records tell, so far.

    Attributes:
        stamps: input -> (mtime in ns, size in bytes) when first opened or listed; None for a missing file.
        sizes: what was looked at without being opened.
        parts: digests of parts of files, and of environment variables, by the names of the inputs.
        written: files that the story made or wrote anew.
        updated: files that it opened for change.
        overwritten: files that it read before it wrote them anew.
        made: folders that it made; what lies below them is its own.
        unseen: why some reading may have gone unseen.
        network: whom it asked, as "host:port".
    """

    def __init__(self, places: Places, *, process: int) -> None:
        self.places = places
        self.stamps: dict[str, Stamp | None] = {}
        self.untimed: set[str] = set()
        self.sizes: set[str] = set()
        self.parts: dict[str, str] = {}
        self.written: set[str] = set()
        self.updated: set[str] = set()
        self.overwritten: set[str] = set()
        self.made: set[str] = set()
        self.unseen: set[str] = set()
        self.network: set[str] = set()
        self._process = process
        self._hooked = {process}
        self._paused: Counter[tuple[int, int]] = Counter()
        self._imports: Counter[tuple[int, tuple[str, ...]]] = Counter()
        self._programs: Counter[int] = Counter()
        self._shells = 0

    def follow(self, found: Iterable[Record]) -> None:
        """Take in more records."""
        acts = {
            records.READ: self._read,
            records.UPDATED: self._update,
            records.MISSED: self._miss,
            records.WRITTEN: self._write,
            records.RENAMED: self._rename,
            records.MADE: self._make,
            records.LISTED: self._list,
            records.LOOKED_AT: self._look,
            records.STORY_LOOKED_AT: self._look,
            records.ASKED: self._ask,
            records.STORY_ASKED: self._ask,
        }
        for record in found:
            if record.kind in acts:
                if not self._paused[record.process, record.thread]:
                    acts[record.kind](record)
            else:
                self._note(record)

    def read_untimed(self, name: str) -> None:
        """Count a file as read, nobody knows when."""
        if name not in self.stamps and not self._is_own(name):
            self.stamps[name] = None
            self.untimed.add(name)

    def end(self) -> None:
        """Say what went unseen: programs that began without the preload library."""
        strangers = sum(-count for count in self._programs.values() if count < 0)
        if any(count > 0 for count in self._programs.values()) or self._shells > strangers:
            self.unseen.add("a subprocess ran unwatched")

    def inputs(self, root: Path, *, began: int) -> dict[str, str]:
        """Give every input with its digest now, or `UNSTABLE` if it changed since it was first opened."""
        read = {name: self._digest(root, name, stamp) for name, stamp in self.stamps.items()}
        sizes = {f"{SIZE_PREFIX}{name}": self._size(root, name, began) for name in self._bare_sizes(root)}
        return read | sizes | self.parts

    def outputs(self, root: Path) -> dict[str, str]:
        """Give the files that the story wrote and left, with their digests."""
        changed = {name for name in self.updated if stamp_of(root / name) != self.stamps.get(name)}
        names = self.written | self.overwritten | changed
        return {name: digest_of(root, name) for name in sorted(names) if (root / name).is_file()}

    def _note(self, record: Record) -> None:
        """Take in what is no touching of files."""
        who, path = (record.process, record.thread), record.path
        if record.kind == records.PAUSED:
            self._paused[who] += 1
        elif record.kind == records.RESUMED:
            self._paused[who] -= 1
        elif record.kind == records.IMPORT_LISTED:
            self._imports[record.process, self.places.names_of(path)] += 1
        elif record.kind in {records.PART, records.VARIABLE}:
            self.parts.setdefault(path, record.told)
        elif record.kind == records.CONNECTED:
            self.network.add(path)
        elif record.kind == records.UNSEEN:
            self.unseen.add(path)
        elif record.kind == records.HOOKED:
            self._hooked.add(record.process)
        else:
            self._note_program(record)

    def _note_program(self, record: Record) -> None:
        """Count programs called against programs begun: the order of the two records may be either."""
        if record.kind == records.SHELL:
            self._shells += 1
        elif record.kind == records.EXEC:
            self._programs[record.process] += 1
            if record.path.startswith(os.sep):
                self._read(record)
        elif record.kind == records.EXEC_FAILED or record.process != self._process:
            self._programs[record.process] -= 1

    def _read(self, record: Record) -> None:
        if record.path.endswith(".pyc"):
            record = record._replace(path=source_of(record.path), told="-")
        for name in self._names_not_own(record.path):
            if record.stamp is None:
                self.read_untimed(name)
            else:
                self.stamps.setdefault(name, record.stamp)

    def _update(self, record: Record) -> None:
        self._read(record)
        self.updated.update(self._names_not_own(record.path))

    def _miss(self, record: Record) -> None:
        if self._is_import_listing(record):
            return
        for name in self.places.names_of_missing(record.path):
            if not self._is_own(name):
                self.stamps.setdefault(name, None)

    def _write(self, record: Record) -> None:
        for name in self.places.names_of(record.path):
            self._own(name)

    def _rename(self, record: Record) -> None:
        name = self.places.entry_of(record.path)
        if name is not None:
            is_folder = os.path.isdir(record.path) and not os.path.islink(record.path)
            self._own_folder(name) if is_folder else self._own(name)

    def _make(self, record: Record) -> None:
        name = self.places.entry_of(record.path)
        if name is not None:
            self._own_folder(name)

    def _list(self, record: Record) -> None:
        if not self._is_import_listing(record):
            self._read(record)

    def _look(self, record: Record) -> None:
        if not self._is_import_look(record):
            self.sizes.update(self._names_not_own(record.path))

    def _ask(self, record: Record) -> None:
        if not self._is_import_look(record):
            self._miss(record)

    def _own(self, name: str) -> None:
        """Count a file as the story's own from now on, unless it was read before."""
        if self.stamps.get(name) is None:
            self.stamps.pop(name, None)  # looked for, missed, then made: an output
            self.sizes.discard(name)
            self.written.add(name)
        elif name not in self.untimed:
            self.overwritten.add(name)

    def _own_folder(self, name: str) -> None:
        if self.stamps.get(name) is None:
            self.stamps.pop(name, None)
            self.sizes.discard(name)
            self.made.add(name)

    def _names_not_own(self, path: str) -> tuple[str, ...]:
        """Give the names of a file; none if the file that links lead to is the story's own."""
        names = self.places.names_of(path)
        if not names or self._is_own(names[0]):
            return ()
        return tuple(name for name in names if not self._is_own(name))

    def _is_own(self, name: str) -> bool:
        if name in self.written or name in self.made:
            return True
        return bool(self.made) and any(folder.as_posix() in self.made for folder in Path(name).parents)

    def _is_import_listing(self, record: Record) -> bool:
        """Say whether the hook knows this listing as one of the import system's, and count it off."""
        key = (record.process, self.places.names_of(record.path))
        if record.process not in self._hooked or not self._imports[key]:
            return False
        self._imports[key] -= 1
        return True

    def _is_import_look(self, record: Record) -> bool:
        """Say whether the import system may have looked; the hook tells apart what Python code looks at."""
        if record.kind not in {records.LOOKED_AT, records.ASKED} or record.process not in self._hooked:
            return False
        return record.path.endswith(_MODULES) or (
            record.kind == records.LOOKED_AT and os.path.isdir(record.path)
        )

    def _bare_sizes(self, root: Path) -> list[str]:
        """Give what was looked at and is not known better by having been read, itself or a file below it."""
        present = [name for name, stamp in self.stamps.items() if stamp is not None or name in self.untimed]
        implied = {folder.as_posix() for name in present for folder in Path(name).parents}
        return sorted(self.sizes - self.stamps.keys() - self.written - self.made - implied - {"."})

    def _size(self, root: Path, name: str, began: int) -> str:
        stamp = stamp_of(root / name)
        is_new = stamp is not None and stamp[0] >= began and not (root / name).is_dir()
        return UNSTABLE if is_new else digest_of(root, f"{SIZE_PREFIX}{name}")

    def _digest(self, root: Path, name: str, stamp: Stamp | None) -> str:
        if name in self.untimed:
            return digest_of(root, name)
        before = stamp_of(root / name)
        digest = digest_of(root, name)
        is_stable = before == stamp == stamp_of(root / name) and name not in self.overwritten
        return digest if is_stable else UNSTABLE
