"""Whether the time for a page grows with the number of pages, ours and stock Jupyter Book's.

    .venv/bin/python benchmarks/pages.py --small 100 --large 1000 --stock-large 300

Books of text pages are built from nothing, the small and the large one in turn; printed is the time per page
of each, less what a book of one page takes, and the ratio of large to small: 1.0 is linear. Stock's large
book is smaller by default, since its time grows with the square of the pages.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

from measuring import JUPYTER_BOOK, OURS_CONFIG, SOURCEBOOK, STOCK_CONFIG, measured

from sourcebook.testing import Book


def main() -> int:
    """Measure and print."""
    asked = _parse_arguments()
    larges = {"stock": asked.stock_large, "ours": asked.large}
    taken: dict[tuple[str, int], list[float]] = {}
    for _ in range(asked.rounds):
        for name, large in larges.items():
            for pages in (1, asked.small, large):
                taken.setdefault((name, pages), []).append(_build(name, pages))
    print(f"text pages, {asked.rounds} rounds, processor time; medians\n")
    for name, large in larges.items():
        base = statistics.median(taken[name, 1])
        small, big = (
            1000 * (statistics.median(taken[name, pages]) - base) / pages for pages in (asked.small, large)
        )
        print(f"{name:6} {asked.small:5} pages: {small:6.1f} ms a page", end="")
        print(f"   {large:5} pages: {big:6.1f} ms a page   {big / small:.2f}x")
    return 0


def _build(name: str, pages: int) -> float:
    config, command = {
        "stock": (STOCK_CONFIG, (*JUPYTER_BOOK, "build")),
        "ours": (OURS_CONFIG % "", (*SOURCEBOOK, "build", "--book")),
    }[name]
    with tempfile.TemporaryDirectory() as folder:
        book = Book(Path(folder))
        book.write("_config.yml", config)
        names = [f"book/page-{number:04}" for number in range(pages)]
        book.write_contents(*names)
        for number, path in enumerate(names):
            book.write(f"{path}.md", f"# Page {number}\n\nWords.\n\n## Part\n\nMore words about {number}.\n")
        return measured([*command, folder]).processor_s


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--small", type=int, default=100)
    parser.add_argument("--large", type=int, default=1000)
    parser.add_argument("--stock-large", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
