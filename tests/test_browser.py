"""The pages in a real browser: complete without scripts, quiet, reachable by keyboard, finger and ear."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Browser, Dialog, Locator, Page, Request, Route, expect, sync_playwright

from sourcebook.testing import Built

pytestmark = pytest.mark.browser

REPOSITORY = Path(__file__).parents[1]
AXE = Path(__file__).parent / "tools" / "node_modules" / "axe-core" / "axe.min.js"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
DESK, PHONE = (1280, 900), (390, 844)

_TOC = yaml.safe_load((REPOSITORY / "_toc.yml").read_text(encoding="utf-8"))
PAGES = [_TOC["root"], *(chapter["file"] for chapter in _TOC["chapters"])]
CHARTED = [page for page in PAGES if (REPOSITORY / f"{page}.ipynb").is_file()]

Visitor = Callable[..., "Visit"]


@dataclass
class Visit:
    """One reader's look at one page, and what went wrong while it lasted.

    Attributes:
        page: the browser's page.
        problems: errors of the console and of scripts, answers that were no success, dialogs.
        elsewhere: requests to any other site; none of them got through.
    """

    page: Page
    problems: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)

    def scroll_through(self) -> None:
        """Scroll to the end and back, so that all that waits for a reader has come."""
        self.page.evaluate(
            """async () => {
                for (let y = 0; y < document.body.scrollHeight; y += 500) {
                    scrollTo({ top: y, behavior: "instant" });
                    await new Promise((done) => setTimeout(done, 40));
                }
                scrollTo({ top: 0, behavior: "instant" });
            }"""
        )
        for figure in self.page.locator("figure[data-engine=plotly]").all():
            expect(figure.locator(".stage-live svg.main-svg").first).to_be_attached(timeout=15_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give the system's Chromium; it ends with this module, as its event loop is in the way of kernels."""
    path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    if not Path(path).is_file():
        pytest.fail(f"no browser\n  where: {path}\n  mend:  run `make test`", pytrace=False)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing of each request."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: Any) -> None:
        """Say nothing of a reader who leaves before a file has come."""


@contextmanager
def _served(site: Path) -> Iterator[str]:
    with _Server(("127.0.0.1", 0), partial(_Quiet, directory=str(site))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def story_origin(story_site: Built) -> Iterator[str]:
    """Give the address at which the story is served to this machine."""
    assert story_site.code == 0, story_site.output
    with _served(story_site.site) as origin:
        yield origin


@pytest.fixture(scope="module")
def harbour_origin(harbour_by_desk: Built) -> Iterator[str]:
    """Give the address at which the harbour, with its hostile texts, is served to this machine."""
    with _served(harbour_by_desk.site) as origin:
        yield origin


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """Give a function that opens a page as a new reader; every reader leaves when the test ends."""
    contexts = []

    def open_page(
        name: str, *, origin: str = "", size: tuple[int, int] = DESK, ready: bool = True, **looks: Any
    ) -> Visit:
        home = origin or request.getfixturevalue("story_origin")
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, **looks)
        contexts.append(context)
        context.set_default_timeout(15_000)
        seen = Visit(context.new_page())

        def let_through(route: Route, asked: Request) -> None:
            if asked.url.startswith((f"{home}/", "data:", "blob:")):
                return route.continue_()
            seen.elsewhere.append(asked.url)
            return route.abort()

        def dismiss(dialog: Dialog) -> None:
            seen.problems.append(f"dialog: {dialog.message}")
            dialog.dismiss()

        context.route("**/*", let_through)
        seen.page.on(
            "console", lambda said: seen.problems.append(said.text) if said.type == "error" else None
        )
        seen.page.on("pageerror", lambda error: seen.problems.append(str(error)))
        seen.page.on("dialog", dismiss)
        seen.page.goto(f"{home}/{name}.html", wait_until="load")
        if ready:
            seen.page.evaluate("() => document.fonts.ready.then(() => true)")
        return seen

    yield open_page
    for context in contexts:
        context.close()


