"""What a process reads becomes the inputs of its run; nothing else does.

An audit hook cannot be removed, so each trace is taken in a process of its own.
"""

from __future__ import annotations

import compileall
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sourcebook.testing import Book
from sourcebook.tracing import (
    ABSENT,
    SKIPPED_FOLDERS,
    UNSTABLE,
    digest_of,
    digest_of_bytes,
    note_part,
    preload_library,
    report,
    unrecorded,
)

Trace = Callable[..., dict[str, Any]]

START = """\
import json, os, sys
from pathlib import Path
from sourcebook import tracing
tracing.start(Path({root!r}), log={log})
"""
REPORT = "\nprint(json.dumps(tracing.report()))\n"


WATCHED = pytest.param("preload", marks=pytest.mark.skipif(preload_library() is None, reason="not built"))


@pytest.fixture(params=["hook", WATCHED])
def trace(book: Book, tmp_path: Path, request: pytest.FixtureRequest) -> Trace:
    """Give a function that runs some code in the book's folder and tells what it was seen to read."""
    is_watched = request.param == "preload"
    log = f"Path({str(tmp_path / 'log')!r})" if is_watched else "None"
    preloaded = {"LD_PRELOAD": str(preload_library())} if is_watched else {}

    def traced(code: str, *, root: Path = book.root, cwd: Path = book.root) -> dict[str, Any]:
        script = START.format(root=str(root), log=log) + code + REPORT
        ran = subprocess.run(
            [sys.executable, "-c", script],
            cwd=cwd,
            env={**os.environ, **preloaded},
            capture_output=True,
            encoding="utf-8",
            timeout=30,
        )
        assert ran.returncode == 0, ran.stderr
        told: dict[str, Any] = json.loads(ran.stdout)
        return told

    return traced


@pytest.mark.parametrize(
    "code",
    [
        "open('data/a.csv').read()",
        "open(b'data/a.csv').read()",
        "Path('data/a.csv').read_bytes()",
        "open(os.path.abspath('data/../data/a.csv')).read()",
        "os.close(os.open('data/a.csv', os.O_RDONLY))",
        "os.chdir('data'); open('a.csv').read()",
        "import csv; list(csv.reader(open('data/a.csv')))",
    ],
)
def test_trace_holds_a_file_that_was_opened(trace: Trace, book: Book, code: str) -> None:
    """However a story opens a file, the file is an input, by its path in the book, with its digest."""
    path = book.write("data/a.csv", "year\n2024\n")

    told = trace(code)

    assert told["inputs"] == {"data/a.csv": digest_of_bytes(path.read_bytes())}
    assert told["unseen"] == []


@pytest.mark.parametrize(
    "code",
    [
        "os.listdir('data')",
        "list(os.scandir('data'))",
        "list(Path('data').iterdir())",
        "list(Path('data').glob('*.csv'))",
        "os.chdir('data'); os.listdir()",
    ],
)
def test_trace_holds_a_folder_that_was_listed(trace: Trace, book: Book, code: str) -> None:
    """A story that reads "all tables of this folder" depends on which there are."""
    book.write("data/a.csv", "")

    told = trace(code)

    assert told["inputs"] == {"data": digest_of(book.root, "data")}


def test_trace_holds_a_file_that_was_missed(trace: Trace) -> None:
    """A story that looked for a file in vain must run again once the file is there."""
    code = "try:\n    open('data/later.csv')\nexcept FileNotFoundError:\n    pass"

    told = trace(code)

    assert told["inputs"] == {"data/later.csv": ABSENT}


@pytest.mark.parametrize("folder", sorted(SKIPPED_FOLDERS))
def test_trace_leaves_out_folders_that_never_hold_an_input(trace: Trace, book: Book, folder: str) -> None:
    """Caches and environments inside the book are none of the story's inputs."""
    book.write(f"{folder}/sub/a.txt", "")

    told = trace(f"open('{folder}/sub/a.txt').read(); os.listdir('{folder}')")

    assert told["inputs"] == {}


def test_trace_leaves_out_what_is_outside_the_book(trace: Trace, book: Book) -> None:
    """Only the book counts, not even a neighbour whose name begins alike."""
    neighbour = book.root.with_name(book.root.name + "-two")
    neighbour.mkdir()
    (neighbour / "a.txt").write_text("", encoding="utf-8")

    told = trace(
        f"open({str(neighbour / 'a.txt')!r}).read(); os.listdir({str(neighbour)!r}); open(os.devnull)"
    )

    assert told["inputs"] == {}


def test_trace_sees_a_book_through_a_symbolic_link(trace: Trace, book: Book) -> None:
    """A book that is reached by a link is traced like any other: no stale number slips through."""
    book.write("data/a.csv", "year\n")
    link = book.root.with_name("link")
    link.symlink_to(book.root, target_is_directory=True)

    told = trace(f"open({str(link / 'data' / 'a.csv')!r}).read()", root=link)

    assert list(told["inputs"]) == ["data/a.csv"]


