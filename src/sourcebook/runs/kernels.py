"""The door to kernels: stories executed by nbclient, several at once, each traced."""

from __future__ import annotations

import ast
import asyncio
import os
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from traitlets import default

from sourcebook import tracing
from sourcebook.errors import BookError, Place, StoryFailed
from sourcebook.runs.reasons import parts_of
from sourcebook.runs.store import Run
from sourcebook.stories import (
    USER_EXPRESSIONS,
    Story,
    find_expressions,
    without_outputs,
    write_text,
)

Result = TypeVar("Result")

_TRACING = "__import__('sourcebook.tracing', fromlist=['tracing'])"
_RESTART, _REPORT = f"{_TRACING}.restart()", f"{_TRACING}.report()"
_BARE = "__import__('sourcebook.figures.bare', fromlist=['bare'])"
_FORMATTERS = "get_ipython().display_formatter"
_DRAW_BARE_CHARTS = (
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

_CELL_LINE = re.compile(r"Cell In\[\d+\], line (\d+)")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_DATA_FOLDER = "data"


def execute_all(
    root: Path,
    stories: Sequence[Story],
    *,
    workers: int,
    timeout_s: float,
    scratch: Path,
    keep: Callable[[Story, Run | BookError, float], Result],
) -> list[Result]:
    """Execute stories, so many at once; a story that fails harms no other.

    Args:
        root: the book's folder.
        stories: what to run.
        workers: kernels at one time.
        timeout_s: longest time for one cell, in seconds.
        scratch: folder for the kernels' own files.
        keep: called with each story's run, or the error that ended it, and the seconds it took, at once.

    Returns:
        What `keep` gave, in the order of `stories`.
    """

    async def one(story: Story, places: asyncio.Semaphore) -> Result:
        async with places:
            began = time.monotonic()
            try:
                result: Run | BookError = await _execute(root, story, timeout_s=timeout_s, scratch=scratch)
            except BookError as error:
                result = error
            return keep(story, result, time.monotonic() - began)

    async def every() -> list[Result]:
        places = asyncio.Semaphore(workers)
        return await asyncio.gather(*(one(story, places) for story in stories))

    return asyncio.run(every())


class _TracedSpecs(KernelSpecManager):
    """Kernel specs in which Python is this very Python, started with the tracing hook in place."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        if kernel_name != "python3":
            return super().get_kernel_spec(kernel_name)
        quiet = "--IPKernelApp.log_level=ERROR"  # else every kernel warns of its transport
        argv = [sys.executable, "-m", "sourcebook.tracing", "-f", "{connection_file}", quiet]
        return KernelSpec(argv=argv, display_name="Python", language="python")


class _TracedKernel(AsyncKernelManager):
    @default("kernel_spec_manager")
    def _traced_specs(self) -> _TracedSpecs:
        return _TracedSpecs(parent=self)


class _StoryClient(NotebookClient):
    """nbclient that also evaluates the expressions in prose, in cell order, and asks what was read."""

    story: Story
    inputs_report: dict[str, Any] | None = None

    async def async_execute_cell(self, cell: Any, cell_index: int, *args: Any, **kwargs: Any) -> Any:
        if cell_index == 0 and self.story.language == "python":
            await self._ask(dict.fromkeys((*_DRAW_BARE_CHARTS, _RESTART)))
        try:
            if cell.cell_type == "markdown":
                await self._evaluate(cell, cell_index + 1)
            done = await super().async_execute_cell(cell, cell_index, *args, **kwargs)
        except CellExecutionError as error:
            raise _told(self.story, cell_index + 1, _first_of(cell, error)) from error
        except CellTimeoutError as error:
            place = Place(self.story.path, cell=cell_index + 1)
            mend = "make the cell faster, or raise `timeout` under `execute` in _config.yml"
            raise StoryFailed(f"a cell ran longer than {self.timeout} seconds", place, mend) from error
        if cell_index == len(self.nb.cells) - 1:
            self.inputs_report = await self._ask_for_inputs()
        return done

    async def _evaluate(self, cell: Any, number: int) -> None:
        expressions = find_expressions(cell.source)
        if not expressions:
            return
        results = await self._ask(dict.fromkeys(expressions))
        for expression in expressions:
            if results[expression].get("status") != "ok":
                raise _told_expression(self.story, number, cell.source, expression, results[expression])
        cell.metadata[USER_EXPRESSIONS] = [{"expression": one, "result": results[one]} for one in expressions]

    async def _ask(self, expressions: dict[str, Any]) -> dict[str, dict[str, Any]]:
        client: Any = self.kc
        reply = await client.execute_interactive(
            "",
            silent=True,
            store_history=False,
            user_expressions={name: name for name in expressions},
            allow_stdin=False,
            timeout=self.timeout,
            output_hook=lambda message: None,
        )
        return dict(reply["content"].get("user_expressions", {}))

    async def _ask_for_inputs(self) -> dict[str, Any] | None:
        if self.story.language != "python":
            return None
        result = (await self._ask({_REPORT: None})).get(_REPORT, {})
        text = result.get("data", {}).get("text/plain", "")
        return dict(ast.literal_eval(text)) if result.get("status") == "ok" else None


async def _execute(root: Path, story: Story, *, timeout_s: float, scratch: Path) -> Run:
    notebook = without_outputs(story.notebook)
    client = _StoryClient(
        notebook,
        kernel_name="python3" if story.language == "python" else story.kernel,
        kernel_manager_class=_TracedKernel,
        timeout=timeout_s,
        record_timing=False,
        shutdown_kernel="immediate",
        resources={"metadata": {"path": str((root / story.path).parent)}},
    )
    client.story = story
    try:
        await client.async_execute(env=_environment(root, scratch))
    except NoSuchKernel as error:
        mend = f"install a kernel named '{error.name}', or choose Python in JupyterLab"
        raise StoryFailed(f"no kernel '{error.name}' on this machine", Place(story.path), mend) from error
    except (DeadKernelError, RuntimeError) as error:
        mend = "run the notebook in JupyterLab to see which cell ends the kernel; often memory runs out"
        raise StoryFailed("the kernel died while the story ran", Place(story.path), mend) from error
    text = write_text(notebook)
    inputs, unseen = _inputs_of(root, client.inputs_report)
    return Run(tracing.digest_of_bytes(text.encode()), inputs, unseen, parts_of(story, root), text)


def _environment(root: Path, scratch: Path) -> dict[str, str]:
    """Give a kernel's environment: the book's folder, fixed hashing, no start-up files of the user's."""
    (scratch / "ipython").mkdir(parents=True, exist_ok=True)
    own = {
        tracing.ROOT_VARIABLE: str(root),
        "IPYTHONDIR": str(scratch / "ipython"),
        "PYTHONHASHSEED": "0",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }
    return {**os.environ, **own}


def _inputs_of(root: Path, report: dict[str, Any] | None) -> tuple[dict[str, str], tuple[str, ...]]:
    """Give the inputs of a run; where some reading went unseen, all of `data/` is among them."""
    told = report or {"inputs": {}, "unseen": ["the kernel cannot say what it read"]}
    inputs, unseen = dict(told["inputs"]), tuple(told["unseen"])
    if unseen:
        folder = root / _DATA_FOLDER
        names = [path.relative_to(root).as_posix() for path in (folder, *folder.rglob("*"))]
        inputs |= {name: tracing.digest_of(root, name) for name in names}
    return dict(sorted(inputs.items())), unseen


def _told(story: Story, cell: int, error: CellExecutionError) -> StoryFailed:
    """Word an exception of a cell: what it says itself, where, and its own mend if it has one."""
    match = _CELL_LINE.search(_COLOURS.sub("", error.traceback))
    place = Place(story.path, cell=cell, line=int(match.group(1)) if match else None)
    what, mend = _parts_of_message(error.ename, error.evalue)
    return StoryFailed(what, place, mend)


def _first_of(cell: Any, error: CellExecutionError) -> CellExecutionError:
    """Give the error that the cell shows first, where the kernel names none: one of a formatter."""
    shown = next((one for one in cell.get("outputs", []) if one.output_type == "error"), None)
    if shown is None or error.ename != "NoneType":
        return error
    return CellExecutionError(error.traceback, shown.ename, shown.evalue)


def _told_expression(
    story: Story, cell: int, source: str, expression: str, result: dict[str, Any]
) -> StoryFailed:
    line = next((number for number, text in enumerate(source.splitlines(), 1) if expression in text), None)
    what, mend = _parts_of_message(result.get("ename", "error"), result.get("evalue", ""))
    place = Place(story.path, cell=cell, line=line)
    return StoryFailed(f"{{eval}}`{expression}` failed: {what}", place, mend)


def _parts_of_message(name: str, message: str) -> tuple[str, str]:
    lines = _COLOURS.sub("", message).splitlines() or [""]
    mend = next((line.partition("mend:")[2].strip() for line in lines if line.startswith("  mend:")), "")
    where = next((line.partition("where:")[2].strip() for line in lines if line.startswith("  where:")), "")
    told = f"{name}: {lines[0]}" + (f" ({where})" if where else "")
    return told, mend or "run the notebook in JupyterLab up to that cell to see the whole traceback"
