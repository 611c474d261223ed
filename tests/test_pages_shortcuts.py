"""Steps of a build that are left out where they have nothing to do; where they have, nothing is missing."""

from __future__ import annotations

import pytest

from sourcebook.desk.build import build_site
from sourcebook.testing import CONFIG, Book, Built

PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d494844520000000100000001080600000"
    "01f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
FIGURE = "```{{figure}} dot.png\n:name: {name}\n\nA dot.\n```\n\nSee {{numref}}`{name}`.\n"


@pytest.fixture
def plain(book: Book) -> Book:
    """Give a book of two pages of text, built, that leaves out what its contents do not name."""
    book.write("_config.yml", CONFIG)
    book.write_contents("book/index", "book/text")
    book.write("book/index.md", "# Front\n\nHello.\n")
    book.write("book/text.md", "# Text\n\nWords.\n")
    (book.root / "book" / "dot.png").write_bytes(PIXEL)
    build_site(book.root)
    return book


def test_first_numbered_figure_of_a_book_gets_its_number(plain: Book) -> None:
    """A book may come to have figures that Sphinx numbers, page by page, and lose them again."""
    plain.write("book/text.md", "# Text\n\n" + FIGURE.format(name="one"))
    one = Built(0, "", build_site(plain.root)).files()
    plain.write("book/index.md", "# Front\n\n" + FIGURE.format(name="two"))

    two = Built(0, "", build_site(plain.root)).files()

    assert b"Fig. 1" in one["book/text.html"]
    assert b"Fig. 1" in two["book/index.html"]
    assert b"Fig. 2" in two["book/text.html"]


def test_page_that_the_contents_do_not_name_is_left_out(plain: Book) -> None:
    """A draft beside the pages of a book is not published."""
    plain.write("book/draft.md", "# Draft\n")
    plain.write("data/notes/more.md", "# More\n")

    site = Built(0, "", build_site(plain.root)).files()

    assert [name for name in site if name.endswith(("draft.html", "more.html"))] == []
    assert "book/text.html" in site
