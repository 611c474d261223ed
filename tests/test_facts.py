"""Facts from a row of facts.csv or from arithmetic, and their way through a notebook's output."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from decimal import Decimal

import pytest

from sourcebook.errors import BookError, FactError, PackageError, UnitError, UnknownFact, UnknownSource
from sourcebook.facts import FACT_MIME, Fact, derive, fact, fact_json, parse_fact, read_facts
from sourcebook.testing import Book
from sourcebook.tracing import digest_of

SOURCES = """\
source_id,publisher,title,link_ok
reuters,Reuters,"A, title",true
xhs,小红书,标题,false
"""
FACTS = """\
id,label,value,unit,lower,upper,qualifier,as_of,source_id,note
new-users,new users of Xiaohongshu,700000,users,700000,,more than,2025-01-14,reuters,one anonymous source
americans,Americans on TikTok,170000000,users,,,about,2025-01,reuters,
share,share of women,79.0,percent,,,exact,2024,xhs,
nearly,users,5100000,users,,,nearly,,reuters,
above,users,20,users,,,more than,,reuters,
"""


@pytest.fixture
def newsroom(book: Book, monkeypatch: pytest.MonkeyPatch) -> Book:
    """Give a book with facts and sources, in whose folder the author works."""
    book.write("data/sources.csv", SOURCES)
    book.write("data/facts.csv", FACTS)
    monkeypatch.delenv("SOURCEBOOK_ROOT", raising=False)
    monkeypatch.chdir(book.root)
    return book


def same(one: Fact, other: Fact) -> bool:
    """Say whether two facts agree in everything, not just in value and bounds."""
    names = [each.name for each in fields(Fact) if each.name != "inputs"]
    return all(getattr(one, name) == getattr(other, name) for name in names) and all(
        same(*pair) for pair in zip(one.inputs, other.inputs, strict=True)
    )


def test_fact_is_a_row_with_its_source(newsroom: Book) -> None:
    """A recorded fact knows everything that its row says, and its source's row too."""
    new = fact("new-users")

    assert (new.id, new.label, new.value, new.unit) == (
        "new-users",
        "new users of Xiaohongshu",
        Decimal(700000),
        "users",
    )
    assert (new.lower, new.upper, new.wording) == (Decimal(700000), None, "more than")
    assert (new.as_of, new.note) == ("2025-01-14", "one anonymous source")
    assert [source.citation for source in new.sources] == ["Reuters, “A, title”"]
    assert not new.is_derived


@pytest.mark.parametrize(
    ("fact_id", "lower", "upper"),
    [("above", Decimal(20), None), ("nearly", None, Decimal(5100000)), ("americans", None, None)],
)
def test_fact_takes_a_bound_from_its_qualifier(
    newsroom: Book, fact_id: str, lower: Decimal | None, upper: Decimal | None
) -> None:
    """ "More than 20" is a lower bound even if the row leaves the bound out; "about" is none."""
    told = fact(fact_id)

    assert (told.lower, told.upper) == (lower, upper)


@pytest.mark.parametrize(
    ("value", "digits"),
    [
        ("700000", 1),
        ("170000000", 2),
        ("79.0", 2),
        ("79", 2),
        ("0.41", 2),
        ("0", 1),
        ("123456", 6),
        ("1e6", 1),
    ],
)
def test_fact_supports_the_digits_that_are_written(newsroom: Book, value: str, digits: int) -> None:
    """The zeros that close a round number only hold places; those after a point are meant."""
    newsroom.edit("data/facts.csv", ",20,users", f",{value},users")

    told = fact("above")

    assert told.digits == digits


