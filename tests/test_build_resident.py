"""The resident builder: the same builds as ever, without a second of imports in each."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from sourcebook.desk.build import BuildStopped, build_site
from sourcebook.desk.resident import Resident, is_possible
from sourcebook.testing import CONFIG, Book, Built

pytestmark = pytest.mark.skipif(not is_possible(), reason="this system cannot fork a builder")


@pytest.fixture(scope="module")
def resident() -> Iterator[Resident]:
    """Give a builder that has imported what builds need."""
    with Resident() as started:
        yield started


@pytest.fixture
def plain(book: Book) -> Book:
    """Give a book of two pages of text."""
    book.write("_config.yml", CONFIG)
    book.write_contents("book/index", "book/text")
    book.write("book/index.md", "# Front\n\nHello.\n")
    book.write("book/text.md", "# Text\n\nWords.\n")
    return book


def _built(book: Book, **options: Resident) -> dict[str, bytes]:
    return Built(0, "", build_site(book.root, **options)).files()


def test_resident_makes_the_same_site(
    plain: Book, resident: Resident, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Who builds does not matter, to the byte."""
    other = plain.copy_to(tmp_path_factory.mktemp("resident") / "small-book")

    one, two = _built(plain), _built(other, resident=resident)

    assert one
    assert one == two


def test_resident_builds_an_edit_without_touching_other_pages(plain: Book, resident: Resident) -> None:
    """One builder makes many builds, each as if it were the first."""
    before = _built(plain, resident=resident)
    plain.edit("book/text.md", "Words.", "Other words.")

    after = _built(plain, resident=resident)

    assert b"Other words." in after["book/text.html"]
    assert {name for name in after if name.endswith(".html") and after[name] != before.get(name)} == {
        "book/text.html"
    }


def test_resident_tells_what_is_wrong_and_builds_on(plain: Book, resident: Resident) -> None:
    """A build that stops ends only itself: once the book is mended, the same builder builds it."""
    told: list[str] = []
    plain.write("book/text.md", "# Text\n\n{fact}`nothing`\n")
    with pytest.raises(BuildStopped):
        build_site(plain.root, resident=resident, tell=told.append)
    plain.write("book/text.md", "# Text\n\nMended.\n")

    site = _built(plain, resident=resident)

    assert any("unknown fact 'nothing'" in line for line in told)
    assert b"Mended." in site["book/text.html"]


def _nursery_of(site: dict[str, bytes]) -> str:
    """Give the number of the process that forked the story's runner, as its page shows it."""
    found = re.search(rb"nursery (\d+)", site["book/family.html"])
    assert found
    return found[1].decode()


@pytest.fixture
def family(plain: Book) -> Book:
    """Give a book with a story that shows whose child its runner is."""
    plain.write_contents("book/index", "book/family")
    plain.write_story("book/family.ipynb", "md:# Family", "import os\nprint('nursery', os.getppid())")
    return plain


def test_resident_keeps_its_nursery(family: Book, resident: Resident) -> None:
    """The libraries that stories use are imported once, however often the book is built."""
    first = _nursery_of(_built(family, resident=resident))
    family.edit("book/family.ipynb", "os.getppid())", "os.getppid(), 'again')")

    second = _built(family, resident=resident)

    assert b"again" in second["book/family.html"]
    assert _nursery_of(second) == first


def test_resident_takes_another_nursery_when_the_environment_changed(
    family: Book, resident: Resident, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable that is set between two builds is set for the stories too."""
    first = _nursery_of(_built(family, resident=resident))
    family.edit("book/family.ipynb", "os.getppid())", "os.getppid(), os.environ['TOWN'])")
    monkeypatch.setenv("TOWN", "Harbour")

    second = _built(family, resident=resident)

    assert b"Harbour" in second["book/family.html"]
    assert _nursery_of(second) != first


def test_resident_whose_nursery_was_killed_builds_on(family: Book, resident: Resident) -> None:
    """A nursery that is gone is replaced, and nobody has to know."""
    first = _nursery_of(_built(family, resident=resident))
    os.kill(int(first), signal.SIGKILL)
    family.edit("book/family.ipynb", "os.getppid())", "os.getppid(), 'again')")

    second = _built(family, resident=resident)

    assert b"again" in second["book/family.html"]
    assert _nursery_of(second) != first


def test_resident_has_imported_what_builds_import(plain: Book) -> None:
    """No build has to import Sphinx's extensions again: that would take most of its time."""
    code = "import sys; from sourcebook.desk import resident; resident._import_what_builds_need(); {}"
    listed = "before = set(sys.modules)\n{}\nprint(*sorted(set(sys.modules) - before), file=sys.stderr)"
    build = (
        f"sys.argv = ['jupyter-book', 'build', {str(plain.root)!r}]\nfrom jupyter_book.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass"
    )

    done = subprocess.run(
        [sys.executable, "-c", code.format(f"exec({listed.format(build)!r})")], capture_output=True, text=True
    )

    late = done.stderr.splitlines()[-1].split()
    assert len(late) < 12, late


def test_resident_that_is_closed_ends_its_build(plain: Book) -> None:
    """Ctrl-C leaves no build behind, and the next one is whole."""
    plain.write_story("book/slow.ipynb", "import time\ntime.sleep(60)")
    plain.write_contents("book/index", "book/slow")
    began = time.monotonic()
    with Resident() as closed:
        threading.Timer(4, closed.close).start()
        with pytest.raises(BuildStopped):
            build_site(plain.root, resident=closed)
    plain.write_contents("book/index", "book/text")

    site = _built(plain)

    assert "book/text.html" in site
    assert time.monotonic() - began < 40
