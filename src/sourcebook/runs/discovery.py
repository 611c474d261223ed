"""What a run rests on: the files it was seen to read, what its story declares, or all of `data/`."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sourcebook import tracing
from sourcebook.runs.clocks import ClockUse, clock_uses

__all__ = ["ClockUse", "Discovered", "Rule", "clock_uses", "inputs_of"]

Rule = Literal["seen", "declared", "all of data"]

_DATA = "data"
_UNTOLD: dict[str, Any] = {"inputs": {}, "unseen": ["the kernel cannot say what it read"]}


@dataclass(frozen=True)
class Discovered:
    """What a run read and wrote, and how that is known.

    Attributes:
        inputs: what it rests on -> digest.
        outputs: the files that it wrote and left -> digest.
        unseen: why some reading may have gone unseen.
        network: whom it asked, as "host:port".
        rule: "seen" if all reading was seen; where some was not, "declared" if the story says what it
            reads, else "all of data".
    """

    inputs: dict[str, str]
    outputs: dict[str, str]
    unseen: tuple[str, ...]
    network: tuple[str, ...]
    rule: Rule


def inputs_of(root: Path, report: dict[str, Any] | None, *, declared: Sequence[str] | None) -> Discovered:
    """Give what a run rests on.

    Args:
        root: the book's folder.
        report: what `tracing.report` told in the kernel, or None if it could not be asked.
        declared: what the story says it reads, files or patterns relative to the book; None if it
            says nothing. These are inputs whatever was seen.
    """
    told = _UNTOLD if report is None else report
    unseen = tuple(told.get("unseen", ()))
    outputs = dict(told.get("outputs", {}))
    rule: Rule = "seen" if not unseen else "all of data" if declared is None else "declared"
    named = [name for one in declared or () for name in _names_of(root, one)]
    widened = [*named, *(_below(root, _DATA) if rule == "all of data" else ())]
    began = told.get("began", 0)
    inputs = {name: _digest(root, name, began) for name in widened if name not in outputs}
    inputs |= told.get("inputs", {})
    network = tuple(told.get("network", ()))
    return Discovered(dict(sorted(inputs.items())), outputs, unseen, network, rule)


def _names_of(root: Path, declared: str) -> Iterator[str]:
    """Give the inputs in one line of a story's `inputs:`; of a pattern, also the folders it searches."""
    if not glob.has_magic(declared):
        name = os.path.normpath(declared)
        yield from _below(root, name) if (root / name).is_dir() else (name,)
        return
    found = glob.glob(declared, root_dir=root, recursive=True)  # noqa: PTH207  # gives names, not paths
    yield from (os.path.normpath(name) for name in found if not _is_skipped(name))
    yield from _searched(root, declared)


def _searched(root: Path, pattern: str) -> Iterator[str]:
    """Give the folders in which a new file may match a pattern."""
    parts = pattern.split("/")
    fixed = next(number for number, part in enumerate(parts) if glob.has_magic(part))
    start = os.path.normpath("/".join(parts[:fixed]) or ".")
    is_flat = fixed == len(parts) - 1 and parts[fixed] != "**"
    yield start
    if not is_flat and (root / start).is_dir():
        yield from (name for name in _below(root, start) if (root / name).is_dir())


def _below(root: Path, folder: str) -> Iterator[str]:
    """Give a folder and everything below it, links followed once."""
    yield folder
    known: set[str] = set()
    for place, folders, files in os.walk(root / folder, followlinks=True):
        folders[:] = [one for one in folders if one not in tracing.SKIPPED_FOLDERS]
        real = os.path.realpath(place)
        if real in known:
            folders.clear()
            continue
        known.add(real)
        inside = os.path.relpath(place, root)
        yield from (os.path.normpath(f"{inside}/{name}") for name in (*folders, *files))


def _is_skipped(name: str) -> bool:
    return not tracing.SKIPPED_FOLDERS.isdisjoint(name.split("/"))


def _digest(root: Path, name: str, began: int) -> str:
    """Give a digest; `UNSTABLE` for what changed while the story ran, as nobody saw when it was read."""
    try:
        changed = (root / name).stat().st_mtime_ns
    except OSError:
        changed = 0
    return tracing.UNSTABLE if began and changed >= began else tracing.digest_of(root, name)