def test_fact_is_found_from_a_folder_inside_the_book(newsroom: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """A notebook in book/ finds the data of its book without being told where it is."""
    (newsroom.root / "book" / "deep").mkdir(parents=True)
    monkeypatch.chdir(newsroom.root / "book" / "deep")

    told = fact("share")

    assert told.value == 79


def test_fact_refuses_an_unknown_id(newsroom: Book) -> None:
    """A misspelt id is answered with the nearest one."""
    with pytest.raises(UnknownFact) as caught:
        fact("new-user")

    assert str(caught.value) == (
        "unknown fact 'new-user'\n  where: data/facts.csv\n  mend:  did you mean 'new-users'?"
    )


def test_fact_refuses_every_id_in_a_book_without_facts(newsroom: Book) -> None:
    """A book that has no facts.csv yet says that none is known."""
    (newsroom.root / "data" / "facts.csv").unlink()

    with pytest.raises(UnknownFact, match="none is known yet"):
        fact("new-users")


@pytest.mark.parametrize(
    ("old", "new", "row", "field"),
    [
        ("79.0", "79 %", 4, "value"),
        ("79.0", "7,9", 4, None),
        ("79.0", "", 4, "value"),
        ("79.0,percent,", "79.0,percent,seventy", 4, "lower"),
        ("79.0,percent,,", "79.0,percent,,?", 4, "upper"),
        ("79.0", "NaN", 4, "value"),
        ("79.0", "Infinity", 4, "value"),
    ],
)
def test_fact_with_a_bad_number_is_an_error_that_names_the_cell(
    newsroom: Book, old: str, new: str, row: int, field: str | None
) -> None:
    """A number that cannot be read is told with file, row and field, and with how to write it."""
    newsroom.edit("data/facts.csv", old, new)

    with pytest.raises(BookError) as caught:
        fact("share")

    place = caught.value.place
    assert place is not None
    assert (place.path, place.row) == ("data/facts.csv", row)
    assert field is None or place.field == field
    assert caught.value.mend


def test_fact_in_a_row_with_a_comma_too_many_is_an_error_that_names_the_row(newsroom: Book) -> None:
    """A forgotten pair of quotes around a note is told as what it is, not as a crash."""
    newsroom.edit("data/facts.csv", "one anonymous source", "one, anonymous, source")

    with pytest.raises(PackageError) as caught:
        fact("new-users")

    assert caught.value.place is not None
    assert (caught.value.place.path, caught.value.place.row) == ("data/facts.csv", 2)


def test_fact_in_a_table_without_units_is_an_error_that_names_the_column(newsroom: Book) -> None:
    """A table that lacks a needed column is told so, at its first row."""
    newsroom.edit("data/facts.csv", ",unit,", ",einheit,")

    with pytest.raises(PackageError, match="no column 'unit'") as caught:
        fact("share")

    assert str(caught.value.place) == "data/facts.csv, row 1"


def test_fact_refuses_an_unknown_source(newsroom: Book) -> None:
    """No fact without a source: an id that sources.csv does not list is an error."""
    newsroom.edit("data/facts.csv", "2024,xhs", "2024,xsh")

    with pytest.raises(UnknownSource, match="unknown source 'xsh'") as caught:
        fact("share")

    assert caught.value.mend == "did you mean 'xhs'?"


def test_facts_are_read_all_at_once(newsroom: Book) -> None:
    """The pages know every recorded fact, in the order of the table, as `fact` gives it."""
    facts = read_facts(newsroom.root)

    assert list(facts) == ["new-users", "americans", "share", "nearly", "above"]
    assert same(facts["share"], fact("share"))


@pytest.mark.parametrize("content", [None, "id,value,unit,source_id\n"], ids=["no file", "no row"])
def test_facts_of_a_book_without_facts_are_none(newsroom: Book, content: str | None) -> None:
    """A book can do without recorded facts."""
    (newsroom.root / "data" / "facts.csv").unlink()
    if content is not None:
        newsroom.write("data/facts.csv", content)

    facts = read_facts(newsroom.root)

    assert facts == {}


def test_facts_are_read_past_a_byte_order_mark(newsroom: Book) -> None:
    """A table that a spreadsheet program saved reads like any other."""
    newsroom.write("data/facts.csv", "\ufeff" + FACTS)

    told = fact("share")

    assert told.value == 79


def test_fact_makes_rows_its_inputs_and_not_tables(newsroom: Book) -> None:
    """A story depends on the rows of its fact and of the source, so other rows may change freely."""
    code = (
        "import json; from pathlib import Path; from sourcebook import fact, tracing\n"
        f"tracing.start(Path({str(newsroom.root)!r}))\n"
        "fact('share'); print(json.dumps(tracing.report()))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=newsroom.root, capture_output=True, check=True)

    told = json.loads(ran.stdout)

    names = ["data/facts.csv#share", "data/sources.csv#xhs"]
    assert told["inputs"] == {name: digest_of(newsroom.root, name) for name in names}


def test_derived_fact_has_its_name_and_its_working(newsroom: Book) -> None:
    """Deriving names a number; formula, inputs, date and sources come along."""
    ratio = fact("new-users") / fact("americans")

    told = derive("newcomers", ratio, label=" newcomers per American user ", unit="percent", note="rough")

    assert (told.id, told.label, told.unit, told.note) == (
        "newcomers",
        "newcomers per American user",
        "percent",
        "rough",
    )
    assert str(told) == "more than 0.41%"
    assert told.formula == "{new-users} ÷ {americans}"
    assert [one.id for one in told.inputs] == ["new-users", "americans"]
    assert told.as_of == "2025-01-14"


def test_derived_fact_can_be_derived_from_again(newsroom: Book) -> None:
    """The next step of the working mentions the derived fact by its id."""
    half = derive("half", fact("americans") / 2, label="half of the Americans")

    quarter = derive("quarter", half / 2, label="a quarter of them")

    assert quarter.formula == "{half} ÷ 2"
    assert [one.id for one in quarter.inputs] == ["half"]


def test_derived_fact_may_be_a_recorded_one_under_another_name(newsroom: Book) -> None:
    """A renamed fact is derived from the recorded one, and says so."""
    told = derive("women", fact("share"), label="women")

    assert (told.formula, [one.id for one in told.inputs]) == ("{share}", ["share"])


@pytest.mark.parametrize("fact_id", ["", "Women", "women_share", "women share", "-women", "women-", "女"])
def test_derive_refuses_an_unreadable_id(newsroom: Book, fact_id: str) -> None:
    """An id stands in addresses and in prose: small letters, digits and hyphens."""
    with pytest.raises(FactError, match="is no readable id") as caught:
        derive(fact_id, fact("share") / 2, label="half")

    assert "'women-of-china'" in caught.value.mend


@pytest.mark.parametrize("label", ["", "  "])
def test_derive_refuses_a_fact_without_label(newsroom: Book, label: str) -> None:
    """No number without saying what it counts."""
    with pytest.raises(FactError, match="the fact 'half' has no label"):
        derive("half", fact("share") / 2, label=label)


def test_derive_refuses_a_unit_of_another_kind(newsroom: Book) -> None:
    """A number of users is not a percentage, whatever the author asks for."""
    with pytest.raises(UnitError, match="cannot be expressed in 'percent'"):
        derive("half", fact("americans") / 2, label="half", unit="percent")


MADE: dict[str, Callable[[], Fact]] = {
    "recorded": lambda: fact("new-users"),
    "computed": lambda: fact("new-users") / fact("americans"),
    "derived": lambda: derive(
        "women", fact("share") * fact("americans"), label="Frauen & <Männer>", note="女"
    ),
    "derived twice": lambda: derive("b", derive("a", fact("share") / 2, label="a") * 2, label="b"),
    "exact": lambda: Fact(id="", label="", value=Decimal("1E-30"), unit="ratio", upper=Decimal("0.10")),
}


@pytest.mark.parametrize("made", MADE.values(), ids=MADE)
def test_fact_travels_through_a_notebook_unchanged(newsroom: Book, made: Callable[[], Fact]) -> None:
    """What the kernel writes into its output is what the pages read, to the last digit."""
    one = made()

    back = parse_fact(json.loads(json.dumps(fact_json(one))))

    assert same(back, one)
    assert str(back) == str(one)


def test_fact_shows_itself_in_any_notebook(newsroom: Book) -> None:
    """Pages get the fact, other front ends its words as HTML or plain text, escaped."""
    told = derive("women", fact("share") * 1, label="<b>women</b>")

    bundle = told._repr_mimebundle_()

    assert same(parse_fact(bundle[FACT_MIME]), told)
    assert bundle["text/plain"] == "79%"
    assert ">79%</span>" in bundle["text/html"]
    assert "<b>" not in bundle["text/html"]
