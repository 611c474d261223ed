"""No lock-in: the same files as plain text, as LaTeX, in another theme, and without the extension."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from page_parts import soup, words_of

from sourcebook.testing import Book, Built

# --- other builders


@pytest.fixture(scope="session")
def harbour_words(shelf: Any, harbour_site: Built) -> Built:
    """Give the harbour as plain text."""
    return shelf.built(  # type: ignore[no-any-return]
        "harbour-words",
        lambda folder: (
            Book(harbour_site.site.parents[1])
            .copy_to(folder)
            .build_stock("--builder", "custom", "--custom-builder", "text", folder="text")
        ),
    )


@pytest.fixture(scope="session")
def harbour_latex(shelf: Any, harbour_site: Built) -> Built:
    """Give the harbour as LaTeX."""
    return shelf.built(  # type: ignore[no-any-return]
        "harbour-latex",
        lambda folder: (
            Book(harbour_site.site.parents[1])
            .copy_to(folder)
            .build_stock("--builder", "latex", folder="latex")
        ),
    )


def test_text_builder_gives_just_the_words(harbour_words: Built) -> None:
    """Numbers, charts and sources read well where there is no markup at all."""
    assert harbour_words.code == 0, harbour_words.output
    text = {path.stem: path.read_text(encoding="utf-8") for path in harbour_words.site.glob("book/*.txt")}

    index, away, charts, sources = (
        " ".join(text[one].split()) for one in ("index", "away", "charts", "sources")
    )
    assert "In a year 5,200 ships called, about 79% of them by night: about 4,100 ships." in index
    assert "The quay had more than 700,000 visitors, who saw about 4,100 ships come in by night." in away
    assert "Bars of three months: 410, 396 and 455 ships. Source: Harbour office;" in charts
    assert "Harbour office, Ships by month, 31 January 2025" in sources
    assert "Where this number comes from" not in index + away


def test_latex_builder_gives_just_the_words(harbour_latex: Built) -> None:
    """A book can be printed."""
    assert harbour_latex.code == 0, harbour_latex.output
    (path,) = harbour_latex.site.glob("*.tex")

    text = " ".join(path.read_text(encoding="utf-8").split())
    assert r"In a year 5,200 ships called, about 79\% of them by night: about 4,100 ships." in text
    assert "The quay had more than 700,000 visitors" in text
    assert r"\sphinxstylestrong{March was the busiest" in text
    assert "Harbour office, Ships by month, 31 January 2025" in text


# --- no lock-in


@pytest.fixture(scope="session")
def plain_site(shelf: Any) -> Built:
    """Give a plain Jupyter Book in the stock theme, with the extension switched on."""

    def make(folder: Path) -> Built:
        book = Book(folder)
        book.write(
            "_config.yml",
            "title: A plain book\nauthor: Somebody\nonly_build_toc_files: true\n"
            "execute: {execute_notebooks: 'off'}\n"
            "sphinx:\n  extra_extensions: [sourcebook.pages]\n  config: {html_theme: sphinx_book_theme}\n",
        )
        book.write_contents("intro", "text", "saved")
        book.write("intro.md", "# Welcome\n\nAn *ordinary* page with $x^2$ and a [link](text.md).\n")
        book.write(
            "text.md",
            "---\njupytext: {text_representation: {extension: .md, format_name: myst}}\n"
            "kernelspec: {name: python3, display_name: Python 3, language: python}\n---\n"
            "# A text notebook\n\n```{code-cell}\nprint('from a text notebook')\n```\n",
        )
        cell = nbformat.v4.new_code_cell("6 * 7", id="one")
        cell.outputs = [nbformat.v4.new_output("stream", name="stdout", text="saved long ago\n")]
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Saved", id="two"), cell])
        notebook.metadata["language_info"] = {"name": "python", "pygments_lexer": "ipython3"}
        book.write("saved.ipynb", nbformat.writes(notebook))
        return book.build_stock()

    built: Built = shelf.built("plain", make)
    return built


def test_plain_jupyter_book_builds_with_the_extension_switched_on(plain_site: Built) -> None:
    """A book that has no data package, no facts and another theme stays what it was."""
    assert plain_site.code == 0, plain_site.output
    assert "WARNING" not in plain_site.output
    assert "An ordinary page with" in words_of(soup(plain_site, "intro").select_one("main"))
    assert "print('from a text notebook')" in words_of(soup(plain_site, "text").select_one("main"))


def test_saved_outputs_are_shown_when_nothing_is_executed(plain_site: Built) -> None:
    """`execute_notebooks: off` means off: what the notebook holds is what readers see."""
    main = words_of(soup(plain_site, "saved").select_one("article"))

    assert "6 * 7" in main
    assert "saved long ago" in main
    assert plain_site.ran == ()


def test_other_theme_keeps_its_search_and_scripts(plain_site: Built) -> None:
    """Only our own theme leaves things out."""
    files = plain_site.files()

    assert "search.html" in files
    assert "searchindex.js" in files
    assert any("sphinx-book-theme" in name for name in files)


@pytest.fixture(scope="session")
def switched_off(shelf: Any, harbour_site: Built) -> Built:
    """Give the harbour with the extension switched off: stock Jupyter Book executes and draws it."""

    def make(folder: Path) -> Built:
        book = Book(harbour_site.site.parents[1]).copy_to(folder)
        book.edit("_config.yml", "  extra_extensions: [sourcebook.pages]\n", "")
        book.edit("_config.yml", "html_theme: sourcebook", "html_theme: sphinx_book_theme")
        book.edit("_config.yml", "execute_notebooks: cache", "execute_notebooks: inline")
        return book.build_stock()

    built: Built = shelf.built("harbour-switched-off", make)
    return built


def test_sourcebook_builds_with_the_extension_switched_off(switched_off: Built) -> None:
    """No lock-in: stock Jupyter Book makes pages of the same files."""
    assert switched_off.code == 0, switched_off.output
    assert "Seen from the quay" in words_of(soup(switched_off, "book/away").select_one("article"))


def test_numbers_are_plain_text_when_the_extension_is_switched_off(switched_off: Built) -> None:
    """Sentences still read as they were written."""
    index, charts = (
        words_of(soup(switched_off, page).select_one("article")) for page in ("book/index", "book/charts")
    )

    assert "In a year 5,200 ships called, about 79% of them by night: about 4,100 ships." in index
    assert "The year of 5,200 ships" in index
    assert "Nobody counted the cats." in index.replace("‘", "").replace("’", "").replace("'", "")
    assert "The table holds 3 months and 40 rumours." in charts


def test_charts_are_the_librarys_own_when_the_extension_is_switched_off(switched_off: Built) -> None:
    """Charts are drawn as Altair and Plotly draw them anywhere, with title and source."""
    article = soup(switched_off, "book/charts").select_one("article")
    assert article is not None

    assert article.select_one("#chart-ships-by-month") is not None
    assert article.select_one("#chart-nights-by-month") is not None
    assert "vegaEmbed" in str(article)
    assert "Plotly.newPlot" in str(article)
    assert "Source: Harbour office" in words_of(article)


def test_hostile_text_is_shown_as_text_when_the_extension_is_switched_off(switched_off: Built) -> None:
    """The fallback escapes as well."""
    for page in ("book/index", "book/charts"):
        assert soup(switched_off, page).select("[onerror]") == []
