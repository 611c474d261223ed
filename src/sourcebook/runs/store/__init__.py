"""The store of runs: manifests under a story's key, executed notebooks and outputs under their own digest.

Every file is written beside its place and renamed into it, so that a build that is killed, or two
builds at once, never leave half a file. The folder may be deleted at any time: stories then run again.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path, PurePosixPath
from typing import Any

from sourcebook import tracing
from sourcebook.errors import Place, StoryError
from sourcebook.runs.store.blobs import Blobs, StoreError, is_digest, put_down, write_whole
from sourcebook.runs.store.shared import Shared

__all__ = ["Run", "RunGone", "Store", "StoreError", "is_output_name"]

FORMAT = 2
"""Number of the form in which runs are noted; runs of any other are as good as not there."""

_MOST_RUNS = 20  # kept under one key: going back to any of them costs nothing
_MOST_OUTPUT_BYTES = 64_000_000
_DAY_S = 86_400


class RunGone(StoryError):
    """A run that was looked at is no longer kept: it was removed or damaged meanwhile."""


@dataclass(frozen=True)
class Run:
    """One execution of a story.

    Attributes:
        notebook: digest of the executed notebook.
        inputs: what it was seen to read -> digest.
        unseen: why some reading may have gone unseen; its inputs then include all of `data/`.
        parts: digests of what made up the story's key.
        text: the executed notebook, until the store has it.
        outputs: files below the book that it wrote -> digest.
        network: hosts that it asked, with their ports.
        clock: calls by which it asked the clock, with their places.
        rule: how its inputs are known: "seen", "declared" or "all of data".
        seconds: time from its first cell to its last.
    """

    notebook: str
    inputs: dict[str, str] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()
    parts: dict[str, str] = field(default_factory=dict)
    text: str = field(default="", compare=False, repr=False)
    outputs: dict[str, str] = field(default_factory=dict)
    network: tuple[str, ...] = ()
    clock: tuple[str, ...] = ()
    rule: str = "seen"
    seconds: float = field(default=0.0, compare=False)

    def is_fresh(self, root: Path) -> bool:
        """Say whether every input is on disk as this run read it."""
        return all(tracing.digest_of(root, name) == digest for name, digest in self.inputs.items())


@dataclass(frozen=True)
class Store:
    """Where runs are kept.

    Attributes:
        folder: usually `_build/.sourcebook`.
        shared: a store that other machines read and write too, or None.
    """

    folder: Path
    shared: Shared | None = None

    @property
    def notebooks(self) -> Blobs:
        """The executed notebooks."""
        return Blobs(self.folder / "notebooks", ".ipynb")

    @property
    def files(self) -> Blobs:
        """What stories wrote below the book."""
        return Blobs(self.folder / "files")

    def runs_of(self, key: str) -> tuple[Run, ...]:
        """Give the runs kept under a key, newest first, without those whose notebook is gone or torn."""
        path = self.manifest(key)
        _note_use(path)
        return tuple(run for run in read_manifest(path) if self.notebooks.has(run.notebook))

    def fetch(self, keys: Iterable[str], root: Path) -> None:
        """Bring near what a shared store has for stories that no near run fits; nothing without one."""
        if self.shared is None or self.shared.is_down:
            return
        wanted = [key for key in keys if not any(self._fits(run, root) for run in self.runs_of(key))]
        self.shared.each(wanted, lambda key: self._fetch(key, root))

    def keep(self, key: str, run: Run, *, root: Path | None = None) -> None:
        """Keep a run: its notebook and its outputs first, then the manifest that points to them.

        Args:
            key: the story's key.
            run: what was run, with its text.
            root: the book's folder, to take the outputs from; they are not kept without it.

        Raises:
            StoreError: the disk is full, or the store cannot be written to.
        """
        text = run.text.encode()
        if self.notebooks.write(text) != run.notebook:
            raise ValueError("the text of a run is not what its digest says")
        outputs = [self.files.write(content) for content in _outputs_of(run, root)] if root else []
        self._add(key, run)
        if self.shared is not None and tracing.UNSTABLE not in run.inputs.values():
            files = (self.files.find(digest) for digest in outputs)
            blobs = [("notebooks", text), *(("files", one) for one in files if one is not None)]
            self.shared.upload(key, json.dumps({**told_run(run), "key": key}).encode(), blobs)

    def notebook(self, run: Run) -> Any:
        """Give the executed notebook of a run that is kept, checked by its digest.

        Raises:
            RunGone: it was removed or damaged since the run was looked at; the story must run again.
        """
        from sourcebook.stories import parse_own

        content = self.notebooks.find(run.notebook)
        try:
            return parse_own((content or b"").decode("utf-8"))
        except ValueError as error:
            self.notebooks.remove(run.notebook)
            what = "the kept run of a story was removed or damaged during the build"
            place = Place(self.notebooks.path(run.notebook).as_posix())
            raise RunGone(what, place, "build again: the story then runs") from error

    def is_restorable(self, run: Run, root: Path) -> bool:
        """Say whether every output of a run is in the book as the run left it, or kept and merely absent."""
        return all(
            tracing.digest_of(root, name) == digest
            or (_is_free(root, name) and is_output_name(name) and self.files.has(digest))
            for name, digest in run.outputs.items()
        )

    def restore(self, run: Run, root: Path) -> tuple[str, ...]:
        """Write the outputs that are absent from the book back into it, and give their names."""
        absent = [name for name in run.outputs if is_output_name(name) and _is_free(root, name)]
        return tuple(name for name in absent if self._restore(root / name, run.outputs[name]))

    def current(self, path: str) -> Path:
        """Say where the executed twin of a story lies."""
        return self.folder / "current" / path

    def lay_out(self, path: str, text: str) -> None:
        """Write a story's executed twin; an equal one keeps its date."""
        _write_if_unlike(self.current(path), text)

    def last(self, path: str) -> Run | None:
        """Give the run of a story that was used last, or None."""
        return read_last(self._last(path))

    def remember(self, path: str, run: Run) -> None:
        """Note which run of a story was used last."""
        _write_if_unlike(self._last(path), json.dumps(told_run(run)))

    def seconds_of(self, path: str) -> float | None:
        """Give how long a story took when it last ran, in seconds; None if that is not known."""
        run = self.last(path)
        return run.seconds if run and run.seconds else None

    def manifest(self, key: str) -> Path:
        """Say where the runs under a key are noted."""
        return self.folder / "runs" / key[:2] / f"{key}.json"

    def _last(self, path: str) -> Path:
        return self.folder / "last" / f"{path}.json"

    def _fits(self, run: Run, root: Path) -> bool:
        return run.is_fresh(root) and self.is_restorable(run, root)

    def _add(self, key: str, run: Run) -> None:
        path = self.manifest(key)
        with alone_in(path.parent):
            others = [one for one in read_manifest(path) if one.inputs != run.inputs]
            write_manifest(path, [run, *others][:_MOST_RUNS])

    def _fetch(self, key: str, root: Path) -> None:
        """Bring near the newest far run that fits the book as it is, once all that it names is here."""
        assert self.shared is not None
        for content in self.shared.manifests(key):
            told = _parse_json(content)
            run = parse_run(told) if isinstance(told, dict) and told.pop("key", None) == key else None
            if run is None or not run.is_fresh(root) or not self._bring(run, root):
                continue
            with contextlib.suppress(StoreError):  # a near store that is full tells so when a run is kept
                self._add(key, run)
            return

    def _bring(self, run: Run, root: Path) -> bool:
        """Fetch what a far run names, and say whether all of it is whole."""
        absent = [
            run.outputs[name] for name in run.outputs if tracing.digest_of(root, name) != run.outputs[name]
        ]
        wanted = [
            ("notebooks", self.notebooks, run.notebook),
            *(("files", self.files, one) for one in absent),
        ]
        return all(
            near.has(digest) or self._bring_blob(kind, near, digest) for kind, near, digest in wanted
        ) and self.is_restorable(run, root)

    def _bring_blob(self, kind: str, near: Blobs, digest: str) -> bool:
        content = self.shared.find(kind, digest) if self.shared else None
        with contextlib.suppress(StoreError):
            return content is not None and near.write(content) == digest
        return False

    def _restore(self, target: Path, digest: str) -> bool:
        content = self.files.find(digest)
        if content is None:
            return False
        put_down(target, content, scratch=self.files.folder)
        return True


