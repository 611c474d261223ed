"""Marks: where a drawing shows a row of its data table, so that readers can read values off the drawing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

MOST_READ = 5_000
"""Rows up to which marks are told apart; a longer table is read as a table."""

_MIDNIGHT = "T00:00:00"


@dataclass(frozen=True)
class Mark:
    """The box around what a drawing shows of one row; a point has no width and no height.

    Attributes:
        row: number of the row in the data table, from 0.
        x, y: upper left corner, in px of the drawing.
        width, height: in px.
    """

    row: int
    x: int
    y: int
    width: int = 0
    height: int = 0


def mark_around(row: int, *, x: float, y: float, width: float = 0, height: float = 0) -> Mark:
    """Make a mark from edges in px, whichever way its sides were measured."""
    left, right = sorted((round(x), round(x + width)))
    top, bottom = sorted((round(y), round(y + height)))
    return Mark(row, left, top, right - left, bottom - top)


def marks_text(marks: Iterable[Mark]) -> str:
    """Write marks as `row:x,y` and `row:x,y,width,height`, parted by spaces, as scripts read them."""
    return " ".join(
        f"{one.row}:{one.x},{one.y}" + (f",{one.width},{one.height}" if one.width or one.height else "")
        for one in marks
    )


def rows_of_records(records: Sequence[Mapping[str, Any]], plotted: pd.DataFrame) -> list[int | None]:
    """Say which row of the plotted frame each record of a chart's data is.

    A record is a row if they agree in every column that both have; of equal rows the first goes to the
    first record.

    Args:
        records: what the chart was given, as JSON has it.
        plotted: the frame behind the data table.

    Returns:
        One row number a record, from 0; None where no row agrees.
    """
    shared = [str(name) for name in plotted.columns if records and name in records[0]]
    if not shared or len(plotted) > MOST_READ or len(records) > MOST_READ:
        return [None] * len(records)
    waiting: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for number, row in enumerate(plotted[shared].itertuples(index=False, name=None)):
        waiting[tuple(map(_comparable, row))].append(number)
    found = (waiting.get(tuple(_comparable(record.get(name)) for name in shared)) for record in records)
    return [None if rows is None else rows.pop(0) if len(rows) > 1 else rows[0] for rows in found]


def rows_of_points(
    points: Sequence[tuple[Any, Any]], plotted: pd.DataFrame, *, series: str = ""
) -> list[int | None]:
    """Say which row of the plotted frame each point of a trace is, by its coordinates and its series.

    Args:
        points: (x, y) as the trace has them.
        plotted: the frame behind the data table.
        series: name of the trace.

    Returns:
        One row number a point, from 0; None where no row holds its coordinates.
    """
    if len(plotted) > MOST_READ or len(points) > MOST_READ:
        return [None] * len(points)
    holding: dict[Any, set[int]] = defaultdict(set)
    for number, row in enumerate(plotted.itertuples(index=False, name=None)):
        for value in row:
            holding[_comparable(value)].add(number)
    rows: list[int | None] = []
    for point in points:
        found = _rows_at([_comparable(value) for value in point], holding)
        found = found & holding.get(series, set()) or found
        rows.append(min(found - set(rows) or found, default=None))
    return rows


def _rows_at(coordinates: list[Any], holding: Mapping[Any, set[int]]) -> set[int]:
    """Give the rows that hold both coordinates, else those that hold the one that is a name."""
    known = [holding.get(one, set()) for one in coordinates]
    named = (rows for one, rows in zip(coordinates, known, strict=True) if isinstance(one, str))
    return known[0] & known[1] or next(named, set())


def _comparable(value: Any) -> Any:
    """Give a value in the one form in which frames and charts can be compared; None for a missing one."""
    import pandas as pd

    if pd.api.types.is_scalar(value) and pd.isna(value):
        return None
    if hasattr(value, "item"):
        value = value.item()
    if hasattr(value, "isoformat"):
        value = value.isoformat()
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return str(value).removesuffix(_MIDNIGHT)
