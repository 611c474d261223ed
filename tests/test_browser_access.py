"""Pages in a real browser: quiet, no wider than a phone, dark or light, and open to every reader."""

from __future__ import annotations

from pathlib import Path

import pytest
from browser_fixtures import DESK, PAGES, PHONE, Visitor
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

AXE = Path(__file__).parent / "tools" / "node_modules" / "axe-core" / "axe.min.js"


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


def test_front_door_leads_to_the_front_page(visit: Visitor) -> None:
    """The bare address of the site is the story's front page."""
    seen = visit("index", ready=False)

    seen.page.wait_for_url("**/book/index.html")

    assert seen.elsewhere == []


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
