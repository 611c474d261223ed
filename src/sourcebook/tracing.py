"""What a process reads: the files below the book's folder that a story opened, listed or missed.

The kernel of a story starts through `python -m sourcebook.tracing`, so that the hook stands before
any other import. An input is named by its path relative to the book's folder; a reader of ours
may name a part of a file instead, `data/facts.csv#monthly-users`, when only that part matters.

Standard library only: this module is loaded inside every kernel.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

ROOT_VARIABLE = "SOURCEBOOK_ROOT"
"""Environment variable that names the book's folder to a kernel."""

ABSENT = "absent"
"""Digest of a file that is not there."""

UNSTABLE = "changed while the story ran"
"""Digest of a file that was written to between its first reading and the end of the run."""

SKIPPED_FOLDERS = frozenset(
    {".git", ".venv", "_build", "__pycache__", ".ipynb_checkpoints", ".jupyter", ".ipython", "node_modules"}
)
"""Folders below the book that never hold an input."""

UNSEEN_READERS = frozenset(
    {"duckdb", "h5py", "polars", "pyarrow.csv", "pyarrow.dataset", "pyarrow.parquet", "pyogrio", "tables"}
)
"""Modules that read files from compiled code, past Python's audit events."""


_IMPORT_SYSTEM = ("<frozen importlib", str(Path(os.__file__).parent / "importlib"))


@dataclass
class Trace:
    """What has been seen so far in one process.

    Attributes:
        root: the book's folder.
        stamps: input -> (mtime in ns, size in bytes) when first opened; None for a missing file.
        parts: digests of parts of files, reported by our own readers.
        written: files the process opened for writing before it read them.
        unseen: why some reading may have gone unseen, such as "a subprocess ran".
    """

    root: Path
    stamps: dict[str, tuple[int, int] | None] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)
    unseen: set[str] = field(default_factory=set)
    paused: bool = False
    alias: str = ""


_TRACES: list[Trace] = []  # audit hooks cannot be removed: an empty list makes ours idle


def start(root: Path) -> Trace:
    """Begin to record what this process reads below `root`."""
    trace = Trace(root.resolve(), alias=os.path.abspath(root))
    if not _TRACES:
        sys.addaudithook(_hook)
    _TRACES[:] = [trace]
    return trace


def restart() -> None:
    """Forget what was read so far: a kernel's own start is none of the story's."""
    for trace in tuple(_TRACES):
        start(trace.root)


def note_part(name: str, digest: str) -> None:
    """Record a part of a file as an input: `data/facts.csv#id` with the digest of that row."""
    for trace in _TRACES:
        trace.parts[name] = digest


@contextmanager
def unrecorded() -> Iterator[None]:
    """Read a file without making the whole of it an input; the reader notes its parts itself."""
    before = [(trace, trace.paused) for trace in _TRACES]
    for trace in _TRACES:
        trace.paused = True
    try:
        yield
    finally:
        for trace, paused in before:
            trace.paused = paused


def report() -> dict[str, Any]:
    """Tell what was read: `{"inputs": {name: digest}, "unseen": [reason, ...]}`.

    Digests are taken now; a file that changed since it was first opened gets the digest
    `UNSTABLE`, which no file ever has, so that the story runs again next time.
    """
    if not _TRACES:
        return {"inputs": {}, "unseen": ["nothing was recorded"]}
    trace = _TRACES[0]
    trace.paused = True
    inputs = {name: _digest_since(trace.root, name, stamp) for name, stamp in trace.stamps.items()}
    inputs |= {name: digest_of(trace.root, name) for name in _local_modules(trace)}
    unseen = trace.unseen | {f"module '{name}'" for name in UNSEEN_READERS if name in sys.modules}
    return {"inputs": dict(sorted((inputs | trace.parts).items())), "unseen": sorted(unseen)}


def digest_of(root: Path, name: str) -> str:
    """Give the digest of an input as it is on disk now.

    Args:
        root: the book's folder.
        name: a file, a folder (its listing counts), or `file#part`: of a CSV file the row whose
            first column is `part`, of a data package descriptor the resource of that name.

    Returns:
        64 hexadecimal digits of SHA-256, or `ABSENT`.
    """
    path_name, _, part = name.partition("#")
    path = root / path_name
    try:
        if path.is_dir():
            listed = sorted(set(os.listdir(path)) - SKIPPED_FOLDERS)
            return digest_of_bytes("\n".join(listed).encode())
        content = path.read_bytes()
    except OSError:
        return ABSENT
    if not part:
        return digest_of_bytes(content)
    return _digest_of_part(content, part, descriptor=path.suffix == ".json")


