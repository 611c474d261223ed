"""Figures as a browser shows them, for tests: rows, marks, what is read off them, the live chart."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from browser_fixtures import Visit
from playwright.sync_api import Locator, Page, expect

from sourcebook.figures import FIGURE_MIME, Figure, altair_charts, parse_figure, plotly_charts
from sourcebook.testing import Book, Built

POINT_PX = 1.5
"""How far apart two places may be and still be one: marks are kept in whole px, and stills are scaled."""

_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
_TABLE = """el => ({
    heads: [...el.querySelectorAll(".figure-table thead th")].map((cell) => cell.textContent),
    rows: [...el.querySelectorAll(".figure-table tbody tr")].map((row) =>
        [...row.children].map((cell) => cell.textContent)),
})"""
_MARKS = r"""el => {
    const still = [...el.querySelectorAll(".still")].find((each) => each.offsetWidth);
    const corner = still.getBoundingClientRect(), scale = corner.width / still.dataset.width;
    return still.dataset.marks.split(" ").map((mark) => {
        const [row, x, y, width = 0, height = 0] = mark.split(/[:,]/).map(Number);
        const [left, top] = [corner.x + x * scale, corner.y + y * scale];
        return { row, x: left, y: top, width: width * scale, height: height * scale };
    });
}"""
_STATE = """el => {
    const tip = document.querySelector(".tooltip:not([hidden])");
    return {
        said: el.querySelector(".reading")?.getAttribute("aria-valuetext"),
        tip: tip && [...tip.children].map((line) => line.textContent),
        rings: [...el.querySelectorAll(".ring")].map((ring) => {
            const { x, y, width, height } = ring.getBoundingClientRect();
            return [x + width / 2, y + height / 2];
        }),
    };
}"""
_MOUNT = """async (el, [engine, address]) => {
    if (engine) {
        el.dataset.engine = engine;
        el.querySelectorAll(".still").forEach((still) => (still.dataset.spec = address));
    }
    const before = el.outerHTML;
    const main = document.querySelector("script[type=module]").src;
    const { default: mount } = await import(main.replace("main.js", "live.js"));
    const undo = await mount({ el });
    (window.undone ??= new Map()).set(el.id, () => (undo(), [before, el.outerHTML]));
}"""


@dataclass(frozen=True)
class Box:
    """A mark on the screen, in px of the window."""

    row: int
    x: float
    y: float
    width: float
    height: float

    @property
    def centre(self) -> tuple[float, float]:
        """Where a reader points at it."""
        return self.x + self.width / 2, self.y + self.height / 2

    def distance(self, x: float, y: float) -> float:
        """How far a place is from the mark, in px."""
        across = max(self.x - x, 0, x - self.x - self.width)
        along = max(self.y - y, 0, y - self.y - self.height)
        return float((across**2 + along**2) ** 0.5)


@dataclass(frozen=True)
class Reading:
    """What a figure tells its reader at a moment.

    Attributes:
        said: the value text of the slider.
        tip: lines of the tooltip, None if it is hidden.
        rings: centres of the rings, in px of the window.
    """

    said: str
    tip: list[str] | None
    rings: list[tuple[float, float]]


def figures_on(page: Page, selector: str = "figure.figure") -> Iterator[Locator]:
    """Give the figures of a page, each in view and taken up by its script."""
    for figure in page.locator(selector).all():
        yield ready(figure)


def ready(figure: Locator) -> Locator:
    """Bring a figure into view, and wait until its script has taken it up."""
    figure.evaluate(
        "el => (el.querySelector('.stage') ?? el).scrollIntoView({ block: 'center', behavior: 'instant' })"
    )
    expect(figure).to_have_class(re.compile(r"\bfigure-ready\b"))
    return figure


def lines_of(figure: Locator) -> list[list[str]]:
    """Give what readers are to be told of each row: its first cell, and each other by its heading."""
    table = figure.evaluate(_TABLE)
    return [
        [
            text if column == 0 else f"{head}: {text}"
            for column, (head, text) in enumerate(zip(table["heads"], row, strict=True))
        ]
        for row in table["rows"]
    ]


def series_of(figure: Locator) -> list[list[int]]:
    """Give the rows of each series of a figure in the order of the table; all rows if it has none."""
    rows = figure.evaluate(_TABLE)["rows"]
    column = figure.locator(".stage").get_attribute("data-series")
    if column is None:
        return [list(range(len(rows)))]
    names = [row[int(column)] for row in rows]
    return [[number for number, one in enumerate(names) if one == name] for name in dict.fromkeys(names)]


def boxes_of(figure: Locator) -> list[Box]:
    """Give the marks of the still on show."""
    return [Box(**one) for one in figure.evaluate(_MARKS)]


def reading_of(figure: Locator) -> Reading:
    """Give what a figure tells now."""
    told = figure.evaluate(_STATE)
    return Reading(told["said"] or "", told["tip"], [(x, y) for x, y in told["rings"]])


def enter_by_keyboard(figure: Locator) -> None:
    """Tab from the figure's first tab into its stage, and wait until it says its first value."""
    figure.locator(".tab-chart > summary").focus()
    figure.page.keyboard.press("Tab")
    expect(figure.locator(".reading")).to_be_focused()
    expect(figure.locator(".reading")).not_to_have_attribute("aria-valuetext", "not read yet")


def without_engines(seen: Visit) -> None:
    """Have no chart library arrive, and open the page again: all figures stay stills."""
    seen.page.route("**/engines/**", lambda route: route.fulfill(status=404, body=""))
    seen.page.reload()


def explore(figure: Locator) -> None:
    """Ask for the live chart, unless the pointer has already: it may rest on the picture."""
    button = ready(figure).locator(".explore")
    button.evaluate("el => el.getAttribute('aria-disabled') === 'true' || el.click()")
    expect(figure.locator(".stage-live .live svg").first).to_be_visible(timeout=15_000)
    expect(button).to_have_attribute("aria-disabled", "true")


def make_live(figure: Locator, told: Figure) -> None:
    """Draw a figure live over its still, also one that the page has no specification for."""
    width = int(
        figure.evaluate("el => [...el.querySelectorAll('.still')].find((s) => s.offsetWidth).dataset.width")
    )
    adapter = plotly_charts if told.engine == "plotly" else altair_charts
    spec = adapter.live_specification(told.spec, width=width)
    name = f"specification-{told.id}-{width}.json"
    figure.page.route(f"**/{name}", lambda route: route.fulfill(json=spec))
    figure.evaluate(_MOUNT, [told.engine, name])
    expect(figure.locator(".stage-live > .live svg").first).to_be_visible()
    settle(figure.page)


def undo_live(figure: Locator) -> tuple[str, str]:
    """Undo `make_live`; give the figure's markup before it and after the undo."""
    before, after = figure.evaluate("el => window.undone.get(el.id)()")
    return before, after


def settle(page: Page) -> None:
    """Wait until what was drawn is on the screen."""
    page.evaluate(_FRAMES)


def figures_of(built: Built) -> dict[str, Figure]:
    """Give every figure of a built book by its id, as its stories made it."""
    book = Book(built.site.parents[1])
    outputs = (
        output.get("data", {})
        for path in book.stories
        for cell in book.executed(path).cells
        for output in cell.get("outputs", [])
    )
    found = (parse_figure(_parsed(data[FIGURE_MIME])) for data in outputs if FIGURE_MIME in data)
    return {one.id: one for one in found}


def _parsed(told: Any) -> Any:
    return json.loads(told) if isinstance(told, str) else told
