"""Figures: a chart is published with title, alt text, method, source and data, or not at all."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import altair as alt
import pandas as pd
import plotly.graph_objects as go
import pytest

from sourcebook.datasets import dataset
from sourcebook.errors import FigureError
from sourcebook.facts import Fact
from sourcebook.figures import FIGURE_MIME, PALETTE, DataTable, Figure, figure, parse_figure
from sourcebook.figures import altair_charts as altair_side
from sourcebook.sources import Source
from sourcebook.testing import Book

ARRIVALS = """\
year,people,share,place,source_id,note
2023,1000,0.5,Zürich,reuters,
2024,,0.25,北京,xhs,estimate
"""
FIELDS = {"year": "integer", "people": "integer", "share": "number", "place": "string", "source_id": "string"}
XHS = Source("xhs", "小红书", "标题")


@pytest.fixture
def arrivals(book: Book, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """Give the table of a book in whose folder the author works; its rows cite two sources."""
    fields = [{"name": name, "type": kind} for name, kind in {**FIELDS, "note": "string"}.items()]
    book.write_package({"arrivals": fields})
    book.write("data/arrivals.csv", ARRIVALS)
    book.write("data/sources.csv", "source_id,publisher,title\nreuters,Reuters,A\nxhs,小红书,标题\n")
    monkeypatch.delenv("SOURCEBOOK_ROOT", raising=False)
    monkeypatch.chdir(book.root)
    return dataset("arrivals")


@pytest.fixture
def bars(arrivals: pd.DataFrame) -> Any:
    """Give an Altair chart in the house's violet."""
    return alt.Chart(arrivals).mark_bar(color=PALETTE["violet"]).encode(x="place:N", y="share:Q")


@pytest.fixture
def lines(arrivals: pd.DataFrame) -> Any:
    """Give a Plotly chart in the house's red, of one trace."""
    trace = go.Scatter(
        x=[2023, 2024], y=[0.5, 0.25], name="share", line={"color": PALETTE["red"].upper()}
    )  # fmt: skip
    return go.Figure(trace)


def complete(chart: Any, **told: Any) -> Figure:
    """Make a figure of a chart with all that it needs, but for what is told."""
    needed = {"id": "arrivals", "title": "Fewer came", "alt": "Bars: 0.5, then 0.25.", "method": "Counted."}
    return figure(chart, **{**needed, **told})


USERS = Fact("users", "users", Decimal(5), "users", as_of="2025-01", sources=(XHS,))


@pytest.mark.parametrize(
    ("name", "gap", "said"),
    [
        ("title", "", "has no title"),
        ("title", "  ", "has no title"),
        ("title", None, "has no title"),
        ("alt", "", "has no alt text"),
        ("alt", None, "has no alt text"),
        ("method", "", "has no method"),
        ("method", [], "has no method"),
        ("method", ["", " "], "has no method"),
        ("of", [], "has no source"),
        ("table", pd.DataFrame({"a": []}), "has no data table"),
        ("columns", {"place": "Place", "folk": "People"}, "shows no column 'folk'"),
    ],
)
def test_figure_is_refused_when_something_is_missing(
    bars: Any, arrivals: pd.DataFrame, name: str, gap: Any, said: str
) -> None:
    """A chart without one of the things around it is no figure; the error says what to pass."""
    with pytest.raises(FigureError, match=f"the figure 'arrivals' {said}") as caught:
        complete(bars, **{"of": arrivals, name: gap})

    assert caught.value.mend


@pytest.mark.parametrize(
    ("name", "asked"), [("title", "`title`"), ("alt", "`alt`"), ("method", "`method`"), ("of", "`of`")]
)
def test_refused_figure_says_what_to_pass(bars: Any, arrivals: pd.DataFrame, name: str, asked: str) -> None:
    """The mend names the very argument that is missing."""
    with pytest.raises(FigureError) as caught:
        complete(bars, **{"of": arrivals, name: [] if name == "of" else ""})

    assert asked in caught.value.mend