def is_output_name(name: object) -> bool:
    """Say whether a name is a file below the book that a story may write: nothing hidden, nothing outside."""
    if not isinstance(name, str) or not name or "\\" in name or "\0" in name:
        return False
    parts = name.split("/")
    return not any(not part or part.startswith(".") or part in tracing.SKIPPED_FOLDERS for part in parts)


def told_run(run: Run) -> dict[str, Any]:
    """Give a run as it is noted, without its text."""
    return {"format": FORMAT, **{one.name: getattr(run, one.name) for one in fields(run) if one.compare},
            "seconds": run.seconds}  # fmt: skip


def parse_run(told: object) -> Run | None:
    """Give a run as it was noted; None for what another version wrote, or nobody of us."""
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        return None
    given = {name: value for name, value in told.items() if name != "format"}
    for name in ("unseen", "network", "clock"):
        if not isinstance(given.get(name), list) or not all(isinstance(one, str) for one in given[name]):
            return None
        given[name] = tuple(given[name])
    try:
        run = Run(**given)
    except TypeError:
        return None
    return run if _is_sound(run) else None


def read_manifest(path: Path) -> list[Run]:
    """Read the runs noted in one manifest; what cannot be read counts as not there."""
    told = _read_json(path)
    listed = told.get("runs") if isinstance(told, dict) and told.get("format") == FORMAT else None
    runs = (parse_run(one) for one in listed) if isinstance(listed, list) else ()
    return [run for run in runs if run is not None]


