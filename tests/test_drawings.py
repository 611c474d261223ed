"""Drawings: made once by content, with a finding where one cannot be made or shows nothing."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import altair as alt
import pandas as pd
import plotly.graph_objects as go
import pytest

from sourcebook.figures import Figure, altair_charts, parse_figure
from sourcebook.figures.marks import Mark
from sourcebook.pages.drawings import Drawing, Drawings

PAGE = "book/ships.ipynb"


@pytest.fixture
def bars() -> Figure:
    """Give a figure of Plotly's with two bars."""
    chart = go.Figure(go.Bar(x=["March", "April"], y=[455, 396]))
    spec = {"data": chart.to_plotly_json()["data"], "layout": {"height": 200}, "rows": [[0, 1]]}
    return _figure("plotly", spec)


@pytest.fixture
def dots() -> Figure:
    """Give a figure of Altair's with two dots."""
    frame = pd.DataFrame({"month": ["March", "April"], "ships": [455, 396]})
    chart = alt.Chart(frame).mark_point().encode(x="month:N", y="ships:Q").properties(height=150)
    return _figure("vega", altair_charts.with_rows(altair_charts.specification(chart), chart, frame))


def _figure(engine: str, spec: dict[str, object]) -> Figure:
    return parse_figure(
        {
            "id": "ships",
            "title": "March was busy",
            "subtitle": "",
            "alt": "Two bars",
            "method": ["Counted"],
            "engine": engine,
            "spec": spec,
            "as_of": "",
            "width": "text",
            "facts": [],
            "sources": [],
            "table": {"columns": [["Month", False]], "rows": [["March"], ["April"]]},
        }
    )


@pytest.fixture
def drawings(tmp_path: Path) -> Drawings:
    """Give an empty folder of drawings."""
    return Drawings(tmp_path / "drawings")


@pytest.mark.browser
def test_plotly_figure_is_drawn_in_the_widths_of_the_design(drawings: Drawings, bars: Figure) -> None:
    """A reader on a phone and one at a desk each get a picture made for them."""
    findings = drawings.make([(PAGE, bars)])

    stills = drawings.of(bars).stills
    assert findings == []
    assert [(one.width, one.height) for one in stills] == [(342, 200), (680, 200)]
    assert all("March" in one.svg and "style=" not in one.svg for one in stills)
    assert all({mark.row for mark in one.marks} == {0, 1} for one in stills)


@pytest.mark.parametrize(("width", "widths"), [("text", [342, 680]), ("wide", [342, 680, 1080])])
def test_altair_figure_is_drawn_in_the_widths_of_the_design(
    drawings: Drawings, dots: Figure, width: str, widths: list[int]
) -> None:
    """A wide figure has one drawing more; each has what a live chart is drawn from at that width."""
    figure = dataclasses.replace(dots, width=width, tier="live")

    findings = drawings.make([(PAGE, figure)])

    drawing = drawings.of(figure)
    assert findings == []
    assert [one.width for one in drawing.stills] == widths
    assert sorted(drawing.live) == widths
    assert all(len(one.marks) == 2 for one in drawing.stills)


@pytest.mark.browser
def test_plotly_figure_is_drawn_live_from_one_specification(drawings: Drawings, bars: Figure) -> None:
    """Plotly fits any width: nothing is kept twice, and nothing at all for a figure that is never live."""
    live = dataclasses.replace(bars, tier="live")

    drawings.make([(PAGE, bars), (PAGE, live)])

    assert [list(drawings.of(one).live) for one in (bars, live)] == [[], [0]]


