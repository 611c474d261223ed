"""The preload library sees what compiled code and child processes touch, and harms nobody."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sourcebook.testing import Book
from sourcebook.tracing import (
    ABSENT,
    UNSTABLE,
    digest_of,
    environment,
    preload_library,
)

pytestmark = pytest.mark.skipif(preload_library() is None, reason="no C compiler was there")

Trace = Callable[..., dict[str, Any]]

SCRIPT = """\
import json, os, subprocess, sys
from pathlib import Path
from sourcebook import tracing
tracing.start(Path({root!r}), log=Path({log!r}), network={network})
{code}
print(json.dumps(tracing.report()))
"""


@pytest.fixture
def trace(book: Book, tmp_path: Path) -> Trace:
    """Give a function that runs some code in `book/`, with the library loaded as a fork server loads it."""
    (book.root / "book").mkdir()

    def traced(code: str, *, network: bool = True, preload: bool = True) -> dict[str, Any]:
        log = str(tmp_path / "log")
        script = SCRIPT.format(root=str(book.root), log=log, network=network, code=code)
        loaded = {"LD_PRELOAD": str(preload_library())} if preload else {}
        ran = subprocess.run(
            [sys.executable, "-c", script],
            cwd=book.root / "book",
            env={**os.environ, **loaded},
            capture_output=True,
            encoding="utf-8",
            timeout=30,
        )
        assert ran.returncode == 0, ran.stderr
        told: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
        return told

    return traced


@pytest.fixture
def listener() -> Iterator[int]:
    """Give the port of a server of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_preload_says_whether_it_watched(trace: Trace) -> None:
    """A report tells apart "nothing was read" and "nobody looked"."""
    watched = trace("")["preload"]

    unwatched = trace("", preload=False)["preload"]

    assert (watched, unwatched) == (True, False)


def test_preload_is_not_offered_where_its_path_cannot_be_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A checkout in a folder with a space runs without the library, and no program complains."""
    import sourcebook.tracing.preload as preload

    folder = tmp_path / "my books"
    folder.mkdir()
    (folder / preload_library().name).touch()  # type: ignore[union-attr]
    monkeypatch.setattr(preload, "__file__", str(folder / "preload.py"))

    found = preload.preload_library()

    assert found is None


def test_environment_starts_a_kernel_that_is_watched_from_its_first_line(book: Book, tmp_path: Path) -> None:
    """A real kernel is seen like a forked one, with all that it starts."""
    book.write("data/a.csv", "year\n")
    told = environment(book.root, log=tmp_path / "log", network=False)

    subprocess.run(["cat", "data/a.csv"], cwd=book.root, env={**os.environ, **told}, check=True)

    assert str(book.root / "data/a.csv").encode() in (tmp_path / "log").read_bytes()
    assert told["SOURCEBOOK_NETWORK"] == "refused"


def test_environment_keeps_what_else_is_preloaded(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who runs kernels with another allocator goes on to do so."""
    monkeypatch.setenv("LD_PRELOAD", "libother.so")

    told = environment(book.root, log=tmp_path / "log", network=True)

    assert told["LD_PRELOAD"] == f"{preload_library()} libother.so"


@pytest.mark.parametrize(
    "code",
    [
        "subprocess.run(['true'])",
        "os.system('true')",
        "os.popen('true').read()",
        "subprocess.run('true; false; true', shell=True)",
        "subprocess.run(['sh', '-c', 'exec true'])",
        "subprocess.Popen(['true'])",
        "subprocess.run(['nohow'], stderr=-3) if 0 else None",
        "try:\n    subprocess.run(['no-such-program'])\nexcept OSError:\n    pass",
    ],
)
def test_child_that_is_watched_hides_nothing(trace: Trace, code: str) -> None:
    """A story that calls other programs keeps its exact inputs."""
    told = trace(code + "\nimport time; time.sleep(0.2)")

    assert told["unseen"] == []


