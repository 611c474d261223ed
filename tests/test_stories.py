"""Stories: a notebook as written, what its prose evaluates, and the twin that carries outputs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sourcebook.errors import StoryError
from sourcebook.stories import (
    USER_EXPRESSIONS,
    find_expressions,
    new_notebook,
    outputs_of,
    parse_notebook,
    read_story,
    twin,
    without_outputs,
    write_text,
)
from sourcebook.testing import Book


@pytest.mark.parametrize(
    ("markdown", "expressions"),
    [
        ("", ()),
        ("no value", ()),
        ("a {eval}`x` b", ("x",)),
        ("{eval}`y` and {eval}`x`,\n{eval}`y`", ("y", "x", "y")),
        ("a {eval}` x `", ("x",)),
        ("""{eval}`f"{users:short}"`""", ('f"{users:short}"',)),
        ("{eval}``a`b``", ("a`b",)),
        ("{eval}`人口`", ("人口",)),
        ("# Title {eval}`x`", ("x",)),
        ("**{eval}`x`** _{eval}`y`_ [{eval}`z`](https://example.org)", ("x", "y", "z")),
        ("- {eval}`x`\n  - {eval}`y`", ("x", "y")),
        ("> {eval}`x`", ("x",)),
        ("| a | b |\n|---|---|\n| {eval}`x` | {eval}`y` |", ("x", "y")),
        ("```{note}\n{eval}`x`\n```", ("x",)),
        ("~~~{note}\n{eval}`x`\n~~~", ("x",)),
        ("```{admonition} Title\n:class: tip\n{eval}`x`\n```", ("x",)),
        ("````{grid}\n```{card}\n{eval}`x`\n```\n````", ("x",)),
        (":::{note}\n{eval}`x`\n:::", ("x",)),
        (":::{admonition} Title {eval}`t`\n{eval}`x`\n:::", ("t", "x")),
        ("::::{grid}\n:::{card}\n{eval}`x`\n:::\n::::", ("x",)),
        ("```{list-table}\n* - {eval}`x`\n  - {eval}`y`\n```", ("x", "y")),
        ("Text.[^1]\n\n[^1]: A note with {eval}`x`.", ("x",)),
        ("Text.[^1]\n\n[^1]: {eval}`x`", ("x",)),
        ("Term\n: {eval}`x`", ("x",)),
    ],
)
def test_expressions_are_found_wherever_prose_is_parsed(markdown: str, expressions: tuple[str, ...]) -> None:
    """A value can stand in a paragraph, a table, a footnote or a directive, however deep."""
    found = find_expressions(markdown)

    assert found == expressions


@pytest.mark.parametrize(
    "markdown",
    [
        "`` {eval}`x` ``",
        "`{eval}` `x`",
        "```\n{eval}`x`\n```",
        "```markdown\n{eval}`x`\n```",
        "    {eval}`x`",
        "```{code-block} markdown\n{eval}`x`\n```",
        ":::{code-block} markdown\n{eval}`x`\n:::",
        "````{note}\n```\n{eval}`x`\n```\n````",
        "<!-- {eval}`x` -->",
        "% {eval}`x`",
        "\\{eval}`x`",
        "{fact}`x` {evaluate}`x`",
    ],
)
def test_expressions_are_not_found_where_a_page_shows_them_as_written(markdown: str) -> None:
    """Code, comments and other roles evaluate nothing."""
    found = find_expressions(markdown)

    assert found == ()


def test_story_is_read_as_written(book: Book) -> None:
    """A story knows its cells with number, kind, tags and expressions, and what runs it."""
    notebook = new_notebook([("markdown", "# 标题 {eval}`x`"), ("code", "x = 1"), ("raw", "{eval}`x`")])
    notebook.cells[1].metadata["tags"] = ["hide-input"]
    book.write("book/a.ipynb", write_text(notebook))

    story = read_story(book.root, "book/a.ipynb")

    assert (story.path, story.kernel, story.language) == ("book/a.ipynb", "python3", "python")
    assert [(cell.number, cell.kind, cell.source) for cell in story.cells] == [
        (1, "markdown", "# 标题 {eval}`x`"),
        (2, "code", "x = 1"),
        (3, "raw", "{eval}`x`"),
    ]
    assert [cell.expressions for cell in story.cells] == [("x",), (), ()]
    assert [cell.tags for cell in story.cells] == [frozenset(), {"hide-input"}, frozenset()]


def test_story_has_the_language_of_its_kernel_when_it_was_never_run(book: Book) -> None:
    """A notebook for R that no kernel has seen yet is not taken for Python."""
    notebook = new_notebook([("code", "1")])
    notebook.metadata["kernelspec"] = {"name": "ir", "display_name": "R", "language": "R"}
    del notebook.metadata["language_info"]
    book.write("book/a.ipynb", write_text(notebook))

    story = read_story(book.root, "book/a.ipynb")

    assert (story.kernel, story.language) == ("ir", "R")


def test_story_runs_code_and_expressions_in_reading_order(book: Book) -> None:
    """A run evaluates a value where it stands: after the code above it, before the code below."""
    book.write_story("book/a.ipynb", "md: No value.", "x = 1", "md: {eval}`x` {eval}`y`", "x = 2")

    story = read_story(book.root, "book/a.ipynb")

    assert story.steps == (("code", "x = 1"), ("expressions", "x", "y"), ("code", "x = 2"))


def test_story_may_be_empty(book: Book) -> None:
    """A notebook without cells is a story with nothing to run."""
    book.write_story("book/a.ipynb")

    story = read_story(book.root, "book/a.ipynb")

    assert (story.cells, story.steps, story.has_outputs) == ((), (), False)


OUTPUT = {"output_type": "stream", "name": "stdout", "text": "1\n"}


@pytest.mark.parametrize(
    ("outputs", "has_outputs"),
    [([[OUTPUT], [OUTPUT]], True), ([[OUTPUT], []], False), ([[], []], False)],
)
def test_story_has_outputs_when_every_code_cell_has_some(
    book: Book, outputs: list[list[Any]], has_outputs: bool
) -> None:
    """Only a notebook that was saved with all outputs can be shown without a run."""
    notebook = new_notebook([("code", "print(1)"), ("markdown", "text"), ("code", "print(1)"), ("code", " ")])
    notebook.cells[0].outputs, notebook.cells[2].outputs = outputs
    book.write("book/a.ipynb", json.dumps(notebook))

    story = read_story(book.root, "book/a.ipynb")

    assert story.has_outputs is has_outputs


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"# A page",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"{}",
        b'{"nbformat": 4}',
        b'{"cells": 3, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
        b'{"cells": [{"cell_type": "code"}], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
        b'{"cells": [], "metadata": {}, "nbformat": 99, "nbformat_minor": 0}',
        b"<<<<<<< HEAD\n{}",
    ],
)
def test_story_that_is_no_notebook_is_an_error_that_names_the_file(book: Book, content: bytes | None) -> None:
    """Whatever a file holds, reading it as a notebook ends in a story or in an error with its place."""
    if content is not None:
        book.write("book/a.ipynb", "").write_bytes(content)

    with pytest.raises(StoryError, match=r"'book/a\.ipynb' cannot be read as a notebook: ") as caught:
        read_story(book.root, "book/a.ipynb")

    assert str(caught.value.place) == "book/a.ipynb"
    assert "JupyterLab" in caught.value.mend


def value(text: str, expression: str = "x") -> dict[str, Any]:
    """Give the value of an expression as a run leaves it in a cell's metadata."""
    result = {"status": "ok", "data": {"text/plain": text}, "metadata": {}}
    return {"expression": expression, "result": result}


