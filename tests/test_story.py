"""The story in this repository: its numbers come from the data, and follow it."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
import yaml
from bs4 import BeautifulSoup, Tag

from sourcebook.facts import FACT_MIME
from sourcebook.figures import FIGURE_MIME
from sourcebook.stories import outputs_of, read_story
from sourcebook.testing import Book, Built

REPOSITORY = Path(__file__).parents[1]
STORIES = sorted(path.relative_to(REPOSITORY).as_posix() for path in REPOSITORY.glob("book/*.ipynb"))
FOUR = (
    "xiaohongshu-monthly-users",
    "xiaohongshu-share-women",
    "new-users-in-two-days",
    "tiktok-us-users",
)
SHARE = "xiaohongshu-share-women"

_ROLES = re.compile(r"\{[\w:-]+\}`[^`]*`|`[^`]*`|\]\([^)]*\)|https?://\S+")
_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
_DATES = re.compile(rf"(?:\b\d{{1,2}} )?\b(?:{_MONTHS})\b(?: \d{{4}})?|\b(?:19|20)\d\d\b")
ALLOWED = (
    "the 12th",  # days of the week in question
    "the 14th",
    "the 15th",
    "the 19th",
    "20 to",  # the first day of a span, "20 to 26 January"
    "between 22 and",
    "age of 13",  # ages that define whom a survey asked
    "under 18",
    "under 30",
    "aged 65 or more",
    "from 13 to 17",
)
"""Digits that prose may hold besides dates: days named without their month, and ages that define a group."""


def tree_of(built: Built, page: str) -> BeautifulSoup:
    """Give a page as a tree."""
    return BeautifulSoup(built.page(page), "html.parser")


def article_of(built: Built, page: str) -> Tag:
    """Give what a page says itself, without menus and the pager, which name other pages."""
    found = tree_of(built, page).select_one("article")
    assert found is not None
    return found


def recorded() -> dict[str, dict[str, str]]:
    """Give the rows of `data/facts.csv`, by id."""
    with (REPOSITORY / "data" / "facts.csv").open(encoding="utf-8", newline="") as file:
        return {row["id"]: row for row in csv.DictReader(file)}


@pytest.fixture(scope="session")
def pages(story_site: Built) -> tuple[str, ...]:
    """Give the names of the story's pages, without the redirect at the top and what is embedded."""
    assert story_site.code == 0, story_site.output
    return tuple(name for name in story_site.pages if name != "index" and not name.startswith("_figures/"))


# --- as written


@pytest.mark.parametrize("path", STORIES)
def test_notebook_is_committed_without_outputs(path: str) -> None:
    """What a run left is never mistaken for what an author wrote."""
    notebook = nbformat.read(REPOSITORY / path, as_version=4)

    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.id for cell in code if cell.outputs or cell.execution_count] == []
    assert [cell.id for cell in notebook.cells if cell.metadata.get("user_expressions")] == []


@pytest.mark.parametrize("path", [*STORIES, "book/methods.md", "book/sources.md"])
def test_prose_takes_every_number_from_the_data(path: str) -> None:
    """No statistic is typed by hand: digits in prose are dates, or stand in the list of what is allowed."""
    typed = [text for source in _prose(path) for text in _typed_numbers(source)]

    assert typed == []


@pytest.mark.parametrize("path", STORIES)
def test_expressions_work_without_the_extension(path: str) -> None:
    """Stock MyST-NB evaluates what the book's own settings allow, so that {eval} is no lock-in."""
    config = yaml.safe_load((REPOSITORY / "_config.yml").read_text(encoding="utf-8"))
    allowed = config["sphinx"]["config"].get("nb_eval_name_regex", r"^[a-zA-Z_][a-zA-Z0-9_]*$")

    asked = [one for cell in read_story(REPOSITORY, path).cells for one in cell.expressions]

    assert [one for one in asked if not re.match(allowed, one)] == []


