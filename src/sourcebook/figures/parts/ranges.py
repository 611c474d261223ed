"""Ranges: uncertain numbers drawn as they are: dots, lines between bounds, triangles at open ends."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from sourcebook.errors import FigureError, nearest
from sourcebook.facts import Fact, date_words, quantity
from sourcebook.figures.parts.chart_words import Engine, checked_engine, is_missing
from sourcebook.figures.parts.meaning import colour_of
from sourcebook.figures.parts.ranges_altair import draw_altair
from sourcebook.figures.parts.ranges_plotly import draw_plotly

if TYPE_CHECKING:
    import pandas as pd

Towards = Literal["right", "up"]

AT_LEAST = frozenset({"more than", "at least", "over"})
AT_MOST = frozenset({"nearly", "fewer than", "less than", "up to", "at most"})
"""Qualifiers that leave the other end of a number open."""

_OPEN = {"at least": "more than", "at most": "up to"}
_SHAPES = {
    "right": {"at least": "triangle-right", "at most": "triangle-left"},
    "up": {"at least": "triangle-up", "at most": "triangle-down"},
}
_ROW_PX, _ROOM = 34, 0.04


def ranges(
    of: Mapping[str, Fact] | pd.DataFrame,
    *,
    engine: Engine = "altair",
    along: Any = None,
    by: str = "name",
    colours: Mapping[str, str] | None = None,
    disputed: Collection[str] = (),
    ticks: Sequence[float] = (),
    domain: tuple[float, float] | None = None,
    scale: Literal["linear", "log"] = "linear",
    unit: str = "",
) -> Any:
    """Draw numbers with what is known of their bounds.

    A dot is a number as stated; a line runs from the lower to the upper bound; a triangle points to the
    end that a source leaves open ("more than", "nearly"). What is disputed is hollow.

    Args:
        of: facts by the names of their rows, or a table as `fact_table` takes it.
        engine: "altair" or "plotly".
        along: column of dates or numbers for the x axis, or an `altair.X`; numbers then stand on the y
            axis, without labels. Left out: one row a number, labelled.
        by: the table's column that names the rows, and that `colours` tells apart.
        colours: name -> meaning or colour of the palette; grey for names that are left out, and ink for
            all if there is no such mapping.
        disputed: names of rows to draw hollow, for a table without a column `disputed`.
        ticks: where the axis of the numbers has its ticks.
        domain: ends of that axis; those of the numbers and the ticks when left out.
        scale: "linear" or "log".
        unit: "percent" for labels and ticks such as "65%".

    Returns:
        `altair.LayerChart` or `plotly.graph_objects.Figure`; its table is that of `fact_table`, with
        the columns of the drawing, which begin with "_".

    Raises:
        FigureError: there is nothing to draw, a row's bounds contradict it, a column is missing, or a
            number cannot stand on a logarithmic axis.
    """
    checked = checked_engine(engine)
    table = fact_table(of, by=by, disputed=disputed, unit=unit)
    table = _with_marks(table, "right" if along is None else "up", by, colours, unit)
    if scale == "log" and (wrong := table[table["_end"] <= 0][by].tolist()):
        raise FigureError(f"'{wrong[0]}' is not above 0", mend="use the linear scale")
    domain = domain or _domain_of(table, ticks, scale)
    settings: dict[str, Any] = {
        "along": along,
        "by": by,
        "ticks": ticks,
        "domain": domain,
        "scale": scale,
        "unit": unit,
    }
    draw = draw_altair if checked == "altair" else draw_plotly
    height = None if along is not None else _ROW_PX * len(table) + (40 if checked == "plotly" else 0)
    return draw(table, colours=colours, height=height, **settings)


def fact_table(
    of: Mapping[str, Fact] | pd.DataFrame,
    *,
    by: str = "name",
    disputed: Collection[str] = (),
    unit: str = "",
) -> pd.DataFrame:
    """Give the table behind `ranges`, ready to be a figure's data table too.

    Args:
        of: facts by name; or a frame with the column `by` and `value`, `low` and `high` (also `lower`
            and `upper`), of which any may be empty; `qualifier` says which end is open where no bound
            does; `worded`, `disputed` (truth values).
        by: column that names the rows.
        disputed: names of rows that are disputed.
        unit: "percent" to word numbers as such.

    Returns:
        The rows that have a number, in order, with `value`, `low`, `high` (float64, NaN for none),
        `_kind` ("exact", "range", "at least" or "at most"), `worded` and `disputed`; for facts also `as_of`.

    Raises:
        FigureError: there is nothing to draw, a column is missing, a disputed row is unknown, or a row's
            value is not between its bounds.
    """
    table = _table_of_facts(of, by) if isinstance(of, Mapping) else _plain_table(of, by)
    table = table[table[["value", "low", "high"]].notna().any(axis="columns")].reset_index(drop=True)
    if table.empty:
        raise FigureError("there is no number to draw", mend="look whether the table is empty")
    names = table[by].astype(str)
    if unknown := [name for name in disputed if name not in set(names)]:
        raise FigureError(f"no row '{unknown[0]}' is drawn", mend=nearest(unknown[0], names))
    _refuse_contradictions(table, names)
    table["_kind"] = [_kind_of(row) for row in _records(table)]
    table["disputed"] = table["disputed"].fillna(False).astype(bool) | names.isin(list(disputed))
    records = _records(table)
    table["worded"] = [
        row["worded"] if isinstance(row.get("worded"), str) else _worded(row, unit) for row in records
    ]
    return table


def pointing(qualifiers: Sequence[object], *, towards: Towards = "up") -> list[str]:
    """Give the mark of each qualifier, by names that both engines know.

    Args:
        qualifiers: "more than", "nearly", "exact", ...; anything else is a circle.
        towards: where larger numbers stand: "up" or to the "right".

    Returns:
        "triangle-up", "triangle-down", "circle", ...

    Raises:
        FigureError: the direction is unknown.
    """
    if towards not in _SHAPES:
        raise FigureError(f"unknown direction '{towards}'", mend=nearest(towards, _SHAPES))
    return [_SHAPES[towards].get(_opening(one), "circle") for one in qualifiers]


def _table_of_facts(facts: Mapping[str, Fact], by: str) -> pd.DataFrame:
    import pandas as pd

    if wrong := [name for name, one in facts.items() if not isinstance(one, Fact)]:
        raise FigureError(f"'{wrong[0]}' is no fact", mend="pass facts by name, or a table")
    told = [
        {
            by: name,
            "value": float(one),
            "low": None if one.lower is None else float(one.lower),
            "high": None if one.upper is None else float(one.upper),
            "worded": str(one),
            "as_of": date_words(one.as_of) if one.as_of else "",
            "disputed": False,
            "_short": one.short,
        }
        for name, one in facts.items()
    ]
    table = pd.DataFrame(told, columns=[by, "value", "low", "high", "worded", "as_of", "disputed", "_short"])
    return table.astype(dict.fromkeys(("value", "low", "high"), "float64"))


def _plain_table(given: pd.DataFrame, by: str) -> pd.DataFrame:
    import pandas as pd

    if by not in given.columns:
        raise FigureError(f"the table has no column '{by}'", mend=nearest(by, map(str, given.columns)))
    table = given.reset_index(drop=True)
    for name, other in (("value", "value"), ("low", "lower"), ("high", "upper")):
        column = next((one for one in (name, other) if one in table.columns), None)
        values = table[column] if column else pd.Series(float("nan"), index=table.index)
        table = table.drop(columns=other, errors="ignore")
        table[name] = pd.to_numeric(values, errors="coerce").astype("float64")
    if "disputed" not in table.columns:
        table["disputed"] = False
    return table


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _refuse_contradictions(table: pd.DataFrame, names: pd.Series[str]) -> None:
    """Stop at a row that would be drawn as what it is not."""
    wrong = (
        (table["low"] > table["high"]) | (table["value"] < table["low"]) | (table["value"] > table["high"])
    )
    if wrong.any():
        row = table[wrong].iloc[0]
        raise FigureError(
            f"'{names[wrong].iloc[0]}' is not between its bounds",
            mend=f"look at the row: low {row['low']:g}, value {row['value']:g}, high {row['high']:g}",
        )


def _kind_of(row: Mapping[str, Any]) -> str:
    has_low, has_high = not is_missing(row["low"]), not is_missing(row["high"])
    if has_low and has_high:
        return "range" if row["low"] < row["high"] else "exact"
    if has_low or has_high:
        return "at least" if has_low else "at most"
    return _opening(row.get("qualifier")) or "exact"


def _opening(qualifier: object) -> str:
    """Say which end a qualifier leaves open: "at least", "at most" or ""."""
    return "at least" if qualifier in AT_LEAST else "at most" if qualifier in AT_MOST else ""


def _worded(row: Mapping[str, Any], unit: str) -> str:
    """Word a row of a table as its source does, as far as the table says how."""
    if is_missing(row["value"]) and row["_kind"] == "range":
        return f"between {quantity(row['low'], unit).bare} and {quantity(row['high'], unit).bare}"
    number = quantity(_place_of(row), unit).bare
    qualifier = row.get("qualifier")
    if not isinstance(qualifier, str):
        qualifier = _OPEN.get(row["_kind"], "")
    return number if qualifier in {"", "exact"} else f"{qualifier} {number}"


def _short(row: Mapping[str, Any], unit: str) -> str:
    if isinstance(row.get("_short"), str):
        return str(row["_short"])
    if is_missing(row["value"]) and row["_kind"] == "range":
        return f"{quantity(row['low'], unit).short}–{quantity(row['high'], unit).short}"
    return quantity(_place_of(row), unit).short


def _place_of(row: Mapping[str, Any]) -> float:
    """Give where a row's mark stands: at its value, or at the bound beyond which an end is open."""
    bound = {"at least": row["low"], "at most": row["high"]}.get(row["_kind"])
    known: Any = (one for one in (bound, row["value"], row["low"], row["high"]) if not is_missing(one))
    return float(next(known))


