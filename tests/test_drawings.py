"""Drawings: made once by content, with a finding where one cannot be made or shows nothing."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import plotly.graph_objects as go
import pytest

from sourcebook.figures import Figure, parse_figure
from sourcebook.pages.drawings import Drawings

PAGE = "book/ships.ipynb"


@pytest.fixture
def bars() -> Figure:
    """Give a figure of Plotly's with two bars."""
    chart = go.Figure(go.Bar(x=["March", "April"], y=[455, 396]))
    return parse_figure(
        {
            "id": "ships",
            "title": "March was busy",
            "subtitle": "",
            "alt": "Two bars",
            "method": ["Counted"],
            "engine": "plotly",
            "spec": {"data": chart.to_plotly_json()["data"], "layout": {"height": 200}},
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


@pytest.mark.browser
def test_drawing_is_not_made_again(drawings: Drawings, bars: Figure, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was drawn once needs no browser any more."""
    drawings.make([(PAGE, bars)])
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CHROMIUM", raising=False)

    findings = drawings.make([(PAGE, bars)])

    assert findings == []
    assert len(drawings.of(bars).stills) == 2


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
