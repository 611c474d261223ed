"""Builds with nothing to do: answered without Sphinx or pandas, and never where anything changed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import sourcebook
from sourcebook.desk.build import FOOTPRINT, build_site, is_up_to_date
from sourcebook.desk.footprint import find_footprint
from sourcebook.testing import CONFIG, Book

HEAVY = ("IPython", "altair", "docutils", "jinja2", "nbformat", "pandas", "plotly", "sphinx", "yaml")
SECRET = "TOWN_OF_THE_TEST"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d494844520000000100000001080600000"
    "01f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


@dataclass(frozen=True)
class Still:
    """A book that was built, and has not changed since.

    Attributes:
        book: the book.
        told: what its author saw.
    """

    book: Book
    told: tuple[str, ...]


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Still]:
    """Give a small book with one file of each kind, built; whoever changes a file puts it back."""
    book = Book(tmp_path_factory.mktemp("nothing") / "small-book")
    _write(book)
    told: list[str] = []
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(SECRET, "Harbour")
        build_site(book.root, tell=told.append)
        time.sleep(2.1)  # until then every file is read again, whatever its date
        assert is_up_to_date(book.root)
        yield Still(book, tuple(line for line in told if not line.startswith("  ran")))


def _write(book: Book) -> None:
    book.write("_config.yml", CONFIG + "    html_static_path: [looks]\n    templates_path: [shapes]\n")
    book.write_contents("book/index", "book/text", "book/story")
    book.write("book/index.md", "# Front\n\n```{include} part.txt\n```\n\n![A dot](dot.png)\n")
    book.write("book/part.txt", "A part.\n")
    (book.root / "book" / "dot.png").write_bytes(PIXEL)
    book.write("book/text.md", "# Text\n\n{fact}`ships`, and {doc}`nowhere`.\n")
    book.write("book/words.py", "WORD = 'word'\n")
    book.write_story(
        "book/story.ipynb",
        "md:# Story",
        "import os\nfrom pathlib import Path\n\nimport words",
        f"print(words.WORD, os.environ['{SECRET}'], Path('../data/log.txt').read_text())",
        "print(len(list(Path('../data').glob('*.txt'))), Path('../data/late.txt').exists())",
        "from sourcebook import fact\nfact('ships')",
    )
    book.write("data/log.txt", "one two\n")
    book.write("data/facts.csv", FACTS)
    book.write(
        "data/sources.csv", "source_id,publisher,title,url,kind\nport,Office,Ships,,official-statistics\n"
    )
    book.write("looks/own.css", "p { color: red }\n")
    book.write("shapes/own.html", "<p></p>\n")
    book.write("requirements.txt", "pandas==2.2\n")


FACTS = """\
id,label,value,unit,lower,upper,qualifier,as_of,source_id
ships,ships that called,5200,ships,,,exact,2024,port
"""
EDITS = {
    "page": "book/text.md",
    "story": "book/story.ipynb",
    "text": "data/log.txt",
    "facts": "data/facts.csv",
    "sources": "data/sources.csv",
    "configuration": "_config.yml",
    "contents": "_toc.yml",
    "include": "book/part.txt",
    "image": "book/dot.png",
    "local module": "book/words.py",
    "locked packages": "requirements.txt",
    "static file": "looks/own.css",
    "template": "shapes/own.html",
    "published page": "_build/html/book/text.html",
    "published style": "_build/html/_static/sourcebook.css",
}
NEW = ("data/late.txt", "book/another.md", "book/another.ipynb", "data/more.csv", "_build/html/extra.html")


def test_nothing_to_do_is_seen(still: Still) -> None:
    """A book that was just built needs no build."""
    current = is_up_to_date(still.book.root)

    assert current


def test_nothing_to_do_is_answered_without_sphinx_or_pandas(still: Still) -> None:
    """The answer to a build without a change costs next to nothing: no heavy library is even loaded."""
    command = [
        sys.executable,
        "-X",
        "importtime",
        "-m",
        "sourcebook",
        "build",
        "--book",
        str(still.book.root),
    ]

    built = subprocess.run(command, capture_output=True, text=True, check=True)

    loaded = {line.rpartition("|")[2].strip().split(".")[0] for line in built.stderr.splitlines()}
    assert "sourcebook" in loaded
    assert sorted(loaded.intersection(HEAVY)) == []


def test_nothing_to_do_tells_the_warnings_again(still: Still) -> None:
    """Who builds twice does not think that a warning has mended itself."""
    told: list[str] = []

    build_site(still.book.root, tell=told.append)

    assert any("nowhere" in line for line in told)
    assert tuple(told) == still.told


def test_nothing_to_do_touches_no_file(still: Still) -> None:
    """A build without a change leaves every date of the site."""
    site = still.book.root / "_build" / "html"
    before = {path: path.stat().st_mtime_ns for path in site.rglob("*")}

    build_site(still.book.root)

    assert {path: path.stat().st_mtime_ns for path in site.rglob("*")} == before


@pytest.mark.parametrize("kind", EDITS)
def test_edit_is_noticed(still: Still, kind: str) -> None:
    """Whatever a page rests on, a changed byte asks for a build, even with the old size and date."""
    path = still.book.root / EDITS[kind]
    with _put_back(path):
        content, stamp = path.read_bytes(), path.stat()
        path.write_bytes(content[:-2] + bytes([content[-2] ^ 1]) + content[-1:])
        if "_build" not in path.parts:
            os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))

        current = is_up_to_date(still.book.root)

    assert not current


@pytest.mark.parametrize("kind", EDITS)
def test_missing_file_is_noticed(still: Still, kind: str) -> None:
    """What was there for the last build and is gone asks for a build."""
    path = still.book.root / EDITS[kind]
    with _put_back(path):
        path.unlink()

        current = is_up_to_date(still.book.root)

    assert not current


@pytest.mark.parametrize("name", NEW)
def test_new_file_is_noticed(still: Still, name: str) -> None:
    """A file that may be a page, or that a story looked for, asks for a build."""
    path = still.book.write(name, "# New\n")

    current = is_up_to_date(still.book.root)

    path.unlink()
    assert not current


def test_variable_that_a_build_follows_is_noticed(still: Still, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable of the environment that changes what is made asks for a build."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")

    current = is_up_to_date(still.book.root)

    assert not current


def test_variable_that_a_story_read_is_noticed(still: Still, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable of the environment is an input like a file."""
    monkeypatch.setenv(SECRET, "Haven")

    current = is_up_to_date(still.book.root)

    assert not current