def _prose(path: str) -> list[str]:
    if path.endswith(".md"):
        return [(REPOSITORY / path).read_text(encoding="utf-8")]
    return [cell.source for cell in read_story(REPOSITORY, path).cells if cell.kind == "markdown"]


def _typed_numbers(source: str) -> Iterator[str]:
    text = _DATES.sub(" ", _ROLES.sub(" ", source))
    for allowed in ALLOWED:
        text = text.replace(allowed, " ")
    for found in re.finditer(r"\S*\d\S*", text):
        yield " ".join(text[max(0, found.start() - 30) : found.end() + 30].split())


# --- as built


@pytest.mark.parametrize("fact_id", FOUR)
def test_statistic_stands_on_the_front_page_as_recorded(story_site: Built, fact_id: str) -> None:
    """Each of the four numbers of the story is on its front page, with the very value of the data."""
    article = article_of(story_site, "book/index")

    shown = article.select(f'.fact-link[href="#number-{fact_id}"] > data')
    assert shown
    assert {str(one["value"]) for one in shown} == {recorded()[fact_id]["value"]}


def test_every_recorded_number_of_every_page_is_as_recorded(
    story_site: Built, pages: tuple[str, ...]
) -> None:
    """No page shows another value than the data has."""
    values = {name: float(row["value"]) for name, row in recorded().items() if row["value"]}

    for page in pages:
        for entry in tree_of(story_site, page).select(".number"):
            name, data = str(entry["id"]).removeprefix("number-"), entry.select_one("data")
            assert data is not None
            if name in values:
                assert float(str(data["value"])) == values[name], (page, name)


def test_every_figure_is_complete(story_site: Built, pages: tuple[str, ...]) -> None:
    """Title, text alternative, source line and a table with rows: without a script, for everybody."""
    figures = [(page, one) for page in pages for one in tree_of(story_site, page).select("figure.figure")]

    assert figures
    for page, figure in figures:
        where = f"{page}#{figure.get('id')}"
        stage, title = figure.select_one("[role=img]"), figure.select_one(".figure-title")
        assert stage is not None, where
        assert len(str(stage["aria-label"])) > 40, where
        assert title is not None, where
        assert title.get_text(strip=True), where
        assert figure.figcaption is not None, where
        assert re.match(r"Sources?: +\w", figure.figcaption.get_text(" ", strip=True)), where
        assert len(figure.select("tbody tr")) >= 1, where
        assert len(figure.select("thead th")) >= 2, where


@pytest.mark.parametrize("path", STORIES)
def test_chapter_has_two_figures_or_more(story_site: Built, path: str) -> None:
    """A chapter shows what it says."""
    figures = tree_of(story_site, path.removesuffix(".ipynb")).select("figure.figure")

    assert len(figures) >= 2


def test_one_figure_of_each_engine_is_live(story_site: Built, pages: tuple[str, ...]) -> None:
    """The story shows that Altair and Plotly both have their place, and loads each of them once."""
    engines = [
        str(one["data-engine"])
        for page in pages
        for one in tree_of(story_site, page).select("figure[data-engine]")
    ]

    assert sorted(engines) == ["plotly", "vega"]


def test_figures_have_the_files_that_they_name(story_site: Built, pages: tuple[str, ...]) -> None:
    """What a chart loads and offers for download is there, and the CSV has the rows of the table."""
    for page in pages:
        for figure in tree_of(story_site, page).select("figure.figure"):
            folder = (story_site.site / page).parent
            for still in figure.select("[data-spec]"):
                json.loads((folder / str(still["data-spec"])).read_text(encoding="utf-8"))
            (link,) = figure.select('.tab-download a[href$=".csv"]')
            with (folder / str(link["href"])).open(encoding="utf-8", newline="") as file:
                rows = list(csv.reader(file))
            assert len(rows) - 1 == len(figure.select("tbody tr")), figure["id"]