def _domain_of(table: pd.DataFrame, ticks: Sequence[float], scale: str) -> tuple[float, float]:
    """Give the ends of an axis that shows every number and tick, and leaves the outermost some room."""
    from math import log10

    numbers = [float(one) for one in (*ticks, *table[["_at", "_end", "low"]].stack().dropna())]
    low, high = (log10(end(numbers)) if scale == "log" else end(numbers) for end in (min, max))
    room = (high - low or abs(high) or 1.0) * _ROOM
    ends = low - (0 if low == 0 and scale == "linear" else room), high + room
    return (10 ** ends[0], 10 ** ends[1]) if scale == "log" else ends


def _with_marks(
    table: pd.DataFrame, towards: str, by: str, colours: Mapping[str, str] | None, unit: str
) -> pd.DataFrame:
    """Give the table with the columns of the drawing: where, in which shape and colour, with which label."""
    rows = _records(table)
    is_bare = [row["_kind"] == "range" and is_missing(row["value"]) for row in rows]
    hues = {str(name): hue for name, hue in (colours or {}).items()}
    rest = colour_of("ink" if colours is None else "everyone else")
    return table.drop(columns="_short", errors="ignore").assign(
        _at=[float("nan") if bare else _place_of(row) for row, bare in zip(rows, is_bare, strict=True)],
        _end=[_place_of(row) if row["_kind"] != "range" else row["high"] for row in rows],
        _shape=[_SHAPES[towards].get(row["_kind"], "circle") for row in rows],
        _colour=[colour_of(hues[str(row[by])]) if str(row[by]) in hues else rest for row in rows],
        _label=[_short(row, unit) for row in rows],
    )
