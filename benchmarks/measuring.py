"""What the benchmarks share: generated books, and the cost of a command with all its processes."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sourcebook.testing import Book

JUPYTER_BOOK = (sys.executable, "-c", "from jupyter_book.cli.main import main; main()")
SOURCEBOOK = (sys.executable, "-m", "sourcebook")

STOCK_CONFIG = """\
title: A generated book
only_build_toc_files: true
execute: {execute_notebooks: cache, timeout: 120}
"""
OURS_CONFIG = """\
title: A generated book
only_build_toc_files: true
execute: {execute_notebooks: cache, timeout: 120}
sphinx:
  extra_extensions: [sourcebook.pages]
  config: {html_theme: sourcebook, language: en, sourcebook_code: shown%s}
"""

_ROWS = 2_000
_CELLS = (
    "import altair as alt\nimport pandas as pd\nimport plotly.express as px",
    "table = pd.read_csv('../data/table-{table}.csv')\ntable.head(3)",
    "by_month = table.groupby('month', as_index=False)['people'].mean()",
    "print(by_month['people'].iloc[0])",
    "alt.Chart(by_month).mark_bar().encode(x='month:O', y='people:Q')",
    "by_place = table.groupby('place', as_index=False)['people'].sum()",
    "px.bar(by_place, x='place', y='people')",
    "{story} + len(by_place)",
)


@dataclass(frozen=True)
class Cost:
    """What a command took.

    Attributes:
        wall_s: seconds by the clock.
        processor_s: seconds of processor time, of all its processes.
        peak_bytes: most memory at one time, shared pages counted once; 0 if not measured.
    """

    wall_s: float
    processor_s: float
    peak_bytes: int = 0


def generated(folder: Path, stories: int, *, config: str) -> Book:
    """Write a book of so many stories, two for each table, each with one Altair and one Plotly chart."""
    book = Book(folder)
    book.write("_config.yml", config)
    book.write("book/index.md", "# A book\n\nA front page.\n")
    book.write("requirements.txt", "pandas\n")
    names = [f"book/story-{number:04}" for number in range(stories)]
    book.write_contents("book/index", *names)
    for number in range((stories + 1) // 2):
        book.write(f"data/table-{number}.csv", table(number))
    for number, name in enumerate(names):
        cells = (one.format(table=number // 2, story=number) for one in _CELLS)
        book.write_story(f"{name}.ipynb", f"md:# Story {number}\n\nWords about story {number}.", *cells)
    return book


def table(number: int, *, first: int = 0) -> str:
    """Give the text of a table; `first` is the number of people in its first row."""
    rows = [
        f"{row % 12 + 1},{'abcdefgh'[row % 8]},{first if row == 0 else row * (number + 3) % 997}"
        for row in range(_ROWS)
    ]
    return "\n".join(["month,place,people", *rows]) + "\n"


def measured(command: Sequence[str], *, memory: bool = False, **environment: str) -> Cost:
    """Run a command and give what it cost; it must succeed."""
    own = {**os.environ, "PLOTLY_RENDERER": "notebook_connected", **environment}
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=own) as process:
        watch = _Watch(process.pid) if memory else None
        told = process.communicate()[0]
        peak = watch.end() if watch else 0
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{told.decode(errors='replace')[-4000:]}")
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, spent, peak)


class _Watch:
    """Samples the memory of a process and all below it, four times a second."""

    def __init__(self, pid: int) -> None:
        self._pid, self._peak, self._over = pid, 0, threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self._thread.start()

    def end(self) -> int:
        self._over.set()
        self._thread.join()
        return self._peak

    def _sample(self) -> None:
        while not self._over.wait(0.25):
            self._peak = max(self._peak, sum(map(_bytes_of, _tree(self._pid))))


def _tree(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
            children.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for one in found:
        found += children.get(one, [])
    return found


def _bytes_of(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss_Anon:"))
