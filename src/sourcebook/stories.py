"""The notebook reader: an .ipynb file as a frozen story, and the twin that carries its outputs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import nbformat
from markdown_it import MarkdownIt
from markdown_it.token import Token
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.myst_blocks import myst_block_plugin
from mdit_py_plugins.myst_role import myst_role_plugin
from nbformat import NotebookNode

from sourcebook.errors import Place, StoryError, nearest

CellKind = Literal["code", "markdown", "raw"]

EVAL_ROLE = "eval"
"""MyST's role for a value taken from the kernel."""

USER_EXPRESSIONS = "user_expressions"
"""Cell metadata in which jupyterlab-myst keeps the values of a Markdown cell's expressions."""

_PARSED_DIRECTIVE = re.compile(
    r"^\{(?!(?:code|code-block|code-cell|sourcecode|literalinclude|math|raw|mermaid)\})[\w:-]+\}"
)


NOTICE_TAG = "sourcebook-notice"
"""Tag of the cell that tells readers that a page is not up to date."""

SETTINGS = "sourcebook"
"""Key of the notebook metadata in which a story says how it is to be run."""


@dataclass(frozen=True)
class RunSettings:
    """How a story asks to be run: `"sourcebook": {"runner": "kernel"}` in the notebook's metadata.

    Attributes:
        runner: "warm", a shell that has imported the usual libraries; or "kernel", a Jupyter kernel.
        inputs: files or glob patterns below the book that the story reads where reading cannot be
            noticed; None widens to all of `data/`.
        network: whether the story may connect to other machines.
        timeout: longest time for one cell, in seconds; None for that of the book.
        story_timeout: longest time for the whole story, in seconds; None for that of the book.
    """

    runner: Literal["warm", "kernel"] = "warm"
    inputs: tuple[str, ...] | None = None
    network: bool = False
    timeout: float | None = None
    story_timeout: float | None = None


@dataclass(frozen=True)
class Cell:
    """One cell of a story as written.

    Attributes:
        number: place in the notebook, counted from 1.
        kind: "code", "markdown" or "raw".
        source: its text.
        tags: the tags set in the notebook's metadata.
        expressions: what a Markdown cell evaluates with {eval}, in order of appearance.
    """

    number: int
    kind: CellKind
    source: str
    tags: frozenset[str] = frozenset()
    expressions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Story:
    """One notebook as written, without outputs.

    Attributes:
        path: file, relative to the book's folder, with forward slashes.
        cells: all cells, in reading order.
        kernel: name of the Jupyter kernel that runs it.
        language: programming language of the code cells.
        settings: how it asks to be run.
        has_outputs: whether every code cell was saved with an output.
        text: the file as it was read; what is run and shown is this, whatever is saved meanwhile.
    """

    path: str
    cells: tuple[Cell, ...]
    kernel: str = "python3"
    language: str = "python"
    settings: RunSettings = RunSettings()
    has_outputs: bool = field(default=False, compare=False)
    text: str = field(default="", compare=False, repr=False)

    @property
    def notebook(self) -> NotebookNode:
        """The notebook as it was read, as nbformat has it; every call gives a copy of its own."""
        return parse_notebook(self.text)

    @property
    def steps(self) -> tuple[tuple[str, ...], ...]:
        """What a run does, in order: ("code", source) or ("expressions", one, two, ...)."""
        return tuple(
            ("code", cell.source) if cell.kind == "code" else ("expressions", *cell.expressions)
            for cell in self.cells
            if cell.kind == "code" or cell.expressions
        )


def read_story(root: Path, path: str) -> Story:
    """Read one notebook of the book.

    Args:
        root: the book's folder.
        path: the notebook, relative to it.

    Raises:
        StoryError: the file is missing or is no notebook.
    """
    text, notebook = _read_notebook(root, path)
    cells = tuple(_parse_cell(number, cell) for number, cell in enumerate(notebook.cells, start=1))
    code_cells = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    kernel, language = notebook.metadata.get("kernelspec", {}), notebook.metadata.get("language_info", {})
    return Story(
        path=path,
        cells=cells,
        kernel=kernel.get("name", "python3"),
        language=language.get("name") or kernel.get("language") or "python",
        settings=parse_settings(notebook.metadata.get(SETTINGS, {}), path),
        has_outputs=bool(code_cells) and all(cell.get("outputs") for cell in code_cells),
        text=text,
    )


