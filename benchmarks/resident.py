"""How long an edit takes to reach the page: a plain build beside one by a resident builder.

    .venv/bin/python benchmarks/resident.py --stories 200 --rounds 5
    .venv/bin/python benchmarks/resident.py --stories 60 --rounds 3 --charts left

Both build the same generated book, in turn and in changing order: the prose of one story is edited, then
the code of one, then a table that two stories read. After each build it is asserted that the expected
stories ran, no others, and that exactly their pages changed. Printed are medians of the rounds, in seconds
by the clock, and ratios. `--charts drawn` adds to a changed table the time of drawing four charts.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from measuring import OURS_CONFIG, generated, table

from sourcebook.desk.build import build_site
from sourcebook.desk.resident import Resident
from sourcebook.testing import Book

Edit = Callable[[Book, int, int], set[str]]
"""Changes a book in a story's own way, with a number never used before; gives the pages that must change."""


def main() -> int:
    """Measure and print."""
    asked = _parse_arguments()
    seconds: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as folder, Resident() as resident:
        charts = f", sourcebook_bare_charts: {asked.charts}"
        book = generated(Path(folder).resolve() / "book", asked.stories, config=OURS_CONFIG % charts)
        build_site(book.root)
        build_site(book.root, from_scratch=True, resident=resident)  # its nursery is warm from now on
        number = 0
        for turn in range(asked.rounds):
            for kind, edit in EDITS.items():
                for name in ("plain", "resident")[:: 1 if turn % 2 else -1]:
                    number += 1
                    story = number * 2 % asked.stories
                    taken = _measured(
                        book, kind, edit(book, story, number), resident if name == "resident" else None
                    )
                    seconds.setdefault((kind, name), []).append(taken)
    _print(seconds, asked)
    return 0


def _prose(book: Book, story: int, number: int) -> set[str]:
    name = f"story-{story:04}"
    path = book.root / f"book/{name}.ipynb"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("Words about", f"Words {number} about", 1), encoding="utf-8")
    return {name}


def _code(book: Book, story: int, number: int) -> set[str]:
    name = f"story-{story:04}"
    book.edit(f"book/{name}.ipynb", " + len(", f" + {number * 1000} + len(")
    return {name}


def _data(book: Book, story: int, number: int) -> set[str]:
    book.write(f"data/table-{story // 2}.csv", table(story // 2, first=number * 100_000))
    return {f"story-{story:04}", f"story-{story + 1:04}"}


EDITS: dict[str, Edit] = {"prose": _prose, "code": _code, "one table": _data}


def _measured(book: Book, kind: str, expected: set[str], resident: Resident | None) -> float:
    """Give the seconds of one build, in which exactly these pages must change."""
    before, told = _pages(book), list[str]()
    began = time.perf_counter()
    build_site(book.root, resident=resident, tell=told.append)
    taken = time.perf_counter() - began
    after = _pages(book)
    ran = {Path(line.split()[1]).stem for line in told if line.startswith("  ran ")}
    changed = {page for page in after if after[page] != before.get(page)}
    assert ran == (set() if kind == "prose" else expected), (kind, ran, expected)
    assert changed == expected, (kind, changed, expected)
    return taken


def _pages(book: Book) -> dict[str, bytes]:
    return {page.stem: page.read_bytes() for page in (book.root / "_build/html/book").glob("*.html")}


def _print(seconds: dict[tuple[str, str], list[float]], asked: argparse.Namespace) -> None:
    print(f"{asked.stories} stories, charts {asked.charts}, {asked.rounds} rounds; wall s, median (least)\n")
    print(f"{'':12}{'plain':>16}{'resident':>16}{'plain / resident':>20}")
    for kind in EDITS:
        plain, resident = seconds[kind, "plain"], seconds[kind, "resident"]
        cells = [f"{statistics.median(one):.2f} ({min(one):.2f})" for one in (plain, resident)]
        ratio = statistics.median(plain) / statistics.median(resident)
        print(f"{kind:12}{cells[0]:>16}{cells[1]:>16}{f'{ratio:.1f}x':>20}")


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--stories", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--charts", choices=("drawn", "left"), default="drawn")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
