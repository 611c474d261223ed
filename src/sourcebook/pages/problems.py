"""How an author's error ends a build: told in full, without a traceback, before a page is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sphinx.errors import SphinxError

if TYPE_CHECKING:
    from sourcebook.errors import BookError


class BookProblem(SphinxError):
    """An author's error in the form that Sphinx reports without a traceback."""

    category = "The book was not built"


def book_problem(error: BookError) -> BookProblem:
    """Word an error for the end of a build; raise what this returns."""
    return BookProblem(f"\n\n{error}\n")
