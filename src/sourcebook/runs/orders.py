"""What a build asks for, and what became of each story."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sourcebook.errors import BookError, Finding
    from sourcebook.runs.reasons import Reason

VARIABLE = "SOURCEBOOK_ORDERS"
"""Environment variable in which one build's own orders reach the process that runs its stories."""


@dataclass(frozen=True)
class Orders:
    """How stories are to be run.

    Attributes:
        workers: stories to run at once; None for as many as there are processors.
        timeout_s: longest time for one cell, in seconds.
        story_timeout_s: longest time for one story, in seconds; None for no such limit.
        is_cold: whether every story gets a fresh process and a Jupyter kernel of its own.
        is_forced: whether every story runs, whatever is known of it.
        keeps_going: whether a story that fails leaves the others to be published.
        draws_bare_charts: whether charts shown without `figure` are drawn as plain figures.
        cluster: address of a Dask scheduler that runs the stories; None for this machine.
    """

    workers: int | None = None
    timeout_s: float = 300
    story_timeout_s: float | None = None
    is_cold: bool = False
    is_forced: bool = False
    keeps_going: bool = False
    draws_bare_charts: bool = True
    cluster: str | None = None

    def overruled(self, environment: Mapping[str, str]) -> Orders:
        """Give these orders with those that were made for this build alone."""
        return replace(self, **json.loads(environment.get(VARIABLE, "{}")))

    @property
    def places(self) -> int:
        """Stories to run at once."""
        return self.workers or _processors()

    @property
    def threads(self) -> int:
        """Threads that numerical libraries may start in each story: together as many as processors."""
        return max(1, _processors() // self.places)

    @property
    def memory_bytes(self) -> int:
        """Most memory of one process of a story: together, stories leave a fifth to the rest."""
        return int(_memory_bytes() * 0.8) // self.places


def variables_of(orders: Mapping[str, Any]) -> dict[str, str]:
    """Give the environment variables that carry orders, by their names in `Orders`."""
    return {VARIABLE: json.dumps(dict(orders))} if orders else {}


@dataclass(frozen=True)
class Outcome:
    """What became of one story in one build.

    Attributes:
        path: the story's notebook.
        reasons: why it had to run; none if an earlier run was fresh.
        seconds: time its run took, 0 if it did not run.
        problem: why the run failed, or None.
        findings: what is doubtful about its run, such as that it asked the clock.
    """

    path: str
    reasons: tuple[Reason, ...]
    seconds: float = 0.0
    problem: BookError | None = None
    findings: tuple[Finding, ...] = ()


def _memory_bytes() -> int:
    """Give the memory of this machine, or of the container that this process is in."""
    sizes = [os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")]
    for name in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with suppress(OSError, ValueError):  # another version of cgroups, another system, or "max"
            sizes.append(int(Path(name).read_text()))
    return min(sizes)


def _processors() -> int:
    """Give the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
