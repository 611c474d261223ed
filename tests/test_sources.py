"""Sources: who said it, how it is cited, and whether readers may be sent there."""

from __future__ import annotations

import pytest

from sourcebook.errors import BookError, PackageError, UnknownSource
from sourcebook.sources import CAUTIONS, KINDS, Source, cite, read_sources
from sourcebook.testing import Book

HEADER = "source_id,publisher,title,url,published,accessed,kind,verified,link_ok,note\n"
REUTERS = (
    "reuters,Reuters (via Yahoo News),The explainer,https://example.org/a,2025-01-15,,news-wire,,true,\n"
)
JUNK = "junk,Sohu (copy at a mirror),标题,https://example.org/b,2024,,aggregator,,false,third-hand\n"


@pytest.fixture
def listed(book: Book) -> Book:
    """Give a book with two sources."""
    book.write("data/sources.csv", HEADER + REUTERS + JUNK)
    return book


@pytest.mark.parametrize(
    ("source", "citation"),
    [
        (Source("a", "Reuters", "A title", published="2025-01-15"), "Reuters, “A title”, 2025-01-15"),
        (Source("a", "Reuters", "A title"), "Reuters, “A title”"),
        (Source("a", "", "A title"), "“A title”"),
        (Source("a", "Sohu (copy at a mirror)", "标题", published="2024"), "Sohu, “标题”, 2024"),
        (Source("a", "Reuters (via Yahoo)", "T", linkable=True), "Reuters (via Yahoo), “T”"),
    ],
)
def test_source_is_cited_by_what_is_known(source: Source, citation: str) -> None:
    """A citation is publisher, title and date; what is unknown leaves no gap."""
    told = source.citation

    assert told == citation


@pytest.mark.parametrize(
    ("publisher", "linkable", "name"),
    [
        ("Reuters (via Yahoo)", True, "Reuters (via Yahoo)"),
        ("Reuters (via Yahoo)", False, "Reuters"),
        ("Pew (US) Research", False, "Pew (US) Research"),
        ("Reuters", False, "Reuters"),
    ],
)
def test_source_names_its_copy_only_when_readers_may_go_there(
    publisher: str, linkable: bool, name: str
) -> None:
    """A copy that must not be linked is not named either; brackets inside a name are the name's own."""
    source = Source("a", publisher, "T", linkable=linkable)

    told = source.name

    assert told == name


@pytest.mark.parametrize(
    ("url", "linkable", "link"),
    [
        ("https://example.org/", True, "https://example.org/"),
        ("http://example.org/", True, "http://example.org/"),
        ("https://example.org/", False, None),
        ("", True, None),
        ("javascript:alert(1)", True, None),
        ("example.org", True, None),
    ],
)
def test_source_links_only_where_readers_may_go(url: str, linkable: bool, link: str | None) -> None:
    """Only a web address that is marked as linkable becomes a link."""
    source = Source("a", "P", "T", url=url, linkable=linkable)

    told = source.link

    assert told == link


@pytest.mark.parametrize(("kind", "caution"), [("aggregator", CAUTIONS["aggregator"]), ("survey", None)])
def test_source_warns_of_doubtful_kinds(kind: str, caution: str | None) -> None:
    """A repost comes with a caution, a survey without."""
    source = Source("a", "P", "T", kind=kind)

    told = source.caution

    assert told == caution


def test_cautions_are_of_kinds_that_exist() -> None:
    """No caution is lost because the kind it is about is spelt otherwise."""
    unknown = CAUTIONS.keys() - KINDS.keys()

    assert unknown == set()


def test_sources_are_read_by_id(listed: Book) -> None:
    """A row becomes a source with everything that it says."""
    sources = read_sources(listed.root)

    assert list(sources) == ["reuters", "junk"]
    assert sources["junk"] == Source(
        id="junk",
        publisher="Sohu (copy at a mirror)",
        title="标题",
        url="https://example.org/b",
        published="2024",
        kind="aggregator",
        linkable=False,
        note="third-hand",
    )


@pytest.mark.parametrize(
    ("text", "linkable"), [("true", True), ("TRUE", True), ("false", False), ("", False), ("maybe", False)]
)
def test_source_is_linkable_only_when_its_row_says_so(book: Book, text: str, linkable: bool) -> None:
    """In doubt, readers are not sent anywhere."""
    book.write("data/sources.csv", f"source_id,publisher,title,link_ok\na,P,T,{text}\n")

    source = read_sources(book.root)["a"]

    assert source.linkable is linkable


def test_sources_are_read_past_a_byte_order_mark(book: Book) -> None:
    """A list that a spreadsheet program saved reads like any other."""
    book.write("data/sources.csv", "\ufeff" + HEADER + REUTERS)

    sources = read_sources(book.root)

    assert list(sources) == ["reuters"]


def test_list_of_sources_may_be_empty(book: Book) -> None:
    """A book that begins has a header and no source yet."""
    book.write("data/sources.csv", HEADER)

    sources = read_sources(book.root)

    assert sources == {}


def test_cite_keeps_the_order_asked(listed: Book) -> None:
    """The source line of a figure names sources in its author's order."""
    cited = cite(["junk", "reuters"], root=listed.root)

    assert [source.id for source in cited] == ["junk", "reuters"]


def test_cite_refuses_an_unknown_source(listed: Book) -> None:
    """A misspelt source is told with the file to look in and the nearest name."""
    with pytest.raises(UnknownSource) as caught:
        cite(["reutres"], root=listed.root)

    assert str(caught.value) == (
        "unknown source 'reutres'\n  where: data/sources.csv\n  mend:  did you mean 'reuters'?"
    )


@pytest.mark.parametrize(
    "content", [None, b"\xff\xfe", b"id,publisher\na,P\n"], ids=["missing", "not UTF-8", "no column"]
)
def test_sources_cannot_be_read_when_the_list_is_at_fault(book: Book, content: bytes | None) -> None:
    """A list that cannot be read is named, with what to put there."""
    if content is not None:
        book.write("data/sources.csv", "").write_bytes(content)

    with pytest.raises(PackageError) as caught:
        read_sources(book.root)

    assert caught.value.place is not None
    assert caught.value.place.path == "data/sources.csv"
    assert "source_id" in caught.value.mend


def test_sources_with_a_comma_too_many_are_an_error_that_names_the_row(book: Book) -> None:
    """A forgotten pair of quotes around a title is told as what it is."""
    book.write("data/sources.csv", HEADER + REUTERS.rstrip("\n") + ",too,many\n")

    with pytest.raises(BookError) as caught:
        read_sources(book.root)

    assert caught.value.place is not None
    assert caught.value.place.row == 2
