"""Alt text: a first draft of it, made from what a chart is made of and the values that it shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sourcebook.figures.descriptions import Description
from sourcebook.figures.descriptions.axes import Axis, day_words, shortened, value_words
from sourcebook.figures.descriptions.layers import Point
from sourcebook.figures.stated_numbers import stated_numbers
from sourcebook.figures.tables import DataTable

_LONGEST = 300
_LONGEST_NAME = 40
_COUNTS = frozenset({"", "count", "number of records"})
_MOST_COLUMNS = 4
_MOST_LISTED = 12
_QUALIFIERS = frozenset(
    (
        "about",
        "almost",
        "at least",
        "at most",
        "fewer than",
        "less than",
        "more than",
        "nearly",
        "over",
        "up to",
    )
)
_RANK = {"categories": 0, "": 0, "dates": 1, "numbers": 2}
_CLOSE = 0.05
"""How far "about 240 million" may be from the value that is drawn, as a share of it."""


@dataclass(frozen=True)
class _Entry:
    """One value of the chart: of which series, where, how much, and up to where."""

    series: str
    key: tuple[float | str, ...]
    amount: float | str
    end: float | str | None
    row: int | None


@dataclass(frozen=True)
class _Reading:
    """A chart as one reads it: `keys` are the axes to compare by, `value` is the one that is compared."""

    chart: Description
    table: DataTable
    locale: str
    keys: tuple[Axis, ...]
    value: Axis | None
    entries: tuple[_Entry, ...]


def alt_draft(description: Description, table: DataTable, *, locale: str = "en") -> str:
    """Draft the alt text of a chart: its kind, what it compares, its extremes and last values.

    Numbers are worded as the table words them, where it does: "more than 85 million". The draft is for an
    author to mend: which values carry the claim, it cannot know.

    Args:
        description: the chart, as `describe` gives it.
        table: the figure's data table.
        locale: CLDR locale of numbers and dates.

    Returns:
        Plain text of at most 300 characters.

    Raises:
        FactError: the locale has no words for numbers yet.
    """
    reading = _reading(description, table, locale=locale)
    head = _head(reading)
    room = _LONGEST - len(head) - 2
    told = next((one for one in _tails(reading) if one and len(one) <= room), "")
    return f"{head} {told[0].upper()}{told[1:]}." if told else head


def _reading(chart: Description, table: DataTable, *, locale: str) -> _Reading:
    axes = sorted(chart.axes, key=lambda axis: _RANK[axis.kind])
    is_measured = bool(chart.measure) or any(one.measure is not None for one in chart.drawn)
    value = axes.pop() if axes and not is_measured and _is_compared(axes, chart) else None
    entries = (_entry(one, axes, value=value, is_measured=is_measured) for one in chart.drawn)
    return _Reading(chart, table, locale, tuple(axes), value, tuple(one for one in entries if one))


def _is_compared(axes: Sequence[Axis], chart: Description) -> bool:
    """Say whether values stand along the last axis; beside one that is unknown, only upright numbers do."""
    last = axes[-1]
    if len(axes) > 1 or (last.name, last.kind) == ("vertical", "numbers"):
        return _RANK[last.kind] > 0
    others = (one.y if last.name == "horizontal" else one.x for one in chart.drawn)
    return _RANK[last.kind] > 0 and all(one is None for one in others)


def _entry(point: Point, keys: Sequence[Axis], *, value: Axis | None, is_measured: bool) -> _Entry | None:
    sides = {"horizontal": (point.x, point.x2), "vertical": (point.y, point.y2)}
    amount, end = sides[value.name] if value else (point.measure if is_measured else None, None)
    told = [sides[axis.name][0] for axis in keys] if keys else [point.x] if is_measured else []
    if amount is None or None in told:
        return None
    return _Entry(point.series, tuple(one for one in told if one is not None), amount, end, point.row)


def _head(reading: _Reading) -> str:
    """Give the first sentence: kind, measure, keys, range, number of series."""
    chart, value = reading.chart, reading.value
    measured = chart.measure or (value.title if value and value.kind == "numbers" else "")
    keys = [axis.title for axis in reading.keys if axis.title]
    if chart.kind == "Histogram":
        measured, keys = next((axis.title for axis in chart.axes if axis.title not in _COUNTS), ""), []
    if not chart.drawn and not (chart.points and (measured or keys)):
        return _by_table(reading)
    dated = [axis for axis in (*reading.keys, value) if axis and axis.kind == "dates"]
    parts = (
        chart.kind + (f" of {_name(measured)}" if measured else ""),
        f" by {' and '.join(map(_name, keys))}" if keys else "",
        f", {_span(reading, dated[0])}" if dated and chart.drawn else "",
        ", on a logarithmic axis" if value and value.is_log else "",
        f", for {len(chart.series)} series" if len(chart.series) > 1 and chart.kind != "Pie chart" else "",
        f", in {chart.panels} panels" if chart.panels > 1 else "",
    )
    return f"{''.join(parts)}."


def _by_table(reading: _Reading) -> str:
    """Give what the table tells of a chart that cannot be read."""
    labels = [_name(one.label) for one in reading.table.columns[:_MOST_COLUMNS]]
    count = len(reading.table.rows)
    if not count or not labels:
        return f"{reading.chart.kind} without data."
    rows = f"{value_words(count, locale=reading.locale)} row{'' if count == 1 else 's'}"
    return f"{reading.chart.kind} of {rows}: {', '.join(labels)}."


def _span(reading: _Reading, axis: Axis) -> str:
    """Give the first and the last date of the data."""
    letters = ("x", "x2") if axis.name == "horizontal" else ("y", "y2")
    told = [getattr(point, one) for point in reading.chart.drawn for one in letters]
    dates = sorted(one for one in told if isinstance(one, str))
    ends = (value_words(one, axis, locale=reading.locale) for one in (*dates[:1], *dates[-1:]))
    return " to ".join(dict.fromkeys(ends))


def _tails(reading: _Reading) -> Iterator[str]:
    """Give ways to tell the values, the fullest first."""
    entries = reading.entries
    if not entries:
        return
    is_listed = all(axis.kind == "categories" for axis in reading.keys) and len(reading.keys) < 2
    is_listed = is_listed and len({(one.key, one.series) for one in entries}) == len(entries)
    if is_listed and len(entries) <= _MOST_LISTED:
        yield _listed(reading)
    if reading.value and reading.value.kind == "dates":
        yield f"first {_one(reading, entries[0])}; last {_one(reading, entries[-1])}"
        return
    found = {one.series for one in entries}
    names = [one for one in (*reading.chart.series, "") if one in found][:_MOST_LISTED]
    by_name = {name: [one for one in entries if one.series == name] for name in names}
    told = [_extremes(reading, inner, series=name) for name, inner in by_name.items()]
    yield "; ".join(told)
    yield "; ".join(_extremes(reading, inner, series=name, has_last=False) for name, inner in by_name.items())
    yield from ("; ".join(told[:count]) for count in range(len(told) - 1, 0, -1))


def _listed(reading: _Reading) -> str:
    """Give every value, those of one category together."""
    by_key: dict[tuple[float | str, ...], list[_Entry]] = {}
    for one in reading.entries:
        by_key.setdefault(one.key, []).append(one)
    told = []
    for key, entries in by_key.items():
        values = ", ".join(f"{_name(one.series)} {_amount(reading, one)}".strip() for one in entries)
        told.append(f"{_key(reading, key).replace(': ', ', ')}: {values}" if key else values)
    return "; ".join(told)


def _one(reading: _Reading, entry: _Entry) -> str:
    key = _key(reading, entry.key)
    return f"{key}: {_amount(reading, entry)}" if key else _amount(reading, entry)


def _extremes(reading: _Reading, entries: Sequence[_Entry], *, series: str, has_last: bool = True) -> str:
    """Give the lowest, highest and last value of one series."""
    lowest, highest = (pick(entries, key=lambda one: one.amount) for pick in (min, max))
    last = _last(reading, entries) if has_last else None
    if lowest.amount == highest.amount:
        told = f"{_amount(reading, lowest)}{' throughout' if len(entries) > 1 else _where(reading, lowest)}"
    else:
        marked = {"lowest": lowest, "highest": highest, "last": last}
        together: dict[_Entry, list[str]] = {}
        for word, one in marked.items():
            if one is not None:
                together.setdefault(one, []).append(word)
        told = ", ".join(
            f"{' and '.join(words)} {_amount(reading, one)}{_where(reading, one)}"
            for one, words in together.items()
        )
    return f"{_name(series) or 'unnamed'}: {told}" if len(reading.chart.series) > 1 else told


def _last(reading: _Reading, entries: Sequence[_Entry]) -> _Entry | None:
    """Give the entry that stands last in time, if just one does."""
    if len(reading.keys) != 1 or reading.keys[0].kind not in {"dates", "numbers"}:
        return None
    end = max(one.key for one in entries)
    last = [one for one in entries if one.key == end]
    return last[0] if len(last) == 1 and _is_ordered(reading) else None


def _is_ordered(reading: _Reading) -> bool:
    """Say whether the key runs on: dates do, numbers along a line do, those of a cloud of dots do not."""
    return reading.keys[0].kind == "dates" or reading.chart.kind not in {"Dot chart", "Chart"}


def _where(reading: _Reading, entry: _Entry) -> str:
    worded = _key(reading, entry.key)
    if not worded:
        return ""
    axis = reading.keys[0] if len(reading.keys) == 1 else None
    if axis is None or axis.kind == "categories":
        return f" ({worded})"
    if axis.kind == "numbers":
        return f" on {worded}" if worded[-1:].isalpha() and axis.unit.startswith(" ") else f" at {worded}"
    return f" {'in' if axis.precision in {'year', 'month'} else 'on'} {worded}"


def _key(reading: _Reading, key: tuple[float | str, ...]) -> str:
    axes: tuple[Axis | None, ...] = reading.keys or (None,)
    is_day = len(key) == 1 and _is_one_year(reading)
    worded = (
        day_words(str(one), locale=reading.locale)
        if is_day
        else value_words(one, axis, locale=reading.locale)
        for one, axis in zip(key, axes, strict=False)
    )
    return ", ".join(_name(one) for one in worded)


def _is_one_year(reading: _Reading) -> bool:
    """Say whether the keys are days of one year, which the first sentence names."""
    is_dated = bool(reading.keys) and reading.keys[0].kind == "dates" and reading.keys[0].precision == "day"
    return is_dated and len({str(one.key[0])[:4] for one in reading.entries}) == 1


def _amount(reading: _Reading, entry: _Entry) -> str:
    """Word a value: as the table has it, "more than 85 million", else with no more digits than it takes."""
    plain = value_words(entry.amount, reading.value, locale=reading.locale)
    if entry.end is not None:
        return f"{plain} to {value_words(entry.end, reading.value, locale=reading.locale)}"
    found = (
        {_qualified(row, entry.amount) for row in _rows(reading, entry)}
        if isinstance(entry.amount, float)
        else set()
    )
    return (found.pop() if len(found) == 1 else "") or plain


def _rows(reading: _Reading, entry: _Entry) -> list[tuple[Any, ...]]:
    """Give the rows of the table that may be this value's."""
    if entry.row is not None and entry.row < len(reading.table.rows):
        return [reading.table.rows[entry.row]]
    rows = [row for row in reading.table.rows if entry.amount in row]
    for name in (*entry.key, entry.series):
        rows = [row for row in rows if name in row] or rows
    return rows


def _qualified(row: Sequence[Any], amount: float | str) -> str:
    """Give the one text of a row that words the amount and says no more than how sure it is; else ""."""
    told = []
    for cell in row:
        numbers = stated_numbers(cell) if isinstance(cell, str) and len(cell) <= _LONGEST_NAME else ()
        if len(numbers) != 1 or not isinstance(amount, float):
            continue
        one, value = numbers[0], float(numbers[0].value)
        around = " ".join((cell[: one.start] + cell[one.end :]).lower().split())
        is_close = around in _QUALIFIERS and abs(value - amount) <= _CLOSE * abs(amount)
        if is_close or (not around and value == amount):
            told.append(cell)
    return told[0] if len(told) == 1 else ""


def _name(label: str) -> str:
    return shortened(label, most=_LONGEST_NAME)
