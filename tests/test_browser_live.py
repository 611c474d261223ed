"""Live charts in a real browser: exactly over their stills, obeying the policy, undone without a trace."""

from __future__ import annotations

import re

import pytest
from browser_fixtures import CHARTED, DESK, PHONE, Visit, Visitor
from playwright.sync_api import Locator, Page, expect
from shown_figures import (
    POINT_PX,
    boxes_of,
    enter_by_keyboard,
    explore,
    figures_of,
    figures_on,
    lines_of,
    make_live,
    reading_of,
    ready,
    series_of,
    settle,
    undo_live,
)

from sourcebook.figures import Figure
from sourcebook.figures.pictures import differing_share, picture_of_png
from sourcebook.testing import Built

pytestmark = pytest.mark.browser

NARROW = (378, 900)
"""A window in which a figure is 342 px wide, as the narrowest still is drawn."""

MOST_DIFFERING = 0.02
LIVE = "figure[data-engine]"

_WATCH = """() => {
    window.moved = 0;
    window.refused = [];
    const sum = (entries) => entries.forEach((entry) => (window.moved += entry.value));
    window.shifts = new PerformanceObserver((list) => sum(list.getEntries()));
    window.shifts.observe({ type: "layout-shift" });
    window.movedNow = () => (sum(window.shifts.takeRecords()), window.moved);
    const refuse = (event) => window.refused.push(event.violatedDirective);
    document.addEventListener("securitypolicyviolation", refuse);
}"""


@pytest.fixture(scope="module")
def story_figures(story_site: Built) -> dict[str, Figure]:
    """Give the figures of the story by their ids."""
    return figures_of(story_site)


# --- every figure of the book, made live


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [NARROW, DESK], ids=["342px", "680px"])
@pytest.mark.parametrize("name", CHARTED)
def test_live_chart_lands_on_its_still(
    visit: Visitor, story_figures: dict[str, Figure], name: str, size: tuple[int, int], scheme: str
) -> None:
    """When a chart comes alive, nothing jumps: it looks like its still, and nothing around it moves."""
    seen = visit(name, size=size, color_scheme=scheme)
    seen.page.evaluate(_WATCH)

    for figure in figures_on(seen.page):
        stage, identity = figure.locator(".stage"), figure.get_attribute("id") or ""
        settle(seen.page)
        place, still = figure.bounding_box(), picture_of_png(stage.screenshot())
        moved = seen.page.evaluate("movedNow()")
        make_live(figure, story_figures[identity])

        assert figure.bounding_box() == place
        assert seen.page.evaluate("movedNow()") == moved
        share = differing_share(still, picture_of_png(stage.screenshot()))
        assert share <= MOST_DIFFERING, f"{share:.1%} of '{identity}' differ"
        undo_live(figure)


@pytest.mark.parametrize("name", CHARTED)
def test_live_charts_obey_the_policy_of_the_page(
    visit: Visitor, story_figures: dict[str, Figure], name: str
) -> None:
    """With all charts of a page live, of both libraries, nothing is refused, reported or asked of others."""
    seen = visit(name)
    seen.page.evaluate(_WATCH)

    for figure in figures_on(seen.page):
        make_live(figure, story_figures[figure.get_attribute("id") or ""])

    assert seen.page.evaluate("refused") == []
    assert seen.problems == []
    assert seen.elsewhere == []


@pytest.mark.parametrize("name", CHARTED)
def test_live_chart_is_undone_without_a_trace(
    visit: Visitor, story_figures: dict[str, Figure], name: str
) -> None:
    """A live chart that is given up leaves the page as the page was before."""
    seen = visit(name)

    for figure in figures_on(seen.page):
        make_live(figure, story_figures[figure.get_attribute("id") or ""])
        before, after = undo_live(figure)

        assert after == before


@pytest.mark.parametrize("name", ["book/share-of-women", "book/us-users"])
def test_figure_is_undone_without_a_trace(visit: Visitor, name: str) -> None:
    """Tabs, reading and the live chart together leave a figure as it was published."""
    seen = visit(name, size=PHONE)
    page = _without_scripts_of_ours(seen)

    for figure in page.locator("figure.figure").all():
        before = figure.evaluate("el => el.outerHTML")
        figure.evaluate(_MOUNT_FIGURE)
        _use(figure)
        figure.evaluate("el => window.undo()")

        page.wait_for_timeout(100)
        assert figure.evaluate("el => el.outerHTML") == before


_MOUNT_FIGURE = """async (el) => {
    const main = document.querySelector("script[type=module]").src;
    const { default: mount } = await import(main.replace("main.js", "figure.js"));
    window.undo = mount({ el });
}"""


def _without_scripts_of_ours(seen: Visit) -> Page:
    """Open the page again with nothing mounted on it."""
    seen.page.route("**/js/main.js*", lambda route: route.fulfill(body="", content_type="text/javascript"))
    seen.page.reload()
    return seen.page


