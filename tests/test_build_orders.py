"""What `sourcebook build` can be asked for: to go on, to run all again, fresh kernels, an end."""

from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from page_parts import soup, words_of

from sourcebook.stories import parse_notebook, write_text
from sourcebook.testing import CONFIG, Book, Built

_GOOD = ("md:# Good", "x = 6 * 7\nprint('well')", "md: It is {eval}`x`.")


def _book(folder: Path, **stories: tuple[str, ...]) -> Book:
    book = Book(folder)
    book.write("_config.yml", CONFIG)
    book.write("requirements.txt", "pandas\n")
    book.write_contents(*(f"book/{name}" for name in stories))
    for name, cells in stories.items():
        book.write_story(f"book/{name}.ipynb", *cells)
    return book


@pytest.fixture(scope="session")
def going_on(shelf: Any) -> Built:
    """Give the second build of a book in which one story has just been broken, and another never ran."""

    def make(folder: Path) -> Built:
        broken = ("md:# Broken", "print('the state of then')")
        book = _book(folder, good=_GOOD, broken=broken)
        book.build()
        book.write_story("book/good.ipynb", *_GOOD, "print('and new')")
        book.write_story("book/broken.ipynb", "md:# Broken", "print(1 / 0)")
        book.write_story("book/never.ipynb", "md:# Never", "print(1 / 0)")
        book.write_contents("book/good", "book/broken", "book/never")
        return book.build("--keep-going")

    built: Built = shelf.built("keep-going", make)
    return built


def test_build_that_keeps_going_publishes_the_other_pages(going_on: Built) -> None:
    """One broken story does not hold back what the others have to say."""
    words = words_of(soup(going_on, "book/good").select_one("article"))

    assert "and new" in words


@pytest.mark.parametrize(("page", "shown"), [("broken", True), ("never", False)])
def test_page_of_a_failed_story_says_that_it_is_not_up_to_date(
    going_on: Built, page: str, shown: bool
) -> None:
    """Readers see its last good state, or nothing at all, and are told."""
    words = words_of(soup(going_on, f"book/{page}").select_one("article"))

    assert "could not be brought up to date" in words
    assert ("the state of then" in words) == shown


def test_build_that_kept_going_fails_by_its_exit_code(going_on: Built) -> None:
    """CI sees that something is wrong, and the author reads what, and where."""
    assert going_on.code == 1
    assert "ZeroDivisionError" in going_on.output
    assert (
        "these stories failed, and their pages say so: book/broken.ipynb, book/never.ipynb" in going_on.output
    )


def test_strict_build_does_not_go_on(tmp_path: Path) -> None:
    """What is published for good has no page that lags behind."""
    book = _book(tmp_path / "book", good=_GOOD, broken=("md:# Broken", "print(1 / 0)"))

    built = book.build("--strict", "--keep-going")

    assert built.code == 1
    assert not built.site.exists()


def test_rerun_names_the_story_whose_outputs_are_chance(tmp_path: Path) -> None:
    """Equal inputs must give equal bytes; --rerun shows which story does not keep to it."""
    chance = "import os\nprint(os.urandom(4).hex())"
    book = _book(tmp_path / "book", good=_GOOD, chance=("md:# Chance", chance))
    book.build()

    built = book.build("--rerun")

    assert sorted(built.ran) == ["book/chance.ipynb", "book/good.ipynb"]
    assert re.findall(r"'(\S+)' gave other outputs than its last run", built.output) == ["book/chance.ipynb"]


def test_cold_build_gives_the_bytes_of_a_warm_one(tmp_path: Path) -> None:
    """Warm runners hide nothing that a fresh kernel would show."""
    cells = (
        "md:# Cold",
        "import pandas as pd\npd.DataFrame({'x': [1, 2]})",
        "import random\nrandom.random()",
    )
    warm = _book(tmp_path / "warm", good=_GOOD, table=cells).build()

    cold = _book(tmp_path / "cold", good=_GOOD, table=cells).build("--cold")

    assert (warm.code, cold.code) == (0, 0)
    assert cold.files() == warm.files()


