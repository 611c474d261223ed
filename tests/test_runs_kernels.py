"""What a kernel is seen to read becomes the inputs of a run, and what it computes is kept to the byte."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from small_books import FACTS, SOURCES

from sourcebook.runs import Reason
from sourcebook.stories import outputs_of
from sourcebook.testing import Book, Built


@dataclass(frozen=True)
class Read:
    """One way in which a story of the desk's book reads its data."""

    story: str
    code: str


READS = (
    Read("book/pandas.ipynb", "import pandas as pd\npd.read_csv('../data/arrivals.csv')"),
    Read(
        "book/glob.ipynb",
        "from pathlib import Path\n[one.read_text() for one in sorted(Path('../data/months').glob('*.csv'))]",
    ),
    Read("book/north/region.ipynb", "print(open('data.csv').read())"),
    Read("book/south/region.ipynb", "print(open('data.csv').read())"),
    Read("book/one-fact.ipynb", "from sourcebook import fact\nfact('ships')"),
    Read("book/module.ipynb", "import tally\ntally.twice(2)"),
    Read("book/maybe.ipynb", "try:\n    open('../data/maybe.csv')\nexcept OSError:\n    print('none')"),
    Read(
        "book/changing.ipynb",
        "with open('../data/log.csv') as file:\n    lines = file.read()\n"
        "with open('../data/log.csv', 'a') as file:\n    file.write('2025\\n')",
    ),
    Read("book/writes.ipynb", "open('own.txt', 'w').write('1')\nprint(open('own.txt').read())"),
    Read(
        "book/unseen.ipynb",
        "import subprocess\nsubprocess.check_output(['/bin/cat', '../data/arrivals.csv'], env={})",
    ),
)


@pytest.fixture(scope="session")
def desk_book(shelf: Any) -> Book:
    """Give a book whose stories read their data in many ways, run once by real kernels."""

    def make(folder: Path) -> str:
        book = Book(folder)
        for read in READS:
            book.write_story(read.story, read.code)
        book.write("data/arrivals.csv", "year,people\n2024,7\n")
        book.write("data/months/january.csv", "ships\n410\n")
        book.write("data/log.csv", "year\n2024\n")
        book.write("data/facts.csv", FACTS)
        book.write("data/sources.csv", SOURCES)
        book.write("book/north/data.csv", "111\n")
        book.write("book/south/data.csv", "222\n")
        book.write("book/tally.py", "def twice(number):\n    return 2 * number\n")
        book.run()
        return str(folder)

    return Book(Path(shelf.told("desk", make)))


@pytest.fixture
def desk(desk_book: Book, tmp_path: Path) -> Book:
    """Give a copy of the desk's book with its runs, to write into."""
    return desk_book.copy_to(tmp_path / "desk")


def test_runs_are_fresh_in_another_folder(desk: Book) -> None:
    """Runs move with the book: CI finds fresh what a laptop ran."""
    changing, unseen = "book/changing.ipynb", "book/unseen.ipynb"

    stale = [path for path in desk.stories if desk.reasons(path)]

    assert set(stale) <= {changing, unseen}  # one rewrites data/log.csv, the other counts it as an input


def test_story_that_reads_a_table_with_pandas_runs_again_only_when_that_table_changes(desk: Book) -> None:
    """No one declares an input: it is noticed, and nothing else is."""
    desk.write("data/months/january.csv", "ships\n411\n")
    others = desk.reasons("book/pandas.ipynb")

    desk.write("data/arrivals.csv", "year,people\n2024,8\n")

    assert others == ()
    assert desk.reasons("book/pandas.ipynb") == (Reason("input changed", "data/arrivals.csv"),)


def test_story_that_reads_a_folder_runs_again_when_a_table_appears_in_it(desk: Book) -> None:
    """A new month in a folder is new data."""
    desk.write("data/months/february.csv", "ships\n396\n")

    assert desk.reasons("book/glob.ipynb") == (Reason("input changed", "data/months"),)
    assert desk.reasons("book/pandas.ipynb") == ()


def test_equal_code_in_two_folders_keeps_two_results(desk: Book) -> None:
    """Two regions made from one template show their own numbers."""
    printed = {
        place: desk.executed(f"book/{place}/region.ipynb").cells[0].outputs[0].text.strip()
        for place in ("north", "south")
    }

    assert printed == {"north": "111", "south": "222"}


