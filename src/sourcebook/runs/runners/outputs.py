"""Outputs as they are kept: without what differs from one process to the next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from sourcebook.stories import USER_EXPRESSIONS

_ADDRESS = re.compile(r"\bat 0x[0-9a-f]{9,16}\b")
_DRAWN = re.compile(r"<dc:date>[^<]*</dc:date>")
_CELL_FILE = re.compile(r"[^\s\"'<>]*/ipykernel_\d+/(\d+\.py)")


def steady(notebook: Any) -> None:
    """Take out of a notebook's outputs what is chance: addresses, process ids, how prints were parted.

    Prints that follow each other are joined: first what went to standard output, then the errors,
    as a kernel sends them that has not yet been asked for either.
    """
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = list(_joined(cell.outputs))
            for output in cell.outputs:
                _steady_output(output)
        for value in cell.metadata.get(USER_EXPRESSIONS, []):
            _steady_output(value.get("result", {}))


def steady_text(text: str) -> str:
    """Give a text without addresses in memory and names of temporary files of cells."""
    if "0x" in text:
        text = _ADDRESS.sub("at 0x0", text)
    return _CELL_FILE.sub(r"/tmp/ipykernel/\1", text) if "/ipykernel_" in text else text


def _joined(outputs: list[Any]) -> Iterator[Any]:
    for is_stream, some in groupby(outputs, lambda output: output["output_type"] == "stream"):
        if not is_stream:
            yield from some
            continue
        printed = list(some)
        for name in ("stdout", "stderr"):
            same = [output for output in printed if output["name"] == name]
            if same:
                same[0]["text"] = "".join(output["text"] for output in same)
                yield same[0]


def _steady_output(output: dict[str, Any]) -> None:
    for name in ("text", "evalue"):
        if name in output:
            output[name] = steady_text(output[name])
    if "traceback" in output:
        output["traceback"] = [steady_text(line) for line in output["traceback"]]
    for kind, value in output.get("data", {}).items():
        if kind == "image/svg+xml" and isinstance(value, str):
            output["data"][kind] = _DRAWN.sub("<dc:date>1970-01-01T00:00:00</dc:date>", value)
        if kind.startswith("text/") and isinstance(value, str):
            output["data"][kind] = steady_text(value)