@pytest.mark.parametrize(
    "code",
    [
        "Path('out.txt').write_text('x'); Path('out.txt').read_text()",
        "Path('out.txt').exists() or Path('out.txt').write_text('x'); open('out.txt').read()",
        "try:\n    open('out.txt')\nexcept OSError:\n    Path('out.txt').write_text('x')\nopen('out.txt')",
    ],
    ids=["written then read", "looked for, written, read", "missed, written, read"],
)
def test_trace_leaves_out_what_the_story_itself_wrote(trace: Trace, code: str) -> None:
    """A file that a story makes and reads back is its output, not its input."""
    told = trace(code)

    assert told["inputs"] == {}


@pytest.mark.parametrize(
    "change", ["Path('a.txt').write_text('longer than before')", "os.utime('a.txt', ns=(1, 1))"]
)
def test_trace_calls_an_input_unstable_when_it_changed_while_the_story_ran(
    trace: Trace, book: Book, change: str
) -> None:
    """Nobody knows which of two contents was used, so the story runs again next time."""
    book.write("a.txt", "before")

    told = trace(f"open('a.txt').read()\n{change}")

    assert told["inputs"] == {"a.txt": UNSTABLE}


@pytest.mark.parametrize("cached", [False, True], ids=["new", "compiled before"])
def test_trace_holds_local_modules(trace: Trace, book: Book, cached: bool) -> None:
    """A story's own helper modules are inputs, also when Python reads just its own compiled copy of them."""
    book.write("book/near.py", "from pack import part\n")
    book.write("book/pack/__init__.py", "")
    book.write("book/pack/part.py", "")
    if cached:
        compileall.compile_dir(book.root / "book", quiet=2)

    told = trace("sys.path.insert(0, 'book'); import near")

    assert sorted(told["inputs"]) == ["book/near.py", "book/pack/__init__.py", "book/pack/part.py"]
    assert ABSENT not in told["inputs"].values()


@pytest.mark.parametrize(
    "connect", ["sqlite3.connect('data/a.db')", "sqlite3.connect('file:data/a.db?mode=ro', uri=True)"]
)
def test_trace_holds_a_database_of_sqlite(trace: Trace, book: Book, connect: str) -> None:
    """SQLite opens files from C, past Python's `open`; its database is an input all the same."""
    path = book.write("data/a.db", "")

    told = trace(f"import sqlite3; {connect}.close()")

    assert told["inputs"] == {"data/a.db": digest_of_bytes(path.read_bytes())}


def test_trace_leaves_out_a_database_in_memory(trace: Trace) -> None:
    """A database without a file is no input."""
    told = trace("import sqlite3; sqlite3.connect(':memory:').close()")

    assert told["inputs"] == {}


def test_trace_holds_a_part_in_place_of_its_file(trace: Trace, book: Book) -> None:
    """A reader of ours names the row it used, so that other rows may change without a run."""
    book.write("data/facts.csv", "id,value\na,1\n")
    code = (
        "with tracing.unrecorded():\n    open('data/facts.csv').read()\n"
        "tracing.note_part('data/facts.csv#a', 'digest')"
    )

    told = trace(code)

    assert told["inputs"] == {"data/facts.csv#a": "digest"}


def test_trace_goes_on_after_an_unrecorded_reader(trace: Trace, book: Book) -> None:
    """What a reader of ours hides is only its own reading, even if it fails or calls another."""
    book.write("a.txt", "")
    code = (
        "try:\n    with tracing.unrecorded():\n"
        "        with tracing.unrecorded():\n            open('hidden.txt')\n"
        "except OSError:\n    open('a.txt')"
    )

    told = trace(code)

    assert list(told["inputs"]) == ["a.txt"]


def test_trace_forgets_the_start_of_the_kernel_when_restarted(trace: Trace, book: Book) -> None:
    """A kernel's own reading is none of the story's inputs."""
    book.write("before.txt", "")
    book.write("after.txt", "")

    told = trace("open('before.txt'); tracing.restart(); open('after.txt')")

    assert list(told["inputs"]) == ["after.txt"]


@pytest.mark.parametrize("trace", ["hook"], indirect=True)
@pytest.mark.parametrize(
    "code",
    [
        "os.system(':')",
        "import subprocess; subprocess.run(['true'])",
        "os.waitpid(os.posix_spawn(sys.executable, [sys.executable, '-S', '-c', ''], {}), 0)",
    ],
)
def test_trace_admits_that_a_subprocess_may_have_read(trace: Trace, code: str) -> None:
    """Where another process may have read files, the run says that its inputs may be incomplete."""
    told = trace(code)

    assert told["unseen"] == ["a subprocess ran"]


@pytest.mark.parametrize("trace", ["hook"], indirect=True)
def test_trace_admits_that_compiled_readers_are_unseen(trace: Trace) -> None:
    """A module that reads past Python's audit events is named, so that an author can act."""
    told = trace("import types; sys.modules['polars'] = types.ModuleType('polars')")

    assert told["unseen"] == ["module 'polars'"]


def test_report_admits_that_nothing_was_recorded() -> None:
    """Without a trace nothing is claimed: no inputs, and a reason for it."""
    told = report()

    assert told["inputs"] == {}
    assert told["unseen"] == ["nothing was recorded"]


def test_readers_work_untraced() -> None:
    """In a plain notebook, outside any build, readers note their parts to nobody."""
    with unrecorded():
        note_part("data/facts.csv#a", "digest")

    assert report()["inputs"] == {}
