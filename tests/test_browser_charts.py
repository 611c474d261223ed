"""Charts in a real browser: pictures or tables without scripts, alive on request, and never dangerous."""

from __future__ import annotations

import re

import pytest
from browser_fixtures import CHARTED, DESK, PHONE, Visitor
from playwright.sync_api import Locator, expect

pytestmark = pytest.mark.browser

LIVE_MARKS = {
    "vega": ".live svg [class*='mark-'][role] :is(path, line, text)",
    "plotly": ".live .main-svg .trace :is(path, text)",
}
"""Where each engine draws the marks of a live chart."""


@pytest.mark.parametrize("name", ["book/charts", "book/sources", "book/index"])
def test_hostile_text_does_nothing(visit: Visitor, harbour_origin: str, name: str) -> None:
    """No text of a table, a title or a source is ever run."""
    seen = visit(name, origin=harbour_origin)

    seen.scroll_through()
    for figure in seen.page.locator("figure.figure").all():
        _explore(figure)

    assert seen.problems == []
    assert seen.elsewhere == []
    assert seen.page.locator("img").count() == 0


@pytest.mark.parametrize("name", CHARTED)
def test_every_chart_draws(visit: Visitor, name: str) -> None:
    """A chart is there as a still, with marks, and comes alive on request, with marks again."""
    seen = visit(name)

    for figure in seen.page.locator("figure.figure").all():
        _expect_marks(figure, ".still:visible svg :is(path, rect, circle, line, text)", least=6)
        _explore(figure)
        _expect_marks(figure, LIVE_MARKS[figure.get_attribute("data-engine") or ""])
    assert seen.problems == []


@pytest.mark.parametrize("name", CHARTED)
def test_live_chart_is_as_large_as_its_still(visit: Visitor, name: str) -> None:
    """Nothing on the page moves when a chart comes alive."""
    seen = visit(name, size=PHONE)
    figures = seen.page.locator("figure.figure").all()
    before = [figure.bounding_box() for figure in figures]

    for figure in figures:
        _explore(figure)

    after = [figure.bounding_box() for figure in figures]
    assert [box and (round(box["width"]), round(box["height"])) for box in before] == [
        box and (round(box["width"]), round(box["height"])) for box in after
    ]


@pytest.mark.parametrize("name", CHARTED)
def test_table_of_every_chart_opens(visit: Visitor, name: str) -> None:
    """The numbers behind a chart are one press away, by keyboard too."""
    seen = visit(name, size=PHONE)

    for figure in seen.page.locator("figure.figure").all():
        _ready(figure)
        tab = figure.locator(".tab-table > summary")
        tab.focus()
        seen.page.keyboard.press("Enter")
        expect(figure.locator(".figure-table")).to_be_visible()
        expect(figure.locator(".stage")).to_be_hidden()
    widths = seen.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1]


@pytest.mark.parametrize("name", CHARTED)
def test_chart_stays_when_its_engine_is_missing(visit: Visitor, name: str) -> None:
    """A script that does not arrive takes nothing away: the still stays."""
    seen = visit("book/sources")
    seen.page.route("**/engines/*.js*", lambda route: route.abort())

    seen.page.goto(seen.page.url.replace("book/sources", name))

    for figure in seen.page.locator("figure.figure").all():
        _ready(figure)
        figure.locator(".explore").click()
        expect(figure.locator(".still:visible svg")).to_be_visible()
    assert not [one for one in seen.problems if "Failed to load resource" not in one]


def test_chart_without_a_picture_draws_itself(visit: Visitor, origin_without_browser: str) -> None:
    """Where the build could not draw, the reader's browser does, in the room that is kept for it."""
    seen = visit("book/charts", origin=origin_without_browser)
    figure = seen.page.locator("figure[data-engine=plotly]").first
    before = figure.bounding_box()

    _ready(figure)
    expect(figure.locator(".stage-live svg.main-svg").first).to_be_visible(timeout=15_000)

    after = figure.bounding_box()
    assert before is not None
    assert after is not None
    assert (before["width"], before["height"]) == (after["width"], after["height"])
    _expect_marks(figure, LIVE_MARKS["plotly"])


def test_chart_without_a_picture_shows_its_table_without_scripts(
    visit: Visitor, origin_without_browser: str
) -> None:
    """No picture and no script: the numbers themselves."""
    seen = visit("book/charts", origin=origin_without_browser, ready=False, java_script_enabled=False)

    figure = seen.page.locator("figure[data-engine=plotly]").first

    expect(figure.locator(".figure-table")).to_be_visible()
    expect(figure.locator(".stage")).to_be_hidden()


def _ready(figure: Locator) -> None:
    """Bring a figure into view, and wait until its script has taken it up."""
    figure.evaluate("el => el.scrollIntoView({ block: 'center', behavior: 'instant' })")
    expect(figure).to_have_class(re.compile(r"\bfigure-ready\b"))


def _explore(figure: Locator) -> None:
    """Ask for the live chart, unless the pointer has already: it may rest on the picture."""
    _ready(figure)
    button = figure.locator(".explore")
    button.evaluate("el => el.getAttribute('aria-disabled') === 'true' || el.click()")
    expect(figure.locator(".stage-live .live svg").first).to_be_visible(timeout=15_000)
    expect(button).to_have_attribute("aria-disabled", "true")


def _expect_marks(figure: Locator, selector: str, *, least: int = 1) -> None:
    """Wait until a figure shows marks that have a size."""
    sizes = "all => all.map((e) => e.getBoundingClientRect()).filter((b) => b.width + b.height > 0).length"
    for _ in range(50):
        if figure.locator(selector).evaluate_all(sizes) >= least:
            return
        figure.page.wait_for_timeout(100)
    pytest.fail(f"the chart '{figure.get_attribute('id')}' shows no marks ({selector})", pytrace=False)


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("name", CHARTED)
def test_chart_is_a_picture_or_a_table_without_scripts(
    visit: Visitor, name: str, size: tuple[int, int]
) -> None:
    """Every chart can be read with scripts switched off."""
    seen = visit(name, size=size, java_script_enabled=False, ready=False)

    figures = seen.page.locator("figure.figure").all()
    assert figures
    for figure in figures:
        picture, table = figure.locator(".still:visible svg"), figure.locator("tbody tr:visible")
        assert picture.count() + table.count() > 0, figure.get_attribute("id")
        expect(figure.locator(".figure-title")).to_be_visible()
        expect(figure.locator(".figure-source")).to_be_visible()
    assert seen.problems == []