def test_shared_store_brings_the_runs_of_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one machine has run, another one that has the same data does not run again."""
    monkeypatch.setenv("SOURCEBOOK_STORE", f"file://{tmp_path}/runs")
    first = _book(tmp_path / "mine", good=_GOOD).build()

    second = _book(tmp_path / "yours", good=_GOOD).build()

    assert (first.ran, second.ran) == (("book/good.ipynb",), ())
    assert second.files() == first.files()


_CONNECTING = "socket.create_connection(('192.0.2.1', 80), timeout=0.1)"  # an address kept for examples
_ASKING = f"import socket\ntry:\n    {_CONNECTING}\nexcept OSError:\n    print('no answer')"


def test_network_is_refused_while_stories_run(tmp_path: Path) -> None:
    """What a page shows stands in data/: a story that asks elsewhere is stopped, and told how to mend it."""
    book = _book(tmp_path / "book", asks=("md:# Asks", "import socket\n" + _CONNECTING))

    built = book.build()

    assert built.code == 1
    assert "where: book/asks.ipynb, cell 2, line 2" in built.output
    assert "data/" in built.output.split("mend:")[1]


def test_network_that_a_story_is_allowed_is_a_warning(tmp_path: Path) -> None:
    """Who needs it can have it, and everybody hears that the run cannot be kept faithfully."""
    book = _book(tmp_path / "book", asks=("md:# Asks", _ASKING))
    notebook = parse_notebook((book.root / "book/asks.ipynb").read_text(encoding="utf-8"))
    notebook.metadata["sourcebook"] = {"network": True}
    book.write("book/asks.ipynb", write_text(notebook))

    built, strict = book.build(), book.build("--strict")

    assert (built.code, strict.code) == (0, 1)
    assert "asked the network (192.0.2.1:80)" in built.output


def test_setting_that_no_story_has_is_refused_with_the_nearest(tmp_path: Path) -> None:
    """A misspelt setting must not do nothing in silence."""
    book = _book(tmp_path / "book", good=_GOOD)
    notebook = parse_notebook((book.root / "book/good.ipynb").read_text(encoding="utf-8"))
    notebook.metadata["sourcebook"] = {"runer": "kernel"}
    book.write("book/good.ipynb", write_text(notebook))

    built = book.build()

    assert built.code == 1
    assert "where: book/good.ipynb, field 'sourcebook.runer'" in built.output
    assert "did you mean 'runner'?" in built.output


def test_interrupted_build_ends_every_runner_and_keeps_what_had_ended(tmp_path: Path) -> None:
    """Ctrl-C stops cleanly: the next build has only the rest to do."""
    book = _book(tmp_path / "book", good=_GOOD, slow=("md:# Slow", "import time\ntime.sleep(120)"))
    command = [sys.executable, "-m", "sourcebook", "build", "--workers", "2", "--book", str(book.root)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "ran     book/good.ipynb" in line:
                break
        time.sleep(0.5)
        os.killpg(process.pid, signal.SIGINT)
        told = process.communicate(timeout=30)[0]

    assert process.returncode == 130, told
    assert "the runs that had ended are kept" in told
    assert book.reasons("book/good.ipynb") == ()
    assert _processes_in(book.root) == []


def test_terminal_shows_which_cell_of_which_story_runs(tmp_path: Path) -> None:
    """Who waits sees what for: story, cell, seconds, and how many are done."""
    book = _book(tmp_path / "book", slow=("md:# Slow", "import time\ntime.sleep(2)", "1"))
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"}
    command = [sys.executable, "-m", "sourcebook", "build", "--book", str(book.root)]
    with subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment) as process:
        os.close(theirs)
        told = _all_of(ours)

    assert process.returncode == 0, told
    assert "0 of 1 stories" in told
    assert re.search(r"book/slow\.ipynb\s+cell 2 of 3\s+[\d.]+ s", told)


def _all_of(descriptor: int) -> str:
    """Read a terminal until nobody writes to it any more."""
    parts = []
    try:
        while part := os.read(descriptor, 65536):
            parts.append(part)
    except OSError:
        pass  # how Linux tells the end
    os.close(descriptor)
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", b"".join(parts).decode(errors="replace"))


def _processes_in(folder: Path) -> list[str]:
    """Give the commands of all processes that work below a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and (entry / "cwd").readlink().is_relative_to(folder):
                found.append((entry / "cmdline").read_text())
        except OSError:
            continue
    return found
