"""However a story reads, a change of what it rests on makes it stale: no wrong number stays published.

Each reader of `readers.py` runs once with the preload library and once without; then the book is changed.
"""

from __future__ import annotations

import fcntl
import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from readers import READERS, Reader

from sourcebook import tracing
from sourcebook.runs.discovery import Discovered

MODES = ("preload", "hook")
NEEDS = {"pandas-excel": "openpyxl", "pandas-hdf": "tables"}
CASES = [
    pytest.param(
        mode,
        reader,
        id=f"{mode}-{reader.name}",
        marks=pytest.mark.skipif(
            mode == "preload" and tracing.preload_library() is None, reason="no C compiler was there"
        ),
    )
    for mode in MODES
    for reader in READERS
    if importlib.util.find_spec(NEEDS.get(reader.name, "sys"))
]


@pytest.fixture(scope="session")
def reader_runs(shelf: Any) -> dict[str, Path]:
    """Give the folders in which every reader has run: one with the preload library, one without."""
    return {mode: Path(shelf.told(f"readers-{mode}", lambda folder: ran(folder, mode))) for mode in MODES}  # noqa: B023


def ran(folder: Path, mode: str) -> str:
    """Run every reader in a folder."""
    folder.mkdir()
    library = tracing.preload_library()
    preloaded = {"LD_PRELOAD": str(library)} if mode == "preload" and library else {}
    script = Path(__file__).with_name("reader_runs.py")
    done = subprocess.run(
        [sys.executable, str(script), str(folder), mode],
        env={**os.environ, **preloaded, "PYTHONPYCACHEPREFIX": "", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return str(folder)


def found(folder: Path, reader: Reader) -> tuple[Path, Discovered]:
    """Give the book in which a reader ran, and what its run rests on."""
    told = json.loads((folder / f"{reader.name}.json").read_text("utf-8"))
    assert "error" not in told, told["error"]
    root = folder / "books" / reader.name
    return root, Discovered(**told)


def stale(root: Path, inputs: dict[str, str]) -> list[str]:
    """Give the inputs that are no longer what they were."""
    return [name for name, digest in inputs.items() if tracing.digest_of(root, name) != digest]


@contextmanager
def changed(path: Path, how: str) -> Iterator[None]:
    """Change one thing for a while; a changed byte keeps the file's size and date."""
    before = path.stat() if path.exists() else None
    content = path.read_bytes() if before else b""
    folder = next(one for one in path.parents if one.exists())
    if how == "delete":
        path.unlink()
    elif how == "byte":
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    elif how == "append":
        path.write_bytes(content + b"\n")
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"new")
    if before and path.exists() and how == "byte":
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    yield
    if before is None:
        path.unlink()
        if path.parent != folder:
            path.parent.rmdir()
    else:
        path.write_bytes(content)


def is_blind(mode: str, reader: Reader) -> bool:
    """Say whether nobody can see what a reader does."""
    return mode == "hook" and reader.blind


@pytest.fixture(autouse=True)
def alone(reader_runs: dict[str, Path]) -> Iterator[None]:
    """Let one test at a time change the books, for all workers of a test run share them."""
    with (reader_runs["hook"].parent / "readers.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(autouse=True)
def place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the variable that readers read."""
    monkeypatch.setenv("PLACE", "here")


@pytest.mark.parametrize(("mode", "reader"), CASES)
def test_story_is_fresh_while_nothing_changes(
    reader_runs: dict[str, Path], mode: str, reader: Reader
) -> None:
    """A story that reads, in whatever way, does not run again for nothing."""
    root, discovered = found(reader_runs[mode], reader)

    assert stale(root, discovered.inputs) == []


@pytest.mark.parametrize(("mode", "reader"), CASES)
def test_story_is_stale_when_what_it_rests_on_changes(
    reader_runs: dict[str, Path], mode: str, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not one way of reading lets an old number stay."""
    root, discovered = found(reader_runs[mode], reader)
    skipped = []

    for path, ways in reader.rests_on.items():
        for how in ways:
            with changed(root / path, how):
                if not stale(root, discovered.inputs):
                    skipped.append(f"{path}: {how}")
    for variable in reader.variables:
        monkeypatch.setenv(variable, "elsewhere")
        if not stale(root, discovered.inputs):
            skipped.append(variable)
        monkeypatch.setenv("PLACE", "here")
        monkeypatch.delenv("NOWHERE", raising=False)

    assert bool(skipped) == is_blind(mode, reader), skipped


@pytest.mark.parametrize(("mode", "reader"), CASES)
def test_story_is_fresh_when_another_table_changes(
    reader_runs: dict[str, Path], mode: str, reader: Reader
) -> None:
    """Where all reading was seen, a table that the story did not read runs nothing."""
    root, discovered = found(reader_runs[mode], reader)

    with changed(root / "data/other.csv", "append"):
        names = stale(root, discovered.inputs)

    if reader.looks_around:
        assert set(names) <= {"size:data/other.csv", "data/other.csv"}
    else:
        assert names == ([] if discovered.rule == "seen" else ["data/other.csv"])
