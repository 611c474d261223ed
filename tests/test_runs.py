"""Runs: what makes a story stale, what a kernel is seen to read, how runs are kept, how one fails."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sourcebook.errors import BookError, BuildFailed, Place, StoryFailed
from sourcebook.runs import Reason, bring_up_to_date
from sourcebook.stories import new_notebook, outputs_of, parse_notebook, write_text
from sourcebook.testing import Book, Built, FakeKernels

INDEX, OTHER = "book/index.ipynb", "book/other.ipynb"
FACTS = """\
id,label,value,unit,lower,upper,qualifier,as_of,source_id
ships,ships that called,5200,ships,,,exact,2024,port
share,share of ships that called by night,79,percent,,,about,2024,port
"""
SOURCES = "source_id,publisher,title,url,kind\nport,Harbour office,Ships,,official-statistics\n"


@pytest.fixture
def two(book: Book) -> Book:
    """Give a book of two stories that a fake kernel says read one table each."""
    book.write_story(INDEX, "x = 1", "md: The value is {eval}`x`.")
    book.write_story(OTHER, "y = 2")
    book.write("data/arrivals.csv", "year,people\n2024,7\n")
    book.write("requirements.txt", "pandas==2.2\n")
    return book


@pytest.fixture
def kernels() -> FakeKernels:
    """Give kernels that never start; the index is said to read one table and to miss another."""
    return FakeKernels(inputs={INDEX: ["data/arrivals.csv", "data/late.csv"]})


# --- why a story runs, without a kernel


def test_story_runs_when_it_was_never_run(two: Book) -> None:
    """A new story is run, and the reason says that it is new."""
    found = two.reasons(INDEX)

    assert found == (Reason("never run", INDEX),)


def test_story_is_fresh_after_its_run(two: Book, kernels: FakeKernels) -> None:
    """A second build of an unchanged book runs nothing."""
    two.run(kernels)

    again = FakeKernels()
    outcomes = two.run(again)

    assert kernels.ran == [INDEX, OTHER]
    assert again.ran == []
    assert [one.reasons for one in outcomes.values()] == [(), ()]


def test_story_runs_again_when_its_code_changes(two: Book, kernels: FakeKernels) -> None:
    """New code is run, and no other story is."""
    two.run(kernels)

    two.write_story(INDEX, "x = 2", "md: The value is {eval}`x`.")

    assert two.reasons(INDEX) == (Reason("code changed", INDEX),)
    assert two.reasons(OTHER) == ()


def test_story_runs_again_when_an_expression_in_prose_changes(two: Book, kernels: FakeKernels) -> None:
    """An {eval} that asks for something else needs the kernel."""
    two.run(kernels)

    two.write_story(INDEX, "x = 1", "md: The value is {eval}`x + 1`.")

    assert two.reasons(INDEX) == (Reason("expression changed", INDEX),)


def test_story_stays_fresh_when_its_prose_changes(two: Book, kernels: FakeKernels) -> None:
    """Words run no code, and the page still gets the new words with the old value."""
    two.run(kernels)

    two.write_story(INDEX, "x = 1", "md: # New\n\nIt is {eval}`x`, they say.", "md: A new paragraph.")
    again = FakeKernels()
    two.run(again)

    assert again.ran == []
    assert "they say" in two.store.current(INDEX).read_text(encoding="utf-8")


def test_story_stays_fresh_when_its_tags_change(two: Book, kernels: FakeKernels) -> None:
    """A tag changes what readers see, never what was computed."""
    two.run(kernels)
    notebook = parse_notebook((two.root / INDEX).read_text(encoding="utf-8"))
    notebook.cells[0].metadata["tags"] = ["show-input"]

    two.write(INDEX, write_text(notebook))

    assert two.reasons(INDEX) == ()


def test_story_runs_again_when_its_kernel_changes(two: Book, kernels: FakeKernels) -> None:
    """Another kernel may give another result."""
    two.run(kernels)

    two.edit(INDEX, '"name": "python3"', '"name": "python3-new"')

    assert two.reasons(INDEX) == (Reason("kernel changed", INDEX),)


def test_every_story_runs_again_when_the_locked_environment_changes(two: Book, kernels: FakeKernels) -> None:
    """A new release of a library may change any number."""
    two.run(kernels)

    two.write("requirements.txt", "pandas==2.3\n")

    assert two.reasons(INDEX) == (Reason("environment changed", INDEX),)
    assert two.reasons(OTHER) == (Reason("environment changed", OTHER),)


def test_story_runs_again_when_its_input_changes(two: Book, kernels: FakeKernels) -> None:
    """A changed table makes the story that read it stale, and no other."""
    two.run(kernels)

    two.write("data/arrivals.csv", "year,people\n2024,8\n")

    assert two.reasons(INDEX) == (Reason("input changed", "data/arrivals.csv"),)
    assert two.reasons(OTHER) == ()


def test_story_runs_again_when_a_file_that_it_missed_appears(two: Book, kernels: FakeKernels) -> None:
    """A file that was looked for in vain is an input too."""
    two.run(kernels)

    two.write("data/late.csv", "year,people\n2025,9\n")

    assert two.reasons(INDEX) == (Reason("input appeared", "data/late.csv"),)


def test_story_runs_again_when_its_input_vanishes(two: Book, kernels: FakeKernels) -> None:
    """A page never outlives the table that its numbers came from."""
    two.run(kernels)

    (two.root / "data/arrivals.csv").unlink()

    assert two.reasons(INDEX) == (Reason("input vanished", "data/arrivals.csv"),)


def test_story_stays_fresh_when_a_file_is_touched_but_not_changed(two: Book, kernels: FakeKernels) -> None:
    """Content counts, not dates: a fresh checkout runs nothing."""
    two.run(kernels)

    (two.root / "data/arrivals.csv").touch()

    assert two.reasons(INDEX) == ()


def test_going_back_to_old_data_finds_the_old_run(two: Book, kernels: FakeKernels) -> None:
    """A value changed and changed back costs one run, not two."""
    two.run(kernels)
    before = (two.root / "data/arrivals.csv").read_text(encoding="utf-8")
    two.write("data/arrivals.csv", "year,people\n2024,8\n")
    two.run(kernels)

    two.write("data/arrivals.csv", before)
    again = FakeKernels()
    two.run(again)

    assert kernels.ran == [INDEX, OTHER, INDEX]
    assert again.ran == []


# --- how runs are kept


def test_failing_story_harms_no_other(two: Book) -> None:
    """What one story could not do is told; the run of the other is kept."""
    problem = StoryFailed("NameError: name 'x' is not defined", Place(INDEX, cell=1, line=1))

    with pytest.raises(BuildFailed) as failed:
        two.run(FakeKernels(failures={INDEX: problem}))

    assert failed.value.problems == (problem,)
    assert two.reasons(INDEX) == (Reason("never run", INDEX),)
    assert two.reasons(OTHER) == ()


@pytest.mark.parametrize("harm", ["torn", "emptied", "not text", "another notebook", "gone"])
def test_story_runs_again_when_its_kept_notebook_is_damaged(
    two: Book, kernels: FakeKernels, harm: str
) -> None:
    """A damaged run is never published; the story runs again, and the build goes on."""
    two.run(kernels)
    (kept,) = (one for one in two.store.folder.glob("notebooks/**/*.ipynb") if b"x = 1" in one.read_bytes())
    damaged = {
        "torn": kept.read_bytes()[:-40],
        "emptied": b"",
        "not text": b"\xff\xfe\x00",
        "another notebook": kept.read_bytes().replace(b"x = 1", b"x = 9"),
    }

    kept.write_bytes(damaged[harm]) if harm in damaged else kept.unlink()
    again = FakeKernels()
    two.run(again)

    assert again.ran == [INDEX]
    assert two.reasons(INDEX) == ()


@pytest.mark.parametrize("text", ["", "[{", "{}", "null", '["run"]', '[{"notebook": 1}]', '[{"other": "x"}]'])
def test_stories_run_again_when_their_manifests_are_damaged(
    two: Book, kernels: FakeKernels, text: str
) -> None:
    """The store may hold anything at all: what cannot be read counts as never run."""
    two.run(kernels)

    for manifest in two.store.folder.glob("runs/**/*.json"):
        manifest.write_text(text, encoding="utf-8")
    again = FakeKernels()
    two.run(again)

    assert again.ran == [INDEX, OTHER]
    assert two.reasons(INDEX) == ()


def test_stories_run_again_when_the_store_is_deleted(two: Book, kernels: FakeKernels) -> None:
    """The store is a cache: deleting part of it costs time and nothing else."""
    two.run(kernels)

    for manifest in two.store.folder.glob("runs/**/*.json"):
        manifest.unlink()

    assert {one.kind for one in two.reasons(INDEX)} == {"never run"}


class _TogetherKernels(FakeKernels):
    """Kernels that end their first run only when those of the other build do, too."""

    meeting: threading.Barrier

    def __call__(self, root: Path, stories: Sequence[Any], **doors: Any) -> list[Any]:
        self.meeting.wait(timeout=20)
        return super().__call__(root, stories, **doors)


def test_two_builds_at_once_share_one_store(two: Book) -> None:
    """Two builds that keep the same runs at the same time leave a whole store behind."""
    meeting = threading.Barrier(2)
    problems: list[BaseException] = []

    def build() -> None:
        kernels = _TogetherKernels(inputs={INDEX: ["data/arrivals.csv"]})
        kernels.meeting = meeting
        try:
            two.run(kernels)
        except BaseException as error:
            problems.append(error)

    builds = [threading.Thread(target=build) for _ in range(2)]
    for one in builds:
        one.start()
    for one in builds:
        one.join()

    assert problems == []
    assert two.reasons(INDEX) == two.reasons(OTHER) == ()
    assert list(two.store.folder.rglob(".*.ipynb.*")) == []


def test_run_that_a_build_finds_may_not_fit_the_input_it_sees_a_moment_later(
    two: Book, kernels: FakeKernels
) -> None:
    """A table saved while the build runs ends in a clear word or another run, never in a crash."""

    def meddling(root: Path, stories: Sequence[Any], **doors: Any) -> list[Any]:
        done = kernels(root, stories, **doors)
        two.write("data/arrivals.csv", "year,people\n2024,8\n")
        return done

    try:
        two.run(meddling)
    except BookError as error:
        assert "data/arrivals.csv" in str(error)

    assert two.reasons(INDEX) == (Reason("input changed", "data/arrivals.csv"),)


# --- what a kernel is seen to read


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
    Read("book/unseen.ipynb", "import subprocess\nsubprocess.check_output(['cat', '../data/arrivals.csv'])"),
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

    assert desk.reasons("book/module.ipynb") == (Reason("input changed", "book/tally.py"),)
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
    """A story that reads back its own output does not run for ever."""
    desk.write("book/own.txt", "2")

    assert desk.reasons("book/writes.ipynb") == ()


def test_reader_that_cannot_be_seen_makes_all_data_an_input(desk: Book) -> None:
    """Where a subprocess may have read anything, any change below data/ runs the story again."""
    (run, *_) = (desk.store.last("book/unseen.ipynb"),)
    assert run is not None

    desk.write("data/months/january.csv", "ships\n411\n")

    assert run.unseen == ("a subprocess ran",)
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


# --- how a run fails


FAILING: dict[str, tuple[str, ...]] = {
    "book/good.ipynb": ("print('well')",),
    "book/raises.ipynb": ("md: # A title", "one = 1\n\nprint(one / 0)", "print('never reached')"),
    "book/asks.ipynb": ("one = 1", "md: # A title\n\nIt is {eval}`one`.\n\nIt is {eval}`missing`."),
    "book/unknown.ipynb": ("from sourcebook import fact\nfact('shops')",),
    "book/slow.ipynb": ("import time\ntime.sleep(120)",),
    "book/dies.ipynb": ("import os\nos._exit(1)",),
    "book/foreign.ipynb": ("1",),
}


@pytest.fixture(scope="session")
def failures(shelf: Any) -> Callable[[str], dict[str, Any]]:
    """Give what real kernels said of each story of a book in which most fail, as a function of its path."""

    def make(folder: Path) -> dict[str, Any]:
        book = Book(folder)
        for path, cells in FAILING.items():
            book.write_story(path, *cells)
        book.write("data/facts.csv", FACTS)
        book.write("data/sources.csv", SOURCES)
        notebook = new_notebook([("code", "1")])
        notebook.metadata["kernelspec"] = {"name": "no-such", "display_name": "R", "language": "R"}
        notebook.metadata["language_info"] = {"name": "R"}
        book.write("book/foreign.ipynb", write_text(notebook))
        try:
            book.run(timeout_s=8)
        except BuildFailed as failed:
            problems = {one.place.path: one for one in failed.problems if one.place}
        return {
            path: {
                "kind": type(problems[path]).__name__ if path in problems else None,
                "message": str(problems.get(path)),
                "stale": [str(one) for one in book.reasons(path)],
            }
            for path in FAILING
        }

    told = shelf.told("failing", make)
    return lambda path: dict(told[path])


def test_failing_cell_is_told_with_notebook_cell_line_and_exception(
    failures: Callable[[str], dict[str, Any]],
) -> None:
    """An author is sent to the very line, and told what Python said."""
    told = failures("book/raises.ipynb")

    assert told["kind"] == "StoryFailed"
    assert "ZeroDivisionError: division by zero" in told["message"]
    assert "where: book/raises.ipynb, cell 2, line 3" in told["message"]


def test_failing_stories_harm_no_other(failures: Callable[[str], dict[str, Any]]) -> None:
    """A good story among failing ones is kept; the failing ones run again next time."""
    stale = {path for path in FAILING if failures(path)["stale"]}

    assert stale == FAILING.keys() - {"book/good.ipynb"}


def test_failing_expression_is_told_with_its_cell_and_line(failures: Callable[[str], dict[str, Any]]) -> None:
    """A number that prose asks for in vain is named, with its place."""
    told = failures("book/asks.ipynb")

    assert told["kind"] == "StoryFailed"
    assert "{eval}`missing` failed: NameError: name 'missing' is not defined" in told["message"]
    assert "where: book/asks.ipynb, cell 2, line 5" in told["message"]


def test_unknown_fact_offers_the_nearest(failures: Callable[[str], dict[str, Any]]) -> None:
    """A misspelt id is mended by reading one line."""
    told = failures("book/unknown.ipynb")

    assert "unknown fact 'shops'" in told["message"]
    assert "where: book/unknown.ipynb, cell 1, line 2" in told["message"]
    assert "mend:  did you mean 'ships'?" in told["message"]


def test_cell_that_takes_too_long_is_told(failures: Callable[[str], dict[str, Any]]) -> None:
    """A build does not hang; the cell and the setting to change are named."""
    told = failures("book/slow.ipynb")

    assert told["kind"] == "StoryFailed"
    assert "a cell ran longer than 8 seconds" in told["message"]
    assert "where: book/slow.ipynb, cell 1" in told["message"]
    assert "timeout" in told["message"]


def test_kernel_that_dies_is_told(failures: Callable[[str], dict[str, Any]]) -> None:
    """A crash of the kernel is a sentence, not a traceback."""
    told = failures("book/dies.ipynb")

    assert told["kind"] == "StoryFailed"
    assert "the kernel died while the story ran" in told["message"]


def test_kernel_that_is_not_installed_is_named(failures: Callable[[str], dict[str, Any]]) -> None:
    """A story in another language says which kernel is wanting."""
    told = failures("book/foreign.ipynb")

    assert told["kind"] == "StoryFailed"
    assert "no kernel 'no-such' on this machine" in told["message"]


def test_no_kernel_starts_when_nothing_is_stale(two: Book, kernels: FakeKernels) -> None:
    """The door to kernels is not even opened for a fresh book."""
    two.run(kernels)

    def closed(*_: Any, **__: Any) -> list[Any]:
        raise AssertionError("a kernel was asked for")

    done = bring_up_to_date(two.root, two.stories, store=two.store, execute=closed)

    assert [one.seconds for one in done] == [0.0, 0.0]
    assert json.loads((two.store.folder / "last" / f"{INDEX}.json").read_text(encoding="utf-8"))["inputs"]
