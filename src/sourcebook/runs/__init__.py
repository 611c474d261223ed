"""Runs: is a story stale and why; execute it; keep the run and fetch it again."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from sourcebook.errors import BookError, BuildFailed
from sourcebook.runs.reasons import Reason, key_of, reasons
from sourcebook.runs.store import Run, Store
from sourcebook.stories import Story, read_story, twin, write_text

__all__ = ["Outcome", "Reason", "Run", "Store", "bring_up_to_date", "key_of", "reasons"]


@dataclass(frozen=True)
class Outcome:
    """What became of one story in one build.

    Attributes:
        story: the story as written.
        reasons: why it had to run; none if an earlier run was fresh.
        seconds: time its run took, 0 if it did not run.
        problem: why the run failed, or None.
    """

    story: Story
    reasons: tuple[Reason, ...]
    seconds: float = 0.0
    problem: BookError | None = None


def bring_up_to_date(
    root: Path,
    paths: Iterable[str],
    *,
    store: Store,
    workers: int | None = None,
    timeout_s: float = 300,
    tell: Callable[[Outcome], None] = lambda outcome: None,
    execute: Callable[..., list[Outcome]] | None = None,
) -> tuple[Outcome, ...]:
    """Run the stories that are stale, fetch the runs of the others, and lay out all executed twins.

    Args:
        root: the book's folder.
        paths: notebooks, relative to it.
        store: where runs are kept.
        workers: stories to run at once; the number of processors when left out.
        timeout_s: longest time for one cell, in seconds.
        tell: called with each outcome as soon as it is known.
        execute: the door to kernels; `sourcebook.runs.kernels.execute_all` when left out.

    Returns:
        One outcome per story, in the order of `paths`.

    Raises:
        StoryError: a notebook cannot be read.
        BuildFailed: stories failed; the runs of the others are kept.
    """
    stories = [read_story(root, path) for path in paths]
    keys = {story.path: key_of(story, root) for story in stories}
    whys = {
        story.path: reasons(story, store.runs_of(keys[story.path]), root=root, last=store.last(story.path))
        for story in stories
    }
    fresh = [Outcome(story, ()) for story in stories if not whys[story.path]]
    for outcome in fresh:
        tell(outcome)
    stale = [story for story in stories if whys[story.path]]
    keep = _keeper(keys, whys, store, tell)
    ran = (
        _door(execute)(
            root,
            stale,
            workers=workers or os.cpu_count() or 1,
            timeout_s=timeout_s,
            scratch=store.folder,
            keep=keep,
        )
        if stale
        else []
    )
    done = {one.story.path: one for one in (*fresh, *ran)}
    problems = [one.problem for one in done.values() if one.problem]
    if problems:
        raise BuildFailed(problems)
    for story in stories:
        _lay_out(root, story, keys[story.path], store)
    return tuple(done[story.path] for story in stories)


def _door(execute: Callable[..., list[Outcome]] | None) -> Callable[..., list[Outcome]]:
    if execute is not None:
        return execute
    from sourcebook.runs.kernels import execute_all

    return execute_all


def _keeper(
    keys: dict[str, str],
    whys: dict[str, tuple[Reason, ...]],
    store: Store,
    tell: Callable[[Outcome], None],
) -> Callable[[Story, Run | BookError, float], Outcome]:
    """Give the function that keeps each run, and tells of it, as soon as it ends."""

    def keep(story: Story, result: Run | BookError, seconds: float = 0.0) -> Outcome:
        if isinstance(result, Run):
            store.keep(keys[story.path], result)
        problem = result if isinstance(result, BookError) else None
        outcome = Outcome(story, whys[story.path], seconds, problem)
        tell(outcome)
        return outcome

    return keep


def _lay_out(root: Path, story: Story, key: str, store: Store) -> None:
    """Write the story's executed twin where pages find it, touching the file only if it changes."""
    runs = store.runs_of(key)
    run = next((one for one in runs if one.is_fresh(root)), runs[0])  # changed meanwhile: it runs next time
    store.lay_out(story.path, write_text(twin(story.notebook, store.notebook(run))))
    store.remember(story.path, run)