def write_manifest(path: Path, runs: Iterable[Run]) -> None:
    """Note runs in a manifest, newest first."""
    told = {"format": FORMAT, "runs": [told_run(run) for run in runs]}
    write_whole(path, json.dumps(told).encode())


def read_last(path: Path) -> Run | None:
    """Read the note of the run that was used last for a story."""
    return parse_run(_read_json(path))


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Let only one process or thread at a time change the manifests of a folder, where a disk can do that."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError:  # a disk that cannot be written to says so when it is written to
        yield
        return
    try:
        with contextlib.suppress(OSError, ImportError):  # without it, an entry may be lost, and a story runs
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _is_sound(run: Run) -> bool:
    tables = (run.inputs, run.parts, run.outputs)
    return (
        is_digest(run.notebook)
        and all(isinstance(one, dict) for one in tables)
        and all(isinstance(value, str) for one in tables for value in one.values())
        and all(_is_input_name(name) for name in run.inputs)
        and all(is_output_name(name) for name in run.outputs)
        and isinstance(run.rule, str)
        and isinstance(run.seconds, int | float)
    )


def _is_input_name(name: str) -> bool:
    """Say whether a name stays below the book: inputs are read when somebody asks whether a run is fresh."""
    path = name.removeprefix(tracing.SIZE_PREFIX).partition("#")[0]
    return "\0" not in name and not path.startswith("/") and ".." not in path.split("/")


def _outputs_of(run: Run, root: Path) -> Iterator[bytes]:
    """Read the outputs that are still as the run left them, and not too large to keep."""
    for name, digest in run.outputs.items():
        with contextlib.suppress(OSError):
            if (root / name).stat().st_size <= _MOST_OUTPUT_BYTES:
                content = (root / name).read_bytes()
                if tracing.digest_of_bytes(content) == digest:
                    yield content


def _is_free(root: Path, name: str) -> bool:
    """Say whether a file can be written there without replacing one, nor leaving the book by a link."""
    target = root / PurePosixPath(name)
    return not os.path.lexists(target) and target.parent.resolve().is_relative_to(root.resolve())


def _note_use(path: Path) -> None:
    """Date a manifest that is looked at, at most once a day: access times cannot be relied upon."""
    with contextlib.suppress(OSError):
        if path.stat().st_mtime < time.time() - _DAY_S:
            os.utime(path)


def _write_if_unlike(path: Path, text: str) -> None:
    content = text.encode()
    try:
        if path.read_bytes() == content:
            return
    except OSError:
        pass
    write_whole(path, content)


def _read_json(path: Path) -> object:
    try:
        return _parse_json(path.read_bytes())
    except OSError:
        return None


def _parse_json(content: bytes) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