def parse_settings(told: object, path: str) -> RunSettings:
    """Parse what a notebook's metadata say under `sourcebook`.

    Raises:
        StoryError: an unknown setting, or a value of the wrong type.
    """
    if not isinstance(told, dict):
        raise _wrong_setting(
            path, None, "the settings are no table", 'write {"runner": "kernel"}, for example'
        )
    for name, value in told.items():
        if name not in _SETTING_TYPES:
            raise _wrong_setting(path, name, f"unknown setting '{name}'", nearest(name, _SETTING_TYPES))
        fits, wanted = _SETTING_TYPES[name]
        if not fits(value):
            raise _wrong_setting(path, name, f"the setting '{name}' is {value!r}", f"write {wanted}")
    inputs = told.get("inputs")
    return RunSettings(**{**told, "inputs": None if inputs is None else tuple(inputs)})


def new_notebook(cells: Iterable[tuple[CellKind, str]]) -> NotebookNode:
    """Make a Python notebook of cells given as (kind, source), without outputs."""
    notebook = nbformat.v4.new_notebook()
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook.metadata["language_info"] = {"name": "python"}
    makers: dict[str, Any] = {
        "code": nbformat.v4.new_code_cell,
        "markdown": nbformat.v4.new_markdown_cell,
        "raw": nbformat.v4.new_raw_cell,
    }
    notebook.cells = [makers[kind](source, id=f"cell-{n}") for n, (kind, source) in enumerate(cells, start=1)]
    return notebook


