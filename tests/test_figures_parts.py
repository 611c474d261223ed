"""Words and colours in charts: labels beside marks, notes at places, ticks in words, colour by meaning."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Any

import altair as alt
import pandas as pd
import plotly.graph_objects as go
import pytest
from drawn_parts import sketch

from sourcebook.errors import FigureError
from sourcebook.facts import Fact, quantity
from sourcebook.figures import PALETTE, altair_charts
from sourcebook.figures.parts.chart_words import cut, width_of, worded
from sourcebook.figures.parts.labels import label, note, ticks
from sourcebook.figures.parts.line_ends import APART_PX, spread
from sourcebook.figures.parts.meaning import colour_by, colour_map, colour_of, colours_of, text_colour_of

WIDTHS = (342, 680)
NEWCOMERS = Fact(
    "new", "new", Decimal(700_000), "users", lower=Decimal(700_000), wording="more than", digits=1
)
ABOUT = Fact("all", "all", Decimal(170_000_000), "users", wording="about", digits=2)
HOSTILE = [
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)",
    "مرحبا بالعالم",
    "小红书用户",
    "x" * 10_000,
]


def crowds(values: list[Any], names: list[str] | None = None) -> pd.DataFrame:
    """Give a table of crowds, named by their numbers if no names are given."""
    return pd.DataFrame({"crowd": names or [f"Crowd {one}" for one in range(len(values))], "people": values})


def bars(table: pd.DataFrame) -> Any:
    """Give horizontal bars of a table of crowds."""
    y = alt.Y("crowd:N", sort=None, title=None)
    return alt.Chart(table).mark_bar().encode(y=y, x=alt.X("people:Q", title=None))


def lines() -> Any:
    """Give two lines that end close to each other, and a third."""
    rows = [
        (app, year, first + 10 * year)
        for app, first in (("A", 100), ("B", 102), ("C", 10))
        for year in (1, 2)
    ]
    table = pd.DataFrame(rows, columns=["app", "year", "users"])
    colour = colour_by("app", {"A": "newcomers", "B": "violet"})
    return alt.Chart(table).mark_line().encode(x="year:Q", y="users:Q", color=colour)


@pytest.mark.parametrize("width", WIDTHS)
def test_label_stands_at_each_bar_within_the_drawing(width: int) -> None:
    """Readers see every number on a phone and at a desk, and none is cut off."""
    chart = label(bars(crowds([300e6, 170e6, 7e5])), [quantity(300e6, "users"), ABOUT, NEWCOMERS])

    drawn = sketch(chart, width)

    assert {"300M", "170M", "more than 700K"} <= set(drawn.words)
    assert (drawn.width, drawn.spilled) == (width, 0)


def test_sketch_sees_what_stands_outside() -> None:
    """The measure of these tests fails where Vega's own fit cuts words off."""
    table = crowds([1.0, 0.93], ["A name that takes much room", "B"])
    chart = label(bars(table).encode(x=alt.X("people:Q", scale=alt.Scale(domain=[0, 1.3]))), ["", "a" * 24])
    spec = {
        **altair_charts.specification(chart),
        "width": 342,
        "autosize": {"type": "fit-x", "contains": "padding"},
    }

    cut_off = sketch(chart, 342).__class__(_drawn_by_vega(spec), 342, 100)

    assert cut_off.spilled > 0
    assert sketch(chart, 342).spilled == 0


def _drawn_by_vega(spec: dict[str, Any]) -> str:
    import vl_convert

    from sourcebook.figures.looks import with_light_colours

    return str(vl_convert.vegalite_to_svg(with_light_colours(spec), vl_version="6.1"))


def test_labels_are_bold_without_markup() -> None:
    """Weight is a property of the text; nothing has to be escaped or stripped later."""
    drawn = sketch(label(bars(crowds([3.0]))), 342)

    assert 'font-weight="bold"' in drawn.still
    assert "<b>" not in str(altair_charts.specification(label(bars(crowds([3.0])))))


