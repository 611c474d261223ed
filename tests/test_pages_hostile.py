"""Hostile data in figures of both libraries: shown as text, never run, whole in the CSV, however long."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser_fixtures import PHONE, Visit, Visitor, served
from bs4 import Tag
from page_parts import soup, words_of
from playwright.sync_api import expect
from shown_figures import (
    boxes_of,
    enter_by_keyboard,
    explore,
    figures_on,
    lines_of,
    reading_of,
    ready,
    without_engines,
)
from small_books import FACTS, SOURCES

from sourcebook.errors import FigureError
from sourcebook.figures import plain_figure
from sourcebook.figures.tables import table_of
from sourcebook.testing import CONFIG, Book, Built

LONG = "10,000 letters " * 667
HOSTILE = [
    "</script><script>window.hacked = 1</script>",
    '<img src=x onerror="window.hacked = 2">',
    "\"quoted\" & 'quoted' <b>bold</b> &lt;",
    '=HYPERLINK("javascript:window.hacked = 3")',
    "<svg onload=window.hacked=4><a href=javascript:alert(5)>x</a>",
    "مرحبا بالعالم",
    "小红书用户",
    "{{ 7 * 7 }} {% raw %} ${window.hacked=6}",
    LONG,
]
HUGE = {"vega": 100_000, "plotly": 10_000}  # Chromium takes a minute to draw 100,000 dots twice
ENGINES = tuple(HUGE)
TITLE = f"{HOSTILE[0]} {HOSTILE[1]} {HOSTILE[2]}"

_START = f"""\
import altair as alt
import numpy as np
import pandas as pd
import plotly.graph_objects as go
from sourcebook import fact, figure
ships = fact("ships")
hostile = {HOSTILE!r}
title = {TITLE!r}
told = dict(tier="live", alt=title, method=[title, hostile[4]], of=[ships], subtitle=hostile[4])
plain = dict(title="Plain", alt="Plain", method="Counted", of=[ships])
def bars(table, engine, **more):
    if engine == "vega":
        return alt.Chart(table).mark_bar().encode(y="name:N", x="ships:Q", tooltip=["name:N", "ships:Q"])
    lying = dict(orientation="h", hovertemplate="%{{y}}<extra></extra>")
    return go.Figure(go.Bar(x=table["ships"], y=table["name"], **lying))
def dots(table, engine):
    if engine == "vega":
        return alt.Chart(table).mark_point().encode(x="day:Q", y="ships:Q")
    return go.Figure(go.Scatter(x=table["day"], y=table["ships"], mode="markers"))
"""
_TEXTS = """\
texts = pd.DataFrame({"name": hostile, "ships": range(1, len(hostile) + 1)})
for engine in ("vega", "plotly"):
    more = dict(table=texts, columns={"name": hostile[1], "ships": "n"}, **told)
    display(figure(bars(texts, engine), id=f"texts-{engine}", title=title, **more))
"""
_NUMBERS = """\
values = [1.5, float("nan"), float("inf"), float("-inf"), -2.0, 1e15]
numbers = pd.DataFrame({"name": list("abcdef"), "ships": values})
one = pd.DataFrame({"name": ["only"], "ships": [7]})
for engine in ("vega", "plotly"):
    display(figure(bars(numbers, engine), id=f"numbers-{engine}", table=numbers, tier="live", **plain))
    display(figure(bars(one, engine), id=f"one-{engine}", table=one, **plain))
"""
_LONG = """\
long = pd.DataFrame({"day": range(150), "ships": [number * 37 % 150 for number in range(150)]})
for engine in ("vega", "plotly"):
    display(figure(dots(long, engine), id=f"long-{engine}", table=long, **plain))
"""
_HUGE = f"""\
counts = {HUGE!r}
for engine, count in counts.items():
    huge = pd.DataFrame(dict(day=range(count), ships=np.arange(count) * 37 % 1009))
    display(figure(dots(huge, engine), id=f"huge-{{engine}}", table=huge, **plain))
