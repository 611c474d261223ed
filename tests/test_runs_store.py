"""How runs are kept: whole or not at all, and under the code that ran, whatever happens meanwhile."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Any

import pytest
from small_books import INDEX, OTHER

from sourcebook.errors import BookError, BuildFailed, Place, StoryFailed
from sourcebook.runs import Reason, key_of
from sourcebook.runs.tasks import Executed, Task
from sourcebook.stories import read_story
from sourcebook.testing import Book, FakeKernels


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

    def submit(self, task: Task, *watch: Any) -> Future[Executed]:
        if task.path == INDEX:
            self.meeting.wait(timeout=20)
        return super().submit(task, *watch)


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

    class Meddling(FakeKernels):
        def submit(self, task: Task, *watch: Any) -> Future[Executed]:
            done = super().submit(task, *watch)
            two.write("data/arrivals.csv", "year,people\n2024,8\n")
            return done

    try:
        two.run(Meddling(inputs=kernels.inputs))
    except BookError as error:
        assert "data/arrivals.csv" in str(error)

    assert two.reasons(INDEX) == (Reason("input changed", "data/arrivals.csv"),)


class _SavedMeanwhile(FakeKernels):
    """Kernels during whose run the author saves other code."""

    book: Book

    def submit(self, task: Task, *watch: Any) -> Future[Executed]:
        self.book.write_story(INDEX, "x = 2", "md: The value is {eval}`x`.")
        return super().submit(task, *watch)


def test_run_is_kept_under_the_code_that_ran_when_other_code_is_saved_meanwhile(two: Book) -> None:
    """What an author saves while a story runs is never taken for what was run: it is stale, and says so."""
    kernels = _SavedMeanwhile()
    kernels.book = two
    ran = read_story(two.root, INDEX)

    two.run(kernels)

    saved = read_story(two.root, INDEX)
    (kept,) = two.store.runs_of(key_of(ran, two.root))
    assert two.store.notebook(kept).cells[0].source == "x = 1"
    assert two.executed(INDEX).cells[0].source == "x = 1"
    assert saved.cells[0].source == "x = 2"
    assert two.store.runs_of(key_of(saved, two.root)) == ()
    assert two.reasons(INDEX) == (Reason("code changed", INDEX),)
