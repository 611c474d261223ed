"""A plain Jupyter Book with our extension: pages that use nothing of ours are as stock writes them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sourcebook.testing import Book, Built

PLAIN = """\
title: A plain book
author: A desk
only_build_toc_files: true
execute: {execute_notebooks: cache, timeout: 60}
"""
OURS = PLAIN + "sphinx: {extra_extensions: [sourcebook.pages], config: {sourcebook_bare_charts: left}}\n"
CHANCE = (
    (re.compile(r"T_[0-9a-f]{5}"), "T_"),
    (re.compile(r"altair-viz-[0-9a-f]{32}"), "altair-viz"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "uuid"),
)
"""Ids that stock makes up anew in each run."""


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Built, Built]:
    """Give one book as stock Jupyter Book builds it, and with our extension switched on."""
    folder = tmp_path_factory.mktemp("beside-stock")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(
            "PLOTLY_RENDERER", "notebook_connected"
        )  # what Plotly shows by itself, stock passes over
        stock, ours = (_written(folder / name, config).build_stock() for name, config in _BOTH)
    return stock, ours


_BOTH = (("stock", PLAIN), ("ours", OURS))


def _written(folder: Path, config: str) -> Book:
    book = Book(folder)
    book.write("_config.yml", config)
    book.write_contents("index", "text", "story", "charts")
    book.write("index.md", "# Front\n\nA front page, with a {doc}`link <text>`.\n")
    book.write("text.md", "# Text\n\nA page of text.\n\n## A section\n\n$x^2$ and `code`.\n")
    book.write_story(
        "story.ipynb",
        "md:# Story\n\nSome prose.",
        "import pandas as pd\nprint('words')\npd.DataFrame({'a': [1, 2]})",
        "1 + 1",
        "import warnings\nwarnings.warn('careful', stacklevel=2)\n'<b>'",
    )
    book.write_story(
        "charts.ipynb",
        "md:# Charts",
        "import altair as alt\nimport pandas as pd\nimport plotly.express as px",
        "table = pd.DataFrame({'x': [1, 2, 3], 'y': [4, 6, 5]})",
        "alt.Chart(table).mark_bar().encode(x='x:O', y='y:Q')",
        "px.line(table, x='x', y='y')",
    )
    return book


@pytest.mark.parametrize("page", ["index", "text", "story", "charts"])
def test_page_equals_that_of_stock(both: tuple[Built, Built], page: str) -> None:
    """Switching the extension on changes nothing on pages that do not use it."""
    stock, ours = both

    pages = [_steady(one.page(page)) for one in both]

    assert stock.code == ours.code == 0, stock.output + ours.output
    assert pages[0] == pages[1]


def _steady(page: str) -> str:
    for chance, word in CHANCE:
        page = chance.sub(word, page)
    return page
