"""What a built site weighs when it is sent, beside its budgets: figures, libraries, scripts, pages, fonts.

    .venv/bin/python benchmarks/sizes.py
    .venv/bin/python benchmarks/sizes.py --site _build/html

Texts are packed with brotli as a server does, each file on its own; fonts are packed as they are. 1 KB is
1,000 bytes. Budgets are those of the design. A figure is its `<figure>` element with all that is in it, a
still one drawing of it. Script before interaction is what a page loads for a reader who only scrolls.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup, Tag

EARLY = ("main.js", "theme.js", "figure.js", "scroll.js")
"""What pages load without a reader's act: `main.js`, and what it mounts when it comes near."""

LATER = "pinyin"
"""Fonts of this name come only to pages that hold such letters."""


@dataclass(frozen=True)
class Size:
    """What one thing weighs, in bytes, and what it may weigh."""

    what: str
    bytes: int
    budget_kb: float

    @property
    def line(self) -> str:
        """The size beside its budget, as a line of the table."""
        judged = "ok" if self.bytes <= self.budget_kb * 1000 else "OVER"
        return f"{self.what:58}{self.bytes / 1000:9.2f} KB  of {self.budget_kb:6.1f}  {judged}"


def main() -> int:
    """Weigh and print."""
    site = _parse_arguments().site
    try:
        import brotli  # noqa: F401
    except ModuleNotFoundError:
        print("the package 'brotli' is missing\n  mend:  .venv/bin/python -m pip install brotli")
        return 0
    if not (site / "_static").is_dir():
        print(f"there is no site in '{site}'\n  mend:  run `make site`")
        return 0
    pages = {
        path: BeautifulSoup(path.read_text("utf-8"), "html.parser")
        for path in sorted(site.glob("book/*.html"))
    }
    _print("Figures", (size for page in pages.values() for size in _figures(page)))
    _print("What live figures are drawn from", _live(site))
    _print("Chart libraries, when a reader asks", _engines(site))
    _print("Pages", _pages(site, pages))
    return 0


def _figures(page: BeautifulSoup) -> Iterator[Size]:
    for figure in page.select("figure.figure"):
        yield Size(str(figure["id"]), _packed(str(figure)), 4)
        for still in figure.select(".still"):
            yield Size(f"  still of {still['data-width']} px", _packed(still.decode_contents()), 1.5)


def _live(site: Path) -> Iterator[Size]:
    for path in sorted(site.glob("_figures/*/live*.json")):
        yield Size(f"{path.parent.name}/{path.name}", _packed(path.read_bytes()), 5)


def _engines(site: Path) -> Iterator[Size]:
    engines = site / "_static" / "engines"
    yield Size("Vega", _packed((engines / "vega.js").read_bytes()), 135)
    yield Size("Plotly", _packed((engines / "plotly.js").read_bytes()), 335)


def _pages(site: Path, pages: dict[Path, BeautifulSoup]) -> Iterator[Size]:
    css = _packed((site / "_static" / "sourcebook.css").read_bytes())
    fonts = {path.name: path.stat().st_size for path in sorted((site / "_static" / "fonts").glob("*.woff2"))}
    at_once = sum(size for name, size in fonts.items() if LATER not in name)
    for path, page in pages.items():
        html, script = _packed(path.read_bytes()), _script(site, page)
        yield Size(f"{path.stem}: HTML", html, 20)
        yield Size(f"{path.stem}: script before interaction", script, 3)
        yield Size(f"{path.stem}: first load", html + script + css + at_once, 120)
    yield Size("CSS", css, 6)
    yield Size(f"fonts, without those for {LATER}", at_once, 90)


def _script(site: Path, page: BeautifulSoup) -> int:
    inline = [one for one in page.select("script") if not one.has_attr("src") and _is_run(one)]
    files = (site / "_static" / "js" / name for name in EARLY)
    return sum(_packed(one.get_text()) for one in inline) + sum(_packed(path.read_bytes()) for path in files)


def _is_run(script: Tag) -> bool:
    return str(script.get("type", "module")) in {"module", "text/javascript"}


def _packed(content: str | bytes) -> int:
    import brotli

    pack: Any = brotli.compress
    return len(pack(content.encode() if isinstance(content, str) else content))


def _print(heading: str, sizes: Iterable[Size]) -> None:
    print(f"\n{heading}\n")
    for size in sizes:
        print(size.line)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--site", type=Path, default=Path("_build/html"))
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
