"""Embeds in a real browser: alive on somebody else's page, as high as they need, whole without their site."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from embedded_book import (
    ENGINES,
    FIGURES,
    Reader,
    absolute,
    built_fixture,  # noqa: F401
    codes_in,
    expect_fitting,
    folder_of,
    frame_of,
    frozen_in,
    host_fixture,  # noqa: F401
    origin_fixture,  # noqa: F401
    reader_fixture,  # noqa: F401
    write_host,
)
from playwright.sync_api import Locator, Page, expect
from test_browser_access import AXE

from sourcebook.testing import Book, Built

pytestmark = pytest.mark.browser


# --- on another site


@pytest.mark.parametrize("figure_id", ENGINES)
def test_framed_figure_comes_alive_quietly(
    host: Reader, built: Built, origin: str, tmp_path: Path, figure_id: str
) -> None:
    """Both engines draw on somebody else's page without an error, a report, or a request elsewhere."""
    write_host(tmp_path, absolute(codes_in(built, figure_id)[0], origin))
    frame = frame_of(host.open("index.html"), figure_id)

    frame.locator(".explore").click()

    expect(frame.locator(ENGINES[figure_id]).first).to_be_visible()
    expect(frame.locator(".explore")).to_have_attribute("aria-disabled", "true")
    assert host.problems == []
    assert [one for one in host.asked if not one.startswith((host.home, origin, "data:"))] == []


def test_code_gives_its_frame_the_height_of_its_page(
    host: Reader, built: Built, origin: str, tmp_path: Path
) -> None:
    """Two embeds on one page each get their own height, also when a tab opens or the page narrows."""
    write_host(
        tmp_path,
        *(absolute(code, origin) for code in (codes_in(built, "bars")[0], codes_in(built, "long")[1])),
    )
    page = host.open("index.html")
    bars, long = frame_of(page, "bars"), frame_of(page, "long")
    before = expect_fitting(page, bars), expect_fitting(page, long)

    long.locator(".tab-table > summary").click()
    opened = expect_fitting(page, long)
    page.set_viewport_size({"width": 340, "height": 900})
    narrow = expect_fitting(page, bars)

    assert before[0] != before[1]
    assert opened > before[1] + 500
    assert narrow != before[0]
    assert host.problems == []


def test_code_hears_nobody_but_its_own_frame(host: Reader, built: Built, origin: str, tmp_path: Path) -> None:
    """Other windows cannot set the height, and the frame can set no height that is none."""
    write_host(tmp_path, absolute(codes_in(built, "bars")[0], origin))
    page = host.open("index.html")
    frame = frame_of(page, "bars")
    before = expect_fitting(page, frame)

    page.evaluate("postMessage({ type: 'sourcebook:height', id: 'bars', height: 999 }, '*')")
    for told in (
        "null",
        "'x'",
        "{ type: 'other', height: 9 }",
        "{ type: 'sourcebook:height', height: '9px' }",
    ):
        frame.evaluate(f"parent.postMessage({told}, '*')")
    page.wait_for_timeout(200)

    assert expect_fitting(page, frame) == before
    assert host.problems == []


def test_links_of_a_framed_figure_open_beside_the_page(
    host: Reader, built: Built, origin: str, tmp_path: Path
) -> None:
    """Who follows the link to the story keeps the page that they were reading."""
    write_host(tmp_path, absolute(codes_in(built, "bars")[0], origin))
    page = host.open("index.html")
    frame = frame_of(page, "bars")

    with page.expect_popup() as opened:
        frame.locator(".embed-foot a").click()

    assert opened.value.url == f"{origin}/book/index.html#bars"
    assert "/bars/embed.html" in frame.url
    assert host.problems == []


@pytest.mark.parametrize("figure_id", FIGURES)
def test_frozen_page_is_whole_when_all_else_is_gone(
    host: Reader, built: Built, tmp_path: Path, figure_id: str
) -> None:
    """Picture, numbers, method and source stay readable without any other file of the site."""
    path = tmp_path / "_figures" / figure_id / frozen_in(built, figure_id).name
    path.parent.mkdir(parents=True)
    shutil.copyfile(frozen_in(built, figure_id), path)
    page = host.open(path.relative_to(tmp_path).as_posix())

    expect(page.locator(".still:visible svg :is(path, line)").first).to_be_attached()
    page.locator(".tab-table > summary").click()
    expect(page.locator(".figure-table tbody tr").first).to_be_visible()
    page.locator(".tab-download > summary").click()
    with page.expect_download() as taken:
        page.locator(".downloads a").click()

    rows = Path(taken.value.path()).read_bytes()
    assert rows == (folder_of(built, figure_id) / f"{figure_id}.csv").read_bytes()
    assert [one for one in host.problems if "404" not in one] == []


