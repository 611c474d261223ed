"""What the tests share: the fixture `book`, and books that are built once for all workers."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sourcebook.testing import (
    Book,
    Built,
    book,  # noqa: F401
)

pytest_plugins = ["browser_fixtures", "small_books"]
pytest.register_assert_rewrite("page_parts")

REPOSITORY = Path(__file__).parents[1]
BOOKS = Path(__file__).parent / "books"
STORY = ("book", "data", "_config.yml", "_toc.yml", "requirements.txt")


@dataclass(frozen=True)
class Shelf:
    """Books that are made once, whichever of pytest's workers needs them first; nobody writes into them."""

    folder: Path

    def told(self, name: str, make: Callable[[Path], Any]) -> Any:
        """Give what `make` told, as JSON, when it made the book of that name in the folder it was given."""
        note = self.folder / f"{name}.json"
        with (self.folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not note.is_file():
                note.write_text(json.dumps(make(self.folder / name)), encoding="utf-8")
        return json.loads(note.read_text(encoding="utf-8"))

    def built(self, name: str, make: Callable[[Path], Built]) -> Built:
        """Give the build that `make` made."""

        def tell(folder: Path) -> list[Any]:
            done = make(folder)
            return [done.code, done.output, str(done.site)]

        code, output, site = self.told(name, tell)
        return Built(code, output, Path(site))


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """Give the folder that all workers of this test run share."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "shelf"
    folder.mkdir(exist_ok=True)
    return Shelf(folder)


@pytest.fixture(scope="session")
def harbour_site(shelf: Shelf) -> Built:
    """Give `tests/books/harbour` as `jupyter-book build .` builds it."""
    return shelf.built("harbour", lambda folder: Book(BOOKS / "harbour").copy_to(folder).build_stock())


@pytest.fixture(scope="session")
def harbour_by_desk(shelf: Shelf, harbour_site: Built) -> Built:
    """Give the same book as `sourcebook build` builds it, with the runs of the other."""
    return shelf.built(
        "harbour-by-desk", lambda folder: Book(harbour_site.site.parents[1]).copy_to(folder).build()
    )


@pytest.fixture(scope="session")
def harbour_without_browser(shelf: Shelf, harbour_by_desk: Built) -> Built:
    """Give the harbour as it is built on a machine that has no Chromium to draw with."""

    def make(folder: Path) -> Built:
        made = Book(harbour_by_desk.site.parents[1]).copy_to(folder)
        shutil.rmtree(made.store.folder / "drawings")
        with pytest.MonkeyPatch.context() as machine:
            machine.setenv("PATH", "")
            machine.delenv("CHROMIUM", raising=False)
            return made.build()

    return shelf.built("harbour-without-browser", make)


@pytest.fixture
def harbour(harbour_by_desk: Built, tmp_path: Path) -> Book:
    """Give a copy of the harbour to write into, with its runs and its last good site."""
    return Book(harbour_by_desk.site.parents[1]).copy_to(tmp_path / "harbour")


@pytest.fixture(scope="session")
def story_site(shelf: Shelf) -> Built:
    """Give this repository's story as `sourcebook build` builds it, from a copy."""

    def make(folder: Path) -> Built:
        folder.mkdir()
        for path in (REPOSITORY / name for name in STORY):
            copy = shutil.copytree if path.is_dir() else shutil.copy2
            copy(path, folder / path.name)
        return Book(folder).build("--strict")

    return shelf.built("story", make)
