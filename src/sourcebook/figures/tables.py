"""A figure's data table: what is plotted, as text for readers and as values for the CSV."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from babel.numbers import format_decimal

from sourcebook.errors import FigureError

if TYPE_CHECKING:
    import pandas as pd

_HIDDEN = frozenset(
    {"source_id", "row_id", "verified", "confidence", "use", "note", "plot_date", "precision"}
)
_MOST_DECIMALS = 3


@dataclass(frozen=True)
class Column:
    """One column of a data table; a year is a number that is never grouped.

    Attributes:
        label: its heading.
        is_numeric: whether it holds numbers.
        name: what the data calls it.
        unit: what its numbers count, such as "users" or "percent"; "" if nobody said.
    """

    label: str
    is_numeric: bool
    name: str = ""
    unit: str = ""

    @property
    def is_year(self) -> bool:
        """Whether the numbers are years, by the heading."""
        return self.label.strip().lower() == "year"


@dataclass(frozen=True)
class DataTable:
    """What a figure plots.

    Attributes:
        columns: heading and kind of each column.
        rows: values as JSON has them: numbers, texts, None for a missing value.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Any, ...], ...]

    def texts(self, locale: str = "en", *, most: int | None = None) -> list[list[str]]:
        """Give the rows as readers see them: grouped numbers, equal decimals, a dash for no value."""
        decimals = [self._decimals(number) for number in range(len(self.columns))]
        return [
            [_text(value, places, locale) for value, places in zip(row, decimals, strict=True)]
            for row in self.rows[:most]
        ]

    def to_json(self) -> dict[str, Any]:
        """Give the table as JSON; `from_json` is its inverse."""
        return {
            "columns": [[one.label, one.is_numeric, one.name, one.unit] for one in self.columns],
            "rows": [list(r) for r in self.rows],
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> DataTable:
        """Read a table from the JSON that `to_json` gives."""
        return cls(
            columns=tuple(Column(*column) for column in told["columns"]),
            rows=tuple(tuple(row) for row in told["rows"]),
        )

    def _decimals(self, column: int) -> int | None:
        """Give the decimals that every number of a column is shown with; None for a column of text."""
        if not self.columns[column].is_numeric or self.columns[column].is_year:
            return None
        texts = (
            f"{row[column]:.{_MOST_DECIMALS}f}".rstrip("0") for row in self.rows if row[column] is not None
        )
        return max((len(text.partition(".")[2]) for text in texts), default=0)


def table_of(
    figure_id: str,
    plotted: pd.DataFrame | None,
    *,
    columns: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
) -> DataTable:
    """Make a figure's data table from a frame.

    Args:
        figure_id: named in errors.
        plotted: one row per mark.
        columns: which columns to show, and the heading of each; all but the bookkeeping ones,
            under their own names, when left out.
        units: what the numbers of a column count.

    Raises:
        FigureError: there is no data, or a named column is missing.
    """
    if plotted is None or plotted.empty:
        raise FigureError(
            f"the figure '{figure_id}' has no data table", mend="pass `table`: what is plotted, a row a mark"
        )
    named = columns or {
        name: str(name) for name in plotted.columns if name not in _HIDDEN and not str(name).startswith("_")
    }
    missing = [name for name in (*named, *(units or {})) if name not in plotted.columns]
    if missing:
        known = ", ".join(f"'{name}'" for name in plotted.columns)
        raise FigureError(
            f"the figure '{figure_id}' shows no column '{missing[0]}'", mend=f"the data has {known}"
        )
    shown = plotted[list(named)]
    return DataTable(
        columns=tuple(
            Column(named[name], _is_number(shown[name]), str(name), (units or {}).get(name, ""))
            for name in shown.columns
        ),
        rows=tuple(
            tuple(_json_value(value) for value in row) for row in shown.itertuples(index=False, name=None)
        ),
    )


def _is_number(column: pd.Series[Any]) -> bool:
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    return bool(is_numeric_dtype(column) and not is_bool_dtype(column))


def _json_value(value: Any) -> Any:
    import pandas as pd

    if (
        value is None
        or value is pd.NA
        or value is pd.NaT
        or (isinstance(value, float) and not _is_finite(value))
    ):
        return None
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat() if value == value.normalize() else value.isoformat()
    return (
        value.item()
        if hasattr(value, "item")
        else value
        if isinstance(value, bool | int | float)
        else str(value)
    )


def _is_finite(value: float) -> bool:
    return value == value and abs(value) != float("inf")


def _text(value: Any, decimals: int | None, locale: str) -> str:
    if value is None:
        return "–"
    if decimals is None or isinstance(value, bool):
        return str(value)
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    return format_decimal(value, format=pattern, locale=locale)
