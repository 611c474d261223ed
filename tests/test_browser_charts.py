"""Charts in a real browser: complete without scripts and on paper, alive on request, never dangerous."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser_fixtures import CHARTED, DESK, PHONE, Visitor
from playwright.sync_api import Locator, expect
from pypdf import PdfReader
from shown_figures import explore, figures_on, ready

pytestmark = pytest.mark.browser

LIVE = "figure[data-engine]"
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
    for figure in figures_on(seen.page):
        figure.locator(".stage").hover()

    assert seen.problems == []
    assert seen.elsewhere == []
    assert seen.page.locator("img").count() == 0


@pytest.mark.parametrize("name", CHARTED)
def test_every_chart_draws(visit: Visitor, name: str) -> None:
    """A chart is there as a still, with marks; one that answers comes alive on request, with marks again."""
    seen = visit(name)

    for figure in figures_on(seen.page):
        _expect_marks(figure, ".still:visible svg :is(path, rect, circle, line, text)", least=6)
    for figure in figures_on(seen.page, LIVE):
        explore(figure)
        _expect_marks(figure, LIVE_MARKS[figure.get_attribute("data-engine") or ""])
    assert seen.problems == []


@pytest.mark.parametrize("name", CHARTED)
def test_table_of_every_chart_opens(visit: Visitor, name: str) -> None:
    """The numbers behind a chart are one press away, by keyboard too."""
    seen = visit(name, size=PHONE)

    for figure in figures_on(seen.page):
        tab = figure.locator(".tab-table > summary")
        tab.focus()
        seen.page.keyboard.press("Enter")
        expect(figure.locator(".figure-table")).to_be_visible()
        expect(figure.locator(".stage")).to_be_hidden()
    widths = seen.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert widths[0] <= widths[1]


@pytest.mark.parametrize("name", CHARTED)
def test_open_tab_stays_open(visit: Visitor, name: str) -> None:
    """Pressing the tab on show never leaves an empty figure."""
    seen = visit(name)

    for figure in figures_on(seen.page):
        figure.locator(".tab-chart > summary").click()
        expect(figure.locator(".stage")).to_be_visible()


def test_old_browser_gets_the_light_theme(visit: Visitor) -> None:
    """A browser that knows no light-dark() still shows the marks of a chart in their colours, none black."""
    seen = visit("book/index", color_scheme="dark")
    seen.page.route(
        "**/sourcebook.css*",
        lambda route: route.fulfill(
            body=route.fetch().text().replace("light-dark(", "no-such-function("), content_type="text/css"
        ),
    )

    seen.page.reload()

    bar = seen.page.locator("#newcomers-and-crowds .still:visible [fill='var(--violet)']").first
    assert bar.evaluate("el => getComputedStyle(el).fill") == "rgb(75, 46, 158)"


# --- a chart that nothing could draw


def test_chart_without_a_picture_draws_itself(visit: Visitor, origin_without_browser: str) -> None:
    """Where the build could not draw, the reader's browser does, in the room that is kept for it."""
    seen = visit("book/charts", origin=origin_without_browser)
    figure = seen.page.locator("figure[data-engine=plotly]").first
    before = figure.bounding_box()

    ready(figure)
    expect(figure.locator(".stage-live svg.main-svg").first).to_be_visible(timeout=15_000)

    after = figure.bounding_box()
    assert before is not None
    assert after is not None
    assert (before["width"], before["height"]) == (after["width"], after["height"])
    _expect_marks(figure, LIVE_MARKS["plotly"])


def test_chart_without_a_picture_shows_its_table_when_its_engine_is_missing(
    visit: Visitor, origin_without_browser: str
) -> None:
    """No picture and no library: the numbers themselves take the place of the chart."""
    seen = visit("book/quiet", origin=origin_without_browser)
    seen.page.route("**/engines/*.js*", lambda route: route.fulfill(status=404, body=""))
    seen.page.goto(seen.page.url.replace("book/quiet", "book/charts"))

    figure = seen.page.locator("figure[data-engine=plotly]").first
    figure.scroll_into_view_if_needed()

    expect(figure.locator(".figure-table")).to_be_visible()
    expect(figure.locator(".stage")).to_be_hidden()


