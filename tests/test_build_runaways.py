"""Stories that run away: each is ended and named, and the others are published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from page_parts import soup, words_of

from sourcebook.testing import CONFIG, Book, Built

_FORKS = """\
import os, time
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        time.sleep(600)
time.sleep(600)
"""
RUNAWAYS = {
    "loops": ("while True:\n    pass", "a cell ran longer than 4 seconds"),
    "counts": ("sum(range(10**11))", "a cell ran longer than 4 seconds"),
    "eats": ("x = bytearray(10**13)", "MemoryError"),
    "prints": ("while True:\n    print('x' * 10_000)", "a cell printed more than 10 MB"),
    "yells": ("!yes | head -c 1000000000", "a cell printed more than 10 MB"),
    "crashes": ("import ctypes\nctypes.string_at(0)", "the kernel died while the story ran: signal SIGSEGV"),
    "forks": (_FORKS, "a cell ran longer than 4 seconds"),
}


@pytest.fixture(scope="session")
def runaways(shelf: Any) -> Built:
    """Give a book of runaways and one good story, built with --keep-going."""

    def make(folder: Path) -> Built:
        book = Book(folder)
        book.write("_config.yml", CONFIG.replace("timeout: 60", "timeout: 4"))
        book.write("requirements.txt", "pandas\n")
        book.write_contents("book/good", *(f"book/{name}" for name in RUNAWAYS))
        book.write_story("book/good.ipynb", "md:# Good", "print('all is well')")
        for name, (code, _) in RUNAWAYS.items():
            book.write_story(f"book/{name}.ipynb", f"md:# {name}", "before = 1", code)
        return book.build("--keep-going")

    built: Built = shelf.built("runaways", make)
    return built


@pytest.mark.parametrize("name", RUNAWAYS)
def test_runaway_is_ended_and_named_with_its_cell(runaways: Built, name: str) -> None:
    """The author reads which story, which cell and why; the build does not hang, and memory stays free."""
    told = runaways.output.split("WARNING: ")

    (problem,) = (one for one in told if f"where: book/{name}.ipynb" in one)

    assert RUNAWAYS[name][1] in problem
    assert f"where: book/{name}.ipynb, cell 3" in problem
    assert "mend:" in problem


def test_runaways_harm_no_other_story(runaways: Built) -> None:
    """What is good is published, and the exit code says that not all is."""
    words = words_of(soup(runaways, "book/good").select_one("article"))

    assert runaways.code == 1
    assert "all is well" in words


def test_runaways_leave_no_process(runaways: Built) -> None:
    """What a story started ends with it, also what hid in a session of its own."""
    below = str(runaways.site.parents[1])

    left = [
        entry.name for entry in Path("/proc").iterdir() if entry.name.isdigit() and _works_in(entry, below)
    ]

    assert left == []


def _works_in(process: Path, folder: str) -> bool:
    try:
        return str((process / "cwd").readlink()).startswith(folder)
    except OSError:
        return False
