"""Drawings made by several forks: each once, the same as those of one process, told in one order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from sourcebook.figures.browser import drawing_page
from sourcebook.pages.forks import Handed, Turns, in_forks

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")

DRAW = """
import json, sys
from pathlib import Path
from sourcebook.figures import Figure
from sourcebook.figures.tables import DataTable
from sourcebook.pages import drawings

def figure(name, engine, spec):
    return Figure(name, "t", "", "a", ("m",), engine, spec, DataTable((), ()), ())

def bars(number):
    values = [{"x": one, "y": number + one} for one in range(3)]
    encoding = {"x": {"field": "x"}, "y": {"field": "y", "type": "quantitative"}}
    return {"data": {"values": values}, "mark": "bar", "encoding": encoding, "height": 90}

def pies(number):
    return {"data": [{"type": "pie", "values": [1, number + 1]}], "layout": {"height": 90}}

shown = [
    (f"{engine}-{number}", figure(f"{engine}-{number}", engine, spec))
    for number in range(4)
    for engine, spec in (("plotly", pies(number)), ("vega", bars(number)))
]
shown.insert(2, ("broken-vega", figure("broken-vega", "vega", {"mark": "no such mark"})))
shown.insert(5, ("broken-plotly", figure("broken-plotly", "plotly", {"data": [None], "layout": {}})))
folder, hands = Path(sys.argv[1]), int(sys.argv[2])
drawings.processors = lambda: hands
then = lambda path, figure: (folder / "then" / path).touch(exist_ok=False)
(folder / "then").mkdir()
findings = drawings.Drawings(folder).make(shown, then=then)
print(json.dumps([[one.code, one.place.path] for one in findings]))
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the folder that holds what is temporary."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def _made(folder: Path, *, hands: int) -> tuple[list[list[str]], dict[str, str], set[str]]:
    """Draw in a process of its own; give what it told, the drawings, and what was done after each."""
    folder.mkdir()
    command = [sys.executable, "-c", DRAW, str(folder), str(hands)]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    drawn = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    return json.loads(told.stdout), drawn, {path.name for path in (folder / "then").iterdir()}


@pytest.mark.browser
def test_drawings_of_several_forks_are_those_of_one_process(tmp_path: Path) -> None:
    """How many processors a machine has changes no drawing and no finding, nor the order they are told in."""
    alone = _made(tmp_path / "alone", hands=1)

    together = _made(tmp_path / "together", hands=3)

    assert together == alone
    assert alone[0] == [["undrawn", "broken-vega"], ["undrawn", "broken-plotly"]]
    assert len(alone[1]) == len(alone[2]) == 8


def test_drawings_of_several_forks_do_without_a_browser(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Charts that need no browser are drawn where there is none; the others are one finding."""
    monkeypatch.setenv("CHROMIUM", "/bin/false")

    findings, drawn, _ = _made(tmp_path / "drawn", hands=2)

    assert findings == [["undrawn", "broken-vega"], ["no-browser", "plotly-0"]]
    assert len(drawn) == 4


def test_turns_are_taken_once_each() -> None:
    """No chart is drawn by two forks, and none is left out."""
    with closing(Turns(200)) as turns:
        taken = in_forks([partial(list, turns)] * 3)

    assert sorted(number for own in taken for number in own) == list(range(200))


def test_numbers_handed_on_are_taken_once_each_until_their_fork_ends() -> None:
    """Whoever takes what another fork drew waits for it, and no longer than it lives."""
    with closing(Handed()) as handed:

        def hand_on() -> list[int]:
            for number in range(50):
                handed.hand(number)
            return []

        def take() -> list[int]:
            handed.end()
            return list(handed)

        taken = in_forks([hand_on, take, take], begun=handed.end)

    assert sorted(number for own in taken for number in own) == list(range(50))


@pytest.mark.browser
def test_browser_leaves_nothing_behind(temporary: Path) -> None:
    """A build leaves no profile of a browser on the author's machine."""
    with drawing_page(CHROMIUM) as draw:
        svg, _ = draw({"data": [], "layout": {}, "marked": False}, 200, 100)
        during = list(temporary.iterdir())

    assert svg.startswith("<svg")
    assert len(during) == 1
    assert list(temporary.iterdir()) == []


@pytest.mark.browser
def test_page_asks_nobody_but_the_theme(temporary: Path) -> None:
    """A chart that names an address on the net is drawn without it: nothing leaves the machine."""
    picture = {"source": "http://example.org/a.png", "x": 0, "y": 1, "sizex": 1, "sizey": 1}

    with drawing_page(CHROMIUM) as draw:
        svg, _ = draw({"data": [], "layout": {"images": [picture]}, "marked": False}, 200, 100)

    assert svg.startswith("<svg")
