"""What the store does when the disk is full or read-only, and when writers are many or are killed."""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from kept_runs import KEY, run_of

from sourcebook.runs.store import Store, StoreError
from sourcebook.runs.store.collection import find_damaged

TESTS = Path(__file__).parent

WRITER = """
import sys
from pathlib import Path
from kept_runs import run_of
from sourcebook.runs.store import Store

store, name, rounds = Store(Path(sys.argv[1])), sys.argv[2], int(sys.argv[3])
root = Path(sys.argv[4])
print("ready", flush=True)
sys.stdin.readline()
for number in range(rounds):
    inputs = {f"data/{name}-{number}.csv": "1" * 64}
    run = run_of(f"{name} {number}", size=200_000, inputs=inputs, made=root / "data" / "made.csv")
    store.keep(f"{number % 3:064x}", run, root=root)
    store.remember(f"book/{number % 3}.ipynb", run)
    store.lay_out(f"book/{number % 3}.ipynb", run.text)
    if number == 0:
        print("kept", flush=True)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give the folder of a book that holds one table."""
    (tmp_path / "book" / "data").mkdir(parents=True)
    (tmp_path / "book" / "data" / "made.csv").write_bytes(b"year,people\n" * 10_000)
    return tmp_path / "book"


@contextmanager
def writer(store: Store, name: str, *, rounds: int, root: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a process that is about to keep so many runs."""
    command = [sys.executable, "-c", WRITER, str(store.folder), name, str(rounds), str(root)]
    path = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=path
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process


def begin(process: subprocess.Popen[str]) -> None:
    """Let a writer go."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """Let every write beyond a size fail, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@contextmanager
def nobody() -> Iterator[None]:
    """Be a user who may write only what everybody may, even where tests are run by root."""
    own = os.geteuid()
    if own == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        if own == 0:
            os.seteuid(0)


@pytest.fixture
def read_only() -> Iterator[Store]:
    """Give a store that holds one run and may be read by all, and written by nobody."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "store")
        store.keep(KEY, run_of("first"))
        store.remember("book/index.ipynb", run_of("first"))
        store.lay_out("book/index.ipynb", "text")
        os.utime(store.manifest(KEY), (0, 0))
        every = [Path(folder), store.folder, *store.folder.rglob("*")]
        for path in every:
            path.chmod(0o555 if path.is_dir() else 0o444)
        yield store
        for path in every:
            path.chmod(0o755 if path.is_dir() else 0o644)


def test_full_disk_is_told_and_leaves_no_half_of_a_file(tmp_path: Path) -> None:
    """What cannot be kept is said in three lines, and what was kept before is still there."""
    store = Store(tmp_path / "store")
    store.keep(KEY, run_of("first"))
    before = sorted(path for path in store.folder.rglob("*") if path.is_file())

    with pytest.raises(StoreError) as failed, no_file_larger_than(10_000):
        store.keep(KEY, run_of("second", size=100_000))

    assert str(failed.value).startswith("the store of runs cannot be written to: File too large\n  where: ")
    assert failed.value.mend
    assert store.runs_of(KEY) == (run_of("first"),)
    assert sorted(path for path in store.folder.rglob("*") if path.is_file()) == before


def test_read_only_store_serves_reads(read_only: Store) -> None:
    """A store that may not be written to still gives its runs, and nothing is written if all is equal."""
    with nobody():
        (run,) = read_only.runs_of(KEY)
        notebook = read_only.notebook(run)
        read_only.remember("book/index.ipynb", run)
        read_only.lay_out("book/index.ipynb", "text")

    assert run == run_of("first")
    assert notebook.cells[0].source == "'first'"


def test_read_only_store_says_so_when_a_run_is_kept(read_only: Store) -> None:
    """An author learns which folder is to be made writable."""
    with pytest.raises(StoreError) as failed, nobody():
        read_only.keep(KEY, run_of("second"))

    assert "Permission denied" in failed.value.what
    assert str(failed.value.place).startswith(read_only.folder.as_posix())
    assert "writable" in failed.value.mend


def test_two_processes_keep_runs_of_one_story_at_once(tmp_path: Path, root: Path) -> None:
    """Two builds over one store lose none of each other's runs."""
    store = Store(tmp_path / "store")

    with (
        writer(store, "one", rounds=27, root=root) as one,
        writer(store, "other", rounds=27, root=root) as other,
    ):
        begin(one)
        begin(other)
        one.wait(timeout=60)
        other.wait(timeout=60)
    kept = [len(store.runs_of(f"{number:064x}")) for number in range(3)]

    assert (one.returncode, other.returncode) == (0, 0)
    assert kept == [18, 18, 18]
    assert find_damaged(store) == ()


def test_no_entry_is_torn_when_writers_are_killed(tmp_path: Path, root: Path) -> None:
    """Whenever a build is killed, every entry of the store is whole, and the next build goes on."""
    store, chance = Store(tmp_path / "store"), random.Random(4)
    damaged = []

    for number in range(4):
        with writer(store, f"round {number}", rounds=100_000, root=root) as process:
            begin(process)
            assert process.stdout is not None
            assert process.stdout.readline() == "kept\n"
            time.sleep(chance.uniform(0.0, 0.15))
            process.kill()
        damaged += find_damaged(store)
    store.keep(KEY, run_of("after all"))

    assert damaged == []
    assert any(store.runs_of(f"{number:064x}") for number in range(3))
    assert store.runs_of(KEY) == (run_of("after all"),)
