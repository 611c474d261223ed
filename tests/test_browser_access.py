"""Pages in a real browser: quiet, no wider than a phone, dark or light, and open to every reader."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import brotli
import pytest
from browser_fixtures import CHARTED, DESK, PAGES, PHONE, Visitor
from playwright.sync_api import Page, Request, expect
from shown_figures import enter_by_keyboard, explore, figures_on

from sourcebook.testing import Built

pytestmark = pytest.mark.browser

AXE = Path(__file__).parent / "tools" / "node_modules" / "axe-core" / "axe.min.js"
TABS = ("table", "method", "download", "chart")
MOST_SCRIPT_BYTES = 3_000


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


# --- what a page loads


@pytest.mark.parametrize("name", PAGES)
def test_page_loads_little_script_before_it_is_used(visit: Visitor, story_site: Built, name: str) -> None:
    """A reader who only scrolls pays for 3 KB of script at most, and for no chart library."""
    seen = visit("book/sources")
    asked: list[Request] = []
    seen.page.on("request", lambda request: asked.append(request))
    seen.page.goto(seen.page.url.replace("book/sources", name))
    seen.scroll_through()
    inline = seen.page.locator("script:not([src]):not([type])").all_text_contents()

    paths = [urlsplit(one.url).path.lstrip("/") for one in asked if one.resource_type == "script"]
    texts = [*((story_site.site / path).read_bytes() for path in paths), "".join(inline).encode()]
    sizes = dict(zip([*paths, "inline"], (len(brotli.compress(one)) for one in texts), strict=True))
    assert "_static/js/main.js" in sizes
    assert sum(sizes.values()) <= MOST_SCRIPT_BYTES, sizes


# --- accessibility


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_page_has_no_violation_that_axe_finds(visit: Visitor, name: str, scheme: str) -> None:
    """Contrast, names, roles, order: what a machine can check holds on every page, with any tab open."""
    seen = visit(name, color_scheme=scheme, bypass_csp=True)
    seen.scroll_through()

    assert _violations(seen.page, "document") == []
    figures = list(figures_on(seen.page))
    for tab in TABS if figures else ():
        for figure in figures:
            figure.locator(f".tab-{tab} > summary").evaluate("el => el.click()")
            expect(figure.locator(f".tab-{tab}")).to_have_attribute("open", "")
        assert _violations(seen.page, "'.figure'") == [], f"with the tab '{tab}' open"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", CHARTED)
def test_live_charts_have_no_violation_that_axe_finds(visit: Visitor, name: str, scheme: str) -> None:
    """A chart that is live, or being read, is as open to every reader as its still."""
    seen = visit(name, color_scheme=scheme, bypass_csp=True)

    for figure in figures_on(seen.page):
        if figure.get_attribute("data-engine"):
            explore(figure)
        enter_by_keyboard(figure)

    assert _violations(seen.page, "'.figure'") == []


def _violations(page: Page, where: str) -> list[str]:
    """Give what axe-core finds in a part of the page, one text a place."""
    if not AXE.is_file():
        pytest.fail(f"no axe-core\n  where: {AXE}\n  mend:  run `make test`", pytrace=False)
    if not page.evaluate("'axe' in window"):
        page.add_script_tag(path=AXE)
    found = page.evaluate(f"() => axe.run({where}, {{ resultTypes: ['violations'] }})")
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found["violations"]
        for node in one["nodes"]
    ]
