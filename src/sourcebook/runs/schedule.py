"""Which story runs when: the longest first, readers after writers; what ends is kept at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from typing import Protocol

from sourcebook.errors import BookError, Place, StoryFailed
from sourcebook.runs.tasks import Executed, Pool, RunnerDied, Task

Result = Executed | BookError


class Progress(Protocol):
    """Told of what goes on while stories run."""

    def planned(self, stories: int) -> None:
        """So many stories are to run."""

    def cell(self, path: str, number: int, cells: int) -> None:
        """A story begins a cell, counted from 1."""

    def ended(self, path: str, *, well: bool) -> None:
        """A story has ended."""


class Silent:
    """Tells nobody."""

    def planned(self, stories: int) -> None:
        """Tell nobody how many stories are to run."""

    def cell(self, path: str, number: int, cells: int) -> None:
        """Tell nobody which cell begins."""

    def ended(self, path: str, *, well: bool) -> None:
        """Tell nobody that a story has ended."""


@dataclass
class Schedule:
    """The running of one set of stories.

    Attributes:
        pool: where they run.
        last_resort: gives the pool in which a story is tried once more whose runner died.
        progress: told of every cell that begins.
        keep: called with each story's result as soon as it is there, from this thread.
    """

    pool: Pool
    last_resort: Callable[[], Pool | None]
    keep: Callable[[str, Result], None]
    progress: Progress = field(default_factory=Silent)

    def run(self, tasks: Iterable[Task], *, waits: Mapping[str, set[str]]) -> None:
        """Run all tasks; those that wait for none begin in the order given.

        Args:
            tasks: what to run, the longest first.
            waits: story -> the stories among them that must have ended before it begins.

        Raises:
            KeyboardInterrupt: the build was interrupted; every runner has been ended.
        """
        waiting = {task.path: (task, set(waits.get(task.path, ()))) for task in tasks}
        running: dict[Future[Executed], Task] = {}
        tried: set[str] = set()
        try:
            while waiting or running:
                for path in [path for path, (_, before) in waiting.items() if not before]:
                    task, _ = waiting.pop(path)
                    running[self._submit(self.pool, task)] = task
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    task = running.pop(future)
                    result = _result_of(future, task)
                    again = self._again(result, task, tried)
                    if again is not None:
                        running[again] = task
                        continue
                    self._end(task, result, waiting)
        except BaseException:
            for future, task in running.items():
                if future.done() and not future.cancelled():
                    self._end(task, _result_of(future, task), waiting)
                future.cancel()
            self.pool.close()
            raise

    def _submit(self, pool: Pool, task: Task) -> Future[Executed]:
        return pool.submit(task, lambda cell, cells: self.progress.cell(task.path, cell, cells))

    def _again(self, result: Result, task: Task, tried: set[str]) -> Future[Executed] | None:
        """Try a story once more, in a fresh process, if its runner died without an answer."""
        if not isinstance(result, RunnerDied) or task.path in tried:
            return None
        tried.add(task.path)
        pool = self.last_resort()
        return None if pool is None else self._submit(pool, task)

    def _end(self, task: Task, result: Result, waiting: dict[str, tuple[Task, set[str]]]) -> None:
        self.progress.ended(task.path, well=isinstance(result, Executed))
        self.keep(task.path, result)
        for _, before in waiting.values():
            before.discard(task.path)


def _result_of(future: Future[Executed], task: Task) -> Result:
    try:
        return future.result()
    except BookError as error:
        return error
    except Exception as error:  # a fault of a runner must not take the other stories with it
        what = f"the runner failed: {type(error).__name__}: {error}"
        return StoryFailed(what, Place(task.path), "try `sourcebook build --cold`, which uses no warm runner")