@pytest.mark.browser
def test_drawing_is_not_made_again(drawings: Drawings, bars: Figure, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was drawn once needs no browser any more."""
    drawings.make([(PAGE, bars)])
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CHROMIUM", raising=False)

    findings = drawings.make([(PAGE, bars)])

    assert findings == []
    assert len(drawings.of(bars).stills) == 2


def test_kept_drawing_is_read_as_it_was_made(drawings: Drawings, dots: Figure) -> None:
    """What later builds show is what the first one showed, marks and all."""
    drawings.make([(PAGE, dots)])
    first = drawings.of(dots)

    again = Drawings(drawings.folder).of(dots)

    assert again == first
    assert isinstance(again, Drawing)
    assert isinstance(again.stills[0].marks[0], Mark)


def test_changed_chart_is_drawn_again(drawings: Drawings, dots: Figure) -> None:
    """Another chart under the same id has another drawing, and its page is written anew."""
    drawings.make([(PAGE, dots)])
    changed = dataclasses.replace(dots, spec={**dots.spec, "height": 200})

    before = drawings.state(changed)
    drawings.make([(PAGE, changed)])

    assert before != drawings.state(dots)
    assert drawings.state(changed) != before
    assert drawings.of(changed).stills[0].height > drawings.of(dots).stills[0].height


def test_missing_browser_is_a_finding(
    drawings: Drawings, bars: Figure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The author hears which page is concerned, and how to mend it."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CHROMIUM", raising=False)

    (finding,) = drawings.make([(PAGE, bars)])

    assert finding.code == "no-browser"
    assert finding.place.path == PAGE
    assert "there is no Chromium on this machine" in finding.what
    assert drawings.of(bars).stills == ()


def test_browser_that_does_not_start_is_a_finding(
    drawings: Drawings, bars: Figure, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser that is there but broken is told apart from none, and nothing crashes."""
    monkeypatch.setenv("CHROMIUM", "/bin/false")

    (finding,) = drawings.make([(PAGE, bars)])

    assert finding.code == "no-browser"
    assert "the browser '/bin/false' does not start" in finding.what


@pytest.mark.browser
def test_empty_picture_is_a_finding_and_is_not_kept(drawings: Drawings, bars: Figure) -> None:
    """A chart that leaves no mark is never published as a picture of nothing."""
    axes, clear = {"visible": False}, "rgba(0,0,0,0)"
    layout = {"xaxis": axes, "yaxis": axes, "paper_bgcolor": clear, "plot_bgcolor": clear}
    empty = dataclasses.replace(bars, spec={"data": [], "layout": layout})

    (finding,) = drawings.make([(PAGE, empty)])

    assert finding.code == "blank-still"
    assert drawings.of(empty).stills == ()


def test_drawing_that_a_page_cannot_show_is_a_finding(drawings: Drawings, dots: Figure) -> None:
    """A still that lost something of its drawing, here its blending, is never published."""
    frame = pd.DataFrame({"y": [1, 1], "z": ["a", "b"]})
    bar = {"y": alt.Y("y:Q", stack=None), "detail": "z:N"}
    chart = alt.Chart(frame).mark_bar(blend="difference", color="#ffffff", size=300).encode(**bar)
    blended = dataclasses.replace(dots, spec=altair_charts.specification(chart.properties(height=150)))

    (finding,) = drawings.make([(PAGE, blended)])

    assert finding.code == "unlike-still"
    assert "of the still of the figure 'ships' differ" in finding.what
    assert drawings.of(blended).stills == ()


def test_drawing_of_very_many_marks_becomes_a_picture(drawings: Drawings, dots: Figure) -> None:
    """A page never weighs megabytes for a cloud of dots; the author is told in every build."""
    frame = pd.DataFrame({"x": range(6000), "y": [number * 7 % 1000 for number in range(6000)]})
    chart = alt.Chart(frame).mark_point().encode(x="x:Q", y="y:Q").properties(height=150)
    with alt.data_transformers.enable("default", max_rows=None):
        cloud = dataclasses.replace(dots, spec=altair_charts.specification(chart))

    (finding,) = drawings.make([(PAGE, cloud)])
    (again,) = drawings.make([(PAGE, cloud)])

    assert finding.code == "heavy-still"
    assert again == finding
    for still in drawings.of(cloud).stills:
        assert still.svg.startswith('<img class="still-picture" alt="" src="data:image/png;base64,')
        assert still.marks == ()


def test_chart_that_cannot_be_drawn_is_a_finding(drawings: Drawings, dots: Figure) -> None:
    """One broken chart leaves the other figures of the book drawn."""
    broken = dataclasses.replace(dots, id="broken", spec={"mark": "no such mark", "encoding": {}})

    findings = drawings.make([("book/broken.ipynb", broken), (PAGE, dots)])

    assert [(one.code, one.place.path) for one in findings] == [("undrawn", "book/broken.ipynb")]
    assert "the figure 'broken' has no still" in findings[0].what
    assert len(drawings.of(dots).stills) == 2
