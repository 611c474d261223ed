"""Embeds: what is published for pages of others, and that no text of a figure breaks out of it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from bs4 import BeautifulSoup
from docutils import nodes
from embedded_book import (
    FIGURES,
    HOSTILE,
    built_fixture,  # noqa: F401
    codes_in,
    folder_of,
    frozen_in,
)

from sourcebook.pages.embeds import Home, home_of, is_frozen
from sourcebook.testing import Book, Built


@pytest.mark.parametrize("figure_id", FIGURES)
def test_figure_has_a_live_and_a_frozen_page(built: Built, figure_id: str) -> None:
    """Each figure can be framed; search engines are led to its story instead."""
    for path in (folder_of(built, figure_id) / "embed.html", frozen_in(built, figure_id)):
        page = BeautifulSoup(path.read_bytes(), "html.parser")

        assert page.select_one("meta[name=robots]")["content"] == "noindex"  # type: ignore[index]
        assert page.select_one("link[rel=canonical]")["href"] == f"../../book/index.html#{figure_id}"  # type: ignore[index]
        assert [one["id"] for one in page.select("figure")] == [figure_id]
        assert page.select("[style], style:not(head > style), script:not([src])") == []


@pytest.mark.parametrize("figure_id", FIGURES)
def test_policy_of_an_embed_page_is_strict(built: Built, figure_id: str) -> None:
    """No script but the site's own, no style but the one whose digest is named, nothing from elsewhere."""
    for path in (folder_of(built, figure_id) / "embed.html", frozen_in(built, figure_id)):
        page = BeautifulSoup(path.read_bytes(), "html.parser")

        policy = str(page.select_one("meta[http-equiv=Content-Security-Policy]")["content"])  # type: ignore[index]

        assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'sha256-")
        assert policy.endswith("base-uri 'none'; form-action 'none'")
        assert not re.search(r"unsafe|\*|https?:", policy)


@pytest.mark.parametrize("figure_id", FIGURES)
def test_frozen_page_names_nothing_that_may_change(built: Built, figure_id: str) -> None:
    """It loads fonts and scripts, which only add, and links its story; all else it holds itself."""
    text = frozen_in(built, figure_id).read_text(encoding="utf-8")

    named = set(re.findall(r"\.\./[^\"')]*", text))

    assert {name for name in named if not name.startswith("../../_static/fonts/")} == {
        "../../_static/icons/favicon.svg",
        "../../_static/js/embed.js",
        f"../../book/index.html#{figure_id}",
    }
    assert "data-engine" not in text
    assert "explore" not in text.split("<body")[1]
    assert 'href="data:text/csv;charset=utf-8,' in text


def test_frozen_page_is_the_same_in_every_build(built: Built, tmp_path: Path) -> None:
    """One edition has one address, whoever builds it: the name is made of the content."""
    copy = Book(built.site.parents[1]).copy_to(tmp_path / "again")
    shutil.rmtree(copy.root / "_build" / "html")
    shutil.rmtree(copy.store.folder / "drawings")

    again = copy.build()

    assert [frozen_in(again, one).name for one in FIGURES] == [frozen_in(built, one).name for one in FIGURES]
    assert [frozen_in(again, one).read_bytes() for one in FIGURES] == [
        frozen_in(built, one).read_bytes() for one in FIGURES
    ]


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        ("embed.0123456789.html", True),
        ("embed.html", False),
        ("embed.012345678.html", False),
        ("embed.0123456789.html.part", False),
        ("readings.0123456789.json", False),
    ],
)
def test_frozen_page_is_known_by_its_name(name: str, is_one: bool) -> None:
    """Builds spare the pages of earlier editions, and nothing else that is old."""
    assert is_frozen(name) is is_one


def test_addresses_are_absolute_where_the_book_names_its_own() -> None:
    """A reader of another site finds the story, also from a copy of the page."""
    app: Any = SimpleNamespace(
        config=SimpleNamespace(html_baseurl="https://x.org/a", html_title="", project="Ports", language="de"),
        env=SimpleNamespace(titles={"b/c": nodes.title("", "Ships")}),
        builder=SimpleNamespace(get_target_uri=lambda name: f"{name}.html"),
    )

    home = home_of(app, "b/c", SimpleNamespace(id="bars"))  # type: ignore[arg-type]

    assert home == Home(site="Ports", language="de", story="Ships", url="https://x.org/a/b/c.html#bars")


def test_hostile_text_stays_text_in_pages_and_codes(built: Built) -> None:
    """No title or label breaks out of the page, nor out of the markup that others copy."""
    page = BeautifulSoup((folder_of(built, "bars") / "embed.html").read_bytes(), "html.parser")
    codes = codes_in(built, "bars")

    parts = [BeautifulSoup(code, "html.parser").find_all() for code in codes]

    title = page.select_one(".figure-title")
    assert title is not None
    assert title.get_text() == HOSTILE
    assert page.select("body script, body img") == []
    assert [[one.name for one in each] for each in parts] == [["iframe", "script"]] * 2
    assert [each[0]["title"] for each in parts] == [HOSTILE] * 2
    assert [each[0]["src"] for each in parts] == [
        "../_figures/bars/embed.html",
        f"../_figures/bars/{frozen_in(built, 'bars').name}",
    ]


def test_title_is_the_heading_of_its_embed_page(built: Built) -> None:
    """On its own page a figure's claim is the first heading, not the third."""
    page = BeautifulSoup((folder_of(built, "dots") / "embed.html").read_bytes(), "html.parser")

    assert [one.get_text() for one in page.select("h1")] == ["Dots rise"]
