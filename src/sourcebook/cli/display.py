"""The live display of a build in a terminal: which stories run, at which cell, for how long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.table import Table

from sourcebook.desk.progress import Tally

_PER_SECOND = 5


class _Now:
    """The display of this very moment; Rich asks for it a few times a second."""

    def __init__(self, tally: Tally) -> None:
        self._tally, self._began_s = tally, time.monotonic()

    def __rich__(self) -> Table:
        now, tally = time.monotonic(), self._tally
        table = Table.grid(padding=(0, 2))
        if not tally.planned_stories:
            table.add_row(f"{now - self._began_s:.0f} s")
            return table
        table.add_row(f"{tally.done} of {tally.planned_stories} stories", "", f"{now - self._began_s:.0f} s")
        for one in tally.running.values():
            table.add_row(f"  {one.path}", f"cell {one.cell} of {one.cells}", f"{now - one.began_s:.1f} s")
        return table


@contextmanager
def shown_live(tally: Tally) -> Iterator[Callable[[str], None]]:
    """Show what runs below everything that is told; give the function that tells a line."""
    console = Console(highlight=False, soft_wrap=True)
    with Live(_Now(tally), console=console, refresh_per_second=_PER_SECOND, transient=True):
        yield lambda line: console.print(line, markup=False)