def test_label_words_values_when_no_words_are_given() -> None:
    """Left alone, a label is the number, as CLDR words it in tight places."""
    drawn = sketch(label(bars(crowds([1_234_567.0, 50.0]))), 342)

    assert {"1.235M", "50"} <= set(drawn.words)


def test_label_takes_a_column_of_words() -> None:
    """Words that stand in the table already are named by their column, whatever it is called."""
    table = crowds([3.0, 2.0]).assign(**{"in.words [x]": ["three", "two"]})

    drawn = sketch(label(bars(table), "in.words [x]"), 342)

    assert {"three", "two"} <= set(drawn.words)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("width", WIDTHS)
def test_label_shows_hostile_text_as_text(text: str, width: int) -> None:
    """Whatever a table holds is letters in the drawing; what is too long ends with an ellipsis."""
    drawn = sketch(label(bars(crowds([3.0, 2.0])), [text, "two"]), width)

    shown = next(
        one for one in drawn.words if one not in {"two", "Crowd 0", "Crowd 1"} and not one[0].isdigit()
    )
    assert text.startswith(shown.removesuffix("…"))
    assert "<img" not in drawn.still
    assert "<script" not in drawn.still
    assert (drawn.width, drawn.spilled) == (width, 0)


def test_label_leaves_out_missing_values() -> None:
    """A row without a number has no mark and no word, and the others keep theirs."""
    drawn = sketch(label(bars(crowds([3.0, float("nan")]))), 342)

    assert "3" in drawn.words
    assert not any("nan" in word.lower() or "null" in word.lower() for word in drawn.words)


def test_label_works_for_one_row_and_for_none() -> None:
    """A table that shrinks to one row or to none is still a chart."""
    one, none = (sketch(label(bars(crowds(values))), 342) for values in ([3.0], []))

    assert "3" in one.words
    assert none.width == 342


def test_label_of_negative_bar_stands_on_its_other_side() -> None:
    """Words never lie on the bar that they belong to, and not on the names of the axis."""
    drawn = sketch(label(bars(crowds([3.0, -2.0]))), 342)

    assert "-2" in drawn.words
    assert drawn.spilled == 0


@pytest.mark.parametrize("width", WIDTHS)
def test_lines_have_their_names_at_their_ends(width: int) -> None:
    """A legend is not needed: each line says its name, in its own tone, and pushes no other away."""
    drawn = sketch(label(lines()), width)

    assert {"A", "B", "C"} <= set(drawn.words)
    assert 'fill="var(--red)"' in drawn.still
    assert drawn.spilled == 0


def test_label_changes_no_chart_that_it_is_given() -> None:
    """An author can go on with the chart without labels."""
    chart = lines()
    before = chart.to_dict()

    label(chart)

    assert chart.to_dict() == before


def test_label_keeps_the_chart_an_ordinary_one() -> None:
    """Settings made before, and the library's own methods after, go on working."""
    chart = label(bars(crowds([3.0])).configure_axis(labelFontSize=20))

    bigger = chart.properties(height=200)

    assert isinstance(bigger, alt.LayerChart)
    assert bigger.to_dict()["config"]["axis"]["labelFontSize"] == 20


def test_label_of_a_span_stands_behind_its_end() -> None:
    """A bar between two dates has its words after the later one."""
    table = pd.DataFrame({"act": ["Law"], "start": [1], "end": [3], "words": ["270 days"]})
    spans = alt.Chart(table).mark_bar().encode(y="act:N", x="start:Q", x2="end:Q")

    chart = label(spans, "words")

    assert chart.to_dict()["layer"][1]["encoding"]["x"]["field"] == "end"
    assert "270 days" in sketch(chart, 342).words


