"""How long a rebuild takes beside stock Jupyter Book: cold, with nothing changed, with one table changed.

    .venv/bin/python benchmarks/rebuild.py --stories 8 --rounds 3

Both build the same generated book, one after the other in every round: each notebook reads a table of its
own with pandas and draws one Altair chart. Stock Jupyter Book runs with `execute_notebooks: cache` and
the theme and options of the same book, without our extension. Printed are medians of the rounds, in seconds
of wall clock and of processor time (children included), and their ratio. What stock leaves wrong is said.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from sourcebook.desk.build import JUPYTER_BOOK
from sourcebook.testing import CONFIG, Book

STOCK_CONFIG = """\
title: A small book
only_build_toc_files: true
execute: {execute_notebooks: cache, timeout: 60}
"""
STEPS = ("cold", "nothing changed", "one table changed")


@dataclass
class Times:
    """Seconds of every round of one step."""

    wall: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)


def main() -> int:
    """Measure and print."""
    arguments = _parse_arguments()
    times = {(builder, step): Times() for builder in ("stock", "sourcebook") for step in STEPS}
    missed = []
    for number in range(arguments.rounds):
        with tempfile.TemporaryDirectory() as folder:
            for builder in ("stock", "sourcebook") if number % 2 else ("sourcebook", "stock"):
                missed += _measure(Path(folder) / builder, builder, arguments.stories, times)
    _print(times, arguments.stories, arguments.rounds)
    for line in sorted(set(missed)):
        print(line)
    return 0


def _measure(folder: Path, builder: str, stories: int, times: dict[tuple[str, str], Times]) -> list[str]:
    book = _generated(folder, stories, CONFIG if builder == "sourcebook" else STOCK_CONFIG)
    command = (
        [sys.executable, "-m", "sourcebook", "build", "--book", str(folder)]
        if builder == "sourcebook"
        else [*JUPYTER_BOOK, "build", str(folder)]
    )
    for step in STEPS:
        if step == "one table changed":
            book.write("data/table-0.csv", "year,people\n2024,4242\n2025,9\n")
        _timed(command, times[builder, step])
    page = (folder / "_build" / "html" / "book" / "story-0.html").read_text(encoding="utf-8")
    return [] if "4242" in page else [f"{builder}: the page of the changed table still shows the old number"]


def _generated(folder: Path, stories: int, config: str) -> Book:
    book = Book(folder)
    book.write("_config.yml", config)
    book.write("book/index.md", "# A book\n\nA front page.\n")
    book.write_contents("book/index", *(f"book/story-{number}" for number in range(stories)))
    for number in range(stories):
        book.write(f"data/table-{number}.csv", f"year,people\n2024,{number + 1}\n2025,9\n")
        book.write_story(
            f"book/story-{number}.ipynb",
            f"md:# Story {number}",
            f"import altair as alt\nimport pandas as pd\ntable = pd.read_csv('../data/table-{number}.csv')",
            "print(table['people'].iloc[0])",
            "alt.Chart(table).mark_bar().encode(x='year:O', y='people:Q')",
        )
    return book


def _timed(command: list[str], times: Times) -> None:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    times.wall.append(time.perf_counter() - began)
    times.processor.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def _print(times: dict[tuple[str, str], Times], stories: int, rounds: int) -> None:
    print(f"{stories} stories, medians of {rounds} rounds; wall s (processor s)\n")
    print(f"{'':20}{'stock':>16}{'sourcebook':>16}{'stock / sourcebook':>22}")
    for step in STEPS:
        stock, ours = times["stock", step], times["sourcebook", step]
        wall, processor = (
            [statistics.median(getattr(one, kind)) for one in (stock, ours)] for kind in ("wall", "processor")
        )
        cells = [f"{wall[n]:.1f} ({processor[n]:.1f})" for n in (0, 1)]
        ratio = f"{wall[0] / wall[1]:.1f}x ({processor[0] / processor[1]:.1f}x)"
        print(f"{step:20}{cells[0]:>16}{cells[1]:>16}{ratio:>22}")


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--stories", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