def test_changed_region_makes_only_its_own_story_stale(desk: Book) -> None:
    """Equal code does not tie two stories together."""
    desk.write("book/north/data.csv", "112\n")

    assert desk.reasons("book/north/region.ipynb") == (Reason("input changed", "book/north/data.csv"),)
    assert desk.reasons("book/south/region.ipynb") == ()


def test_fact_makes_only_its_own_row_an_input(desk: Book) -> None:
    """A change to another fact runs nothing."""
    desk.edit("data/facts.csv", ",79,", ",65,")

    assert desk.reasons("book/one-fact.ipynb") == ()


def test_story_runs_again_when_its_fact_changes(desk: Book) -> None:
    """The reason names the very row."""
    desk.edit("data/facts.csv", ",5200,", ",5300,")

    assert desk.reasons("book/one-fact.ipynb") == (Reason("input changed", "data/facts.csv#ships"),)
    assert desk.reasons("book/pandas.ipynb") == ()


def test_story_runs_again_when_a_local_module_changes(desk: Book) -> None:
    """Code that a story imports from the book is part of the story."""
    desk.edit("book/tally.py", "2 * number", "3 * number")

    assert desk.reasons("book/module.ipynb") == (Reason("local module changed", "book/tally.py"),)
    assert desk.reasons("book/pandas.ipynb") == ()


def test_story_runs_again_when_a_file_it_asked_for_appears(desk: Book) -> None:
    """A story that does without a table is run once the table is there."""
    desk.write("data/maybe.csv", "year\n2024\n")

    assert desk.reasons("book/maybe.ipynb") == (Reason("input appeared", "data/maybe.csv"),)


def test_story_runs_again_when_its_input_changed_while_it_ran(desk: Book) -> None:
    """A result that may mix old and new data is not trusted twice."""
    found = desk.reasons("book/changing.ipynb")

    assert found == (Reason("input changed", "data/log.csv"),)


def test_file_that_a_story_writes_is_no_input(desk: Book) -> None:
    """A story that reads back its own output does not run for ever; what it wrote is to stay."""
    assert desk.reasons("book/writes.ipynb") == ()

    desk.write("book/own.txt", "2")

    assert desk.reasons("book/writes.ipynb") == (Reason("output changed", "book/own.txt"),)


def test_reader_that_cannot_be_seen_makes_all_data_an_input(desk: Book) -> None:
    """Where a subprocess may have read anything, any change below data/ runs the story again."""
    (run, *_) = (desk.store.last("book/unseen.ipynb"),)
    assert run is not None

    desk.write("data/months/january.csv", "ships\n411\n")

    assert len(run.unseen) == 1
    assert {"data", "data/arrivals.csv", "data/months", "data/months/january.csv"} <= set(run.inputs)
    assert Reason("input changed", "data/months/january.csv") in desk.reasons("book/unseen.ipynb")


def test_equal_inputs_give_equal_bytes(harbour_site: Built, tmp_path: Path) -> None:
    """Charts and numbers of a second run, in another place, are the same to the byte."""
    first = Book(harbour_site.site.parents[1])
    second = Book(first.copy_to(tmp_path / "elsewhere").root)
    (second.root / "_build" / ".sourcebook").rename(tmp_path / "out-of-the-way")

    outcomes = second.run()

    assert all(one.reasons for one in outcomes.values())
    assert {path: second.store.current(path).read_bytes() for path in second.stories} == {
        path: first.store.current(path).read_bytes() for path in first.stories
    }


def test_expression_is_kept_as_jupyterlab_keeps_it(harbour_site: Built) -> None:
    """The executed notebook opens in JupyterLab with its numbers in place."""
    book = Book(harbour_site.site.parents[1])

    executed = book.executed("book/index.ipynb")
    (prose,) = (cell for cell in executed.cells if cell.cell_type == "markdown")
    told = [
        (one["expression"], one["result"]["data"]["text/plain"]) for one in prose.metadata.user_expressions
    ]

    assert told[:2] == [("ships.bare", "'5,200'"), ("ships", "5,200")]
    assert "application/vnd.sourcebook.fact.v1+json" in prose.metadata.user_expressions[1]["result"]["data"]
    assert list(outputs_of(executed, "application/vnd.sourcebook.fact.v1+json"))
