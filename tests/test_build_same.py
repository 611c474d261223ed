"""Same in, same out: a site depends on the book alone, not on its folder or on how many hands made it."""

from __future__ import annotations

from pathlib import Path

from sourcebook.desk.build import build_site
from sourcebook.testing import CONFIG, Book, Built

TABLE = "year,people\n2022,3\n2023,5\n2024,8\n"


def _written(folder: Path) -> Book:
    book = Book(folder)
    book.write("_config.yml", CONFIG)
    book.write("book/index.md", "# Front\n\nHello.\n")
    book.write("data/table.csv", TABLE)
    reads = "import pandas as pd\ntable = pd.read_csv('../data/table.csv')"
    altair = "import altair as alt\nalt.Chart(table).mark_bar().encode(x='year:O', y='people:Q')"
    plotly = "import plotly.express as px\npx.line(table, x='year', y='people')"
    book.write_story("book/altair.ipynb", "md:# Altair", reads, altair, "table.describe()")
    book.write_story("book/plotly.ipynb", "md:# Plotly", reads, plotly)
    book.write_contents("book/index", "book/altair", "book/plotly")
    return book


def test_two_clean_builds_give_equal_bytes(tmp_path: Path) -> None:
    """Another folder and another number of workers change no file of the site."""
    one, other = _written(tmp_path / "one"), _written(tmp_path / "elsewhere" / "a longer name")

    sites = [
        Built(0, "", build_site(book.root, orders={"workers": workers})).files()
        for book, workers in ((one, 1), (other, 2))
    ]

    assert sites[0].keys() == sites[1].keys()
    assert [name for name in sites[0] if sites[0][name] != sites[1][name]] == []
    assert all(any(name.endswith(f".{kind}.json") for name in sites[0]) for kind in ("vega-lite", "plotly"))
