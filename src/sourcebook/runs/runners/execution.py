"""One story being executed: what nbclient does, and the values in prose, failures and progress besides."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any, Protocol, Self

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from sourcebook.errors import StoryFailed
from sourcebook.runs.runners.failures import told_cell, told_expression, told_long_output
from sourcebook.runs.tasks import Task
from sourcebook.stories import USER_EXPRESSIONS, find_expressions, parse_notebook, without_outputs

_BARE = "__import__('sourcebook.figures.bare', fromlist=['bare'])"
_FORMATTERS = "get_ipython().display_formatter"
DRAW_BARE_CHARTS = (
    *(
        f"{_FORMATTERS}.mimebundle_formatter.for_type_by_name("
        f"'altair.vegalite.{version}.api', 'TopLevelMixin', "
        f"lambda *told, **more: {_BARE}.bundle(*told, **more))"
        for version in ("v5", "v6")
    ),
    f"{_FORMATTERS}.ipython_display_formatter.for_type_by_name('plotly.basedatatypes', 'BaseFigure', "
    f"lambda chart: {_BARE}.show(chart))",
)
"""Expressions that have a chart drawn that is shown without `figure`; they import nothing before one is."""


class Listener(Protocol):
    """Told how far an execution is."""

    def watch(self, cell: int, cells: int) -> None:
        """A cell begins, counted from 1, of so many."""

    def ending(self) -> None:
        """The last cell has ended."""

    def stop(self, error: StoryFailed) -> None:
        """The run must end at once; this may come from any thread, and does not return."""


class Execution(NotebookClient):
    """nbclient that also evaluates the expressions in prose, in cell order, and words what fails.

    Attributes:
        task: what is executed.
        listener: told how far the execution is.
        language: the programming language of the code cells.
        number: the present cell, counted from 1; 0 before the first.
    """

    task: Task
    listener: Listener
    language: str
    number = 0
    _printed_bytes = 0

    @classmethod
    def of(cls, task: Task, listener: Listener) -> Self:
        """Make the execution of a task."""
        made = cls(without_outputs(parse_notebook(task.text)), record_timing=False, timeout=None)
        made.task, made.listener = task, listener
        written, kernel = made.nb.metadata.get("language_info", {}), made.nb.metadata.get("kernelspec", {})
        made.language = written.get("name") or kernel.get("language") or "python"
        return made

    @property
    def folder(self) -> str:
        """The folder in which the cells run."""
        return str(self.task.root / PurePosixPath(self.task.path).parent)

    async def ask(self, expressions: Sequence[str], code: str = "") -> dict[str, dict[str, Any]]:
        """Run code silently, then give the values of expressions as Jupyter tells them."""
        raise NotImplementedError

    async def begin(self) -> None:
        """Do what must be done just before the first cell."""

    async def async_execute_cell(self, cell: Any, cell_index: int, *args: Any, **kwargs: Any) -> Any:
        """Execute one cell, or evaluate the expressions of one in Markdown.

        Raises:
            StoryFailed: it raised.
        """
        self.number, self._printed_bytes = cell_index + 1, 0
        if cell_index == 0:
            await self.begin()
        expressions = find_expressions(cell.source) if cell.cell_type == "markdown" else ()
        if expressions or (cell.cell_type == "code" and cell.source.strip()):
            self.listener.watch(self.number, len(self.nb.cells))
        if expressions:
            await self._evaluate(cell, expressions)
        try:
            return await super().async_execute_cell(cell, cell_index, *args, **kwargs)
        except CellExecutionError as error:
            raise self._told(cell, error) from error

    def process_message(self, msg: dict[str, Any], cell: Any, cell_index: int) -> Any:
        """Take a message of the kernel, unless the cell has printed too much."""
        if msg["msg_type"] == "stream":
            self._printed_bytes += len(msg["content"].get("text", ""))
            if self._printed_bytes > self.task.limits.output_bytes:
                self.too_long()
        return super().process_message(msg, cell, cell_index)

    def too_long(self) -> None:
        """End the run, because the present cell prints too much."""
        limit = self.task.limits.output_bytes
        self.listener.stop(told_long_output(self.task.path, self.number, limit_bytes=limit))

    async def _evaluate(self, cell: Any, expressions: Sequence[str]) -> None:
        results = await self.ask(expressions)
        for expression in expressions:
            result = results.get(expression, {})
            if result.get("status") != "ok":
                raise told_expression(
                    self.task.path, self.number, source=cell.source, expression=expression, result=result
                )
        cell.metadata[USER_EXPRESSIONS] = [{"expression": one, "result": results[one]} for one in expressions]

    def _told(self, cell: Any, error: CellExecutionError) -> StoryFailed:
        """Word the error; where the kernel names none, one of a formatter, the first that the cell shows."""
        shown = next((one for one in cell.get("outputs", []) if one.output_type == "error"), None)
        first = shown if shown is not None and error.ename == "NoneType" else error
        return told_cell(
            self.task.path, self.number, name=first.ename, message=first.evalue, traceback=error.traceback
        )
