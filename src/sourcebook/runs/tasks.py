"""What is asked of a runner, and what it gives back: one door to forked shells, real kernels, clusters."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from sourcebook.errors import Place, StoryFailed

RunnerKind = Literal["warm", "kernel"]


@dataclass(frozen=True)
class Limits:
    """What one run may use.

    Attributes:
        cell_s: longest time for one cell, in seconds.
        story_s: longest time for all cells of a story, in seconds; None for no such limit.
        memory_bytes: most memory of one process of the run; None for as much as the machine gives.
        output_bytes: most text that one cell may print.
        threads: threads that numerical libraries may start in each run.
    """

    cell_s: float = 300
    story_s: float | None = None
    memory_bytes: int | None = None
    output_bytes: int = 10_000_000
    threads: int = 1


@dataclass(frozen=True)
class Task:
    """One story to be executed.

    Attributes:
        root: the book's folder.
        path: the notebook, relative to it.
        text: the notebook as it is to be run; whatever is saved meanwhile does not count.
        kind: "warm", a shell forked from a process that has imported the usual libraries, or
            "kernel", the Jupyter kernel that the notebook names.
        network: whether the story may connect to other machines.
        limits: what the run may use.
        draws_bare_charts: whether a chart shown without `figure` is drawn as a plain figure; else its
            library shows it.
    """

    root: Path
    path: str
    text: str
    kind: RunnerKind = "warm"
    network: bool = False
    limits: Limits = field(default_factory=Limits)
    draws_bare_charts: bool = True


@dataclass(frozen=True)
class Executed:
    """What an execution left.

    Attributes:
        text: the executed notebook.
        report: what `sourcebook.tracing.report` told, or None if the kernel could not be asked.
        seconds: time from the first cell to the last.
    """

    text: str
    report: dict[str, Any] | None
    seconds: float = 0.0


class RunnerDied(StoryFailed):
    """A runner ended without an answer: it crashed, was killed, or ran out of memory."""

    def __init__(self, what: str, place: Place | None = None, mend: str = "") -> None:
        super().__init__(what, place, mend or _DIED)


_DIED = "run the notebook in JupyterLab to see which cell ends the kernel; often memory runs out"

Watcher = Callable[[int, int], None]
"""Called with the number of the cell that begins, counted from 1, and the number of cells."""


class Pool(Protocol):
    """Runners that execute tasks, several at once."""

    def submit(self, task: Task, watch: Watcher = lambda cell, cells: None) -> Future[Executed]:
        """Execute a task as soon as a runner is free.

        Cancelling the future, also while it runs, ends the runner with all its processes.

        Raises (in the future):
            RunnerDied: the runner ended without an answer.
            StoryFailed: a cell or an expression raised, or took too long.
        """

    def close(self) -> None:
        """End every runner at once, with all its processes."""
