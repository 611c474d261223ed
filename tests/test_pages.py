"""Pages: what readers of HTML, of plain text and of LaTeX are given, with the extension and without it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from bs4 import BeautifulSoup, Tag

from sourcebook.testing import Book, Built

TITLE_OF_PLOTLY = "</script><img src=x onerror=alert(4)>"


def soup(built: Built, page: str) -> BeautifulSoup:
    """Give a page as a tree."""
    return BeautifulSoup(built.page(page), "html.parser")


def words_of(part: Tag | None) -> str:
    """Give the text of a part of a page, white space made single."""
    assert part is not None
    return " ".join(part.get_text().split())


def prose_of(built: Built, page: str) -> str:
    """Give the text of a page's main part as it is read, without the cards of its numbers."""
    main = soup(built, page).select_one("main")
    assert main is not None
    for card in main.select(".fact-card"):
        card.extract()
    return words_of(main)


def fact_in(built: Built, page: str, words: str) -> Tag:
    """Give the first number of a page that reads so, with its card."""
    return next(one for one in soup(built, page).select(".fact") if words_of(one.data) == words)


def entry_in(built: Built, page: str, fact_id: str) -> Tag:
    """Give a number's entry in the list at the end of a page."""
    found = soup(built, page).select_one(f"#number-{fact_id}")
    assert found is not None, f"{page} has no entry for {fact_id}"
    return found


def figure_in(built: Built, figure_id: str) -> Tag:
    """Give a figure of the harbour's page of charts."""
    found = soup(built, "book/charts").select_one(f"figure#{figure_id}")
    assert found is not None
    return found


# --- numbers


def test_book_builds(harbour_site: Built) -> None:
    """`jupyter-book build .` alone makes the whole site."""
    pages = {"index", "book/away", "book/charts", "book/index", "book/quiet", "book/sources"}

    assert harbour_site.code == 0, harbour_site.output
    assert set(harbour_site.pages) == pages


@pytest.mark.parametrize(
    ("page", "words", "value"),
    [
        ("book/index", "5,200", "5200"),
        ("book/index", "about 79%", "79"),
        ("book/index", "about 4,100", "4108"),
        ("book/index", "about 10,000", "10400"),
        ("book/away", "more than 700,000", "700000"),
        ("book/away", "about 4,100", "4108"),
    ],
)
def test_number_in_prose_is_data_with_a_card(harbour_site: Built, page: str, words: str, value: str) -> None:
    """A number carries its exact value, and its card is tied to it for those who cannot see it."""
    fact = fact_in(harbour_site, page, words)

    (data, link, card) = (fact.select_one(one) for one in ("data", "a.fact-link", "[role=tooltip]"))
    assert data is not None
    assert link is not None
    assert card is not None
    assert data["value"] == value
    assert link["aria-describedby"] == card["id"]
    assert link["href"].startswith("#number-")


def test_card_tells_label_exact_value_standing_date_and_source(harbour_site: Built) -> None:
    """What a reader asks of a number stands in its card."""
    card = fact_in(harbour_site, "book/index", "about 79%").select_one(".fact-card")

    told = words_of(card)
    for part in ("share of ships that called by night", "79%", "Reported", "as of 2024", "Harbour office"):
        assert part in told
    assert "Counted from ten in the evening." in told


def test_cards_of_one_page_have_ids_of_their_own(harbour_site: Built) -> None:
    """Two showings of one number do not share a card."""
    ids = [str(one["id"]) for one in soup(harbour_site, "book/index").select("[id]")]

    assert len(ids) == len(set(ids))


def test_number_leads_to_its_entry_on_the_same_page(harbour_site: Built) -> None:
    """Every number of every page has an entry below, and one only."""
    for page in harbour_site.pages:
        tree = soup(harbour_site, page)
        for link in tree.select("a.fact-link, .fact-card-more, .number-working a"):
            assert len(tree.select(f'[id="{str(link["href"]).removeprefix("#")}"]')) == 1, (
                page,
                link["href"],
            )


def test_entry_of_a_reported_number_tells_its_source_date_and_bound(harbour_site: Built) -> None:
    """A lower bound is told as one, and the source links to its own entry and to its document."""
    entry = entry_in(harbour_site, "book/away", "visitors")

    told = words_of(entry)
    assert "Reported: 700,000 people" in told
    assert "at least 700,000 people" in told
    assert "as of February 2025." in told
    assert "Institute of Piers, Who comes to the quay, February 2025." in told
    assert [one["href"] for one in entry.select("a")] == [
        "sources.html#source-survey",
        "https://example.org/quay",
    ]


