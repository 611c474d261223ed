"""Why a story must run: the one place that both decides and explains."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sourcebook import tracing
from sourcebook.runs.keys import Keyed
from sourcebook.runs.store import Run


@dataclass(frozen=True, order=True)
class Reason:
    """One cause for a run: what kind, and about which file or part of a file."""

    kind: str
    subject: str

    def __str__(self) -> str:
        """Give the reason as one line: "input changed: data/arrivals.csv"."""
        return f"{self.kind}: {self.subject}"


def reasons(
    story: Keyed,
    runs: Sequence[Run],
    *,
    root: Path,
    last: Run | None,
    lost: Callable[[Run], Sequence[str]] = lambda run: (),
    forced: bool = False,
) -> tuple[Reason, ...]:
    """Say why `story` must run; an empty tuple means it is fresh.

    Args:
        story: what of the story decides, as written now.
        runs: the runs kept under its key, newest first.
        root: the book's folder, to compare inputs with.
        last: the run that was used last, under whatever key; only to explain.
        lost: tells which files that a run wrote are not as it left them, nor to be had from the store.
        forced: whether the story is to run whatever is known of it.
    """
    if forced:
        return (Reason("forced", story.path),)
    fresh = [run for run in runs if run.is_fresh(root)]
    if any(not lost(run) for run in fresh):
        return ()
    if fresh:
        return tuple(Reason("output changed", name) for name in lost(fresh[0]))
    if runs:
        return _changed_inputs(runs[0], root)
    if last is None:
        return (Reason("never run", story.path),)
    changed = [name for name in story.parts if last.parts.get(name) != story.parts[name]]
    return tuple(Reason(f"{name} changed", story.path) for name in changed) or (
        Reason("never run", story.path),
    )


def _changed_inputs(run: Run, root: Path) -> tuple[Reason, ...]:
    found = []
    for name, digest in run.inputs.items():
        now = tracing.digest_of(root, name)
        if now != digest:
            kind = (
                "appeared" if digest == tracing.ABSENT else "vanished" if now == tracing.ABSENT else "changed"
            )
            is_module = name.endswith(".py") and kind == "changed"
            found.append(Reason("local module changed" if is_module else f"input {kind}", name))
    return tuple(found)
