"""Numbers in a real browser: their cards open for mouse, keyboard and finger, and fit a phone."""

from __future__ import annotations

import re
import time

import pytest
from browser_fixtures import CHARTED, PAGES, PHONE, Visit, Visitor
from playwright.sync_api import Locator, Page, Route, expect

pytestmark = pytest.mark.browser


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