def test_frozen_page_without_a_picture_is_its_table(
    host: Reader, built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the build could not draw, the frozen page holds the numbers, with and without its scripts."""
    copy = Book(built.site.parents[1]).copy_to(tmp_path / "undrawn")
    shutil.rmtree(copy.store.folder / "drawings")
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CHROMIUM", raising=False)
    undrawn = copy.build()
    address = frozen_in(undrawn, "dots").relative_to(tmp_path).as_posix()

    for scripts in (False, True):
        page = host.open(address, java_script_enabled=scripts)
        page.wait_for_timeout(300)
        expect(page.locator(".figure-table tbody tr")).to_have_count(3)
        expect(page.locator(".figure-table")).to_be_visible()
        expect(page.locator(".tab-chart > summary")).to_be_hidden()

    assert host.problems == []


def test_frozen_page_reads_values_off_its_still(reader: Reader, built: Built) -> None:
    """With the scripts, a pointer finds the values of the frozen copy."""
    page = reader.open(f"_figures/dots/{frozen_in(built, 'dots').name}")
    expect(page.locator(".figure-ready")).to_be_visible()

    page.locator(".reading").focus()
    page.keyboard.press("ArrowRight")

    expect(page.locator(".tooltip")).to_be_visible()
    assert reader.problems == []
    assert not [one for one in reader.asked if one.endswith(".json")]


# --- looks, access, copying


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 800])
@pytest.mark.parametrize("figure_id", FIGURES)
def test_embed_page_has_no_violation_that_axe_finds(
    reader: Reader, figure_id: str, width: int, scheme: str
) -> None:
    """Contrast, names, landmarks: each tab of an embed page keeps what a machine can check."""
    page = reader.open(f"_figures/{figure_id}/embed.html", width=width, color_scheme=scheme, bypass_csp=True)
    expect(page.locator(".figure-ready")).to_be_visible()
    page.add_script_tag(path=AXE)

    for tab in ("chart", "table", "method", "download"):
        page.locator(f".tab-{tab}").evaluate("el => { el.open = true }")
        found = page.evaluate("() => axe.run(document, { resultTypes: ['violations'] })")
        told = [(one["id"], node["html"]) for one in found["violations"] for node in one["nodes"]]
        sizes = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert told == []
        assert sizes[0] <= sizes[1]


def test_address_may_ask_for_a_theme(reader: Reader) -> None:
    """A page that is always dark can frame a dark figure; otherwise the reader's system decides."""
    shown = {}
    for scheme in ("light", "dark"):
        for query in ("", "?theme=dark", "?theme=light", "?theme=x"):
            page = reader.open(f"_figures/bars/embed.html{query}", color_scheme=scheme)
            expect(page.locator(".figure-ready")).to_be_visible()
            shown[scheme, query] = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")

    light, dark = shown["light", ""], shown["dark", ""]
    assert light != dark
    assert {shown[one, "?theme=dark"] for one in ("light", "dark")} == {dark}
    assert {shown[one, "?theme=light"] for one in ("light", "dark")} == {light}
    assert (shown["light", "?theme=x"], shown["dark", "?theme=x"]) == (light, dark)


def test_embed_page_is_as_before_when_its_script_is_undone(reader: Reader) -> None:
    """The script only adds: taken back, it leaves the page as it was published."""
    page = reader.open("book/index.html")
    page.route(re.compile(r"/js/embed\.js\?v=(?!again)"), lambda route: route.abort())
    page.goto(f"{reader.home}/_figures/bars/embed.html?theme=dark")

    before, during, after = page.evaluate(
        """async () => {
            const whole = () => document.documentElement.outerHTML;
            const before = whole();
            const { undo } = await import("../../_static/js/embed.js?v=again");
            await new Promise((done) => setTimeout(done, 500));
            const during = whole();
            undo();
            return [before, during, whole()];
        }"""
    )

    assert "figure-ready" in during
    assert 'data-theme="dark"' in during
    assert after == before


def test_code_is_as_before_when_its_button_is_undone(reader: Reader) -> None:
    """Neither the button nor the completed address is left."""
    page = reader.open("book/index.html")

    before, during, after = page.evaluate(
        """async () => {
            const el = document.querySelector(".copyable[data-address]");
            const block = el.parentElement;
            const before = block.outerHTML;
            const { default: mount } = await import("/_static/js/copy.js");
            const undo = mount({ el });
            const during = block.outerHTML;
            undo();
            return [before, during, block.outerHTML];
        }"""
    )

    assert "<button" in during
    assert f'src="{reader.home}/_figures/' in during
    assert after == before


def test_button_copies_the_code_with_its_full_address(reader: Reader, origin: str) -> None:
    """One press copies markup that works on any other site, and says so."""
    page = reader.open("book/index.html", permissions=["clipboard-read", "clipboard-write"])
    block = open_code(page, "../_figures/bars/embed.html")

    block.get_by_role("button", name="Copy: Embed it, with later corrections").click()

    expect(block.get_by_role("status")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f'<iframe src="{origin}/_figures/bars/embed.html" title="&lt;/script&gt;')
    assert reader.problems == []


def test_code_is_there_without_a_button_without_scripts(reader: Reader) -> None:
    """Nothing on the page does nothing: without scripts the code is there to be marked."""
    page = reader.open("book/index.html", java_script_enabled=False)

    block = open_code(page, "../_figures/bars/embed.html")

    expect(block.locator(".copyable")).to_be_visible()
    expect(block.get_by_role("button")).to_have_count(0)


def open_code(page: Page, address: str) -> Locator:
    """Open the part of the story that holds a code, and the tab around it; give that part."""
    code = page.locator(f".copyable[data-address='{address}']")
    code.evaluate(
        """el => {
            for (let up = el; up; up = up.parentElement) if (up.localName === "details") up.open = true;
        }"""
    )
    return page.locator("details.code-block").filter(has=code)
