"""How each story of a book stands: fresh, or stale and why; what it reads and how that is known."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sourcebook import tracing
from sourcebook.runs.keys import Keyed, Surroundings, environment_of, read_keyed
from sourcebook.runs.reasons import Reason, reasons
from sourcebook.runs.store import Run, Store

_CHOICE = "draws-bare-charts.json"
LOOKS = "keys"
"""Folder of the store in which looks at notebooks are kept."""


@dataclass(frozen=True)
class Standing:
    """How one story stands.

    Attributes:
        story: what of it decides.
        reasons: why it must run; none if it is fresh.
        run: its fresh run, or else the one that was used last; None if it never ran.
    """

    story: Keyed
    reasons: tuple[Reason, ...]
    run: Run | None

    @property
    def is_fresh(self) -> bool:
        """Whether nothing has to run."""
        return not self.reasons

    def changed_inputs(self, root: Path) -> frozenset[str]:
        """Give the inputs of its run that are not on disk as the run read them."""
        inputs = self.run.inputs if self.run else {}
        return frozenset(name for name, digest in inputs.items() if tracing.digest_of(root, name) != digest)


def standings_of(
    root: Path,
    paths: Iterable[str],
    *,
    store: Store,
    forced: bool = False,
    draws_bare_charts: bool | None = None,
) -> dict[str, Standing]:
    """Say how stories stand, by path.

    Args:
        root: the book's folder.
        paths: notebooks, relative to it.
        store: where runs are kept.
        forced: whether they are to run whatever is known of them.
        draws_bare_charts: whether charts shown without `figure` are drawn; as in the last build if None.

    Raises:
        StoryError: a notebook cannot be read.
    """
    drawn = _noted(store) if draws_bare_charts is None else draws_bare_charts
    surroundings, looks = Surroundings(environment_of(root), drawn), store.folder / LOOKS
    stories = [read_keyed(root, path, surroundings=surroundings, folder=looks) for path in paths]
    store.fetch([story.key for story in stories], root)
    return {story.path: standing_of(story, root, store=store, forced=forced) for story in stories}


def note_choice(store: Store, *, draws_bare_charts: bool) -> None:
    """Note what the book chose, for whoever asks how its stories stand without reading its settings."""
    if _noted(store) != draws_bare_charts:
        store.folder.mkdir(parents=True, exist_ok=True)
        (store.folder / _CHOICE).write_text(json.dumps(draws_bare_charts), encoding="utf-8")


def _noted(store: Store) -> bool:
    try:
        return bool(json.loads((store.folder / _CHOICE).read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return True


def standing_of(story: Keyed, root: Path, *, store: Store, forced: bool = False) -> Standing:
    """Say how one story stands."""
    runs, last = store.runs_of(story.key), store.last(story.path)

    def lost(run: Run) -> list[str]:
        return lost_outputs(run, root, store=store)

    why = reasons(story, runs, root=root, last=last, lost=lost, forced=forced)
    fresh = next((run for run in runs if run.is_fresh(root) and not lost(run)), None)
    return Standing(story, why, fresh if fresh and not why else last)


def lost_outputs(run: Run, root: Path, *, store: Store) -> list[str]:
    """Give the files that a run wrote and that are neither on disk as it left them nor to be restored."""
    changed = [name for name, digest in run.outputs.items() if tracing.digest_of(root, name) != digest]
    absent = {name for name in changed if not (root / name).exists()}
    is_restorable = store.is_restorable(run, root) if absent else True
    return [name for name in changed if name not in absent or not is_restorable]