def executed(*cells: tuple[Any, str]) -> Any:
    """Give a notebook as a run leaves it: code printed "1", expressions have the values 1, 2, 3 ..."""
    notebook = new_notebook(cells)
    count = 0
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [OUTPUT], 1
        elif names := find_expressions(cell.source):
            values = [value(str(count + number), name) for number, name in enumerate(names, start=1)]
            cell.metadata[USER_EXPRESSIONS] = values
            count += len(names)
    return parse_notebook(json.dumps(notebook))


def test_twin_joins_newer_prose_with_older_outputs() -> None:
    """An author may rewrite prose, add cells and move values between them without a run."""
    run = executed(("markdown", "old {eval}`x` {eval}`y`"), ("code", "1"), ("markdown", "{eval}`z`"))
    story = new_notebook(
        [
            ("markdown", "# New title"),
            ("markdown", "new {eval}`x`"),
            ("markdown", "and {eval}`y`"),
            ("code", "1"),
            ("markdown", "| {eval}`z` |"),
        ]
    )

    joined = twin(story, run)

    assert [cell.source for cell in joined.cells] == [cell.source for cell in story.cells]
    assert joined.cells[3].outputs == [OUTPUT]
    assert joined.cells[3].execution_count == 1
    told = [
        [one["result"]["data"]["text/plain"] for one in cell.metadata.get(USER_EXPRESSIONS, [])]
        for cell in joined.cells
    ]
    assert told == [[], ["1"], ["2"], [], ["3"]]


