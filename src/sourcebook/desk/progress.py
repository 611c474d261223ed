"""The progress of a build: what runs now, for how long, and how much there is still to do."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Running:
    """One story that runs.

    Attributes:
        path: its notebook.
        cell, cells: the cell that runs now, counted from 1, and how many there are.
        began_s: when it began, on the monotonic clock.
    """

    path: str
    cell: int
    cells: int
    began_s: float


@dataclass
class Tally:
    """What has been told of a build so far; written by one thread and read by another.

    Attributes:
        running: the stories that run now, by path.
        done: stories that have ended.
        planned: stories that were to run.
        failed: stories that ended in an error.
    """

    running: dict[str, Running] = field(default_factory=dict)
    done: int = 0
    planned_stories: int = 0
    failed: list[str] = field(default_factory=list)

    def planned(self, stories: int) -> None:
        """Note that so many stories are to run, besides those that have."""
        self.planned_stories = self.done + stories

    def cell(self, path: str, number: int, cells: int) -> None:
        """Note that a story begins a cell."""
        began = self.running[path].began_s if path in self.running else time.monotonic()
        self.running = {**self.running, path: Running(path, number, cells, began)}

    def ended(self, path: str, *, well: bool) -> None:
        """Note that a story has ended."""
        self.running = {name: one for name, one in self.running.items() if name != path}
        self.done += 1
        self.failed = [one for one in self.failed if one != path] + ([] if well else [path])


@contextmanager
def told_to(tally: Tally) -> Iterator[tuple[dict[str, str], tuple[int, ...]]]:
    """Have a process tell its progress: give the variables and the file descriptors that it must get."""
    from sourcebook.runs.events import VARIABLE, retell  # late: a build with nothing to do needs none of it

    reading, writing = os.pipe()

    def listen() -> None:
        with os.fdopen(reading, encoding="utf-8", errors="replace") as lines:
            retell(lines, tally)

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        yield {VARIABLE: str(writing)}, (writing,)
    finally:
        os.close(writing)
        listener.join(timeout=5)