def test_strict_build_is_not_vouched_for_by_a_plain_one(still: Still) -> None:
    """What CI publishes was looked over as strictly as it asks."""
    current = is_up_to_date(still.book.root, strict=True)

    assert not current


def test_new_dates_alone_are_nothing_to_do(still: Still) -> None:
    """A fresh checkout of the same files needs no build; they are read once, then looked at again."""
    later = time.time_ns() - 3_600_000_000_000
    for name in ("book/text.md", "data/log.txt", "book/story.ipynb"):
        os.utime(still.book.root / name, ns=(later, later))

    current = is_up_to_date(still.book.root)

    noted = find_footprint(still.book.root / FOOTPRINT)
    assert current
    assert noted is not None
    assert noted.files["book/text.md"][0][0] == later


def test_footprint_holds_all_of_the_package(still: Still) -> None:
    """A new template, style or script of ours asks for a build, as code does."""
    package = Path(sourcebook.__file__).parent
    files = {str(path) for path in package.rglob("*") if "__pycache__" not in path.parts}

    noted = find_footprint(still.book.root / FOOTPRINT)

    assert noted is not None
    assert files - noted.files.keys() == set()


HARMS: dict[str, Callable[[str], str]] = {
    "torn": lambda text: text[: len(text) // 2],
    "empty": lambda text: "",
    "of another version": lambda text: text.replace('"version":1', '"version":0'),
    "of another book": lambda text: text.replace('"root":"', '"root":"/elsewhere'),
    "no object": lambda text: "[]",
    "without files": lambda text: text.replace('"files":', '"filed":'),
}


@pytest.mark.parametrize("harm", HARMS)
def test_footprint_that_cannot_be_trusted_is_none(still: Still, harm: str) -> None:
    """A note that is torn, foreign or of another version never keeps a build from being made."""
    place = still.book.root / FOOTPRINT
    with _put_back(place):
        place.write_text(HARMS[harm](place.read_text()))

        current = is_up_to_date(still.book.root)

    assert not current


class _put_back:  # noqa: N801 - reads like a word in `with`
    """Leave a file as it was: its content, its date, and the dates of its folder."""

    def __init__(self, path: Path) -> None:
        self._path, self._content = path, path.read_bytes()
        self._stamps = {one: one.stat() for one in (path, path.parent)}

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: Any) -> None:
        self._path.write_bytes(self._content)
        for one, stamp in self._stamps.items():
            os.utime(one, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
