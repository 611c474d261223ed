"""Why a story must run: the one place that both decides and explains."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

from sourcebook import __version__, tracing
from sourcebook.runs.store import Run
from sourcebook.stories import Story

_LOCK = "requirements.txt"
_INSIDE_KERNELS = ("errors.py", "tracing.py", "sources.py", "datasets.py", "facts", "figures")


@dataclass(frozen=True, order=True)
class Reason:
    """One cause for a run: what kind, and about which file or part of a file."""

    kind: str
    subject: str

    def __str__(self) -> str:
        """Give the reason as one line: "input changed: data/arrivals.csv"."""
        return f"{self.kind}: {self.subject}"


def key_of(story: Story, root: Path) -> str:
    """Give the digest under which a story's runs are kept: its place, code, kernel and environment.

    The path is a part: two notebooks with equal code in different folders read different files.
    """
    told = [story.path, story.steps, story.kernel, environment_of(root)]
    return tracing.digest_of_bytes(json.dumps(told).encode())


def parts_of(story: Story, root: Path) -> dict[str, str]:
    """Give the digests of what makes up the key, to say later which of them changed."""
    code = [step for step in story.steps if step[0] == "code"]
    expressions = [step for step in story.steps if step[0] != "code"]
    return {
        "code": tracing.digest_of_bytes(json.dumps(code).encode()),
        "expression": tracing.digest_of_bytes(json.dumps(expressions).encode()),
        "kernel": story.kernel,
        "environment": environment_of(root),
    }


def reasons(story: Story, runs: Sequence[Run], *, root: Path, last: Run | None) -> tuple[Reason, ...]:
    """Say why `story` must run; an empty tuple means it is fresh.

    Args:
        story: the story as written now.
        runs: the runs kept under its key, newest first.
        root: the book's folder, to compare inputs with.
        last: the run that was used last, under whatever key; only to explain.
    """
    if any(run.is_fresh(root) for run in runs):
        return ()
    if runs:
        return _changed_inputs(runs[0], root)
    if last is None:
        return (Reason("never run", story.path),)
    now = parts_of(story, root)
    changed = [name for name in now if last.parts.get(name) != now[name]]
    return tuple(Reason(f"{name} changed", story.path) for name in changed) or (
        Reason("never run", story.path),
    )


def environment_of(root: Path) -> str:
    """Give the digest of what a story runs in: Python, the locked packages, this package's own code."""
    return tracing.digest_of_bytes(
        "\n".join([sys.version, __version__, _packages(root), _own_code()]).encode()
    )


def _changed_inputs(run: Run, root: Path) -> tuple[Reason, ...]:
    found = []
    for name, digest in run.inputs.items():
        now = tracing.digest_of(root, name)
        if now != digest:
            kind = (
                "appeared" if digest == tracing.ABSENT else "vanished" if now == tracing.ABSENT else "changed"
            )
            found.append(Reason(f"input {kind}", name))
    return tuple(found)


def _packages(root: Path) -> str:
    lock = root / _LOCK
    return tracing.digest_of(root, _LOCK) if lock.is_file() else _installed()


@cache
def _installed() -> str:
    return "\n".join(sorted({f"{one.metadata['Name']}=={one.version}" for one in distributions()}))


@cache
def _own_code() -> str:
    package = Path(__file__).parent.parent
    files = [
        file for name in _INSIDE_KERNELS for file in sorted([package / name, *(package / name).rglob("*.py")])
    ]
    return tracing.digest_of_bytes(b"\0".join(file.read_bytes() for file in files if file.is_file()))