@pytest.mark.parametrize(
    "code",
    [
        "subprocess.run(['true'], env={})",
        "subprocess.run(['env', '-i', 'true'])",
        "os.environ.pop('LD_PRELOAD'); os.system('true')",
        "os.environ.pop('LD_PRELOAD'); os.popen('true').read()",
        "os.waitpid(os.posix_spawn('/bin/true', ['true'], {}), 0)",
        "subprocess.run('env -i true; true', shell=True)",
    ],
)
def test_child_that_is_not_watched_is_admitted(trace: Trace, code: str) -> None:
    """A program that began without the library may have read anything."""
    told = trace(code)

    assert told["unseen"] == ["a subprocess ran unwatched"]


@pytest.mark.parametrize(
    ("code", "outputs"),
    [
        ("open('new.csv', 'w').write('1')", ["book/new.csv"]),
        ("open('new.csv', 'w').write('1'); open('new.csv').read()", ["book/new.csv"]),
        ("open('t', 'w').write('1'); os.replace('t', 'new.csv'); open('new.csv').read()", ["book/new.csv"]),
        ("open('t', 'w').write('1'); os.remove('t')", []),
        ("os.system('echo 1 > a.csv; cat a.csv > b.csv')", ["book/a.csv", "book/b.csv"]),
        ("os.path.exists('o') or os.mkdir('o'); open('o/a', 'w').write('1'); os.listdir('o')", ["book/o/a"]),
        ("import duckdb as d; d.sql(\"copy (select 1) to 'd.csv'\");d.sql(\"from 'd.csv'\")", ["book/d.csv"]),
        ("import polars as p; p.DataFrame({'a': [1]}).write_parquet('p'); p.read_parquet('p')", ["book/p"]),
        ("import sqlite3; sqlite3.connect('s.db').execute('create table t (a)')", ["book/s.db"]),
    ],
)  # fmt: skip
def test_file_that_is_made_is_an_output_and_no_input(
    trace: Trace, book: Book, code: str, outputs: list[str]
) -> None:
    """What a story hands on to others is known, whoever wrote it, and is none of its own inputs."""
    told = trace(code)

    assert told["outputs"] == {name: digest_of(book.root, name) for name in outputs}
    assert (
        told["inputs"].keys() - {"size:book", "book/d.csv.tmp", "book/s.db-journal", "book/s.db-wal"} == set()
    )


@pytest.mark.parametrize(
    "code",
    [
        "open('log.csv', 'a').write('1')",
        "open('log.csv', 'r+').write('1')",
        "subprocess.run('echo 1 >> log.csv', shell=True)",
        "open('log.csv').read(); open('log.csv', 'w').write('same')",
    ],
)
def test_file_that_is_continued_is_both_input_and_output(trace: Trace, book: Book, code: str) -> None:
    """A story that adds to a file gives another one each time, and so it always runs."""
    book.write("book/log.csv", "0000")

    told = trace(code)

    assert told["inputs"]["book/log.csv"] == UNSTABLE
    assert told["outputs"] == {"book/log.csv": digest_of(book.root, "book/log.csv")}


def test_database_that_is_opened_for_change_and_only_read_is_no_output(trace: Trace, book: Book) -> None:
    """SQLite opens for writing whatever it reads: such a story need not run each time."""
    book.write("data/a.db", "")

    told = trace("import sqlite3; sqlite3.connect('../data/a.db').execute('select 1 from sqlite_master')")

    assert told["inputs"]["data/a.db"] == digest_of(book.root, "data/a.db")
    assert told["outputs"] == {}


def test_imports_list_no_folder(trace: Trace, book: Book) -> None:
    """The import system looks through the story's folder; a new notebook there makes nothing stale."""
    book.write("book/own/near.py", "")

    told = trace("sys.path.insert(0, os.path.abspath('own')); import near, decimal, email.message")

    assert told["inputs"] == {"book/own/near.py": digest_of(book.root, "book/own/near.py")}


def test_story_that_lists_a_folder_after_an_import_depends_on_it(trace: Trace, book: Book) -> None:
    """The story's own look is told apart from the import system's."""
    book.write("book/own/near.py", "")

    told = trace("sys.path.insert(0, os.path.abspath('own')); import decimal; os.listdir('own')")

    assert list(told["inputs"]) == ["book/own"]