@pytest.mark.parametrize("figure_id", ["", "Arrivals", "arrivals_2", "2024-arrivals", "arrivals-", "a b"])
def test_figure_is_refused_when_its_id_is_unreadable(
    bars: Any, arrivals: pd.DataFrame, figure_id: str
) -> None:
    """An id names addresses and files: small letters, digits and hyphens, a letter first."""
    with pytest.raises(FigureError, match="is no readable id") as caught:
        complete(bars, of=arrivals, id=figure_id)

    assert "'women-by-source'" in caught.value.mend


@pytest.mark.parametrize("chart", [None, "chart.png", pd.DataFrame(), {"mark": "bar"}])
def test_figure_is_refused_when_the_chart_is_of_an_unknown_kind(arrivals: pd.DataFrame, chart: Any) -> None:
    """What is neither Altair's nor Plotly's is named, with what to pass."""
    with pytest.raises(FigureError, match=f"is given a {type(chart).__name__}") as caught:
        complete(chart, of=arrivals)

    assert caught.value.mend == "pass an Altair chart or a Plotly figure"


def test_figure_is_refused_when_its_rows_cite_an_unknown_source(bars: Any, arrivals: pd.DataFrame) -> None:
    """A made-up source id is told with the figure that rests on it and the nearest id."""
    made_up = arrivals.assign(source_id="reutres")

    with pytest.raises(FigureError, match=r"'arrivals' rests on unknown source 'reutres'") as caught:
        complete(bars, of=made_up)

    assert caught.value.mend == "did you mean 'reuters'?"


def test_figure_is_refused_when_a_composed_chart_has_no_table(bars: Any, arrivals: pd.DataFrame) -> None:
    """Where the data cannot be taken from the chart, the author is asked for the table."""
    beside = alt.Chart(pd.DataFrame({"a": [1]})).mark_bar().encode(y="a:Q")

    with pytest.raises(FigureError, match="has no data table") as caught:
        complete(alt.hconcat(bars, beside), of=USERS)

    assert "`table`" in caught.value.mend


def test_figure_cites_the_sources_of_its_data(bars: Any, arrivals: pd.DataFrame) -> None:
    """The source line is made from what the chart rests on: tables first, then facts, each once."""
    told = complete(bars, of=[USERS, arrivals])

    assert [source.id for source in told.sources] == ["reuters", "xhs"]
    assert (told.facts, told.as_of) == (("users",), "2025-01")


def test_figure_is_as_of_its_newest_part(bars: Any, arrivals: pd.DataFrame) -> None:
    """A table that dates its rows counts as the facts do: the newest date is told."""
    told = complete(bars, of=[USERS, arrivals.assign(as_of=["2024-12-31", "2025-02-01"])])

    assert told.as_of == "2025-02-01"


def test_figure_cites_only_the_rows_that_are_left(bars: Any, arrivals: pd.DataFrame) -> None:
    """A filtered table cites just the sources of its rows."""
    told = complete(bars, of=arrivals[arrivals["year"] == 2024])

    assert [source.id for source in told.sources] == ["xhs"]


def test_figure_cites_the_whole_dataset_when_rows_no_longer_say(bars: Any, arrivals: pd.DataFrame) -> None:
    """Without the column source_id, all sources of the dataset are named rather than none."""
    told = complete(bars, of=arrivals[["year", "share"]])

    assert [source.id for source in told.sources] == ["reuters", "xhs"]


def test_figure_rests_on_the_named_inputs_of_a_computed_fact(bars: Any, arrivals: pd.DataFrame) -> None:
    """A number without a name of its own is told by the facts it was computed from."""
    told = complete(bars, of=USERS / 2)

    assert told.facts == ("users",)


def test_figure_of_altair_has_colours_that_follow_the_theme(bars: Any, arrivals: pd.DataFrame) -> None:
    """The house's colours in an author's chart become custom properties: dark pages get dark charts."""
    told = complete(bars, of=arrivals)

    text = json.dumps(told.spec).lower()
    assert told.engine == "vega"
    assert told.spec["mark"] == {"type": "bar", "color": "var(--violet)"}
    assert [colour for colour in PALETTE.values() if colour in text] == []