def parse_notebook(text: str) -> NotebookNode:
    """Parse the text of an .ipynb file, in format 4.

    Raises:
        StoryError: the text is no valid notebook.
    """
    try:
        notebook = nbformat.reads(text, as_version=4)
        nbformat.validate(notebook)
    except (ValueError, TypeError, AttributeError, nbformat.ValidationError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise StoryError(
            f"not a notebook: {reason}", mend="open it in JupyterLab and save it again"
        ) from error
    return notebook


def parse_own(text: str) -> NotebookNode:
    """Parse a notebook that this package wrote and checked by its digest: it need not be validated again."""
    return nbformat.v4.reads_json(text)


def find_code(text: str) -> tuple[tuple[int, str], ...]:
    """Find the code cells in the text of a notebook, as (number, source)."""
    told = json.loads(text)
    cells = told["cells"] if "cells" in told else parse_notebook(text).cells
    numbered = ((number, cell) for number, cell in enumerate(cells, 1) if cell["cell_type"] == "code")
    return tuple((number, "".join(cell["source"])) for number, cell in numbered)


def write_text(notebook: NotebookNode) -> str:
    """Give a notebook as the text of an .ipynb file; equal notebooks give equal text."""
    return nbformat.writes(notebook)


def without_outputs(notebook: NotebookNode) -> NotebookNode:
    """Give a copy of a notebook as it should be committed: no outputs, counts or run metadata."""
    copy = nbformat.from_dict(notebook)
    for cell in copy.cells:
        cell.metadata.pop(USER_EXPRESSIONS, None)
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return copy


def twin(notebook: NotebookNode, executed: NotebookNode) -> NotebookNode:
    """Join a story's present text with the outputs of its run.

    Args:
        notebook: the story as written now; its prose may be newer than the run.
        executed: the notebook that a run left; same code cells and expressions, in the same order.

    Returns:
        A copy of `notebook` with outputs in its code cells, and in its Markdown cells'
        metadata the values of their expressions.
    """
    joined = without_outputs(notebook)
    joined.metadata["language_info"] = executed.metadata.get("language_info", {"name": "python"})
    ran = [cell for cell in executed.cells if cell.cell_type == "code"]
    for cell, done in zip((one for one in joined.cells if one.cell_type == "code"), ran, strict=True):
        cell.outputs, cell.execution_count = done.outputs, done.execution_count
    values = iter([value for cell in executed.cells for value in cell.metadata.get(USER_EXPRESSIONS, [])])
    for cell in joined.cells:
        if cell.cell_type == "markdown" and (names := find_expressions(cell.source)):
            cell.metadata[USER_EXPRESSIONS] = [next(values) for _ in names]
    return joined


def noticed(notebook: NotebookNode, words: str, *, is_whole: bool) -> NotebookNode:
    """Give a notebook with a notice for readers under its title.

    Args:
        notebook: an executed twin, or a story as written.
        words: the notice, in Markdown.
        is_whole: whether the rest of the notebook may be shown; else only its title is.
    """
    copy = nbformat.from_dict(notebook)
    cells = [cell for cell in copy.cells if NOTICE_TAG not in cell.metadata.get("tags", [])]
    box = nbformat.v4.new_markdown_cell(f":::{{warning}}\n{words}\n:::", id="notice")
    box.metadata["tags"] = [NOTICE_TAG]
    head = next((n for n, cell in enumerate(cells, 1) if cell.source.lstrip().startswith("# ")), 0)
    title = nbformat.v4.new_markdown_cell(
        _title_of(cells[head - 1].source) if head else "# Not to be had", id="title"
    )
    copy.cells = [*cells[:head], box, *cells[head:]] if is_whole else [title, box]
    return copy


def outputs_of(notebook: NotebookNode, mime_type: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Find every output of one MIME type, as (cell number, data), expressions' values included."""
    for number, cell in enumerate(notebook.cells, start=1):
        values = [one.get("result", {}) for one in cell.metadata.get(USER_EXPRESSIONS, [])]
        for bundle in [*cell.get("outputs", []), *values]:
            if mime_type in bundle.get("data", {}):
                yield number, bundle["data"][mime_type]


def find_expressions(markdown: str) -> tuple[str, ...]:
    """Find what a Markdown text evaluates with the role {eval}, in order of appearance.

    Code spans and code blocks do not count; the content of directives does.
    """
    return tuple(_expressions_in(_markdown().parse(markdown)))


def _title_of(source: str) -> str:
    return next(line for line in source.splitlines() if line.startswith("# "))


def _read_notebook(root: Path, path: str) -> tuple[str, NotebookNode]:
    try:
        text = (root / path).read_text(encoding="utf-8")
        return text, parse_notebook(text)
    except (OSError, UnicodeDecodeError, StoryError) as error:
        reason = error.what if isinstance(error, StoryError) else str(error)
        raise StoryError(
            f"'{path}' cannot be read as a notebook: {reason}",
            Place(path),
            "open it in JupyterLab and save it again, or restore it from version control",
        ) from error


def _is_seconds(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


_SETTING_TYPES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "runner": (lambda value: value in ("warm", "kernel"), '"warm" or "kernel"'),
    "inputs": (
        lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value),
        'a list of files below the book, ["data/arrivals.parquet"]',
    ),
    "network": (lambda value: isinstance(value, bool), "true or false"),
    "timeout": (_is_seconds, "seconds, such as 600"),
    "story_timeout": (_is_seconds, "seconds, such as 600"),
}


def _wrong_setting(path: str, name: str | None, what: str, mend: str) -> StoryError:
    field_name = SETTINGS if name is None else f"{SETTINGS}.{name}"
    return StoryError(what, Place(path, field=field_name), mend)


def _parse_cell(number: int, cell: NotebookNode) -> Cell:
    return Cell(
        number=number,
        kind=cell.cell_type,
        source=cell.source,
        tags=frozenset(cell.metadata.get("tags", [])),
        expressions=find_expressions(cell.source) if cell.cell_type == "markdown" else (),
    )


@cache
def _markdown() -> MarkdownIt:
    return (
        MarkdownIt("commonmark")
        .enable("table")
        .use(myst_role_plugin)
        .use(footnote_plugin)
        .use(myst_block_plugin)
        .use(colon_fence_plugin)
    )


def _expressions_in(tokens: Sequence[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "myst_role" and token.meta.get("name") == EVAL_ROLE:
            yield token.content.strip()
        elif token.type in {"fence", "colon_fence"} and _PARSED_DIRECTIVE.match(token.info.strip()):
            yield from find_expressions(f"{token.info.strip().partition('}')[2]}\n\n{token.content}")
        elif token.children:
            yield from _expressions_in(token.children)