# --- quiet pages


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("name", PAGES)
def test_page_is_quiet_and_fits(visit: Visitor, name: str, size: tuple[int, int]) -> None:
    """No error, no request to another site, and nothing to scroll sideways."""
    seen = visit(name, size=size)

    seen.scroll_through()

    widths = seen.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert seen.problems == []
    assert seen.elsewhere == []
    assert widths[0] <= widths[1]


@pytest.mark.parametrize("name", ["book/charts", "book/sources", "book/index"])
def test_hostile_text_does_nothing(visit: Visitor, harbour_origin: str, name: str) -> None:
    """No text of a table, a title or a source is ever run."""
    seen = visit(name, origin=harbour_origin)

    seen.scroll_through()
    for figure in seen.page.locator("figure[data-engine=vega]").all():
        _explore(figure)

    assert seen.problems == []
    assert seen.elsewhere == []
    assert seen.page.locator("img").count() == 0


def test_front_door_leads_to_the_front_page(visit: Visitor) -> None:
    """The bare address of the site is the story's front page."""
    seen = visit("index", ready=False)

    seen.page.wait_for_url("**/book/index.html")

    assert seen.elsewhere == []


# --- charts


@pytest.mark.parametrize("name", CHARTED)
def test_every_chart_draws(visit: Visitor, name: str) -> None:
    """An Altair chart is there as a still and comes alive on request; a Plotly chart comes by itself."""
    seen = visit(name)

    for figure in seen.page.locator("figure.figure").all():
        if figure.get_attribute("data-engine") == "plotly":
            _ready(figure)
            expect(figure.locator(".stage-live svg.main-svg").first).to_be_visible()
            _expect_marks(figure, ".main-svg .trace :is(path, text)")
        else:
            _expect_marks(figure, ".still:visible svg :is(path, rect, text)", least=6)
            _explore(figure)
            _expect_marks(figure, ".live svg [class*='mark-'][role] :is(path, line, text)")
    assert seen.problems == []


@pytest.mark.parametrize("name", CHARTED)
def test_live_chart_is_as_large_as_its_still(visit: Visitor, name: str) -> None:
    """Nothing on the page moves when a chart comes alive."""
    seen = visit(name, size=PHONE)
    figures = seen.page.locator("figure[data-engine=vega]").all()
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
    """A script that does not arrive takes nothing away: the still stays, or the table opens."""
    seen = visit("book/sources")
    seen.page.route("**/engines/*.js*", lambda route: route.abort())

    seen.page.goto(seen.page.url.replace("book/sources", name))

    for figure in seen.page.locator("figure.figure").all():
        _ready(figure)
        if figure.get_attribute("data-engine") == "vega":
            figure.locator(".explore").click()
            expect(figure.locator(".still:visible svg")).to_be_visible()
        else:
            expect(figure.locator(".figure-table")).to_be_visible()
    assert not [one for one in seen.problems if "Failed to load resource" not in one]


def _ready(figure: Locator) -> None:
    """Bring a figure into view, and wait until its script has taken it up."""
    figure.evaluate("el => el.scrollIntoView({ block: 'center', behavior: 'instant' })")
    expect(figure).to_have_class(re.compile(r"\bfigure-ready\b"))


def _explore(figure: Locator) -> None:
    """Ask for the live chart, unless the pointer has already: it may rest on the picture."""
    _ready(figure)
    button = figure.locator(".explore")
    button.evaluate("el => el.getAttribute('aria-disabled') === 'true' || el.click()")
    expect(figure.locator(".stage-live .live svg")).to_be_visible(timeout=15_000)
    expect(button).to_have_attribute("aria-disabled", "true")


def _expect_marks(figure: Locator, selector: str, *, least: int = 1) -> None:
    """Wait until a figure shows marks that have a size."""
    sizes = "all => all.map((e) => e.getBoundingClientRect()).filter((b) => b.width + b.height > 0).length"
    for _ in range(50):
        if figure.locator(selector).evaluate_all(sizes) >= least:
            return
        figure.page.wait_for_timeout(100)
    pytest.fail(f"the chart '{figure.get_attribute('id')}' shows no marks ({selector})", pytrace=False)


