"""For tests of books: the fixture `book`, a small book in a folder of its own, and a fake of the kernels.

    from sourcebook.testing import book  # in conftest.py

A test writes files into the book, runs it or builds it, and looks at what came out.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from sourcebook import tracing
from sourcebook.desk.build import JUPYTER_BOOK
from sourcebook.errors import BookError
from sourcebook.runs import Orders, Outcome, Reason, Store, bring_up_to_date, standings_of
from sourcebook.runs.tasks import Executed, Pool, Task, Watcher
from sourcebook.stories import (
    USER_EXPRESSIONS,
    CellKind,
    find_expressions,
    new_notebook,
    parse_notebook,
    without_outputs,
    write_text,
)

__all__ = ["Book", "Built", "FakeKernels", "book"]

_RAN = re.compile(r"^  ran     (\S+) in ", re.MULTILINE)

_FAKE_VALUE = {"status": "ok", "data": {"text/plain": "'a value'"}, "metadata": {}}

CONFIG = """\
title: A small book
author: A desk
only_build_toc_files: true
execute: {execute_notebooks: cache, timeout: 60}
sphinx:
  extra_extensions: [sourcebook.pages]
  config:
    html_theme: sourcebook
    language: en
    sourcebook_code: hidden
    myst_enable_extensions: [attrs_block, attrs_inline, colon_fence, deflist]
"""


@dataclass(frozen=True)
class Built:
    """What a build left: its exit code, everything it printed, and the folder of the site."""

    code: int
    output: str
    site: Path

    @property
    def ran(self) -> tuple[str, ...]:
        """The stories that the build says it executed, in the order of its words."""
        return tuple(_RAN.findall(self.output))

    @property
    def pages(self) -> tuple[str, ...]:
        """The names of all pages of the book, such as "book/index"; those that embed a figure are not."""
        named = (name.removesuffix(".html") for name in self.files() if name.endswith(".html"))
        return tuple(name for name in named if not name.startswith("_"))

    def page(self, name: str) -> str:
        """Give the HTML of one page, such as "book/index"."""
        return (self.site / f"{name}.html").read_text(encoding="utf-8")

    def files(self) -> dict[str, bytes]:
        """Give every published file by its path; what Sphinx keeps for itself is left out."""
        found = (path for path in sorted(self.site.rglob("*")) if path.is_file())
        return {
            path.relative_to(self.site).as_posix(): path.read_bytes()
            for path in found
            if not path.name.startswith(".buildinfo")
        }


@dataclass(frozen=True)
class Book:
    """A book in a folder of its own.

    Attributes:
        root: its folder, with `_config.yml`, `_toc.yml`, `book/` and `data/`.
    """

    root: Path

    @property
    def store(self) -> Store:
        """Where `run` keeps runs."""
        return Store(self.root / "_build" / ".sourcebook")

    @property
    def stories(self) -> tuple[str, ...]:
        """Every notebook, in the order of its path."""
        return tuple(
            sorted(path.relative_to(self.root).as_posix() for path in self.root.glob("book/**/*.ipynb"))
        )

    def write(self, path: str, text: str) -> Path:
        """Write a text file into the book."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8", newline="")
        return target

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a text in a file that holds it exactly once."""
        text = (self.root / path).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{path} holds {old!r} {text.count(old)} times"
        self.write(path, text.replace(old, new))

    def write_story(self, path: str, *cells: str) -> Path:
        """Write a notebook without outputs.

        Args:
            path: the notebook, such as "book/index.ipynb".
            cells: sources; Markdown cells begin with "md:".
        """
        return self.write(path, write_text(new_notebook(_parse_cell(source) for source in cells)))

    def write_contents(self, *pages: str) -> Path:
        """Write `_toc.yml`: the front page first, then the chapters, without suffixes."""
        chapters = "".join(f"  - file: {page}\n" for page in pages[1:])
        lines = f"format: jb-book\nroot: {pages[0]}\n"
        return self.write("_toc.yml", lines + (f"chapters:\n{chapters}" if chapters else ""))

    def write_package(self, tables: Mapping[str, Sequence[Mapping[str, Any]]]) -> Path:
        """Write `data/datapackage.json`: for each table, the fields of its schema."""
        resources = [
            {"name": name, "path": f"{name}.csv", "schema": {"fields": list(fields)}}
            for name, fields in tables.items()
        ]
        return self.write(
            "data/datapackage.json", json.dumps({"name": "small", "resources": resources}, indent=1)
        )

    def copy_to(self, folder: Path) -> Book:
        """Give a copy of the book with its runs and its site, but nothing that names its old place."""
        stage = str(self.root / "_build")

        def of_the_build(where: str, names: list[str]) -> list[str]:
            return [one for one in names if where == stage and one not in {".sourcebook", "html"}]

        shutil.copytree(self.root, folder, ignore=of_the_build)
        return Book(folder)

    def run(self, pool: Pool | None = None, *, timeout_s: float = 60, **orders: Any) -> dict[str, Outcome]:
        """Bring every story up to date, by path; `pool` stands in for runners."""
        asked = Orders(workers=2, timeout_s=timeout_s, **orders)
        done = bring_up_to_date(self.root, self.stories, store=self.store, orders=asked, pool=pool)
        return {outcome.path: outcome for outcome in done}

    def reasons(self, path: str) -> tuple[Reason, ...]:
        """Say why a story would run now."""
        return standings_of(self.root, [path], store=self.store)[path].reasons

    def executed(self, path: str) -> Any:
        """Give a story's executed twin."""
        return parse_notebook(self.store.current(path).read_text(encoding="utf-8"))

    def build(self, *flags: str) -> Built:
        """Build as an author does: `sourcebook build`."""
        return self.command("build", "--book", str(self.root), *flags)

    def command(self, *words: str) -> Built:
        """Call `sourcebook` in the book's folder."""
        return self._built([sys.executable, "-m", "sourcebook", *words], self.root / "_build" / "html")

    def build_stock(self, *flags: str, folder: str = "html") -> Built:
        """Build as any Jupyter Book is built: `jupyter-book build .`, into `folder`."""
        command = [*JUPYTER_BOOK, "build", str(self.root), *flags]
        return self._built(command, self.root / "_build" / folder)

    def _built(self, command: list[str], site: Path) -> Built:
        done = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)
        return Built(done.returncode, done.stdout + done.stderr, site)