def test_entry_of_a_derived_number_tells_its_formula_and_inputs(harbour_site: Built) -> None:
    """Arithmetic is shown in full; its inputs have entries of their own, even on a page of plain text."""
    entry = entry_in(harbour_site, "book/away", "night-ships")

    working = entry.select_one(".number-working")
    assert words_of(working) == "= share of ships that called by night (79%) × ships that called (5,200)"
    assert "Derived: 4,108 ships, as of 2024." in words_of(entry)
    assert [one["href"] for one in entry.select(".number-working a")] == [
        "#number-share-by-night",
        "#number-ships",
    ]


def test_numbers_of_a_page_are_listed_once_in_order(harbour_site: Built) -> None:
    """The list follows the text; a number shown twice stands there once."""
    entries = [one["id"] for one in soup(harbour_site, "book/index").select(".numbers-list > li")]

    assert entries == ["number-ships", "number-share-by-night", "number-night-ships", "number-ships-2"]


def test_page_without_numbers_has_no_list(harbour_site: Built) -> None:
    """Nothing is announced that is not there."""
    tree = soup(harbour_site, "book/quiet")

    assert tree.select(".numbers, .fact, data") == []


def test_heading_takes_a_number_as_words(harbour_site: Built) -> None:
    """A heading, the browser's tab and the menus read alike, without a card in them."""
    tree = soup(harbour_site, "book/index")

    heading = tree.h1
    assert words_of(heading) == "The year of 5,200 ships"
    assert heading is not None
    assert heading.select(".fact") == []
    assert "The year of 5,200 ships" in [words_of(one) for one in tree.select("nav a")]


def test_value_that_is_no_fact_is_plain_text(harbour_site: Built) -> None:
    """{eval} of a text or a count gives just that, without quotation marks."""
    assert "Nobody counted the cats." in prose_of(harbour_site, "book/index")
    assert "The table holds 3 months and 40 rumours." in prose_of(harbour_site, "book/charts")


# --- code


def test_code_is_hidden_unless_its_cell_is_tagged(harbour_site: Built) -> None:
    """Readers see the code that the author wants them to see."""
    shown = [words_of(one) for one in soup(harbour_site, "book/charts").select(".cell_input")]

    assert len(shown) == 1
    assert "busiest = table" in shown[0]
    assert soup(harbour_site, "book/index").select(".cell_input") == []


def test_output_of_hidden_code_is_shown(harbour_site: Built) -> None:
    """What a cell prints belongs to the page."""
    assert "The busiest month had 455 ships" in prose_of(harbour_site, "book/charts")


def test_cell_that_only_derives_leaves_nothing_on_the_page(harbour_site: Built) -> None:
    """A definition is no output: no text, no box."""
    tree = soup(harbour_site, "book/index")

    assert tree.select(".cell_output") == []
    assert all(not words_of(one) for one in tree.select(".cell"))


# --- figures


def test_figure_has_title_alt_source_line_and_table(harbour_site: Built) -> None:
    """A chart is complete before a script runs."""
    figure = figure_in(harbour_site, "ships-by-month")

    stage = figure.select_one("[role=img]")
    assert stage is not None
    assert stage["aria-label"] == "Bars of three months: 410, 396 and 455 ships."
    assert words_of(figure.select_one(".figure-title")) == 'March was the busiest <month> & "best"'
    assert figure["aria-labelledby"] == "ships-by-month-title"
    assert words_of(figure.figcaption) == 'Sources: Harbour office; <b>Sly</b> & "Sons". As of 1 March 2025.'
    assert [words_of(one) for one in figure.select("thead th")] == ["Month", "Ships", "Share by night"]
    assert words_of(figure.select("tbody tr")[1]) == "2024-02-01396–"


def test_altair_figure_has_stills_with_marks(harbour_site: Built) -> None:
    """The picture is in the page, in two widths, with ids that do not clash."""
    figure = figure_in(harbour_site, "ships-by-month")

    stills = figure.select(".still > svg")
    assert len(stills) == 2
    assert all(len(still.select("path")) >= 3 for still in stills)
    assert figure.select("[style], script, image, foreignObject") == []


def test_plotly_figure_shows_its_table_until_it_is_drawn(harbour_site: Built) -> None:
    """Where there is no still, the table is open."""
    figure = figure_in(harbour_site, "nights-by-month")

    table = figure.select_one(".tab-table")
    assert figure.select(".still") == []
    assert table is not None
    assert table.has_attr("open")
    assert len(table.select("tbody tr")) == 3


