"""What can go wrong, said the same way everywhere: what, where and how to mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Place:
    """A spot in the book: a file and, inside it, a cell, a line, a row or a field.

    Attributes:
        path: file, relative to the book's folder, with forward slashes.
        cell: cell of a notebook, counted from 1 over all its cells.
        line: line of the cell or of the text file, counted from 1.
        row: line of a table as a spreadsheet shows it: the header is row 1.
        field: column of a table, or key of a descriptor.
    """

    path: str
    cell: int | None = None
    line: int | None = None
    row: int | None = None
    field: str | None = None

    def __str__(self) -> str:
        """Give the place as one line, "book/index.ipynb, cell 7, line 2"."""
        named = (("cell", self.cell), ("line", self.line), ("row", self.row))
        parts = [self.path, *(f"{name} {number}" for name, number in named if number is not None)]
        if self.field is not None:
            parts.append(f"field '{self.field}'")
        return ", ".join(parts)


@dataclass(frozen=True)
class Finding:
    """What a check says about one place.

    Attributes:
        code: stable, kebab-case name of the rule, such as "missing-value".
        what: one sentence that names the thing in quotes.
        place: where it stands.
        mend: an act that the author can do now.
    """

    code: str
    what: str
    place: Place
    mend: str

    def __str__(self) -> str:
        """Give the finding as three lines, closing with its code."""
        return f"{_three_lines(self.what, self.place, self.mend)}  [{self.code}]"


class BookError(Exception):
    """Base of every error that a book's author can mend.

    Args:
        what: one sentence that names the thing in quotes.
        place: where it stands, if it stands somewhere.
        mend: an act that the author can do now.
    """

    def __init__(self, what: str, place: Place | None = None, mend: str = "") -> None:
        self.what, self.place, self.mend = what, place, mend
        super().__init__(_three_lines(what, place, mend))


class SettingsError(BookError):
    """The configuration asks for something that does not exist."""


class PackageError(BookError):
    """The data package, or a table in it, cannot be read."""


class UnknownDataset(PackageError):
    """No table of that name is described in the data package."""


class UnknownFact(BookError):
    """No fact of that id is recorded or derived in the book."""


class UnknownSource(BookError):
    """A row cites a source that `data/sources.csv` does not list."""


class FactError(BookError):
    """A fact was asked for something it cannot give."""


class UnitError(FactError):
    """Two facts cannot be combined because their units do not fit."""


class FigureError(BookError):
    """A figure lacks one of the things that make it complete."""


class StoryError(BookError):
    """A notebook cannot be read as a story."""


class StoryFailed(StoryError):
    """A cell or an expression of a story raised while the story ran."""


class BuildFailed(BookError):
    """Several things went wrong in one build; each is told in full."""

    def __init__(self, problems: Iterable[BookError | Finding]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        super().__init__(f"{count} problem{'' if count == 1 else 's'} stopped the build")

    def __str__(self) -> str:
        """Tell every problem, one paragraph each."""
        return "\n\n".join(str(problem) for problem in self.problems)


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which known name was probably meant, as a mend: "did you mean 'x'?"."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"did you mean '{close[0]}'?"
    if not names:
        return "none is known yet"
    shown = ", ".join(f"'{one}'" for one in names[:5])
    return f"known are {shown}" + (f" and {len(names) - 5} more" if len(names) > 5 else "")


def _three_lines(what: str, place: Place | None, mend: str) -> str:
    lines = [what]
    if place is not None:
        lines.append(f"  where: {place}")
    if mend:
        lines.append(f"  mend:  {mend}")
    return "\n".join(lines)
