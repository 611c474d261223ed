"""How long builds take beside stock Jupyter Book, in ratios of one run.

    .venv/bin/python benchmarks/rebuild.py --stories 50 --rounds 3
    .venv/bin/python benchmarks/rebuild.py --stories 50 --rounds 3 --charts left
    .venv/bin/python benchmarks/rebuild.py --stories 200 --rounds 1 --memory

Both build the same generated book, one after the other in every round: each notebook reads a table with
pandas, two notebooks for each table, and shows one Altair and one Plotly chart. Stock Jupyter Book runs
with `execute_notebooks: cache` and its own theme; ours with the theme `sourcebook`, and either draws the
charts (`--charts drawn`) or leaves them to their libraries as stock does (`--charts left`). Printed are
medians of the rounds: seconds by the clock, seconds of processor time of all processes, and ratios.

The steps are: cold; nothing changed; one table changed, which two stories read; the prose of one story; the
code of one story. After each it is checked which stories ran and which pages changed. Stock's only way to a
right page after a changed table is to build everything again: that is its cold build.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from measuring import JUPYTER_BOOK, OURS_CONFIG, SOURCEBOOK, STOCK_CONFIG, Cost, generated, measured, table

from sourcebook.runs import Orders
from sourcebook.testing import Book

_Steps = dict[str, list[Cost]]

STEPS: dict[str, Callable[[Book], object]] = {
    "cold": lambda book: None,
    "nothing changed": lambda book: None,
    "one table changed": lambda book: book.write("data/table-0.csv", table(0, first=987_654)),
    "prose of one story": lambda book: book.edit("book/story-0001.ipynb", "Words about", "New words about"),
    "code of one story": lambda book: book.edit("book/story-0001.ipynb", "1 + len(", "100 + len("),
}
CHANGED = {
    "nothing changed": set(),
    "one table changed": {"story-0000", "story-0001"},
    "prose of one story": {"story-0001"},
    "code of one story": {"story-0001"},
}


def main() -> int:
    """Measure and print."""
    asked = _parse_arguments()
    builders = {"stock": STOCK_CONFIG, "ours": OURS_CONFIG % f", sourcebook_bare_charts: {asked.charts}"}
    costs: dict[str, _Steps] = {name: {step: [] for step in STEPS} for name in builders}
    remarks: list[str] = []
    own_s: list[float] = []
    for number in range(asked.rounds):
        with tempfile.TemporaryDirectory() as folder:
            books = {
                name: generated(Path(folder) / name, asked.stories, config=config)
                for name, config in builders.items()
            }
            for step, change in STEPS.items():
                for name in list(books)[:: 1 if number % 2 else -1]:
                    remarks += _take(books[name], name, step, change, costs[name], memory=asked.memory)
                if step == "cold":
                    own_s.append(_seconds_of_cells(books["ours"]))
    _print(costs, asked, own_s=own_s)
    for line in dict.fromkeys(remarks):
        print(line)
    return 0


def _take(
    book: Book, name: str, step: str, change: Callable[[Book], object], costs: _Steps, *, memory: bool
) -> list[str]:
    change(book)
    before = _pages(book)
    if name == "stock":
        command = [*JUPYTER_BOOK, "build", str(book.root)]
    else:
        command = [*SOURCEBOOK, "build", "--book", str(book.root)]
    costs[step].append(measured(command, memory=memory))
    if step == "cold":
        return []
    after = _pages(book)
    changed = {page for page in after if after[page] != before.get(page) and page.startswith("story")}
    if changed != CHANGED[step]:
        return [f"{name}, {step}: the pages that changed are {sorted(changed)}, not {sorted(CHANGED[step])}"]
    return []


def _seconds_of_cells(book: Book) -> float:
    """Give how long the cells of all stories took, one after the other."""
    runs = (book.store.last(path) for path in book.stories)
    return sum(run.seconds for run in runs if run is not None)


def _pages(book: Book) -> dict[str, bytes]:
    return {page.stem: page.read_bytes() for page in (book.root / "_build/html/book").glob("*.html")}


def _print(costs: dict[str, _Steps], asked: argparse.Namespace, *, own_s: list[float]) -> None:
    print(f"{asked.stories} stories, charts {asked.charts}, {asked.rounds} rounds; wall s (processor s)\n")
    print(f"{'':22}{'stock':>18}{'sourcebook':>18}{'stock / sourcebook':>24}")
    for step in STEPS:
        (wall, work), (our_wall, our_work) = (_medians(costs[name][step]) for name in ("stock", "ours"))
        cells = (f"{wall:.2f} ({work:.2f})", f"{our_wall:.2f} ({our_work:.2f})")
        print(
            f"{step:22}{cells[0]:>18}{cells[1]:>18}{f'{wall / our_wall:.1f}x ({work / our_work:.1f}x)':>24}"
        )
    wall = statistics.median(one.wall_s for one in costs["ours"]["cold"])
    outside = 1 - statistics.median(own_s) / (wall * Orders().places)
    print(f"\nOur cold build, time of {Orders().places} workers outside the cells' own work: {outside:.0%}")
    full, ours = _medians(costs["stock"]["cold"])[0], _medians(costs["ours"]["one table changed"])[0]
    print(f"\nOne table changed, beside stock's cold build, its only right way: {full / ours:.0f}x")
    if asked.memory:
        peaks = {name: max(one.peak_bytes for one in costs[name]["cold"]) / 1e6 for name in costs}
        ratio = peaks["ours"] / peaks["stock"]
        print(f"Peak memory, cold: stock {peaks['stock']:.0f} MB, ours {peaks['ours']:.0f} MB: {ratio:.2f}x")


def _medians(costs: list[Cost]) -> tuple[float, float]:
    return (
        statistics.median(one.wall_s for one in costs),
        statistics.median(one.processor_s for one in costs),
    )


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--stories", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--charts", choices=("drawn", "left"), default="drawn")
    parser.add_argument(
        "--memory", action="store_true", help="sample memory too; this takes some time itself"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
