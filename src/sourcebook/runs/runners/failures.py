"""How the failure of a story is worded, whichever runner it ran in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sourcebook.errors import Place, StoryFailed

_CELL_LINE = re.compile(r"Cell In\[\d+\], line (\d+)")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def told_cell(path: str, cell: int, *, name: str, message: str, traceback: str) -> StoryFailed:
    """Word an exception of a cell: what it says itself, where, and its own mend if it has one."""
    match = _CELL_LINE.search(_COLOURS.sub("", traceback))
    place = Place(path, cell=cell, line=int(match.group(1)) if match else None)
    what, mend = _parts_of_message(name, message)
    return StoryFailed(what, place, mend)


def told_expression(
    path: str, cell: int, *, source: str, expression: str, result: Mapping[str, Any]
) -> StoryFailed:
    """Word the failure of an expression in prose."""
    line = next((number for number, text in enumerate(source.splitlines(), 1) if expression in text), None)
    what, mend = _parts_of_message(result.get("ename", "error"), result.get("evalue", ""))
    return StoryFailed(f"{{eval}}`{expression}` failed: {what}", Place(path, cell=cell, line=line), mend)


def told_slow_cell(path: str, cell: int, *, limit_s: float) -> StoryFailed:
    """Word that a cell took too long."""
    mend = "make the cell faster, or raise `timeout` under `execute` in _config.yml"
    return StoryFailed(f"a cell ran longer than {limit_s:g} seconds", Place(path, cell=cell), mend)


def told_slow_story(path: str, cell: int | None, *, limit_s: float) -> StoryFailed:
    """Word that a story took too long."""
    mend = "make its cells faster, or part the story in two"
    return StoryFailed(f"the story ran longer than {limit_s:g} seconds", Place(path, cell=cell), mend)


def told_long_output(path: str, cell: int, *, limit_bytes: int) -> StoryFailed:
    """Word that a cell printed too much."""
    what = f"a cell printed more than {limit_bytes / 1e6:g} MB"
    return StoryFailed(what, Place(path, cell=cell), "print a part of it, or write it to a file")


def told_exit(path: str, cell: int) -> StoryFailed:
    """Word that a cell asked the kernel to end."""
    what = "a cell ended the kernel with exit()"
    return StoryFailed(what, Place(path, cell=cell), "take the call out; a story ends with its last cell")


def _parts_of_message(name: str, message: str) -> tuple[str, str]:
    lines = _COLOURS.sub("", message).splitlines() or [""]
    mend = next((line.partition("mend:")[2].strip() for line in lines if line.startswith("  mend:")), "")
    where = next((line.partition("where:")[2].strip() for line in lines if line.startswith("  where:")), "")
    told = f"{name}: {lines[0]}" + (f" ({where})" if where else "")
    return told, mend or "run the notebook in JupyterLab up to that cell to see the whole traceback"