def digest_of_bytes(content: bytes) -> str:
    """Give the SHA-256 of some bytes as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def digest_of_row(row: dict[str, str]) -> str:
    """Give the digest of one row of a CSV file, whatever the order of its columns."""
    named = {name or "": value for name, value in row.items()}  # csv keeps values without a column under None
    return digest_of_bytes(json.dumps(named, sort_keys=True, ensure_ascii=False).encode())


def _digest_of_part(content: bytes, part: str, *, descriptor: bool) -> str:
    try:
        text = content.decode("utf-8-sig")
        if descriptor:
            resources = json.loads(text).get("resources", [])
            matches = [one for one in resources if one.get("name") == part]
            return digest_of_row(matches[0]) if matches else ABSENT
        for row in csv.DictReader(io.StringIO(text, newline="")):
            if next(iter(row.values()), None) == part:
                return digest_of_row(row)
    except (AttributeError, TypeError, UnicodeDecodeError, ValueError, csv.Error):
        return digest_of_bytes(content)
    return ABSENT


def _digest_since(root: Path, name: str, stamp: tuple[int, int] | None) -> str:
    before = _stamp(root / name)
    digest = digest_of(root, name)
    return digest if before == stamp == _stamp(root / name) else UNSTABLE


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size)


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    for trace in tuple(_TRACES):
        if trace.paused:
            return
        if event == "open":
            _note_open(trace, *arguments[:3])
        elif event in {"os.listdir", "os.scandir"}:
            _note_listing(trace, arguments[0])
        elif event in {"subprocess.Popen", "os.system", "os.posix_spawn", "os.exec"}:
            trace.unseen.add("a subprocess ran")
        elif event == "sqlite3.connect" and arguments[0] not in {":memory:", ""}:
            _note_open(trace, _path_of_database(arguments[0]), "r", 0)


def _path_of_database(database: Any) -> Any:
    """Give the path in sqlite3's "file:data/a.db?mode=ro"."""
    if not isinstance(database, str) or not database.startswith("file:"):
        return database
    return unquote(urlsplit(database).path)


def _note_open(trace: Trace, path: Any, mode: Any, flags: Any) -> None:
    name = _name_in_book(trace, path)
    if name is None or name in trace.written:
        return
    if _writes(mode, flags) and trace.stamps.get(name) is None:
        trace.stamps.pop(name, None)  # looked for, missed, then made: an output
        trace.written.add(name)
    elif name not in trace.stamps:
        trace.stamps[name] = _stamp(trace.root / name)


def _writes(mode: Any, flags: Any) -> bool:
    if isinstance(mode, str):
        return any(letter in mode for letter in "wax+")
    return isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR))


def _note_listing(trace: Trace, path: Any) -> None:
    frame = sys._getframe(2)
    if frame.f_code.co_filename.startswith(_IMPORT_SYSTEM):
        return  # it lists every folder of sys.path
    name = _name_in_book(trace, path if path is not None else os.curdir)
    if name is not None and name not in trace.stamps:
        trace.stamps[name] = _stamp(trace.root / name)


def _name_in_book(trace: Trace, path: Any) -> str | None:
    """Give the input's name, or None for what is no input: other folders, caches, our own code."""
    if not isinstance(path, str | bytes | os.PathLike):
        return None  # an open file descriptor: whoever opened it was seen
    absolute = os.path.abspath(os.fsdecode(path))  # cheap: it is called on every open
    if trace.alias != str(trace.root) and absolute.startswith(trace.alias + os.sep):
        absolute = f"{trace.root}{absolute[len(trace.alias) :]}"  # the book was opened through a link
    prefix = f"{trace.root}{os.sep}"
    if not absolute.startswith(prefix) or absolute.startswith(_OWN_CODE):
        return None
    parts = absolute[len(prefix) :].split(os.sep)
    return None if SKIPPED_FOLDERS.intersection(parts) else "/".join(parts)


def _local_modules(trace: Trace) -> list[str]:
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    names = (_name_in_book(trace, file) for file in files if isinstance(file, str))
    return sorted({name for name in names if name})


_OWN_CODE = str(Path(__file__).resolve().parent) + os.sep


def _run_kernel() -> None:
    """Start IPython's kernel in this process, recording from before its first import."""
    from runpy import run_module

    from sourcebook import tracing  # the module that stories import, not this `__main__`

    if root := os.environ.get(ROOT_VARIABLE):
        tracing.start(Path(root))
    run_module("ipykernel_launcher", run_name="__main__")


if __name__ == "__main__":
    _run_kernel()
