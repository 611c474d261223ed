"""Small books for tests: one of two stories with kernels that never start, and tables for others."""

from __future__ import annotations

import pytest

from sourcebook.testing import Book, FakeKernels

INDEX, OTHER = "book/index.ipynb", "book/other.ipynb"
FACTS = """\
id,label,value,unit,lower,upper,qualifier,as_of,source_id
ships,ships that called,5200,ships,,,exact,2024,port
share,share of ships that called by night,79,percent,,,about,2024,port
"""
SOURCES = "source_id,publisher,title,url,kind\nport,Harbour office,Ships,,official-statistics\n"


@pytest.fixture
def two(book: Book) -> Book:
    """Give a book of two stories that a fake kernel says read one table each."""
    book.write_story(INDEX, "x = 1", "md: The value is {eval}`x`.")
    book.write_story(OTHER, "y = 2")
    book.write("data/arrivals.csv", "year,people\n2024,7\n")
    book.write("requirements.txt", "pandas==2.2\n")
    return book


@pytest.fixture
def kernels() -> FakeKernels:
    """Give kernels that never start; the index is said to read one table and to miss another."""
    return FakeKernels(inputs={INDEX: ["data/arrivals.csv", "data/late.csv"]})