def test_stacks_have_words_inside_and_totals_at_their_ends() -> None:
    """Parts and sums are told in one chart."""
    table = pd.DataFrame({"by": ["X", "X"], "sex": ["women", "men"], "people": [70.0, 30.0]})
    chart = alt.Chart(table).mark_bar().encode(y="by:N", x="people:Q", color="sex:N")

    drawn = sketch(label(label(chart, ["70 in", ""], side="inside")), 342)

    assert {"70 in", "100"} <= set(drawn.words)
    assert drawn.spilled == 0


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"text": ["one", "two", "three"]}, "3 labels for 2 rows"),
        ({"text": "wrods"}, "no column 'wrods'"),
        ({"side": "rihgt"}, "unknown side 'rihgt'"),
        ({"colour": "newcomer"}, "unknown colour 'newcomer'"),
    ],
)
def test_label_is_refused_with_a_mend(told: dict[str, Any], said: str) -> None:
    """What cannot be labelled is told with what to do."""
    with pytest.raises(FigureError, match=said) as caught:
        label(bars(crowds([3.0, 2.0])), **told)

    assert caught.value.mend


@pytest.mark.parametrize("chart", [None, pd.DataFrame(), {"mark": "bar"}])
def test_label_is_refused_when_there_is_no_chart(chart: Any) -> None:
    """Only charts of the two libraries can be labelled."""
    with pytest.raises(FigureError, match="is no chart"):
        label(chart)


def test_label_is_refused_for_panels() -> None:
    """Panels are made of a labelled chart, not the other way round; the error says so."""
    with pytest.raises(FigureError, match="has no marks") as caught:
        label(bars(crowds([3.0])).facet("crowd:N"))

    assert "before" in caught.value.mend


@pytest.mark.parametrize("width", WIDTHS)
def test_note_stands_at_its_place_in_lines(width: int) -> None:
    """A note moves with the data that it is about, and stays within the drawing."""
    drawn = sketch(note(bars(crowds([3.0, 2.0])), "a note\nof two lines", x=3, y="Crowd 1"), width)

    assert any("a note" in word for word in drawn.words)
    assert any("two lines" in word for word in drawn.words)
    assert (drawn.width, drawn.spilled) == (width, 0)


def test_note_takes_dates_and_facts_as_its_place() -> None:
    """Places are named as the data names them."""
    table = pd.DataFrame({"day": pd.to_datetime(["2025-01-01", "2025-01-19"]), "users": [1e5, 1e6]})
    chart = alt.Chart(table).mark_point().encode(x="day:T", y="users:Q")

    drawn = sketch(note(chart, NEWCOMERS, x="2025-01-13", y=NEWCOMERS, side="left"), 342)

    assert "more than 700K" in drawn.words


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"words": " \n "}, "has no words"),
        ({"words": "here", "x": "someday"}, "is no date"),
        ({"words": "here", "colour": "pink"}, "unknown colour"),
        ({"words": "here", "side": "up"}, "unknown side"),
    ],
)
def test_note_is_refused_with_a_mend(told: dict[str, Any], said: str) -> None:
    """A note without words, or at no place, is a mistake."""
    table = pd.DataFrame({"day": pd.to_datetime(["2025-01-01"]), "users": [1e5]})
    chart = alt.Chart(table).mark_point().encode(x="day:T", y="users:Q")

    with pytest.raises(FigureError, match=said) as caught:
        note(chart, **{"x": "2025-01-01", "y": 1, **told})

    assert caught.value.mend


def test_ticks_are_worded_for_both_engines() -> None:
    """Axes read "0, 150M, 300M" in either library, from one line of an author's."""
    altair, plotly = (ticks([0, 150e6, 300e6], engine=engine) for engine in ("altair", "plotly"))

    drawn = sketch(
        alt.Chart(crowds([3e8])).mark_bar().encode(x=alt.X("people:Q", axis=alt.Axis(**altair))), 342
    )

    assert {"0", "150M", "300M"} <= set(drawn.words)
    assert go.Figure().update_xaxes(**plotly).layout.xaxis.ticktext == ("0", "150M", "300M")