@pytest.mark.parametrize("figure_id", ["ships-by-month", "nights-by-month"])
def test_files_of_a_figure_are_published(harbour_site: Built, figure_id: str) -> None:
    """What a chart loads and what readers download are on the site, under the addresses in the page."""
    figure = figure_in(harbour_site, figure_id)

    folder = harbour_site.site / "book"
    spec = json.loads((folder / str(figure["data-spec"])).read_text(encoding="utf-8"))
    link = figure.select_one(".tab-download a")
    assert link is not None
    rows = (folder / str(link["href"])).read_text(encoding="utf-8").splitlines()
    assert spec.get("marks") or spec.get("data")
    assert len(rows) == 4


def test_csv_of_a_figure_holds_plain_values(harbour_site: Built) -> None:
    """A spreadsheet reads the download: no grouping, and nothing where a value is missing."""
    text = (harbour_site.site / "_figures" / "ships-by-month.csv").read_text(encoding="utf-8")

    assert text == ("Month,Ships,Share by night\n2024-01-01,410,71.5\n2024-02-01,396,\n2024-03-01,455,80.0\n")


def test_specification_of_a_figure_names_no_colour_of_a_theme(harbour_site: Built) -> None:
    """Charts follow the page from light to dark."""
    for path in sorted((harbour_site.site / "_figures").glob("*.json")):
        assert "var(--" in path.read_text(encoding="utf-8")


# --- sources


def test_sources_are_listed_with_what_rests_on_them(harbour_site: Built) -> None:
    """A reader who doubts a source sees which numbers and charts would fall with it."""
    entry = soup(harbour_site, "book/sources").select_one("#source-port")
    assert entry is not None

    links = {words_of(one): str(one["href"]) for one in entry.select("dd a")}
    assert links["5,200"].endswith("#number-ships")
    assert links["about 79%"].endswith("#number-share-by-night")
    assert links[TITLE_OF_PLOTLY] == "charts.html#nights-by-month"
    assert "Ships that called, by month (3 rows)" in words_of(entry)


def test_links_of_the_sources_page_lead_somewhere(harbour_site: Built) -> None:
    """Each number and chart that is named there exists on the page that is linked."""
    for link in soup(harbour_site, "book/sources").select("dd a"):
        page, _, anchor = str(link["href"]).partition("#")
        name = f"book/{page.removesuffix('.html')}"
        assert soup(harbour_site, name).select(f'[id="{anchor}"]'), link["href"]


def test_source_on_which_nothing_rests_is_left_out(harbour_site: Built) -> None:
    """The list is of this book's sources, not of everything that was read."""
    assert soup(harbour_site, "book/sources").select("#source-unused") == []


# --- hostile text


def test_hostile_text_is_shown_as_text(harbour_site: Built) -> None:
    """Whatever stands in a table, a title or a note cannot become markup."""
    for page in harbour_site.pages:
        tree = soup(harbour_site, page)
        assert tree.select("img[onerror], [onerror], [onload], [onclick]") == [], page
        assert not any("alert(" in str(one) for one in tree.select("script")), page
    charts = soup(harbour_site, "book/charts")
    assert words_of(charts.select_one("#nights-by-month-title")) == TITLE_OF_PLOTLY
    assert "<img src=x onerror=alert(2)> rumours" in words_of(charts.select_one("#number-rumours"))
    assert '<b>Sly</b> & "Sons"' in words_of(soup(harbour_site, "book/sources").select_one("#source-hostile"))


def test_pages_hold_no_script_but_those_the_policy_allows(harbour_site: Built) -> None:
    """An inline script would be refused by the page's own content policy, so there is none but ours."""
    for page in set(harbour_site.pages) - {"index"}:
        tree = soup(harbour_site, page)
        inline = [one for one in tree.select("script:not([src])") if one.get("type") != "text/x-thebe-config"]
        assert len(inline) == 1, page
        assert tree.select("[style]") == [], page


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


# --- a changed fact


@pytest.fixture(scope="session")
def changed(shelf: Any, harbour_site: Built) -> dict[str, Any]:
    """Give what a second build did after one fact had changed: stories run, pages written, files changed."""

    def make(folder: Path) -> dict[str, Any]:
        book = Book(harbour_site.site.parents[1]).copy_to(folder)
        first = book.build_stock()
        before, dates = first.files(), {name: _written(first, name) for name in first.pages}
        book.edit("data/facts.csv", ",79,", ",65,")
        second = book.build_stock()
        after = second.files()
        return {
            "output": second.output,
            "ran": second.ran,
            "written": [name for name in second.pages if _written(second, name) != dates.get(name)],
            "differ": [name for name in sorted(before | after) if before.get(name) != after.get(name)],
            "site": str(second.site),
        }

    told: dict[str, Any] = shelf.told("harbour-changed", make)
    return told


def _written(built: Built, page: str) -> int:
    return (built.site / f"{page}.html").stat().st_mtime_ns


