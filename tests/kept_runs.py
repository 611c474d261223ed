"""Runs for tests of the store: small notebooks that no kernel has ever seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sourcebook import tracing
from sourcebook.runs.store import Run
from sourcebook.stories import new_notebook, write_text

KEY, OTHER_KEY = "a" * 64, "b" * 64


def run_of(
    word: str, *, text: str | None = None, size: int = 0, made: Path | None = None, **more: Any
) -> Run:
    """Give a run whose notebook shows a word.

    Args:
        word: what it shows.
        text: what is claimed to be its notebook, if that is to be something else.
        size: bytes by which the notebook is made larger.
        made: a file in the folder `data` of a book that the run is said to have written.
        more: other fields of the run.
    """
    own = write_text(new_notebook([("code", f"'{word}'"), ("markdown", "x" * size)]))
    if made is not None:
        more["outputs"] = {f"data/{made.name}": tracing.digest_of_bytes(made.read_bytes())}
    return Run(tracing.digest_of_bytes(own.encode()), text=own if text is None else text, **more)