def test_process_that_forks_names_what_it_missed(trace: Trace) -> None:
    """A child that ends without a word has still been seen."""
    told = trace("if not (p := os.fork()):\n    os.path.exists('later.csv'); os._exit(0)\nos.waitpid(p, 0)")

    assert told["inputs"] == {"book/later.csv": ABSENT}


def test_network_is_told(trace: Trace, listener: int) -> None:
    """Whom a story or its children asked is said, for what they answered is no input."""
    code = f"import socket; socket.create_connection(('127.0.0.1', {listener})).close()"
    child = f"subprocess.run([sys.executable, '-c', {code!r}])"

    told = [trace(code)["network"], trace(child)["network"]]

    assert told == [[f"127.0.0.1:{listener}"]] * 2


@pytest.mark.parametrize(
    "ask",
    [
        "socket.create_connection(('example.org', 80))",
        "socket.socket().connect(('192.0.2.1', 80))",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'', ('192.0.2.1', 80))",
        "urllib.request.urlopen('http://example.org/a.csv')",
    ],
)
def test_network_is_refused_with_a_mend(trace: Trace, ask: str) -> None:
    """A story that asks another machine hears at once how to do without, or how to be allowed."""
    code = f"import socket, urllib.request\ntry:\n    {ask}\nexcept OSError as error:\n    said = str(error)"

    told = trace(f"{code}\ntracing.note_part('said', said)", network=False)

    what, where, mend = told["inputs"]["said"].splitlines()
    assert "network is refused while stories run" in what
    assert where.startswith("  where: ")
    assert "network: true" in mend
    assert told["network"]


def test_network_is_refused_to_children(trace: Trace) -> None:
    """What a story may not do, the programs that it calls may not do either."""
    ask = "import socket; socket.socket().connect(('192.0.2.1', 80))"
    code = f"said = subprocess.run([sys.executable, '-c', {ask!r}], capture_output=True, text=True).stderr"

    told = trace(f"{code}\ntracing.note_part('said', said)", network=False)

    assert "PermissionError" in told["inputs"]["said"]
    assert told["network"] == ["192.0.2.1:80"]


def test_network_of_this_machine_is_never_refused(trace: Trace, listener: int) -> None:
    """Processes of one story may talk to each other."""
    told = trace(f"import socket; socket.create_connection(('localhost', {listener})).close()", network=False)

    assert told["network"] == [f"127.0.0.1:{listener}"]


def test_errno_and_results_are_those_of_the_call(trace: Trace, book: Book) -> None:
    """Being watched changes nothing: results and errors are the system's own."""
    book.write("book/a", "")
    code = """
def error_of(call, *told):
    try:
        call(*told)
    except OSError as error:
        return error.errno
said = [error_of(os.open, 'a/b', 0), error_of(os.open, 'none', 0), error_of(os.stat, 'none'),
        error_of(os.mkdir, 'a'), error_of(os.execv, 'none', ['none']), error_of(os.listdir, 'a'),
        error_of(os.open, 'a', os.O_CREAT | os.O_EXCL | os.O_WRONLY), error_of(os.open, 'x' * 5000, 0)]
tracing.note_part('said', repr(said))
"""

    told = trace(code)

    assert told["inputs"]["said"] == "[20, 2, 2, 17, 2, 20, 17, 36]"


def test_log_that_is_torn_is_admitted(trace: Trace) -> None:
    """Where the record itself was cut off, nothing is claimed."""
    told = trace("open(os.environ['SOURCEBOOK_PRELOAD_LOG'], 'a').write('12 12 R')")

    assert told["unseen"] == ["the record of what was read is torn"]


def test_restart_forgets_what_was_watched(trace: Trace, book: Book) -> None:
    """What a kernel and its children read before the first cell is none of the story's inputs."""
    book.write("data/a.csv", "")
    book.write("data/b.csv", "")
    cat = "subprocess.run(['cat', '../data/{}.csv'])"

    told = trace(f"{cat.format('a')}; tracing.restart(); {cat.format('b')}")

    assert list(told["inputs"]) == ["data/b.csv"]
    assert told["preload"]