def test_every_source_listed_has_something_resting_on_it(story_site: Built) -> None:
    """The list of sources is no bibliography for show."""
    entries = article_of(story_site, "book/sources").select(".source")

    assert len(entries) > 10
    assert [str(one["id"]) for one in entries if not one.select(".source-uses dd")] == []


def test_every_internal_link_and_anchor_exists(story_site: Built) -> None:
    """No reader of the story meets a dead end within it."""
    ids = {
        page: {str(one["id"]) for one in tree_of(story_site, page).select("[id]")}
        for page in story_site.pages
    }

    dead = [link for page in story_site.pages for link in _dead_links(story_site, page, ids)]

    assert dead == []


def _dead_links(built: Built, page: str, ids: dict[str, set[str]]) -> Iterator[str]:
    here = (built.site / f"{page}.html").parent
    for link in tree_of(built, page).select("[href], [src]"):
        address = urlsplit(str(link.get("href", link.get("src"))))
        if address.scheme or address.netloc:
            continue
        target = (here / unquote(address.path)).resolve() if address.path else built.site / f"{page}.html"
        if not target.is_file():
            yield f"{page}: {address.geturl()} is no file"
        elif address.fragment and target.suffix == ".html":
            name = target.relative_to(built.site.resolve()).as_posix().removesuffix(".html")
            if unquote(address.fragment) not in ids[name]:
                yield f"{page}: {address.geturl()} has no such anchor"


def test_pages_load_nothing_from_other_sites(story_site: Built) -> None:
    """Other sites are linked for readers who choose to go there; nothing is fetched from them."""
    loaded = [
        (page, one.name, str(one.get("src") or one.get("href")))
        for page in story_site.pages
        for one in tree_of(story_site, page).select(
            "script, link, img, iframe, source, use, image, object, video"
        )
        if re.match(r"(?:\w+:)?//", str(one.get("src") or one.get("href") or ""))
    ]
    styles = [
        name
        for name, text in story_site.files().items()
        if name.endswith(".css") and re.search(rb"(?:url\(|@import)\s*['\"]?(?:https?:)?//", text)
    ]

    assert loaded == []
    assert styles == []


def test_footer_names_no_repository_but_the_books_own(story_site: Built, pages: tuple[str, ...]) -> None:
    """The link to "Code, data and corrections" never leads to Jupyter Book's own repository."""
    config = yaml.safe_load((REPOSITORY / "_config.yml").read_text(encoding="utf-8"))
    own = {config.get("repository", {}).get("url")} - {None}

    for page in pages:
        links = tree_of(story_site, page).select(".footer-lines a:not([download])")
        assert {str(one["href"]) for one in links} == own, page


# --- the data changes


@pytest.fixture(scope="session")
def edited(shelf: Any, story_site: Built) -> Built:
    """Give the story after the 79 of the share of women has become a 65 in `data/facts.csv`."""

    def make(folder: Path) -> Built:
        book = Book(story_site.site.parents[1]).copy_to(folder)
        text = (book.root / "data" / "facts.csv").read_text(encoding="utf-8")
        changed, count = re.subn(rf'(?m)^({SHARE},(?:"[^"]*"|[^",]*),)79,', r"\g<1>65,", text)
        assert count == 1
        book.write("data/facts.csv", changed)
        return book.build()

    built: Built = shelf.built("story-edited", make)
    return built


def _rests_on_share(told: dict[str, Any]) -> bool:
    return told["id"] == SHARE or any(_rests_on_share(one) for one in told["inputs"])


def _facts_on_share(built: Built) -> set[str]:
    """Give the ids of all facts that are computed from the share, and its own."""
    book = Book(built.site.parents[1])
    told = [one for path in book.stories for _, one in outputs_of(book.executed(path), FACT_MIME)]
    return {one["id"] for one in told if one["id"] and _rests_on_share(one)} | {SHARE}


def _specs(built: Built) -> dict[str, str]:
    """Give what each figure draws: id -> its specification, as it is offered for download."""
    paths = [
        path
        for name in ("vega-lite", "plotly")
        for path in (built.site / "_figures").glob(f"*/*.{name}.json")
    ]
    return {path.parent.name: path.read_text(encoding="utf-8") for path in paths}


