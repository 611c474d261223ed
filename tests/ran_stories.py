"""Stories handed to runners without a book around them, and what came back."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from kinds_of_cells import ALLOWED

from sourcebook.errors import BookError
from sourcebook.runs.tasks import Executed, Limits, Pool, RunnerKind, Task
from sourcebook.stories import CellKind, new_notebook, parse_notebook, write_text

PATH = "book/story.ipynb"


def task_of(root: Path, *cells: str, path: str = PATH, kind: RunnerKind = "warm", **limits: Any) -> Task:
    """Make a task of cells; Markdown cells begin with "md:"."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    parsed: list[tuple[CellKind, str]] = [
        ("markdown", cell[3:].lstrip()) if cell.startswith("md:") else ("code", cell) for cell in cells
    ]
    return Task(root, path, write_text(new_notebook(parsed)), kind, limits=Limits(**limits))


def task_of_kinds(root: Path, named: Mapping[str, str], *, kind: RunnerKind = "warm") -> Task:
    """Make a task of named cells; those that may raise are tagged so."""
    (root / "book").mkdir(parents=True, exist_ok=True)
    notebook = new_notebook([("code", source) for source in named.values()])
    for name, cell in zip(named, notebook.cells, strict=True):
        if name.endswith(ALLOWED):
            cell.metadata["tags"] = ["raises-exception"]
    return Task(root, PATH, write_text(notebook), kind)


def printed(executed: Executed) -> str:
    """Give all that a story printed or showed as text."""
    outputs = [one for cell in parse_notebook(executed.text).cells for one in cell.get("outputs", [])]
    return "\n".join(one.get("text") or one.get("data", {}).get("text/plain", "") for one in outputs).strip()


def ran(pool: Pool, root: Path, *cells: str, **more: Any) -> str:
    """Run cells and give what they printed."""
    return printed(pool.submit(task_of(root, *cells, **more)).result(timeout=60))


def told(future: Future[Executed]) -> dict[str, Any]:
    """Give what became of a story, as JSON: the kind of its error, what it says, and where."""
    try:
        return {"kind": "", "what": printed(future.result(timeout=60)), "cell": None, "message": ""}
    except BookError as error:
        cell = error.place.cell if error.place else None
        return {"kind": type(error).__name__, "what": error.what, "cell": cell, "message": str(error)}