def test_figure_of_plotly_has_colours_that_follow_the_theme(lines: Any, arrivals: pd.DataFrame) -> None:
    """Plotly's charts follow the theme as Altair's do, and lose Plotly's own template."""
    told = complete(lines, of=arrivals)

    text = json.dumps(told.spec).lower()
    assert told.engine == "plotly"
    assert told.spec["data"][0]["line"]["color"] == "var(--red)"
    assert "template" not in told.spec["layout"]
    assert [colour for colour in PALETTE.values() if colour in text] == []


def test_figure_of_plotly_says_bold_without_markup(arrivals: pd.DataFrame) -> None:
    """Markup in labels would become style attributes, which the pages refuse: bold is a font's weight."""
    chart = go.Figure(go.Scatter(x=[1], y=[1], text=["<b>most</b>"], mode="text"))
    chart.add_annotation(text="<b>least</b><br>of <i>all</i>", x=1, y=1)

    told = complete(chart, of=arrivals)

    (trace,), (note,) = told.spec["data"], told.spec["layout"]["annotations"]
    assert (trace["text"], trace["textfont"]["weight"]) == (["most"], 700)
    assert (note["text"], note["font"]["weight"]) == ("least<br>of all", 700)


def test_figure_keeps_what_its_author_set(arrivals: pd.DataFrame) -> None:
    """The house's looks give way to an author's own settings, one by one."""
    chart = alt.Chart(arrivals).mark_bar().encode(y="share:Q").configure_axis(labelFontSize=20)

    told = complete(chart, of=arrivals)

    assert told.spec["config"]["axis"]["labelFontSize"] == 20
    assert told.spec["config"]["axis"]["gridColor"] == "var(--rule)"


def test_figure_takes_large_data(arrivals: pd.DataFrame) -> None:
    """Altair's limit of 5,000 rows does not stop a figure."""
    many = pd.DataFrame({"x": range(6000), "y": 1.0, "source_id": "reuters"})

    told = complete(alt.Chart(many).mark_point().encode(x="x", y="y"), of=many)

    assert len(told.table.rows) == 6000


def test_data_table_of_altair_is_its_data(bars: Any, arrivals: pd.DataFrame) -> None:
    """A reader gets what is plotted, without the columns that only keep the books."""
    told = complete(bars, of=arrivals)

    assert [(column.label, column.is_numeric) for column in told.table.columns] == [
        ("year", True),
        ("people", True),
        ("share", True),
        ("place", False),
    ]
    assert told.table.rows == ((2023, 1000, 0.5, "Zürich"), (2024, None, 0.25, "北京"))


def test_data_table_of_layers_is_the_data_of_the_first(bars: Any, arrivals: pd.DataFrame) -> None:
    """A layered chart that draws one table shows that table."""
    told = complete(alt.layer(bars, bars.mark_text()), of=arrivals)

    assert len(told.table.rows) == 2


def test_data_table_of_plotly_has_a_row_a_point(lines: Any, arrivals: pd.DataFrame) -> None:
    """Every point of every trace is in the table, with the name of its series."""
    told = complete(lines, of=arrivals)

    assert told.table.rows == (("share", 2023, 0.5), ("share", 2024, 0.25))


def test_data_table_shows_the_columns_asked_for(bars: Any, arrivals: pd.DataFrame) -> None:
    """An author picks columns, orders them, and gives each its heading."""
    told = complete(bars, of=arrivals, columns={"place": "City", "share": "Share, %"})

    assert [column.label for column in told.table.columns] == ["City", "Share, %"]
    assert told.table.rows == (("Zürich", 0.5), ("北京", 0.25))


def test_data_table_may_be_given(bars: Any, arrivals: pd.DataFrame) -> None:
    """What an author gives as the table is shown in place of the chart's own data."""
    told = complete(bars, of=arrivals, table=pd.DataFrame({"a": [True], "day": [pd.Timestamp("2025-01-17")]}))

    assert told.table.rows == ((True, "2025-01-17"),)
    assert [column.is_numeric for column in told.table.columns] == [False, False]


