"""Reading values off every still in a real browser: by arrow keys, by pointer and by finger."""

from __future__ import annotations

import pytest
from browser_fixtures import CHARTED, DESK, PHONE, Visitor
from playwright.sync_api import Locator, Route, expect
from shown_figures import (
    POINT_PX,
    Reading,
    boxes_of,
    enter_by_keyboard,
    figures_on,
    lines_of,
    reading_of,
    ready,
    series_of,
    settle,
    without_engines,
)

pytestmark = pytest.mark.browser

_SHAPES = """(el, [marks, near]) => {
    const still = [...el.querySelectorAll(".still")].find((each) => each.offsetWidth);
    const drawn = [...still.querySelectorAll("svg :is(path, rect, circle, line)")];
    const shapes = drawn.filter((one) => !one.closest("clipPath"))
        .map((one) => ({ one, box: one.getBoundingClientRect() }));
    const fits = ({ box }, mark) =>
        ["x", "y", "width", "height"].every((side) => Math.abs(box[side] - mark[side]) <= near);
    const sits = ({ one, box }, { x, y }) => {
        if (Math.hypot(box.x + box.width / 2 - x, box.y + box.height / 2 - y) <= near + 1) return true;
        const [stroke, fill] = ["stroke", "fill"].map((name) => one.getAttribute(name));
        if (!one.isPointInStroke || !stroke || fill !== "none") return false;
        return one.isPointInStroke(new DOMPoint(x, y).matrixTransform(one.getScreenCTM().inverse()));
    };
    const isDrawn = (mark) => shapes.some((shape) => (mark.width || mark.height ? fits : sits)(shape, mark));
    return marks.filter((mark) => !isDrawn(mark)).map((mark) => mark.row);
}"""
"""Gives the rows of marks at which the still on show draws nothing of that place and size."""

_STROKE_PX = 4  # a bar's outline, the half of a line's width, or a triangle's centre of gravity


# --- by keyboard


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("name", CHARTED)
def test_arrow_keys_read_every_row_of_the_table(visit: Visitor, name: str, size: tuple[int, int]) -> None:
    """Who cannot point hears every value of a chart, each once, and sees where it is drawn."""
    seen = visit(name, size=size)

    for figure in figures_on(seen.page):
        rows, stage = lines_of(figure), figure.locator(".stage").bounding_box()
        enter_by_keyboard(figure)
        walked = [reading_of(figure), *(_pressed(figure, "ArrowRight") for _ in rows[1:])]

        assert sorted(one.said for one in walked) == sorted("; ".join(lines) for lines in rows)
        assert [one.tip for one in walked if "; ".join(one.tip or []) != one.said] == []
        assert stage is not None
        for one in walked:
            assert one.rings, f"'{one.said}' is ringed nowhere in {figure.get_attribute('id')}"
            assert all(_holds(stage, ring) for ring in one.rings), one
    assert seen.problems == []


@pytest.mark.parametrize("name", CHARTED)
def test_arrow_keys_go_from_series_to_series(visit: Visitor, name: str) -> None:
    """Up and down compare two series at one place; without series they walk like left and right."""
    seen = visit(name)

    for figure in figures_on(seen.page):
        said = ["; ".join(lines) for lines in lines_of(figure)]
        series = series_of(figure)
        enter_by_keyboard(figure)

        first, last = series[0], series[-1]
        assert _pressed(figure, "End").said == said[first[-1]]
        assert _pressed(figure, "Home").said == said[first[0]]
        if len(series) == 1:
            assert _pressed(figure, "ArrowDown").said == said[first[1]]
            assert _pressed(figure, "ArrowUp").said == said[first[0]]
            continue
        assert _pressed(figure, "ArrowDown").said == said[series[1][0]]
        assert _pressed(figure, "ArrowUp").said == said[first[0]]
        assert _pressed(figure, "ArrowUp").said == said[first[0]]
        for _ in series:
            _pressed(figure, "ArrowDown")
        assert _pressed(figure, "End").said == said[last[-1]]
        assert _pressed(figure, "ArrowRight").said == said[last[-1]]


@pytest.mark.parametrize("name", CHARTED)
def test_escape_and_leaving_hide_what_is_read(visit: Visitor, name: str) -> None:
    """Nothing covers the chart longer than its reader wants, and the next key shows it again."""
    seen = visit(name)

    for figure in figures_on(seen.page):
        enter_by_keyboard(figure)
        assert _is_shown(_pressed(figure, "ArrowRight"))
        assert _is_gone(_pressed(figure, "Escape"))
        assert _is_shown(_pressed(figure, "ArrowLeft"))
        assert _is_gone(_pressed(figure, "Tab"))


# --- by pointer and by finger


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("name", CHARTED)
def test_pointer_reads_the_mark_under_it(visit: Visitor, name: str, size: tuple[int, int]) -> None:
    """Pointing at a mark tells that row's values, silently; pointing elsewhere takes them away."""
    seen = visit(name, size=size)
    without_engines(seen)

    for figure in figures_on(seen.page):
        silent, rows, boxes = reading_of(figure).said, lines_of(figure), boxes_of(figure)
        _start_by_pointer(figure)
        for box in boxes:
            seen.page.mouse.move(*box.centre)
            told = reading_of(figure)

            near = {one.row for one in boxes if one.distance(*box.centre) <= POINT_PX}
            assert told.tip in [rows[row] for row in near], (figure.get_attribute("id"), box)
            assert any(_distance(ring, box.centre) <= POINT_PX for ring in told.rings) or len(near) > 1
            assert told.said == silent
        seen.page.mouse.move(1, 1)
        assert _is_gone(reading_of(figure))