def _use(figure: Locator) -> None:
    """Read a value, and make the chart live if it can be."""
    ready(figure)
    enter_by_keyboard(figure)
    figure.page.keyboard.press("ArrowRight")
    if figure.get_attribute("data-engine"):
        explore(figure)
    expect(figure.locator(".tab-chart")).to_have_attribute("open", "")


# --- the figures that readers can make live themselves


def test_book_has_live_charts(story_figures: dict[str, Figure]) -> None:
    """What the tests below promise is promised of something."""
    assert [one for one in story_figures.values() if one.tier == "live"]


@pytest.mark.parametrize("name", CHARTED)
def test_pointer_makes_a_chart_live_and_reads_it(visit: Visitor, name: str) -> None:
    """Who points at a live figure gets its own tooltips, saying what the table says, and no ring."""
    seen = visit(name)

    for figure in figures_on(seen.page, LIVE):
        rows, boxes = lines_of(figure), boxes_of(figure)
        seen.page.mouse.move(*boxes[0].centre)
        expect(figure.locator(".stage-live > .live svg").first).to_be_visible()
        for box in boxes:
            seen.page.mouse.move(1, 1)
            seen.page.mouse.move(*box.centre)

            told = _told_live(figure)
            near = [rows[one.row] for one in boxes if one.distance(*box.centre) <= 6 + POINT_PX]
            cells = [line.rpartition(": ")[2] for lines in near for line in lines]
            assert any(cell in told for cell in cells), (figure.get_attribute("id"), box, told)
            assert reading_of(figure).rings == []
    assert seen.problems == []


def _told_live(figure: Locator) -> str:
    """Give what a live chart tells of the mark under the pointer; Plotly has labels of its own."""
    tip = figure.page.locator(".tooltip:not([hidden])").or_(figure.locator(".hoverlayer .hovertext"))
    expect(tip.first).to_be_visible()
    return " ".join(tip.all_text_contents())


@pytest.mark.parametrize("name", CHARTED)
def test_finger_makes_a_chart_live(visit: Visitor, name: str) -> None:
    """A tap on a live figure starts it as Explore does, and the button says so."""
    seen = visit(name, size=PHONE, has_touch=True, is_mobile=True)

    for figure in figures_on(seen.page, LIVE):
        expect(figure.locator(".explore")).to_contain_text("Explore")
        seen.page.touchscreen.tap(*boxes_of(figure)[0].centre)

        expect(figure.locator(".stage-live > .live svg").first).to_be_visible()
        expect(figure.locator(".explore")).to_have_attribute("aria-disabled", "true")
        expect(figure.locator(".explore")).to_contain_text("Live")


@pytest.mark.parametrize("name", CHARTED)
def test_arrow_keys_read_a_live_chart(visit: Visitor, name: str) -> None:
    """The values that the arrow keys say stay to be had when a chart is live."""
    seen = visit(name)

    for figure in figures_on(seen.page, LIVE):
        rows, order = lines_of(figure), [row for rows in series_of(figure) for row in rows]
        explore(figure)
        enter_by_keyboard(figure)
        seen.page.keyboard.press("ArrowRight")

        assert reading_of(figure).said == "; ".join(rows[order[1]])
        assert figure.locator(".live").get_attribute("aria-hidden") == "true"


def test_live_chart_follows_the_theme_and_the_width(visit: Visitor) -> None:
    """Switching to dark or turning the phone never leaves a chart of other colours or another size."""
    seen = visit("book/share-of-women", color_scheme="light")
    figure = next(figures_on(seen.page, LIVE))
    explore(figure)

    seen.page.locator(".theme-switch").evaluate("el => el.click()")
    seen.page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    expect(figure.locator(".stage-live > .live")).to_have_attribute(
        "style", re.compile(r"width: 342px; .*scale\(1\)")
    )

    ready(figure)
    settle(seen.page)
    live = picture_of_png(figure.locator(".stage").screenshot())
    figure.locator(".stage").evaluate("el => el.classList.remove('stage-live')")
    still = picture_of_png(figure.locator(".stage").screenshot())
    assert differing_share(still, live) <= MOST_DIFFERING


@pytest.mark.parametrize("missing", ["**/engines/*.js*", "**/_figures/**/live*.json"], ids=["engine", "data"])
@pytest.mark.parametrize("name", CHARTED)
def test_chart_stays_when_what_it_loads_is_missing(visit: Visitor, name: str, missing: str) -> None:
    """A file that does not arrive takes nothing away: the still stays, and the page says nothing of it."""
    seen = visit(name)
    seen.page.route(missing, lambda route: route.fulfill(status=404, body="nothing here"))
    seen.page.reload()

    for figure in figures_on(seen.page, LIVE):
        before = figure.evaluate("el => el.outerHTML")
        with seen.page.expect_console_message(lambda said: "stays as it is" in said.text):
            figure.locator(".explore").click()

        expect(figure.locator(".still:visible svg")).to_be_visible()
        assert figure.evaluate("el => el.outerHTML") == before
    assert [one for one in seen.problems if "status of 404" not in one] == []