def test_edited_share_runs_only_the_stories_that_use_it(story_site: Built, edited: Built) -> None:
    """One number of two hundred changed: the notebooks without it do not run."""
    using = {
        path
        for path in STORIES
        if f"data/facts.csv#{SHARE}" in (Book(story_site.site.parents[1]).store.last(path) or _none()).inputs
    }

    assert edited.code == 0, edited.output
    assert set(edited.ran) == using
    assert {"book/index.ipynb", "book/share-of-women.ipynb"} <= using < set(STORIES)


def _none() -> Any:
    raise AssertionError("the story was never run")


def test_edited_share_is_shown_on_every_page_that_states_it(
    story_site: Built, edited: Built, pages: tuple[str, ...]
) -> None:
    """The share and what is computed from it are new wherever they stand."""
    for page in pages:
        old, new = (
            {
                str(one["id"]): str(one.data["value"])
                for one in tree_of(built, page).select(".number")
                if one.data
            }
            for built in (story_site, edited)
        )
        changed = {name.removeprefix("number-") for name in old if old[name] != new.get(name)}
        expected = {name for name in _facts_on_share(story_site) if f"number-{name}" in old}
        assert expected <= changed, page
        assert old.get(f"number-{SHARE}", "79") == "79"
        assert new.get(f"number-{SHARE}", "65") == "65"


def test_edited_share_changes_the_total_of_women(story_site: Built, edited: Built) -> None:
    """The number computed from the share is computed anew: 65 per cent of 300 million."""
    values = [
        {
            str(one["value"])
            for one in tree_of(built, "book/share-of-women").select(
                '[href="#number-women-on-xiaohongshu"] > data'
            )
        }
        for built in (story_site, edited)
    ]

    assert values == [{"237000000"}, {"195000000"}]


def test_edited_share_changes_the_charts_that_rest_on_it_and_no_other(
    story_site: Built, edited: Built
) -> None:
    """Charts of both engines follow the data; those of other numbers stay the same to the byte."""
    book, facts = Book(story_site.site.parents[1]), _facts_on_share(story_site)
    figures = [told for path in book.stories for _, told in outputs_of(book.executed(path), FIGURE_MIME)]
    resting = {one["id"]: one["engine"] for one in figures if facts & set(one["facts"])}

    before, after = _specs(story_site), _specs(edited)

    assert {name for name in before if before[name] != after.get(name)} == set(resting)
    assert set(resting.values()) == {"vega", "plotly"}
    assert before.keys() == after.keys()


def test_edited_share_changes_no_other_page(story_site: Built, edited: Built, pages: tuple[str, ...]) -> None:
    """A page that does not state the share says word for word what it said."""
    stating = {page for page in pages if tree_of(story_site, page).select(f"#number-{SHARE}")}

    changed = {page for page in pages if str(article_of(story_site, page)) != str(article_of(edited, page))}

    assert {"book/index", "book/share-of-women"} <= stating
    assert changed - {"book/sources"} == stating
    assert "book/newcomers" not in changed


def test_edited_share_changes_the_list_of_sources_only_where_it_is_worded(
    story_site: Built, edited: Built
) -> None:
    """The list of sources names the number and its charts anew, and is otherwise the same."""
    lists = [article_of(built, "book/sources") for built in (story_site, edited)]

    numbers = [_taken_out(article, f'dd:has(> a[href$="#number-{SHARE}"])') for article in lists]
    for article in lists:
        _taken_out(article, 'dd:has(> a[href^="share-of-women.html#"])')

    assert [[text.partition(" ")[0] for text in texts] for texts in numbers] == [["79%"], ["65%"]]
    assert str(lists[0]) == str(lists[1])


def _taken_out(article: Tag, selector: str) -> list[str]:
    return [one.extract().get_text(" ", strip=True) for one in article.select(selector)]
