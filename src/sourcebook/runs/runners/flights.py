"""A flight: one task on its way through a runner, with its limits and its end."""

from __future__ import annotations

import contextlib
import socket
import time
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from typing import Any

from sourcebook.errors import Place, StoryFailed
from sourcebook.runs.runners.failures import told_slow_cell, told_slow_story
from sourcebook.runs.runners.nurses import Nurse
from sourcebook.runs.runners.processes import status_words
from sourcebook.runs.runners.wire import Closed, Inbox, parse_failure, send, task_message
from sourcebook.runs.tasks import Executed, RunnerDied, Task, Watcher

_START_S = 120.0
_END_S = 600.0
_DEATH_S = 10.0


@dataclass
class Flight:
    """One task under way.

    Attributes:
        number: unique in its pool.
        task: what is executed.
        watch: called with each cell that begins.
        future: where the result goes.
        nurse: who has the runner; None before the start.
        end: where the runner is heard.
        deadline: time by `time.monotonic` at which the runner must be killed.
        fault: why it was killed, or None.
    """

    number: int
    task: Task
    watch: Watcher
    future: Future[Executed] = field(default_factory=Future)
    nurse: Nurse | None = None
    end: socket.socket | None = None
    deadline: float = float("inf")
    fault: StoryFailed | None = None
    _inbox: Inbox | None = None
    _answer: dict[str, Any] | None = None
    _cell: int | None = None
    _began: float | None = None
    _deaths: int = 0

    def start(self, nurse: Nurse) -> socket.socket:
        """Ask for a runner; give the end to listen at."""
        self.nurse, self.end = nurse, nurse.beget(self.number)
        self._inbox = Inbox(self.end)
        self.deadline = time.monotonic() + _START_S
        return self.end

    def born(self) -> None:
        """Give the runner, which has just begun to live, its task."""
        assert self.end is not None
        self.end.settimeout(_START_S)
        with contextlib.suppress(Closed):  # its end will be told
            send(self.end, task_message(self.task))
        self.end.settimeout(None)
        self.deadline = time.monotonic() + _START_S

    def hear(self) -> bool:
        """Take in what the runner tells; give whether it may tell more."""
        assert self._inbox is not None
        for message in self._inbox.read():
            if message["kind"] == "cell":
                self._cell_begins(message["cell"], message["cells"])
            elif message["kind"] == "ending":
                self.deadline = time.monotonic() + _END_S
            else:
                self._answer = self._answer or message
        return not self._inbox.is_closed

    def expire(self) -> None:
        """Kill the runner, whose time is over."""
        limits, now = self.task.limits, time.monotonic()
        if self.fault is None and not self.future.cancelled():
            if self._began is None or self._answer:
                self.fault = RunnerDied("the runner did not answer", Place(self.task.path, cell=self._cell))
            elif limits.story_s is not None and now >= self._began + limits.story_s:
                self.fault = told_slow_story(self.task.path, self._cell, limit_s=limits.story_s)
            else:
                self.fault = told_slow_cell(self.task.path, self._cell or 1, limit_s=limits.cell_s)
        self.kill()

    @property
    def is_alive(self) -> bool:
        """Whether nobody has asked for the runner's end yet."""
        return not self._deaths

    def kill(self) -> None:
        """Have the runner killed; if that has no effect, the nursery with it."""
        self.deadline, self._deaths = time.monotonic() + _DEATH_S, self._deaths + 1
        if self.nurse is not None and self._deaths == 1:
            self.nurse.kill(self.number)
        elif self.nurse is not None:
            self.nurse.dismiss()

    def land(self, status: str | int | None) -> None:
        """Give the result: the runner has ended so, and all that it started is gone."""
        if self.end is not None:
            self.hear()
            self.end.close()
        with contextlib.suppress(InvalidStateError):  # cancelled this very moment
            if self.future.cancelled():
                self.future.set_running_or_notify_cancel()
            elif self._answer and self._answer["kind"] == "done":
                told = self._answer
                self.future.set_result(Executed(told["text"], told["report"], told["seconds"]))
            else:
                self.future.set_exception(self._failure(status))

    def _failure(self, status: str | int | None) -> StoryFailed:
        if self.fault is not None:
            return self.fault
        if self._answer is not None:
            return parse_failure(self._answer)
        how = status if isinstance(status, str) else status_words(status)
        place = Place(self.task.path, cell=self._cell)
        return RunnerDied(f"the kernel died while the story ran: {how}", place)

    def _cell_begins(self, cell: int, cells: int) -> None:
        now, limits = time.monotonic(), self.task.limits
        self._cell = cell
        self._began = self._began or now
        if not self._deaths:
            until_story = float("inf") if limits.story_s is None else self._began + limits.story_s
            self.deadline = min(now + limits.cell_s, until_story)
        with contextlib.suppress(Exception):  # a display that fails is no fault of the story
            self.watch(cell, cells)
