"""A small book whose figures others embed, its readers, and pages of another site that frame them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from browser_fixtures import served
from bs4 import BeautifulSoup
from conftest import Shelf
from playwright.sync_api import Browser, BrowserContext, Frame, Page
from small_books import FACTS, SOURCES

from sourcebook.pages.embeds import is_frozen
from sourcebook.testing import CONFIG, Book, Built

FIGURES = ("bars", "dots", "long")
HOSTILE = """</script><img src=x onerror=alert(1)> "Ships" & 'boats' שלום 小红书"""
ENGINES = {"bars": ".live svg [class*='mark-'] path", "dots": ".live .main-svg .trace path"}
CHARTS = f"""\
import altair as alt
import pandas as pd
import plotly.graph_objects as go
from sourcebook import fact, figure
ships = fact("ships")
hostile = {HOSTILE!r}
table = pd.DataFrame({{"port": [hostile, "小红书", "שלום", "<b>"], "ships": [4, 3, 2, 1]}})
told = dict(alt="Four: 4, 3, 2, 1. " + hostile, method=hostile, of=[ships], tier="live", subtitle=hostile)
figure(alt.Chart(table).mark_bar().encode(y="port:N", x="ships:Q"), id="bars", title=hostile, **told)
"""
DOTS = """\
dots = go.Figure(go.Scatter(x=[1, 2, 3], y=[4, 6, 5], name="ships"))
figure(dots, id="dots", title="Dots rise", **told)
"""
LONG = """\
many = pd.DataFrame({"day": range(150), "ships": range(150)})
line = alt.Chart(many).mark_line().encode(x="day:Q", y="ships:Q")
figure(line, id="long", title="More each day", alt="A line.", method="Counted.", of=[ships], width="wide")
"""


def write_book(book: Book) -> Book:
    """Write a book of three figures, the first of which has hostile texts."""
    book.write("_config.yml", CONFIG)
    book.write_contents("book/index")
    book.write("data/facts.csv", FACTS)
    book.write("data/sources.csv", SOURCES)
    book.write_story("book/index.ipynb", CHARTS, DOTS, LONG, "md: # Ships & </title> ports\n\nText.")
    return book


@pytest.fixture(name="built", scope="module")
def built_fixture(shelf: Shelf) -> Built:
    """Give the book of the three figures, built."""
    return shelf.built("embeds", lambda folder: write_book(Book(folder)).build())


@pytest.fixture(name="origin", scope="module")
def origin_fixture(built: Built) -> Iterator[str]:
    """Give the address at which the book is served."""
    assert built.code == 0, built.output
    with served(built.site) as address:
        yield address


def folder_of(built: Built, figure_id: str) -> Path:
    """Give the folder of a figure's files."""
    return built.site / "_figures" / figure_id


def frozen_in(built: Built, figure_id: str) -> Path:
    """Give a figure's frozen page."""
    (found,) = (path for path in folder_of(built, figure_id).iterdir() if is_frozen(path.name))
    return found


def codes_in(built: Built, figure_id: str) -> list[str]:
    """Give the markup to copy that the story offers for a figure."""
    page = BeautifulSoup(built.page("book/index"), "html.parser")
    return [one.get_text() for one in page.select(f".copyable[data-address*='/{figure_id}/embed']")]


@dataclass
class Reader:
    """Somebody who reads pages of two sites, and what went wrong meanwhile."""

    browser: Browser
    home: str
    problems: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def leave(self) -> None:
        """Close all pages."""
        for context in self.contexts:
            context.close()

    def open(self, address: str, *, width: int = 800, **looks: Any) -> Page:
        """Open a page; reports of the content policy count as problems, in frames too."""
        context = self.browser.new_context(viewport={"width": width, "height": 900}, **looks)
        self.contexts.append(context)
        context.set_default_timeout(15_000)
        context.add_init_script(
            "addEventListener('securitypolicyviolation', (e) => console.error('policy', e.violatedDirective))"
        )
        page = context.new_page()
        page.on("request", lambda asked: self.asked.append(asked.url))
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("dialog", lambda dialog: (self.problems.append("dialog"), dialog.dismiss()))
        page.on(
            "console",
            lambda said: self.problems.append(said.text) if said.type in {"error", "warning"} else None,
        )
        page.goto(f"{self.home}/{address}", wait_until="load")
        return page


@pytest.fixture(name="reader")
def reader_fixture(browser: Browser, origin: str) -> Iterator[Reader]:
    """Give a reader of the book's site."""
    made = Reader(browser, origin)
    yield made
    made.leave()


@pytest.fixture(name="host")
def host_fixture(browser: Browser, tmp_path: Path) -> Iterator[Reader]:
    """Give a reader of another site, which has its pages in `tmp_path`."""
    with ExitStack() as stack:
        made = Reader(browser, stack.enter_context(served(tmp_path)))
        yield made
        made.leave()


def write_host(folder: Path, *codes: str) -> None:
    """Write a page of another site, in quirks of its own, that embeds these codes."""
    (folder / "index.html").write_text(
        f"<!doctype html><title>Host</title><link rel=icon href=data:,><h1>Host</h1>{''.join(codes)}",
        encoding="utf-8",
    )


def absolute(code: str, origin: str) -> str:
    """Complete the address of a code, as `copy.js` does."""
    return code.replace('"../', f'"{origin}/')


def frame_of(page: Page, figure_id: str) -> Frame:
    """Give the frame that shows a figure."""
    page.locator(f"iframe[src*='/{figure_id}/']").scroll_into_view_if_needed()
    for _ in range(100):
        found = [one for one in page.frames if f"/{figure_id}/" in one.url]
        if found:
            found[0].wait_for_load_state("load")
            return found[0]
        page.wait_for_timeout(50)
    pytest.fail(f"no frame shows {figure_id}", pytrace=False)


def expect_fitting(page: Page, frame: Frame) -> float:
    """Wait until a frame is as high as what it shows; give that height in px."""
    element = frame.frame_element()
    wanted = "() => Math.ceil(document.documentElement.getBoundingClientRect().height)"
    for _ in range(100):
        content, box = frame.evaluate(wanted), element.bounding_box()
        if box and content == box["height"]:
            return float(content)
        page.wait_for_timeout(50)
    pytest.fail(f"the frame is {box and box['height']} px high, its page {content} px", pytrace=False)
