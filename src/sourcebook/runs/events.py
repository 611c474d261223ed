"""What goes on while stories run, told from the process that runs them to the one that has the terminal."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress

from sourcebook.runs.schedule import Progress, Silent

VARIABLE = "SOURCEBOOK_EVENTS"
"""Environment variable with the number of the file descriptor to which events are written."""


class Events:
    """Writes every event as a line of JSON to a file descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def planned(self, stories: int) -> None:
        """Tell that so many stories are to run."""
        self._write("planned", stories)

    def cell(self, path: str, number: int, cells: int) -> None:
        """Tell that a story begins a cell."""
        self._write("cell", path, number, cells)

    def ended(self, path: str, *, well: bool) -> None:
        """Tell that a story has ended."""
        self._write("ended", path, well)

    def _write(self, *event: object) -> None:
        with suppress(OSError):  # nobody listens any more; the build goes on
            os.write(self._descriptor, (json.dumps(event) + "\n").encode())


def progress_of(environment: Mapping[str, str]) -> Progress:
    """Give where a build is to tell of its progress: to the descriptor that its caller named, or nowhere."""
    number = environment.get(VARIABLE, "")
    return Events(int(number)) if number.isdigit() else Silent()


def retell(lines: Iterable[str], progress: Progress) -> None:
    """Tell events again that another process wrote; lines that are no events are passed over."""
    for line in lines:
        try:
            name, *told = json.loads(line)
        except (ValueError, TypeError):
            continue
        if name == "planned":
            progress.planned(*told)
        elif name == "cell":
            progress.cell(*told)
        elif name == "ended":
            progress.ended(told[0], well=told[1])