def test_changed_fact_runs_only_the_story_that_uses_it(changed: dict[str, Any]) -> None:
    """One number of many changes: one story runs."""
    assert changed["ran"] == ["book/index.ipynb"], changed["output"]


def test_changed_fact_changes_exactly_the_pages_that_show_it(changed: dict[str, Any]) -> None:
    """A derived number is new on every page that takes it, and no other page's bytes change."""
    pages = [name for name in changed["differ"] if name.endswith(".html")]

    assert pages == ["book/away.html", "book/index.html", "book/sources.html"]


def test_changed_fact_writes_no_other_page(changed: dict[str, Any]) -> None:
    """Pages that show other numbers are not even written again."""
    assert set(changed["written"]) <= {"index", "book/away", "book/index", "book/sources"}


def test_changed_fact_is_worded_anew_on_other_pages(changed: dict[str, Any]) -> None:
    """The derived number, its working and the list of sources all say the new value."""
    site = Built(0, "", Path(changed["site"]))

    assert "who saw about 3,400 ships" in prose_of(site, "book/away")
    assert "(65%) × ships that called (5,200)" in words_of(entry_in(site, "book/away", "night-ships"))
    assert "about 65% share of ships" in words_of(soup(site, "book/sources").select_one("#source-port"))


# --- books that must be refused


@pytest.fixture(scope="session")
def refused(shelf: Any, harbour_site: Built) -> Built:
    """Give the build of a harbour with two figures and two facts of one id, and with misspelt facts."""

    def make(folder: Path) -> Built:
        book = Book(harbour_site.site.parents[1]).copy_to(folder)
        book.write_story(
            "book/again.ipynb",
            "md: # Again\n\nOf {fact}`visitor`, {fact}`visitors` came.",
            "import altair as alt\nfrom sourcebook import dataset, derive, fact, figure",
            'derive("night-ships", fact("ships") * 2, label="other ships")',
            'derive("visitors", fact("visitors") * 2, label="other visitors")',
            'figure(alt.Chart(dataset("arrivals")).mark_bar().encode(x="ships:Q"), id="ships-by-month", '
            'title="Again", alt="Again.", method="Counted.", of=dataset("arrivals"))',
        )
        book.edit("book/quiet.md", "is calm.", "is calm.\n\nNot so {fact}`night-shops`.")
        book.edit("_toc.yml", "  - file: book/quiet\n", "  - file: book/quiet\n  - file: book/again\n")
        return book.build_stock()

    built: Built = shelf.built("harbour-refused", make)
    return built


def test_unknown_fact_on_a_text_page_stops_the_build(refused: Built) -> None:
    """The error names the file and the line, and offers the nearest id."""
    assert refused.code != 0
    assert _paragraph("unknown fact 'night-shops'", refused) == (
        "unknown fact 'night-shops'",
        "where: book/quiet.md, line 5",
        "mend:  did you mean 'night-ships'?",
    )


def test_unknown_fact_in_a_story_stops_the_build(refused: Built) -> None:
    """In a notebook, the cell is named."""
    assert _paragraph("unknown fact 'visitor'", refused)[1:] == (
        "where: book/again.ipynb, cell 1, line 3",
        "mend:  did you mean 'visitors'?",
    )


def test_fact_derived_twice_stops_the_build(refused: Built) -> None:
    """An id stands for one number in the whole book; both places are named."""
    told = _paragraph("the fact 'night-ships' stands in", refused)

    assert {"book/again.ipynb", "book/index.ipynb"} == set(re.findall(r"book/\w+\.ipynb", " ".join(told)))


def test_derived_fact_with_the_id_of_a_recorded_one_stops_the_build(refused: Built) -> None:
    """A computed number never hides a reported one."""
    assert _paragraph("the fact 'visitors' stands in 'data/facts.csv' too", refused)


def test_figure_id_in_two_stories_stops_the_build(refused: Built) -> None:
    """Two charts never fight for one address."""
    told = _paragraph("the figure 'ships-by-month' stands in", refused)

    assert {"book/again.ipynb", "book/charts.ipynb"} == set(re.findall(r"book/\w+\.ipynb", " ".join(told)))


def test_refused_book_changes_no_page(refused: Built, harbour_site: Built) -> None:
    """The errors are found before a page is written."""
    assert {page: refused.page(page) for page in harbour_site.pages} == {
        page: harbour_site.page(page) for page in harbour_site.pages
    }


def _paragraph(what: str, built: Built) -> tuple[str, ...]:
    """Give the error that begins so, as (what, where, mend); empty if none does."""
    lines = [line.strip() for line in built.output.splitlines()]
    start = next((number for number, line in enumerate(lines) if line.startswith(what)), None)
    return () if start is None else tuple(lines[start : start + 3])


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