def test_twin_leaves_both_notebooks_as_they_were() -> None:
    """Joining makes a third notebook."""
    run, story = executed(("code", "1")), new_notebook([("code", "1")])
    before = write_text(run), write_text(story)

    twin(story, run)

    assert (write_text(run), write_text(story)) == before


def test_twin_takes_no_output_from_the_story_itself() -> None:
    """Outputs that an author committed by mistake do not reach the page."""
    story = executed(("code", "1"), ("markdown", "{eval}`x`"))
    story.cells[0].outputs = [{**OUTPUT, "text": "stale\n"}]

    joined = twin(story, executed(("code", "1"), ("markdown", "{eval}`x`")))

    assert "stale" not in write_text(joined)
    assert joined.cells[0].outputs == [OUTPUT]


def test_notebook_without_outputs_is_what_is_committed() -> None:
    """Outputs, counts and the traces of a run go; tags and text stay."""
    notebook = executed(("code", "1"), ("markdown", "{eval}`x`"))
    notebook.cells[0].metadata |= {"tags": ["keep"], "execution": {"iopub.execute_input": "2025"}}

    bare = without_outputs(notebook)

    assert bare.cells[0].outputs == []
    assert bare.cells[0].execution_count is None
    assert bare.cells[0].metadata == {"tags": ["keep"]}
    assert bare.cells[1].metadata == {}
    assert notebook.cells[0].outputs == [OUTPUT]


def test_outputs_are_found_by_type_in_cells_and_prose() -> None:
    """Facts and figures are found wherever a run left them, with the number of the cell."""
    notebook = executed(("markdown", "{eval}`x` {eval}`y`"), ("code", "1"), ("code", "2"))
    shown = {"output_type": "display_data", "data": {"text/plain": "3", "text/html": "<b>"}, "metadata": {}}
    notebook.cells[2].outputs = [OUTPUT, shown]
    notebook.cells[0].metadata[USER_EXPRESSIONS].append({"expression": "z", "result": {"status": "error"}})

    found = list(outputs_of(notebook, "text/plain"))

    assert found == [(1, "1"), (1, "2"), (3, "3")]


def test_equal_notebooks_give_equal_text() -> None:
    """Writing what was read changes no byte, whatever its letters."""
    text = write_text(new_notebook([("markdown", "标题 é"), ("code", "x = 1")]))

    again = write_text(parse_notebook(text))

    assert again == text
    assert "标题 é" in text
