"""A nursery made ready while a build begins: its imports take as long as those of the build itself."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sourcebook.desk.footprint import Footprint, changes

STORE = Path("_build/.sourcebook")
"""Where runs are kept, below the book's folder."""

_STORY = ".ipynb"
_PACKAGES = "requirements.txt"
_ELSEWHERE = frozenset({"is_cold", "cluster"})

Lent = tuple[dict[str, str], tuple[int, ...]]
"""Variables and file descriptors for a build."""


def may_run_stories(root: Path, last: Footprint | None, *, rests_on: Path, asked: Mapping[str, Any]) -> bool:
    """Guess, quickly, whether a build will run stories; a wrong guess costs time and nothing else.

    Args:
        root: the book's folder.
        last: what the last build rested on, and left.
        rests_on: what our extension told of that build.
        asked: orders for this build, by the names in `sourcebook.runs.Orders`.
    """
    if last is None or asked.get("is_forced"):
        return True
    inputs = _told(rests_on).get("inputs", {})
    return any(
        name == _PACKAGES
        or name[:1] == "/"
        or (_has_new_code(root, name) if name.endswith(_STORY) else name in inputs)
        for name in changes(last, root)
    )


def threads_for(asked: Mapping[str, Any], *, rests_on: Path) -> int | None:
    """Give how many threads runners will have; None if they are not warm ones of this machine.

    Args:
        asked: orders for this build, by the names in `sourcebook.runs.Orders`.
        rests_on: what our extension told of the last build: a book may have a say in it.
    """
    from sourcebook.runs.orders import Orders

    if sys.platform != "linux" or any(asked.get(name) for name in _ELSEWHERE):
        return None
    told = _told(rests_on).get("threads")
    return told if isinstance(told, int) and "workers" not in asked else Orders(**asked).threads


@contextmanager
def nursery_for_one(root: Path, *, threads: int) -> Iterator[Lent]:
    """Start a nursery for one build."""
    from sourcebook.runs.runners.nurses import OwnNurse

    nurse = OwnNurse(root / STORE, threads=threads, is_warm=True)
    try:
        with nurse.lent(for_good=True) as lent:
            yield lent
    finally:
        nurse.bury()


class KeptNursery:
    """A nursery for build after build; it is replaced when it would not be started as it was."""

    def __init__(self) -> None:
        self._nurse: Any = None
        self._made_for: object = None

    @contextmanager
    def lent(self, root: Path, *, threads: int, code: str) -> Iterator[Lent]:
        """Lend the nursery to one build.

        Args:
            root: the book's folder.
            threads: threads that numerical libraries may start in each runner.
            code: changes when this package or the installed ones do.
        """
        from sourcebook.runs.runners.nurses import OwnNurse

        variables = {name: value for name, value in os.environ.items() if not name.startswith("SOURCEBOOK_")}
        needed = (root, threads, code, variables)
        if self._nurse is None or not self._nurse.is_alive or self._made_for != needed:
            self.close()
            self._nurse = OwnNurse(root / STORE, threads=threads, is_warm=True, is_kept=True)
            self._made_for = needed
        with self._nurse.lent(for_good=False) as lent:
            yield lent

    def close(self) -> None:
        """End the nursery."""
        nurse, self._nurse = self._nurse, None
        if nurse is not None:
            nurse.bury()


def _has_new_code(root: Path, name: str) -> bool:
    """Say whether a notebook's code cells are others than those that its executed twin has."""
    return _code(root / name) != _code(root / STORE / "current" / name)


def _code(notebook: Path) -> list[str] | None:
    try:
        cells: Iterable[dict[str, Any]] = json.loads(notebook.read_bytes())["cells"]
        return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _told(rests_on: Path) -> dict[str, Any]:
    try:
        told = json.loads(rests_on.read_bytes())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}
