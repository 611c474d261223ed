"""A real browser for tests: sites served to this machine, and readers who visit their pages."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import Browser, Dialog, Page, Request, Route, sync_playwright

from sourcebook.figures.browser import browser_flags
from sourcebook.testing import Built

REPOSITORY = Path(__file__).parents[1]
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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Give the system's Chromium; it ends with this module, as its event loop is in the way of kernels."""
    path = os.environ.get("CHROMIUM", "/usr/bin/chromium")
    if not Path(path).is_file():
        pytest.fail(f"no browser\n  where: {path}\n  mend:  run `make test`", pytrace=False)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=browser_flags())
        yield chromium
        chromium.close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing of each request."""


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: Any) -> None:
        """Say nothing of a reader who leaves before a file has come."""


@contextmanager
def served(site: Path) -> Iterator[str]:
    """Serve a site on this machine, at the address given."""
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
    with served(story_site.site) as origin:
        yield origin


@pytest.fixture(scope="module")
def harbour_origin(harbour_by_desk: Built) -> Iterator[str]:
    """Give the address at which the harbour, with its hostile texts, is served to this machine."""
    with served(harbour_by_desk.site) as origin:
        yield origin


@pytest.fixture(scope="module")
def origin_without_browser(harbour_without_browser: Built) -> Iterator[str]:
    """Give the address of the harbour as a machine without Chromium builds it."""
    with served(harbour_without_browser.site) as origin:
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
