"""Why a story runs: each change that makes it stale has a reason, and nothing else runs it."""

from __future__ import annotations

import json
from typing import Any

from small_books import INDEX, OTHER

from sourcebook.runs import Reason, bring_up_to_date
from sourcebook.stories import parse_notebook, write_text
from sourcebook.testing import Book, FakeKernels


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


def test_no_kernel_starts_when_nothing_is_stale(two: Book, kernels: FakeKernels) -> None:
    """The door to kernels is not even opened for a fresh book."""
    two.run(kernels)

    def closed(*_: Any, **__: Any) -> list[Any]:
        raise AssertionError("a kernel was asked for")

    done = bring_up_to_date(two.root, two.stories, store=two.store, pool=closed)

    assert [one.seconds for one in done] == [0.0, 0.0]
    assert json.loads((two.store.folder / "last" / f"{INDEX}.json").read_text(encoding="utf-8"))["inputs"]
