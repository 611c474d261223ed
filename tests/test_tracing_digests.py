"""The digest of an input changes with what a story can see of it, and with nothing else."""

from __future__ import annotations

import pytest

from sourcebook.testing import Book
from sourcebook.tracing import ABSENT, FOLDER, digest_of, digest_of_bytes, digest_of_row

FACTS = 'id,value,note\na,1,x\nb,2,"y, z"\n'


@pytest.mark.parametrize(
    "changed",
    [
        'id,value,note\na,9,x\nb,2,"y, z"\n',
        'id,note,value\na,x,1\nb,"y, z",2\n',
        'id,value,note\nb,2,"y, z"\n',
        '\ufeffid,value,note\r\n"a","1","x"\r\n"b","2","y, z"\r\n',
    ],
    ids=["other row", "order of columns", "other row gone", "byte order mark, quotes and line ends"],
)
def test_digest_of_a_row_stays_when_the_row_says_the_same(book: Book, changed: str) -> None:
    """Only the row that a story used can make it stale."""
    book.write("data/facts.csv", FACTS)
    before = digest_of(book.root, "data/facts.csv#b")

    book.write("data/facts.csv", changed)

    assert digest_of(book.root, "data/facts.csv#b") == before


def test_digest_of_a_row_changes_with_the_row(book: Book) -> None:
    """A changed value, or even a changed note, makes stale who used the row."""
    book.write("data/facts.csv", FACTS)
    before = digest_of(book.root, "data/facts.csv#b")

    book.edit("data/facts.csv", "y, z", "y, ž")

    assert digest_of(book.root, "data/facts.csv#b") not in {before, ABSENT}


def test_digest_of_a_row_equals_what_a_reader_notes(book: Book) -> None:
    """What is noted while a story runs and what is found on disk later are one digest."""
    book.write("data/facts.csv", FACTS)

    digest = digest_of(book.root, "data/facts.csv#a")

    assert digest == digest_of_row({"note": "x", "value": "1", "id": "a"})


def test_digest_of_a_row_can_be_taken_when_a_row_has_a_comma_too_many(book: Book) -> None:
    """A forgotten pair of quotes is for the checks to find; it does not stop the digest."""
    book.write("data/facts.csv", "id,value,note\na,1,x, y\n")

    digest = digest_of(book.root, "data/facts.csv#a")

    assert digest != ABSENT


def test_digest_of_a_resource_stays_when_another_resource_changes(book: Book) -> None:
    """A new table in the data package does not make the readers of the others stale."""
    book.write_package({"a": [{"name": "year", "type": "integer"}]})
    before = digest_of(book.root, "data/datapackage.json#a")

    book.write_package({"new": [], "a": [{"name": "year", "type": "integer"}]})

    assert digest_of(book.root, "data/datapackage.json#a") == before


def test_digest_of_a_resource_changes_with_its_schema(book: Book) -> None:
    """A field that changes its type makes the readers of its table stale."""
    book.write_package({"a": [{"name": "year", "type": "integer"}]})
    before = digest_of(book.root, "data/datapackage.json#a")

    book.write_package({"a": [{"name": "year", "type": "string"}]})

    assert digest_of(book.root, "data/datapackage.json#a") not in {before, ABSENT}


@pytest.mark.parametrize(
    "name", ["none.csv", "none.csv#a", "data/facts.csv#none", "data/datapackage.json#none"]
)
def test_digest_is_absent_when_the_thing_is_not_there(book: Book, name: str) -> None:
    """A missing file, row or resource has one digest of its own, which no content has."""
    book.write("data/facts.csv", FACTS)
    book.write_package({"a": []})

    digest = digest_of(book.root, name)

    assert digest == ABSENT


@pytest.mark.parametrize("content", [b"\xff\xfe not text", b"id\n\x00\n"])
def test_digest_of_a_row_falls_back_to_the_file_when_it_is_no_table(book: Book, content: bytes) -> None:
    """What cannot be read as a table still has a digest that changes with it."""
    (book.write("data/facts.csv", "")).write_bytes(content)

    digest = digest_of(book.root, "data/facts.csv#a")

    assert digest in {digest_of_bytes(content), ABSENT}


@pytest.mark.parametrize("content", ["{", "[]", "3", '{"resources": null}', '{"resources": [1]}'])
def test_digest_of_a_resource_can_be_taken_when_the_descriptor_is_broken(book: Book, content: str) -> None:
    """A descriptor that is being mended does not stop the question whether a story is fresh."""
    book.write("data/datapackage.json", content)

    digest = digest_of(book.root, "data/datapackage.json#a")

    assert isinstance(digest, str)


def test_digest_of_a_folder_changes_when_a_file_joins_it(book: Book) -> None:
    """A new table in a listed folder makes the story stale; caches in it do not."""
    book.write("data/a.csv", "")
    before = digest_of(book.root, "data")
    book.write("data/__pycache__/a.pyc", "")
    with_cache = digest_of(book.root, "data")

    book.write("data/b.csv", "")

    assert with_cache == before
    assert digest_of(book.root, "data") != before


def test_digest_of_a_file_whose_name_holds_a_hash_is_that_of_the_file(book: Book) -> None:
    """A table named "größe #1.csv" is a file, not a part of one."""
    path = book.write("data/größe #1.csv", "a\n")

    digest = digest_of(book.root, "data/größe #1.csv")

    assert digest == digest_of_bytes(path.read_bytes())


def test_digest_of_a_size_changes_with_the_size_alone(book: Book) -> None:
    """Who only asked how large a table is runs again when it grows, not when a digit changes."""
    book.write("data/a.csv", "1\n")
    first = digest_of(book.root, "size:data/a.csv")

    book.write("data/a.csv", "2\n")
    other = digest_of(book.root, "size:data/a.csv")
    book.write("data/a.csv", "2\n3\n")

    assert other == first
    assert digest_of(book.root, "size:data/a.csv") not in {first, ABSENT}
    assert digest_of(book.root, "size:data") == FOLDER
    assert digest_of(book.root, "size:none") == ABSENT


def test_digest_of_a_variable_changes_with_its_value(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is set to nothing is not one that is not set."""
    digests = set()

    for value in ("here", "", None):
        monkeypatch.setenv("PLACE", value) if value is not None else monkeypatch.delenv("PLACE")
        digests.add(digest_of(book.root, "env:PLACE"))

    assert len(digests) == 3
    assert digest_of(book.root, "env:PLACE") == ABSENT