@dataclass
class FakeKernels:
    """Stands in for runners: no kernel starts, and each story is noted.

    Attributes:
        inputs: story -> the inputs that its run is said to have read.
        outputs: story -> the files that it writes: the texts of its inputs, one after the other.
        failures: story -> the error that its run ends with.
        seconds: story -> the time that its run is said to have taken.
        network: story -> the hosts that it is said to have asked.
        unseen: story -> why some of its reading is said to have gone unseen.
        ran: the stories that were executed, in order.
    """

    inputs: dict[str, Sequence[str]] = field(default_factory=dict)
    outputs: dict[str, Sequence[str]] = field(default_factory=dict)
    failures: dict[str, BookError] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    network: dict[str, Sequence[str]] = field(default_factory=dict)
    unseen: dict[str, Sequence[str]] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)

    def submit(self, task: Task, watch: Watcher = lambda cell, cells: None) -> Future[Executed]:
        """Note the story, and answer at once: without outputs, and with made-up values in prose."""
        self.ran.append(task.path)
        answer: Future[Executed] = Future()
        if task.path in self.failures:
            answer.set_exception(self.failures[task.path])
        else:
            answer.set_result(self._executed(task))
        return answer

    def close(self) -> None:
        """Do nothing: nothing was started."""

    def _executed(self, task: Task) -> Executed:
        notebook = without_outputs(parse_notebook(task.text))
        for cell in notebook.cells:
            if cell.cell_type == "markdown" and (asked := find_expressions(cell.source)):
                cell.metadata[USER_EXPRESSIONS] = [
                    {"expression": one, "result": _FAKE_VALUE} for one in asked
                ]
        inputs = {name: tracing.digest_of(task.root, name) for name in self.inputs.get(task.path, ())}
        outputs = {name: self._write(task, name) for name in self.outputs.get(task.path, ())}
        report: dict[str, Any] = {"inputs": inputs, "outputs": outputs, "preload": True}
        report["unseen"] = list(self.unseen.get(task.path, ()))
        report["network"] = list(self.network.get(task.path, ()))
        return Executed(write_text(notebook), report, self.seconds.get(task.path, 0.0))

    def _write(self, task: Task, name: str) -> str:
        (task.root / name).parent.mkdir(parents=True, exist_ok=True)
        read = [self._text(task.root / one) for one in self.inputs.get(task.path, ())]
        (task.root / name).write_text("".join(read) or task.path, encoding="utf-8")
        return tracing.digest_of(task.root, name)

    def _text(self, path: Path) -> str:
        return path.read_text(encoding="utf-8") if path.is_file() else ""


@pytest.fixture
def book(tmp_path: Path) -> Iterator[Book]:
    """Give an empty book: `_config.yml` is written, stories and data are the test's own."""
    made = Book(tmp_path / "small-book")
    made.write("_config.yml", CONFIG)
    yield made


def _parse_cell(source: str) -> tuple[CellKind, str]:
    if source.startswith("md:"):
        return "markdown", source.removeprefix("md:").lstrip()
    return "code", source
