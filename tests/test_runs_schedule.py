"""Which story runs when: the longest first, several at once, and each end is kept as it comes."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from sourcebook.errors import BookError, Place, StoryFailed
from sourcebook.runs.schedule import Result, Schedule
from sourcebook.runs.tasks import Executed, RunnerDied, Task
from sourcebook.testing import Book, FakeKernels

PATHS = ("book/a.ipynb", "book/b.ipynb", "book/c.ipynb")


class _Dying(FakeKernels):
    """Runners that die without an answer at one story."""

    def submit(self, task: Task, *watch: Any) -> Future[Executed]:
        self.failures = {PATHS[0]: RunnerDied("the runner died", Place(PATHS[0]))}
        return super().submit(task, *watch)


class _Interrupted(FakeKernels):
    """Runners that are interrupted while the second story runs."""

    closed = False

    def submit(self, task: Task, *watch: Any) -> Future[Executed]:
        if task.path == PATHS[1]:
            raise KeyboardInterrupt
        return super().submit(task, *watch)

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def three(book: Book) -> Book:
    """Give a book of three stories."""
    for path in PATHS:
        book.write_story(path, "x = 1")
    book.write("requirements.txt", "pandas==2.2\n")
    return book


def _run(book: Book, pool: FakeKernels, last_resort: FakeKernels | None = None) -> dict[str, Result]:
    results: dict[str, Result] = {}
    texts = {path: (book.root / path).read_text(encoding="utf-8") for path in PATHS}
    schedule = Schedule(pool, lambda: last_resort, results.__setitem__)
    schedule.run([Task(book.root, path, text) for path, text in texts.items()], waits={})
    return results


def test_runner_that_dies_is_given_one_more_try_in_a_fresh_process(three: Book) -> None:
    """A crash may be the warm runner's fault: the story is tried once more without it."""
    cold = FakeKernels()

    results = _run(three, _Dying(), cold)

    assert cold.ran == [PATHS[0]]
    assert all(isinstance(one, Executed) for one in results.values())


def test_story_that_kills_both_runners_is_told_and_harms_no_other(three: Book) -> None:
    """A second death is the story's own."""
    results = _run(three, _Dying(), _Dying())

    assert isinstance(results[PATHS[0]], RunnerDied)
    assert [type(results[path]) for path in PATHS[1:]] == [Executed, Executed]


def test_story_that_raises_is_not_tried_again(three: Book) -> None:
    """An error of the author's stays one, however often it runs."""
    cold = FakeKernels()

    results = _run(three, FakeKernels(failures={PATHS[0]: StoryFailed("NameError")}), cold)

    assert cold.ran == []
    assert isinstance(results[PATHS[0]], BookError)


def test_longest_story_begins_first(three: Book) -> None:
    """A long story that begins last would be waited for alone; one never seen may be long."""
    three.run(FakeKernels(seconds={PATHS[0]: 1.0, PATHS[1]: 3.0, PATHS[2]: 2.0}))
    three.write("requirements.txt", "pandas==3.0\n")
    three.write_story("book/new.ipynb", "x = 1")

    again = FakeKernels()
    three.run(again)

    assert again.ran == ["book/new.ipynb", PATHS[1], PATHS[2], PATHS[0]]


def test_interrupted_build_keeps_what_had_ended(three: Book) -> None:
    """Ctrl-C loses only what was under way, and leaves no runner behind."""
    pool = _Interrupted()

    with pytest.raises(KeyboardInterrupt):
        three.run(pool)

    assert pool.closed
    assert three.reasons(PATHS[0]) == ()
    assert [str(one) for one in three.reasons(PATHS[1])] == [f"never run: {PATHS[1]}"]


def test_failed_story_leaves_its_last_good_page_under_a_notice_when_going_on(three: Book) -> None:
    """With --keep-going the others are published; who reads the page of the failed one is told."""
    three.write_story(PATHS[0], "md:# A title\n\nThe text.", "x = 1")
    three.run(FakeKernels())

    three.write_story(PATHS[0], "md:# A title\n\nNew text.", "x = 2")
    done = three.run(FakeKernels(failures={PATHS[0]: StoryFailed("NameError")}), keeps_going=True)

    sources = [cell.source for cell in three.executed(PATHS[0]).cells]
    assert done[PATHS[0]].problem is not None
    assert sources[0] == "# A title\n\nThe text."
    assert "could not be brought up to date" in sources[1]
    assert sources[2:] == ["x = 1"]


def test_failed_story_shows_a_notice_alone_when_it_never_ran(three: Book) -> None:
    """Code without its results, and prose without its numbers, is nothing to publish."""
    three.write_story(PATHS[0], "md:# A title\n\nThe text is {eval}`x`.", "x = 1")

    three.run(FakeKernels(failures={PATHS[0]: StoryFailed("NameError")}), keeps_going=True)

    sources = [cell.source for cell in three.executed(PATHS[0]).cells]
    assert sources[0] == "# A title"
    assert len(sources) == 2


def test_notice_goes_when_the_story_runs_again(three: Book) -> None:
    """A mended story has its page back."""
    failing = FakeKernels(failures={PATHS[0]: StoryFailed("NameError")})
    three.run(failing, keeps_going=True)

    three.run(FakeKernels())

    assert [cell.source for cell in three.executed(PATHS[0]).cells] == ["x = 1"]


def test_forced_story_that_gives_other_outputs_is_a_finding(three: Book) -> None:
    """Equal inputs must give equal bytes: --rerun says where they do not."""
    three.run(FakeKernels())

    class Moody(FakeKernels):
        def submit(self, task: Task, *watch: Any) -> Future[Executed]:
            done = super().submit(task, *watch).result()
            answer: Future[Executed] = Future()
            answer.set_result(
                Executed(done.text.replace('"metadata": {}', '"metadata": {"moody": true}', 1), done.report)
            )
            return answer

    done = three.run(Moody(), is_forced=True)

    assert {one.code for path in PATHS for one in done[path].findings} == {"unlike-last-run"}


def test_network_and_clock_are_findings_also_when_nothing_runs(three: Book, tmp_path: Path) -> None:
    """What cannot be kept faithfully is told in every build, until it is mended."""
    three.write_story(PATHS[0], "import datetime\nprint(datetime.date.today())")
    kernels = FakeKernels(network={PATHS[1]: ["example.org:443"]})
    three.run(kernels)

    done = three.run(FakeKernels())

    assert [[one.code for one in done[path].findings] for path in PATHS] == [["clock"], ["network"], []]
