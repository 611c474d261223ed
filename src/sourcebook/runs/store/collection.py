"""Collecting what the near store no longer needs: runs not used lately, files that nobody names.

What a shared store holds is left alone: other machines may need it, and services bound it themselves
(a bucket's own rule for old objects).
"""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sourcebook import tracing
from sourcebook.runs.store import Run, Store, alone_in, read_last, read_manifest, write_manifest
from sourcebook.runs.store.blobs import is_digest

_DAY_S = 86_400
_MERCY_S = 3_600  # a build that is under way names its new files within that time
_MANIFESTS = "runs/*/*.json"
_NOTES = "last/**/*.json"
_FOLDERS = ("current", "files", "last", "notebooks", "runs")

_Name = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class Collected:
    """What a collection left.

    Attributes:
        removed: runs that are no longer kept.
        freed_bytes: space that was given back.
        kept_bytes: size of what is still kept.
    """

    removed: int
    freed_bytes: int
    kept_bytes: int


def collect(store: Store, *, most_bytes: int, most_days: float | None = None, now: float) -> Collected:
    """Bound the size of a store: the runs that were used least recently go first.

    The runs that pages show now are never removed. A build that is under way may miss a run that it
    has just seen; then the story runs again.

    Args:
        store: where runs are kept.
        most_bytes: size to stay within, if the runs in use allow it.
        most_days: days after which an unused run goes in any case; None for ever.
        now: the time, in seconds since 1970.

    Raises:
        StoreError: the store cannot be written to.
    """
    before = _size_of(store)
    shown = [run for path in store.folder.glob(_NOTES) if (run := read_last(path))]
    shelves = _Shelves(store, shown)
    removed = 0
    for path, run, used in shelves.oldest_first():
        is_old = most_days is not None and used < now - most_days * _DAY_S
        if is_old or shelves.size_bytes > most_bytes:
            shelves.drop(path, run)
            removed += 1
    shelves.clear()
    _sweep(store, shown, now)
    after = _size_of(store)
    return Collected(removed, max(0, before - after), after)


def find_damaged(store: Store) -> tuple[Path, ...]:
    """Find the entries that are not what their names say; a store that only builds wrote to has none."""
    blobs = (path for path in _blobs_in(store) if tracing.digest_of(path.parent, path.name) != path.stem)
    notes = (path for pattern in (_MANIFESTS, _NOTES) for path in store.folder.glob(pattern))
    return (*blobs, *(path for path in notes if not (read_manifest(path) or read_last(path))))


class _Shelves:
    """The runs that are noted, by manifest, and how often each of their files is named."""

    def __init__(self, store: Store, shown: Iterable[Run]) -> None:
        self._store, shown = store, list(shown)
        self._shown = {_name_of(run) for run in shown}
        paths = sorted(store.folder.glob(_MANIFESTS))
        self._runs = {path: read_manifest(path) for path in paths}
        self._dropped: dict[Path, set[_Name]] = {}
        every = [*shown, *(run for runs in self._runs.values() for run in runs)]
        self._uses = Counter(blob for run in every for blob in _blobs_of(store, run))
        self._sizes = {blob: _bytes_of(blob) for blob in self._uses}
        self.size_bytes = sum(self._sizes.values()) + sum(_bytes_of(path) for path in paths)

    def oldest_first(self) -> list[tuple[Path, Run, float]]:
        """Give the runs that may go with their manifests and their last use: the least useful first."""
        noted = [
            (_date_of(path), -place, path, run)
            for path, runs in self._runs.items()
            for place, run in enumerate(runs)
            if _name_of(run) not in self._shown
        ]
        return [(path, run, used) for used, _, path, run in sorted(noted, key=lambda one: one[:3])]

    def drop(self, path: Path, run: Run) -> None:
        """Let go of a run."""
        self._dropped.setdefault(path, set()).add(_name_of(run))
        for blob in _blobs_of(self._store, run):
            self._uses[blob] -= 1
            if not self._uses[blob]:
                self.size_bytes -= self._sizes[blob]

    def clear(self) -> None:
        """Remove what was let go; what a build has noted meanwhile stays."""
        for path, dropped in self._dropped.items():
            with alone_in(path.parent):
                _take_out(path, dropped)
        for blob in {blob for blob, uses in self._uses.items() if not uses} - _named_in(self._store):
            with contextlib.suppress(OSError):
                blob.unlink()


def _take_out(path: Path, dropped: set[_Name]) -> None:
    date = _date_of(path)
    stay = [run for run in read_manifest(path) if _name_of(run) not in dropped]
    if stay:
        write_manifest(path, stay)
        os.utime(path, (date, date))  # nobody has used it now
    else:
        path.unlink(missing_ok=True)


def _sweep(store: Store, shown: Iterable[Run], now: float) -> None:
    """Remove files that no run names, and files half written, if no build can still be at them.

    The date of a file's last change of any kind is asked: the date of a blob that everybody sees is its seal.
    """
    named = _named_in(store) | {blob for run in shown for blob in _blobs_of(store, run)}
    orphans = (path for path in _blobs_in(store) if path not in named)
    halves = (path for name in _FOLDERS for path in (store.folder / name).rglob(".*.*"))
    for path in [*orphans, *halves]:
        with contextlib.suppress(OSError):
            if path.is_file() and path.stat().st_ctime < now - _MERCY_S:
                path.unlink()


def _named_in(store: Store) -> set[Path]:
    paths = store.folder.glob(_MANIFESTS)
    return {blob for path in paths for run in read_manifest(path) for blob in _blobs_of(store, run)}


def _blobs_of(store: Store, run: Run) -> set[Path]:
    outputs = {store.files.path(digest) for digest in run.outputs.values() if is_digest(digest)}
    return {store.notebooks.path(run.notebook), *outputs}


def _blobs_in(store: Store) -> Iterator[Path]:
    for blobs in (store.notebooks, store.files):
        yield from (path for path in blobs.folder.glob("*/*") if not path.name.startswith("."))


def _size_of(store: Store) -> int:
    return sum(_bytes_of(path) for path in [*_blobs_in(store), *store.folder.glob(_MANIFESTS)])


def _name_of(run: Run) -> _Name:
    return run.notebook, tuple(run.inputs.items())


def _bytes_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _date_of(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