# --- without scripts


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


@pytest.mark.parametrize("name", CHARTED)
def test_number_shows_its_words_and_leads_to_its_entry_without_scripts(visit: Visitor, name: str) -> None:
    """A number is text, and a link to where it comes from."""
    seen = visit(name, java_script_enabled=False, ready=False)
    numbers = seen.page.locator(".fact-link")
    words = [one.strip() for one in numbers.all_inner_texts()]
    targets = [str(one.get_attribute("href")) for one in numbers.all()]

    numbers.first.focus()
    seen.page.keyboard.press("Enter")

    assert words
    assert all(re.search(r"\d", one) for one in words)
    assert all(seen.page.locator(f'[id="{one[1:]}"]').count() == 1 for one in targets)
    assert seen.page.url.endswith(targets[0])
    expect(seen.page.locator(f'[id="{targets[0][1:]}"]')).to_be_in_viewport()


# --- the card of a number


def test_card_opens_by_hover_and_closes_by_escape(visit: Visitor) -> None:
    """A mouse over a number shows where it comes from; Escape puts it away."""
    seen = visit("book/index")
    number = seen.page.locator(".fact").first

    number.locator(".fact-link").hover()
    _wait_for_cards(seen)
    expect(number.locator(".fact-card")).to_be_visible()
    opened = _overflow(seen.page, number)
    seen.page.keyboard.press("Escape")

    expect(number.locator(".fact-card")).to_be_hidden()
    assert opened == []


def test_card_opens_by_keyboard_and_closes_by_escape(visit: Visitor) -> None:
    """Who moves by keyboard meets every number, and its card."""
    seen = visit("book/index")
    number = seen.page.locator(".fact").first
    for _ in range(30):
        seen.page.keyboard.press("Tab")
        if number.locator(".fact-link").evaluate("el => el === document.activeElement"):
            break
    _wait_for_cards(seen)

    expect(number.locator(".fact-card")).to_be_visible()
    seen.page.keyboard.press("Escape")

    expect(number.locator(".fact-card")).to_be_hidden()
    expect(number.locator(".fact-link")).to_be_focused()


def test_card_opens_by_tap_and_closes_by_escape(visit: Visitor) -> None:
    """A finger opens the card first, and does not jump away."""
    seen = visit("book/index", size=PHONE, has_touch=True, is_mobile=True)
    _touch_first(seen)
    number = seen.page.locator(".fact").first

    number.locator(".fact-link").tap()
    expect(number.locator(".fact-card")).to_be_visible()
    opened = _overflow(seen.page, number)
    seen.page.keyboard.press("Escape")

    expect(number.locator(".fact-card")).to_be_hidden()
    assert opened == []
    assert "#" not in seen.page.url


def test_card_opens_by_the_very_first_tap_on_a_slow_network(visit: Visitor, story_origin: str) -> None:
    """A reader who has looked at the page for a while, and touches a number first, is not sent away."""
    seen = visit("book/sources", size=PHONE, has_touch=True, is_mobile=True)
    seen.page.route("**/js/fact.js*", _after_a_while)
    seen.page.goto(f"{story_origin}/book/index.html", wait_until="load")
    seen.page.wait_for_timeout(1_500)
    number = seen.page.locator(".fact").first

    number.locator(".fact-link").tap()

    expect(number.locator(".fact-card")).to_be_visible()
    assert "#" not in seen.page.url


def _after_a_while(route: Route) -> None:
    time.sleep(0.5)
    route.continue_()


def _touch_first(seen: Visit) -> None:
    """Touch the page somewhere, and wait until the cards' script has come."""
    seen.page.locator("h1").tap()
    _wait_for_cards(seen)


def _wait_for_cards(seen: Visit) -> None:
    """Wait until the cards' script has come, which it does at the first sign of a reader."""
    loaded = "performance.getEntriesByType('resource').some((e) => e.name.includes('/js/fact.js'))"
    for _ in range(100):  # not `wait_for_function`: it evaluates text, which the page's policy forbids
        seen.page.wait_for_timeout(50)
        if seen.page.evaluate(loaded):
            return seen.page.wait_for_timeout(150)
    pytest.fail("the script of the cards never came", pytrace=False)