def test_data_table_names_the_columns_it_has_when_one_is_missing(bars: Any, arrivals: pd.DataFrame) -> None:
    """A misspelt column is answered with those that there are."""
    with pytest.raises(FigureError) as caught:
        complete(bars, of=arrivals, columns={"plaice": "City"})

    assert "'place'" in caught.value.mend


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([1000, 2.5], ["1,000.0", "2.5"]),
        ([1234567, None], ["1,234,567", "–"]),
        ([0.12345, 1.0], ["0.123", "1.000"]),
        ([-1500], ["-1,500"]),
        ([True], ["True"]),
        ([], []),
    ],
)
def test_data_table_shows_numbers_of_a_column_alike(values: list[Any], texts: list[str]) -> None:
    """Numbers are grouped and have equal decimals, so that a column can be read downwards."""
    table = DataTable.from_json({"columns": [["n", True]], "rows": [[value] for value in values]})

    shown = table.texts()

    assert shown == [[text] for text in texts]


def test_data_table_shows_years_as_years(bars: Any, arrivals: pd.DataFrame) -> None:
    """A year is not a quantity: it has no comma."""
    told = complete(bars, of=arrivals, columns={"year": "Year"})

    assert told.table.texts() == [["2023"], ["2024"]]


@pytest.mark.parametrize("kind", ["bars", "lines"])
def test_figure_travels_through_a_notebook_unchanged(
    request: pytest.FixtureRequest, arrivals: pd.DataFrame, kind: str
) -> None:
    """What the kernel writes into its output is what the pages read."""
    chart = request.getfixturevalue(kind)
    one = complete(chart, of=[arrivals, USERS], method=["Counted.", "一段"], subtitle="sub", width="wide")
    bundle = one._repr_mimebundle_()

    back = parse_figure(json.loads(json.dumps(bundle[FIGURE_MIME])))

    assert back == one


def test_figure_shows_itself_in_any_notebook(bars: Any, arrivals: pd.DataFrame) -> None:
    """Other front ends get the library's own chart, with title and source, escaped."""
    told = complete(bars, of=arrivals, title="<b>Fewer</b> came")

    bundle = told._repr_mimebundle_()

    assert "&lt;b&gt;Fewer&lt;/b&gt; came" in bundle["text/html"]
    assert "Reuters, “A”" in bundle["text/html"]
    assert "vega" in bundle["text/html"]
    assert bundle["text/plain"] == "<b>Fewer</b> came\nBars: 0.5, then 0.25."


@pytest.mark.parametrize("width", [320, 640])
def test_still_of_a_chart_fits_and_follows_the_theme(bars: Any, arrivals: pd.DataFrame, width: int) -> None:
    """The still is the chart itself, as wide as asked, in custom properties and without styles."""
    spec = complete(bars, of=arrivals).spec

    still = altair_side.still(spec, width=width, prefix="arrivals")

    assert (still.width, still.height > 100) == (width, True)
    assert still.svg.count('fill="var(--violet)"') == 2
    assert ">北京</text>" in still.svg
    assert "style=" not in still.svg
    assert [colour for colour in PALETTE.values() if colour in still.svg.lower()] == []


def test_stills_of_two_charts_share_no_id(bars: Any, arrivals: pd.DataFrame) -> None:
    """Two drawings on one page do not refer into each other."""
    spec = complete(bars.mark_line(clip=True), of=arrivals).spec
    one, other = (altair_side.still(spec, width=320, prefix=prefix).svg for prefix in ("one", "other"))

    ids = [set(re.findall(r'\bid="([^"]+)"', text)) for text in (one, other)]

    assert ids[0]
    assert ids[0].isdisjoint(ids[1])
    assert set(re.findall(r"#([\w-]+)\)", one)) <= ids[0]


def test_still_is_the_same_each_time(bars: Any, arrivals: pd.DataFrame) -> None:
    """Equal charts give equal bytes, so that a build rewrites nothing without need."""
    spec = complete(bars, of=arrivals).spec

    stills = {altair_side.still(spec, width=320, prefix="p").svg for _ in range(2)}

    assert len(stills) == 1


def test_live_chart_is_compiled_for_the_browser(bars: Any, arrivals: pd.DataFrame) -> None:
    """The browser gets Vega, ready to draw, in colours that follow the theme."""
    spec = complete(bars, of=arrivals).spec

    live = altair_side.live_specification(spec, width=640)

    assert live["$schema"].startswith("https://vega.github.io/schema/vega/v")
    assert live["marks"]
    assert [colour for colour in PALETTE.values() if colour in json.dumps(live).lower()] == []