def test_ticks_know_units_and_languages() -> None:
    """Per cent and Chinese are CLDR's to word."""
    assert ticks([60], unit="percent", engine="plotly")["ticktext"] == ["60%"]
    assert ticks([3e8], engine="plotly", locale="zh")["ticktext"] == ["3亿"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None, "many"])
def test_tick_that_is_no_number_is_refused(value: Any) -> None:
    """An axis never says "nan"."""
    with pytest.raises(FigureError, match="a tick at"):
        ticks([0, value])


@pytest.mark.parametrize(
    ("name", "hue"),
    [
        ("newcomers", "red"),
        ("TikTok in the US", "teal"),
        ("tiktok", "teal"),
        ("XIAOHONGSHU", "violet"),
        ("Xiaohongshu's own users", "violet"),
        ("scenario", "gold"),
        ("everyone-else", "grey"),
        ("ink", "ink"),
    ],
)
def test_meaning_has_the_colour_of_the_design(name: str, hue: str) -> None:
    """Red is the newcomers, teal TikTok in the US, violet Xiaohongshu's own users, in every chart."""
    assert colour_of(name) == PALETTE[hue]


def test_unknown_meaning_is_answered_with_the_nearest() -> None:
    """A misspelt crowd is never drawn in some other colour."""
    with pytest.raises(FigureError, match="unknown colour 'newcommers'") as caught:
        colour_of("newcommers")

    assert caught.value.mend == "did you mean 'newcomers'?"


def test_colours_come_as_plotly_takes_them() -> None:
    """Plotly's marks take a list, Plotly Express a map."""
    assert colours_of(["newcomers", "violet"]) == [PALETTE["red"], PALETTE["violet"]]
    assert colour_map({"Weibo": "others"}) == {"Weibo": PALETTE["grey"]}


def test_words_have_tones_that_can_be_read() -> None:
    """Grey words are as dark as axis labels; a hue too pale for words is never used for them."""
    assert text_colour_of("everyone else") == PALETTE["mute"]
    assert text_colour_of("TikTok") not in {PALETTE["teal"], PALETTE["grey"]}


def test_value_without_a_colour_of_its_own_is_grey() -> None:
    """Everyone else is grey, and is never left out or given a hue that means another crowd."""
    table = crowds([3.0, 2.0, 1.0], ["A", "B", 'C "quoted"'])

    drawn = sketch(bars(table).encode(color=colour_by("crowd", {"A": "newcomers"})), 342)

    assert drawn.still.count('fill="var(--red)"') == 1
    assert drawn.still.count('fill="var(--grey)"') == 2


def test_colour_by_nothing_is_refused() -> None:
    """A chart whose every mark is "everyone else" is a mistake."""
    with pytest.raises(FigureError, match="no value of 'crowd' has a colour"):
        colour_by("crowd", {})


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (None, ""),
        (float("nan"), ""),
        (pd.NA, ""),
        (pd.NaT, ""),
        (NEWCOMERS, "more than 700K"),
        (ABOUT, "170M"),
        (True, "True"),
        (0, "0"),
        (float("inf"), ""),
        ("as is", "as is"),
        (Decimal("2.5"), "2.5"),
    ],
)
def test_things_are_worded_for_charts(one: Any, words: str) -> None:
    """Open ends are told, "about" is left to the prose, and nothing is told of nothing."""
    assert worded(one) == words


def test_long_text_is_cut_to_its_room() -> None:
    """What is cut says so, and fits."""
    shown = cut("小" * 100, 100)

    assert shown.endswith("…")
    assert 60 < width_of(shown) <= 100


def test_names_at_line_ends_are_spread() -> None:
    """Names of lines that end together stand below each other, evenly around their ends."""
    moves = spread({"a": 100.0, "b": 100.0, "c": 98.0, "d": 10.0})

    places = sorted(-height + moves[name] for name, height in {"a": 100, "b": 100, "c": 98}.items())
    assert moves["d"] == 0
    assert all(two - one >= APART_PX - 0.2 for one, two in pairwise(places))
    assert abs(sum(places) / 3 + 99.33) < 0.1
