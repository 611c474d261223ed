"""The door to Jupyter's kernels: one story in the kernel that its notebook names, traced."""

from __future__ import annotations

import ast
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from nbclient.exceptions import DeadKernelError
from traitlets import default

from sourcebook import tracing
from sourcebook.errors import Place, StoryFailed
from sourcebook.runs.runners import seeds
from sourcebook.runs.runners.execution import DRAW_BARE_CHARTS, Execution
from sourcebook.runs.runners.processes import status_words
from sourcebook.runs.tasks import RunnerDied

_TRACING = "__import__('sourcebook.tracing', fromlist=['tracing'])"
_RESTART, _REPORT = f"{_TRACING}.restart()", f"{_TRACING}.report()"
_SEED = (
    "(lambda names: (exec(open({file!r}).read(), names), names['steady_ids'](), names['seed']({path!r})))"
    "({{'__name__': 'seeds'}}) and None"
)
_START_S = 100


class _TracedSpecs(KernelSpecManager):
    """Kernel specs in which Python is this very Python, started with the tracing hook in place."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        if kernel_name != "python3":
            return super().get_kernel_spec(kernel_name)
        quiet = "--IPKernelApp.log_level=ERROR"  # else every kernel warns of its transport
        argv = [sys.executable, "-m", "sourcebook.tracing", "-f", "{connection_file}", quiet]
        return KernelSpec(argv=argv, display_name="Python", language="python")


class _Client(AsyncKernelClient):
    """A client that is ready as soon as the kernel is, without waiting for what will not come."""

    language_info: dict[str, Any] | None = None

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel answers on all channels.

        Raises:
            RuntimeError: it died or does not answer.
        """
        until = time.monotonic() + (timeout or _START_S)
        while not await self._answers(self.kernel_info()):
            if not await self.is_alive():
                raise RuntimeError("the kernel died before it answered")
            if time.monotonic() > until:
                raise RuntimeError(f"the kernel did not answer within {timeout} seconds")

    async def _answers(self, asked: str) -> bool:
        """Say whether the answer to a question came, and after it the news that nothing is left to do."""
        try:
            while (reply := await self.get_shell_msg(timeout=1))["parent_header"].get("msg_id") != asked:
                pass
            while not _is_idle(await self.get_iopub_msg(timeout=0.2), asked):
                pass
        except Empty:
            return False
        self.language_info = reply["content"].get("language_info", {})
        return True


class _TracedKernel(AsyncKernelManager):
    @default("kernel_spec_manager")
    def _traced_specs(self) -> _TracedSpecs:
        return _TracedSpecs(parent=self)

    @default("client_factory")
    def _quick_client(self) -> type[_Client]:
        return _Client


class KernelExecution(Execution):
    """An execution in a Jupyter kernel.

    Attributes:
        connection_file: how the kernel is reached.
        log_file: where the preload library notes what the kernel reads.
        report: what the kernel says that it read, or None if it cannot be asked.
        seconds: time from the first cell to the last.
    """

    connection_file: Path
    log_file: Path
    report: dict[str, Any] | None = None
    seconds = 0.0
    kc: Any
    km: Any

    async def run(self) -> None:
        """Start the kernel, and execute every cell in order; the kernel is left to be killed.

        Raises:
            StoryFailed: a cell or an expression raised, or the kernel is not installed.
            RunnerDied: the kernel died.
        """
        self.reset_execution_trackers()
        self.kernel_name = "python3" if self.language == "python" else self._named_kernel
        self.kernel_manager_class = _TracedKernel
        self.km = self.create_kernel_manager()
        self.km.connection_file = str(self.connection_file)
        try:
            await self._start()
            await self._execute_cells()
        except NoSuchKernel as error:
            mend = f"install a kernel named '{error.name}', or choose Python in JupyterLab"
            what = f"no kernel '{error.name}' on this machine"
            raise StoryFailed(what, Place(self.task.path), mend) from error
        except (DeadKernelError, RuntimeError) as error:
            place = Place(self.task.path, cell=self.number or None)
            raise RunnerDied(f"the kernel died while the story ran{await self._how()}", place) from error

    async def begin(self) -> None:
        """Have bare charts drawn, fix what is chance, and begin to trace."""
        if self.language == "python":
            seed = _SEED.format(file=seeds.__file__, path=self.task.path)
            drawing = DRAW_BARE_CHARTS if self.task.draws_bare_charts else ()
            await self.ask((*drawing, seed, _RESTART))

    async def ask(self, expressions: Sequence[str], code: str = "") -> dict[str, dict[str, Any]]:
        """Run code silently, then give the values of expressions as Jupyter tells them."""
        reply = await self.kc.execute_interactive(
            code,
            silent=True,
            store_history=False,
            user_expressions={name: name for name in expressions},
            allow_stdin=False,
            timeout=None,
            output_hook=lambda message: None,
        )
        return dict(reply["content"].get("user_expressions", {}))

    async def _start(self) -> None:
        traced = tracing.environment(self.task.root, log=self.log_file, network=self.task.network)
        await self.async_start_new_kernel(env={**os.environ, **traced}, cwd=self.folder)
        await self.async_start_new_kernel_client()
        self.nb.metadata["language_info"] = self.kc.language_info

    async def _execute_cells(self) -> None:
        began = time.monotonic()
        for index, cell in enumerate(self.nb.cells):
            await self.async_execute_cell(cell, index, execution_count=self.code_cells_executed + 1)
        self.set_widgets_metadata()
        self.seconds = time.monotonic() - began
        self.listener.ending()
        if self.language == "python":
            self.report = _parse_report((await self.ask([_REPORT])).get(_REPORT, {}))

    async def _how(self) -> str:
        """Word how the kernel ended, if its manager knows."""
        code = await self.km.provisioner.poll() if self.km.provisioner else None
        return "" if code is None else f": {status_words(-code if code < 0 else code << 8)}"

    @property
    def _named_kernel(self) -> str:
        return self.nb.metadata.get("kernelspec", {}).get("name", "python3")


def _is_idle(message: dict[str, Any], asked: str) -> bool:
    is_ours = message["parent_header"].get("msg_id") == asked
    return is_ours and message["content"].get("execution_state") == "idle"


def _parse_report(result: dict[str, Any]) -> dict[str, Any] | None:
    text = result.get("data", {}).get("text/plain", "")
    return dict(ast.literal_eval(text)) if result.get("status") == "ok" else None
