"""Hand-offs: which story reads what another wrote, and therefore runs after it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import PurePosixPath

from sourcebook.errors import BookError, Place
from sourcebook.runs.store import Run
from sourcebook.tracing.digests import SIZE_PREFIX

_SEEN = "seen"


@dataclass(frozen=True, order=True)
class HandOff:
    """One file that passes from a story to another.

    Attributes:
        writer, reader: the stories.
        file: what is handed over.
        is_seen: whether the reader was seen to read it; where reading cannot be noticed, it only may have.
    """

    writer: str
    reader: str
    file: str
    is_seen: bool = True


def find_hand_offs(runs: Mapping[str, Run]) -> tuple[HandOff, ...]:
    """Find what the stories of a book hand to each other.

    Args:
        runs: the last run of each story, by its path.

    Raises:
        BookError: two stories write the same file.
    """
    writers: dict[str, str] = {}
    for story, run in sorted(runs.items()):
        for file in run.outputs:
            if file in writers:
                mend = f"let only one of them write it; '{writers[file]}' does, too"
                raise BookError(f"two stories write '{file}'", Place(story), mend)
            writers[file] = story
    return tuple(
        HandOff(writers[file], reader, file, is_seen=run.rule == _SEEN)
        for reader, run in sorted(runs.items())
        for file in sorted(set(_read_of(run, writers)))
        if writers[file] != reader
    )


def refuse_cycles(hand_offs: Iterable[HandOff]) -> None:
    """See that no story waits for itself.

    Raises:
        BookError: some do; the path is drawn.
    """
    seen = [one for one in hand_offs if one.is_seen]
    graph: dict[str, set[str]] = {}
    for one in seen:
        graph.setdefault(one.reader, set()).add(one.writer)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        stories: list[str] = error.args[1]  # each writes what the next reads
        files = {(one.writer, one.reader): one.file for one in seen}
        steps = [f" -> {files[pair]} -> {pair[1]}" for pair in pairwise(stories)]
        raise BookError(
            f"stories wait for each other: {stories[0]}{''.join(steps)}",
            Place(stories[0]),
            "let one of them read the table in data/ instead of what another story made of it",
        ) from error


def waits_of(hand_offs: Iterable[HandOff], stories: Iterable[str]) -> dict[str, set[str]]:
    """Give, for each story that is to run, those among them that must have run before it.

    What only may be read orders the stories too, as far as it makes none wait for itself.
    """
    waits: dict[str, set[str]] = {story: set() for story in stories}
    for one in sorted(hand_offs, key=lambda one: not one.is_seen):
        if one.writer in waits and one.reader in waits and not _waits(one.writer, one.reader, waits):
            waits[one.reader].add(one.writer)
    return waits


def _read_of(run: Run, writers: Mapping[str, str]) -> Iterable[str]:
    named = {name.removeprefix(SIZE_PREFIX) for name in run.inputs if "#" not in name}
    for file in writers:
        if file in named or PurePosixPath(file).parent.as_posix() in named:
            yield file


def _waits(story: str, other: str, waits: Mapping[str, set[str]]) -> bool:
    """Say whether `story` waits for `other`, directly or through others."""
    return story == other or any(_waits(one, other, waits) for one in waits[story])