def test_chart_without_a_picture_shows_its_table_without_scripts(
    visit: Visitor, origin_without_browser: str
) -> None:
    """No picture and no script: the numbers themselves."""
    seen = visit("book/charts", origin=origin_without_browser, ready=False, java_script_enabled=False)

    figure = seen.page.locator("figure[data-engine=plotly]").first

    expect(figure.locator(".figure-table")).to_be_visible()
    expect(figure.locator(".stage")).to_be_hidden()


# --- without scripts, and on paper


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("name", CHARTED)
def test_chart_is_complete_without_scripts(visit: Visitor, name: str, size: tuple[int, int]) -> None:
    """Charts can be read with scripts switched off; table, method and files are a press away."""
    seen = visit(name, size=size, java_script_enabled=False, ready=False)

    figures = seen.page.locator("figure.figure").all()
    assert figures
    for figure in figures:
        expect(figure.locator(".still:visible svg")).to_be_visible()
        expect(figure.locator(".figure-title")).to_be_visible()
        expect(figure.locator(".figure-source")).to_be_visible()
        expect(figure.locator(".reading")).to_be_hidden()
        expect(figure.locator(".explore")).to_be_hidden()
        for tab, shown in ((".tab-table", "table"), (".tab-method", "p"), (".tab-download", "a[download]")):
            figure.locator(f"{tab} > summary").click()
            expect(figure.locator(f"{tab} {shown}").first).to_be_visible()
    assert seen.problems == []


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
@pytest.mark.parametrize("name", CHARTED)
def test_chart_is_complete_on_paper(visit: Visitor, name: str, scripts: bool) -> None:
    """A printed page shows picture, table, method and sources of every chart, and nothing to press."""
    seen = visit(name, java_script_enabled=scripts, ready=scripts)
    if scripts:
        seen.scroll_through()

    seen.page.emulate_media(media="print")

    for figure in seen.page.locator("figure.figure").all():
        parts = (
            ".figure-title",
            ".still:visible svg",
            ".figure-table tbody tr",
            ".tab-method p",
            ".figure-source",
        )
        for part in parts:
            expect(figure.locator(part).first, part).to_be_visible()
        for part in (".explore", ".tab-download", ".tab-chart > summary"):
            expect(figure.locator(part), part).to_be_hidden()


def test_live_chart_is_printed_as_its_still(visit: Visitor) -> None:
    """A chart that is live, or being read, is on paper what it was before."""
    seen = visit("book/share-of-women")
    figure = next(figures_on(seen.page, LIVE))
    explore(figure)

    seen.page.emulate_media(media="print")

    expect(figure.locator(".still:visible svg")).to_be_visible()
    expect(figure.locator(".live")).to_be_hidden()


@pytest.mark.parametrize("name", CHARTED)
def test_pdf_of_a_page_holds_its_charts(visit: Visitor, tmp_path: Path, name: str) -> None:
    """What readers keep as a PDF has every heading, every row of data, every method and every source line."""
    seen = visit(name)
    told = {
        part: seen.page.locator(f"figure.figure {part}").all_text_contents()
        for part in (".figure-title", "tbody th", ".tab-method p", ".figure-source")
    }

    seen.page.pdf(path=tmp_path / "page.pdf", prefer_css_page_size=True)

    printed = _letters("".join(page.extract_text() for page in PdfReader(tmp_path / "page.pdf").pages))
    for texts in told.values():
        assert texts
        assert [one for one in texts if _letters(one)[:60] not in printed] == []


# --- help


def _letters(text: str) -> str:
    """Give a text without what a line break may change: white space and hyphens."""
    return "".join(one for one in text if not one.isspace() and one not in "-\u00ad\u2010")


def _expect_marks(figure: Locator, selector: str, *, least: int = 1) -> None:
    """Wait until a figure shows marks that have a size."""
    sizes = "all => all.map((e) => e.getBoundingClientRect()).filter((b) => b.width + b.height > 0).length"
    for _ in range(50):
        if figure.locator(selector).evaluate_all(sizes) >= least:
            return
        figure.page.wait_for_timeout(100)
    pytest.fail(f"the chart '{figure.get_attribute('id')}' shows no marks ({selector})", pytrace=False)