def test_card_closes_by_a_tap_elsewhere(visit: Visitor) -> None:
    """A card does not stay in the way."""
    seen = visit("book/index", size=PHONE, has_touch=True, is_mobile=True)
    _touch_first(seen)
    number = seen.page.locator(".fact").first
    number.locator(".fact-link").tap()
    expect(number.locator(".fact-card")).to_be_visible()

    seen.page.locator("h1").tap()

    expect(number.locator(".fact-card")).to_be_hidden()


@pytest.mark.parametrize("name", PAGES)
def test_every_card_stays_inside_a_phone(visit: Visitor, name: str) -> None:
    """No card of any number is cut off at the side; nor above or below, if there is room for it at all."""
    seen = visit(name, size=PHONE)
    if seen.page.locator(".fact").count():
        seen.page.keyboard.press("Shift")
        _wait_for_cards(seen)

    cut = []
    for number in seen.page.locator(".fact").all():
        link = number.locator(".fact-link")
        link.evaluate("el => el.scrollIntoView({ block: 'center', behavior: 'instant' })")
        link.focus()
        expect(number.locator(".fact-card")).to_be_visible()
        cut.extend(_overflow(seen.page, number))

    assert cut == []


def _overflow(page: Page, number: Locator) -> list[str]:
    """Say on which sides a number's card leaves the window; one that fits nowhere may go on below it."""
    box, link = (
        number.locator(part).evaluate(
            "el => { const b = el.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom] }"
        )
        for part in (".fact-card", ".fact-link")
    )
    width, height = page.evaluate("[document.documentElement.clientWidth, innerHeight]")
    left, top, right, bottom = (round(one) for one in box)
    fits = bottom - top + 8 < max(link[1], height - link[3])
    sides = {"left": left < 0, "top": top < 0, "right": right > width, "bottom": bottom > height and fits}
    words = number.locator("data").inner_text()
    return [f"{words}: {side} of {box}" for side, is_cut in sides.items() if is_cut]


# --- the theme


def test_theme_switch_works_and_is_remembered(visit: Visitor) -> None:
    """A reader's choice of dark or light holds on every page, and after coming back."""
    seen = visit("book/index", color_scheme="light")
    light = _background(seen.page)

    seen.page.locator(".theme-switch").click()
    dark = _background(seen.page)
    seen.page.reload()
    again = _background(seen.page)
    seen.page.goto(seen.page.url.replace("book/index", "book/sources"))

    assert light != dark
    assert again == _background(seen.page) == dark
    expect(seen.page.locator(".theme-switch")).to_have_attribute("aria-pressed", "true")


def test_theme_follows_the_system_when_nothing_was_chosen(visit: Visitor) -> None:
    """A page opens as the reader's system looks, also without scripts."""
    light, dark = (
        _background(visit("book/index", color_scheme=scheme, java_script_enabled=False, ready=False).page)
        for scheme in ("light", "dark")
    )

    assert light != dark


def _background(page: Page) -> str:
    return str(
        page.evaluate(
            "() => [document.body, document.documentElement].map((e) => getComputedStyle(e).backgroundColor)"
            ".find((colour) => colour !== 'rgba(0, 0, 0, 0)')"
        )
    )


# --- accessibility


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_page_has_no_violation_that_axe_finds(visit: Visitor, name: str, scheme: str) -> None:
    """Contrast, names, roles, order: what a machine can check holds on every page, light and dark."""
    if not AXE.is_file():
        pytest.fail(f"no axe-core\n  where: {AXE}\n  mend:  run `make test`", pytrace=False)
    seen = visit(name, color_scheme=scheme, bypass_csp=True)
    seen.scroll_through()
    seen.page.add_script_tag(path=AXE)

    found = seen.page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")

    told = [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]
    assert told == []