"""


def _make(folder: Path) -> Built:
    book = Book(folder)
    book.write("_config.yml", CONFIG)
    stories = {"texts": _TEXTS, "numbers": _NUMBERS, "long": _LONG, "huge": _HUGE}
    book.write_contents("book/texts", "book/numbers", "book/long", "book/huge")
    book.write("data/facts.csv", FACTS)
    book.write("data/sources.csv", SOURCES)
    for name, cell in stories.items():
        book.write_story(f"book/{name}.ipynb", f"md: # {name}", _START, cell)
    return book.build()


@pytest.fixture(scope="module")
def hostile(shelf: Any) -> Built:
    """Give a book whose data attack its pages."""
    built: Built = shelf.built("hostile", _make)
    return built


@pytest.fixture(scope="module")
def hostile_origin(hostile: Built) -> Iterator[str]:
    """Give the address at which the book is served."""
    assert hostile.code == 0, hostile.output
    with served(hostile.site) as origin:
        yield origin


def _figure(built: Built, figure_id: str) -> Tag:
    pages = (soup(built, f"book/{name}") for name in ("texts", "numbers", "long", "huge"))
    found = next((figure for page in pages if (figure := page.select_one(f"figure#{figure_id}"))), None)
    assert found is not None
    return found


def _csv(built: Built, figure_id: str) -> list[list[str]]:
    path = built.site / "_figures" / figure_id / f"{figure_id}.csv"
    csv.field_size_limit(1_000_000)
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))


# --- texts


@pytest.mark.parametrize("engine", ENGINES)
def test_hostile_texts_are_shown_as_they_are(hostile: Built, engine: str) -> None:
    """Titles, tables and methods say what the data say, letter by letter."""
    figure = _figure(hostile, f"texts-{engine}")

    assert words_of(figure.select_one(".figure-title")) == TITLE
    assert figure.select_one(".drawing")["aria-label"] == TITLE  # type: ignore[index]
    assert [cell.get_text() for cell in figure.select("tbody th")] == HOSTILE
    assert figure.select_one("thead th").get_text() == HOSTILE[1]  # type: ignore[union-attr]
    assert words_of(figure.select_one(".tab-method")).endswith(HOSTILE[4])


@pytest.mark.parametrize("engine", ENGINES)
def test_hostile_texts_make_no_markup(hostile: Built, engine: str) -> None:
    """No text becomes an element, an attribute that runs, or an address."""
    figure = _figure(hostile, f"texts-{engine}")

    assert figure.select("script, img, b, iframe, foreignObject, [style], a[href^=javascript]") == []
    running = [name for one in figure.find_all(True) for name in one.attrs if name.startswith("on")]
    assert running == []


@pytest.mark.parametrize("engine", ENGINES)
def test_hostile_texts_are_whole_in_the_csv(hostile: Built, engine: str) -> None:
    """Who downloads the data gets every letter of them."""
    rows = _csv(hostile, f"texts-{engine}")

    assert rows[0][0].lstrip("'") == HOSTILE[1]
    assert [row[0].lstrip("'") for row in rows[1:]] == HOSTILE
    assert [row[1] for row in rows[1:]] == [str(number + 1) for number in range(len(HOSTILE))]


@pytest.mark.browser
@pytest.mark.parametrize("page", ["book/texts", "book/numbers"])
def test_hostile_texts_do_nothing_in_a_browser(visit: Visitor, hostile_origin: str, page: str) -> None:
    """Read, live, hovered or tapped: no text of the data is run, and none asks another site for anything."""
    seen = visit(page, origin=hostile_origin)

    for figure in figures_on(seen.page):
        enter_by_keyboard(figure)
        for _ in HOSTILE:
            seen.page.keyboard.press("ArrowRight")
        if figure.get_attribute("data-engine"):
            explore(figure)
        for box in boxes_of(figure):
            seen.page.mouse.move(*box.centre)
    _open_all_tabs(seen)

    assert seen.page.evaluate("window.hacked") is None
    assert seen.problems == []
    assert seen.elsewhere == []


@pytest.mark.browser
@pytest.mark.parametrize("engine", ENGINES)
def test_hostile_texts_are_read_as_they_are(visit: Visitor, hostile_origin: str, engine: str) -> None:
    """What is announced and what the tooltip shows are the very texts, however strange or long."""
    seen = visit("book/texts", origin=hostile_origin)
    figure = ready(seen.page.locator(f"#texts-{engine}"))
    rows = lines_of(figure)

    enter_by_keyboard(figure)
    told = [reading_of(figure)]
    for _ in rows[1:]:
        seen.page.keyboard.press("ArrowRight")
        told.append(reading_of(figure))

    assert [one.tip for one in told] == rows
    assert [one.said for one in told] == ["; ".join(lines) for lines in rows]
    assert seen.page.locator(".tooltip :not(div)").count() == 0


@pytest.mark.browser
@pytest.mark.parametrize("page", ["book/texts", "book/long"])
def test_hostile_texts_widen_no_page(visit: Visitor, hostile_origin: str, page: str) -> None:
    """A heading of 10,000 letters and a table of strange ones stay within a phone, with any tab open."""
    seen = visit(page, origin=hostile_origin, size=PHONE)

    for tab in ("chart", "table", "method", "download"):
        for figure in figures_on(seen.page):
            figure.locator(f".tab-{tab} > summary").evaluate("el => el.click()")
        widths = seen.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert widths[0] <= widths[1], tab


@pytest.mark.browser
def test_tooltip_of_a_long_text_stays_inside_of_the_window(visit: Visitor, hostile_origin: str) -> None:
    """What is read off a mark never reaches beyond the window, where nobody could read it."""
    seen = visit("book/texts", origin=hostile_origin, size=PHONE)
    without_engines(seen)
    figure = ready(seen.page.locator("#texts-vega"))
    enter_by_keyboard(figure)

    seen.page.keyboard.press("End")

    tip = seen.page.locator(".tooltip").bounding_box()
    assert tip is not None
    assert tip["x"] >= 0
    assert tip["y"] >= 0
    assert tip["x"] + tip["width"] <= PHONE[0]
    assert tip["y"] + tip["height"] <= PHONE[1]


# --- numbers


@pytest.mark.parametrize("engine", ENGINES)
def test_numbers_that_are_none_are_shown_as_missing(hostile: Built, engine: str) -> None:
    """NaN and the infinities are a dash in the table and nothing in the CSV; large numbers are grouped."""
    cells = [cell.get_text() for cell in _figure(hostile, f"numbers-{engine}").select("tbody td")]

    assert cells == ["1.5", "–", "–", "–", "-2.0", "1,000,000,000,000,000.0"]
    assert [row[1] for row in _csv(hostile, f"numbers-{engine}")[1:4]] == ["1.5", "", ""]


@pytest.mark.parametrize("engine", ENGINES)
def test_files_of_strange_numbers_are_json(hostile: Built, engine: str) -> None:
    """Browsers refuse NaN and Infinity: no file of a figure has them."""
    for path in sorted((hostile.site / "_figures" / f"numbers-{engine}").glob("*.json")):
        text = path.read_text(encoding="utf-8")
        assert not [word for word in ("NaN", "Infinity") if f":{word}" in text or f" {word}" in text], (
            path.name
        )


@pytest.mark.parametrize("engine", ENGINES)
def test_one_row_is_a_figure(hostile: Built, engine: str) -> None:
    """A single number has its still, its mark and its table."""
    figure = _figure(hostile, f"one-{engine}")

    assert len(figure.select("tbody tr")) == 1
    assert figure.select_one(".reading")["max"] == "1"  # type: ignore[index]
    assert all(str(still["data-marks"]).startswith("0:") for still in figure.select(".still"))


def test_empty_table_is_refused() -> None:
    """A chart of nothing is an error that names the figure and says what to pass."""
    import pandas as pd

    with pytest.raises(FigureError, match="the figure 'empty' has no data table") as caught:
        table_of("empty", pd.DataFrame({"x": []}))

    assert "pass `table`" in caught.value.mend


def test_empty_chart_without_figure_is_plain() -> None:
    """A bare chart of nothing has no table, and nothing to read."""
    import altair as alt
    import pandas as pd

    told = plain_figure(alt.Chart(pd.DataFrame({"x": []})).mark_bar().encode(x="x:Q"))

    assert told.table.rows == ()


# --- many rows


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", ["long", "huge"])
def test_long_table_says_that_it_is_cut(hostile: Built, name: str, engine: str) -> None:
    """Readers are told how many rows there are, and get all of them from the CSV."""
    figure, count = _figure(hostile, f"{name}-{engine}"), {"long": 150, "huge": HUGE[engine]}[name]

    told = figure.select_one(".table-cut")
    assert len(figure.select("tbody tr")) == 100
    assert words_of(told).startswith(f"The first 100 of {count}") or f"of {count:,} rows" in words_of(told)
    assert told is not None
    link = told.select_one("a[download]")
    assert link is not None
    assert (hostile.site / "book" / str(link["href"])).is_file()
    assert len(_csv(hostile, f"{name}-{engine}")) == count + 1


@pytest.mark.parametrize("engine", ENGINES)
def test_many_rows_make_no_heavy_page(hostile: Built, engine: str) -> None:
    """100,000 dots are a picture on the page; the author hears of it."""
    figure = _figure(hostile, f"huge-{engine}")

    assert f"the figure 'huge-{engine}' is a picture" in hostile.output
    assert figure.select(".reading, [data-marks]") == []
    assert len(figure.select(".still img[src^='data:image/png']")) == 1
    assert len(str(figure)) < 1_500_000


@pytest.mark.browser
@pytest.mark.parametrize("engine", ENGINES)
def test_rows_beyond_the_table_are_read_too(visit: Visitor, hostile_origin: str, engine: str) -> None:
    """The arrow keys and the pointer read every row of 150, though the page shows 100."""
    seen = visit("book/long", origin=hostile_origin)
    figure = ready(seen.page.locator(f"#long-{engine}"))
    expected = [f"{day}; ships: {day * 37 % 150}" for day in range(150)]

    enter_by_keyboard(figure)
    said = [reading_of(figure)]
    for _ in expected[1:]:
        seen.page.keyboard.press("ArrowRight")
        said.append(reading_of(figure))

    assert [one.said for one in said] == expected
    assert all(len(one.rings) == 1 for one in said)
    ring = said[-1].rings[0]
    seen.page.keyboard.press("Escape")
    seen.page.mouse.move(*ring)
    expect(seen.page.locator(".tooltip")).to_contain_text("149")
    assert seen.problems == []


@pytest.mark.browser
def test_readings_that_do_not_come_leave_the_still(visit: Visitor, hostile_origin: str) -> None:
    """Without the file of readings the figure is what it was, and the page says nothing of it."""
    seen = visit("book/long", origin=hostile_origin)
    seen.page.route("**/readings*.json", lambda route: route.fulfill(status=404, body="nothing here"))
    figure = ready(seen.page.locator("#long-vega"))
    figure.locator(".stage").hover()
    figure.locator(".tab-chart > summary").focus()
    seen.page.keyboard.press("Tab")
    seen.page.keyboard.press("ArrowRight")
    seen.page.wait_for_timeout(200)

    expect(figure.locator(".still:visible svg")).to_be_visible()
    assert [one for one in seen.problems if "status of 404" not in one] == []


def _open_all_tabs(seen: Visit) -> None:
    for summary in seen.page.locator("figure.figure .tab > summary").all():
        summary.evaluate("el => el.click()")