@pytest.mark.parametrize("name", CHARTED)
def test_finger_reads_the_mark_under_it(visit: Visitor, name: str) -> None:
    """A tap tells a row's values, and a tap elsewhere takes them away."""
    seen = visit(name, size=PHONE, has_touch=True, is_mobile=True)
    without_engines(seen)

    for figure in figures_on(seen.page):
        rows, boxes = lines_of(figure), boxes_of(figure)
        for box in boxes[:: max(1, len(boxes) // 6)]:
            seen.page.touchscreen.tap(*box.centre)
            expect(seen.page.locator(".tooltip")).to_be_visible()

            near = {one.row for one in boxes if one.distance(*box.centre) <= POINT_PX}
            assert reading_of(figure).tip in [rows[row] for row in near], (figure.get_attribute("id"), box)
        figure.locator(".figure-title").tap()
        assert _is_gone(reading_of(figure))


def test_finger_that_goes_from_figure_to_figure_reads_each(visit: Visitor) -> None:
    """All figures share one tooltip: reading one never takes away what the other has just told."""
    seen = visit("book/us-users", size=PHONE, has_touch=True, is_mobile=True)
    one, other = seen.page.locator("figure:not([data-engine])").all()[:2]

    for figure in (one, other, one, other):
        box = boxes_of(ready(figure))[0]
        seen.page.touchscreen.tap(*box.centre)
        expect(figure.locator(".ring").first).to_be_visible()

        assert reading_of(figure).tip == lines_of(figure)[box.row]
        assert seen.page.locator(".rings").count() == 1


def test_pointer_takes_over_from_the_keyboard(visit: Visitor) -> None:
    """A press, while this figure or another is read by keys, shows what was pressed."""
    seen = visit("book/us-users")
    one, other = seen.page.locator("figure:not([data-engine])").all()[:2]
    _start_by_pointer(other)

    for figure in (other, one):
        enter_by_keyboard(ready(one))
        box = boxes_of(ready(figure))[-1]
        seen.page.mouse.click(*box.centre)

        assert reading_of(figure).tip == lines_of(figure)[box.row]
        assert seen.page.locator(".rings").count() == 1


def test_focus_while_the_script_is_on_its_way_is_answered(visit: Visitor) -> None:
    """On a slow line a pointer may ask for the script and the keyboard may be there before it comes."""
    seen = visit("book/us-users")
    figure = next(figures_on(seen.page))
    held: list[Route] = []
    seen.page.route("**/marks.js*", lambda route: held.append(route))
    with seen.page.expect_request("**/marks.js*"):
        seen.page.mouse.move(*boxes_of(ready(figure))[0].centre)
    figure.locator(".tab-chart > summary").focus()
    figure.page.keyboard.press("Tab")
    expect(figure.locator(".reading")).to_be_focused()

    held.pop().continue_()

    expect(figure.locator(".reading")).not_to_have_attribute("aria-valuetext", "not read yet")


def test_escape_hides_what_a_pointer_reads(visit: Visitor) -> None:
    """A tooltip in the way goes without moving the pointer."""
    seen = visit("book/newcomers")
    figure = next(figures_on(seen.page))
    _start_by_pointer(figure)

    told = _pressed(figure, "Escape")

    assert _is_gone(told)


# --- what is pointed at


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("name", CHARTED)
def test_every_mark_is_where_the_still_draws_it(visit: Visitor, name: str, size: tuple[int, int]) -> None:
    """What is ringed is a bar, a dot or a point of a line, and never the empty paper beside it."""
    seen = visit(name, size=size)

    for figure in figures_on(seen.page):
        boxes = boxes_of(figure)
        assert {box.row for box in boxes} == set(range(len(lines_of(figure))))
        missing = figure.evaluate(_SHAPES, [[vars(box) for box in boxes], _STROKE_PX])
        assert missing == [], f"{figure.get_attribute('id')} draws nothing for these rows"


# --- help


def _pressed(figure: Locator, key: str) -> Reading:
    figure.page.keyboard.press(key)
    return reading_of(figure)


def _start_by_pointer(figure: Locator) -> None:
    """Point at the figure until it answers: what reads it comes with the first sign of a pointer."""
    box = boxes_of(ready(figure))[0]
    figure.page.mouse.move(*box.centre)
    expect(figure.page.locator(".tooltip")).to_be_visible()
    settle(figure.page)


def _is_shown(told: Reading) -> bool:
    return bool(told.tip and told.rings)


def _is_gone(told: Reading) -> bool:
    return told.tip is None and not told.rings


def _holds(box: dict[str, float], place: tuple[float, float]) -> bool:
    x, y = place
    return -1 <= x - box["x"] <= box["width"] + 1 and -1 <= y - box["y"] <= box["height"] + 1


def _distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    return float(((one[0] - other[0]) ** 2 + (one[1] - other[1]) ** 2) ** 0.5)
