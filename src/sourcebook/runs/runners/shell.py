"""The in-process shell: IPython's own kernel without sockets, asked by nbclient's own client.

The kernel is built before the fork, once for all stories; a forked runner opens it and runs one
story in it. Messages go from the kernel straight into lists, from which the client takes them.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from queue import Empty
from typing import Any

from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from jupyter_client.session import Session

from sourcebook import tracing
from sourcebook.runs.runners.execution import DRAW_BARE_CHARTS, Execution
from sourcebook.runs.runners.failures import told_exit
from sourcebook.runs.runners.seeds import seed
from sourcebook.runs.runners.streams import Printed


class _Outbox(Session):
    """A session that keeps what it is asked to send, as the other end would read it."""

    messages: deque[dict[str, Any]]

    def send(
        self,
        stream: Any,
        msg_or_type: Any,
        content: Any = None,
        parent: Any = None,
        ident: Any = None,
        buffers: Any = None,
        track: bool = False,
        header: Any = None,
        metadata: Any = None,
    ) -> dict[str, Any]:
        """Keep a message; whatever the story does to its parts later does not change it."""
        message = msg_or_type
        if not isinstance(message, dict):
            message = self.msg(msg_or_type, content, parent=parent, header=header, metadata=metadata)
        read = self.unpack(self.pack(message["content"]))
        self.messages.append({**message, "content": read, "buffers": buffers or message.get("buffers", [])})
        return message

    def take(self) -> list[dict[str, Any]]:
        """Give what was sent since the last time."""
        taken = []
        while self.messages:
            taken.append(self.messages.popleft())
        return taken


class _Later:
    """What the kernel asks of its event loop from elsewhere; there is nothing to stop."""

    def add_callback(self, call: Callable[..., Any], *arguments: Any) -> None:
        asyncio.get_event_loop_policy().get_event_loop().call_soon_threadsafe(call, *arguments)

    def call_later(self, seconds: float, call: Callable[..., Any]) -> None:
        """Do nothing: the only thing that is asked for later is the end of the loop."""

    def stop(self) -> None:
        """Do nothing."""


class _ShellThread:
    """Stands in for the thread that reads requests: it was started by the main thread."""

    parent_thread = threading.main_thread()


class _Kernel(IPythonKernel):
    """IPython's kernel, asked by calls."""

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)  # type: ignore[no-untyped-call]
        self.io_loop: Any = _Later()
        self.shell_channel_thread = _ShellThread()
        self._execute_sleep = 0.0

    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """Do nothing: nothing is queued."""


class Application(IPKernelApp):
    """IPython's kernel application, with everything but sockets."""

    def init_poller(self) -> None:
        """Poll for no parent: a runner is killed with it."""

    def init_connection_file(self) -> None:
        """Connect to nothing."""

    def init_sockets(self) -> None:
        """Open no socket."""

    def init_heartbeat(self) -> None:
        """Beat for nobody."""

    def write_connection_file(self, **kwargs: Any) -> None:
        """Write nothing."""

    def log_connection_info(self) -> None:
        """Tell nobody."""

    def init_io(self) -> None:
        """Leave the streams; a runner redirects them."""
        self.patch_io()  # type: ignore[no-untyped-call]

    def init_signal(self) -> None:
        """Leave signals; a runner sets them."""

    def init_crash_handler(self) -> None:
        """Leave crashes to be seen from outside."""

    def init_kernel(self) -> None:
        """Make the kernel."""
        session = _Outbox(parent=self, key=b"")
        session.messages = deque()
        self.kernel = _Kernel.instance(
            parent=self, session=session, log=self.log, profile_dir=self.profile_dir, user_ns=self.user_ns
        )


def build() -> Application:
    """Build a kernel to be forked; it prints nothing and shows nothing."""
    sys.argv = [sys.argv[0]]
    application = Application.instance(log_level="ERROR")
    application.initialize(["--HistoryManager.hist_file=:memory:"])  # type: ignore[no-untyped-call]
    return application


class ShellExecution(Execution):
    """An execution in the kernel of this very process.

    Attributes:
        application: the kernel.
        log_file: where the preload library notes what is read.
        report: what was read.
        seconds: time from the first cell to the last.
    """

    application: Application
    log_file: Path
    report: dict[str, Any] | None = None
    seconds = 0.0

    def open(self, application: Application) -> None:
        """Take hold of the kernel, and of all that this process prints."""
        self.application = application
        outbox: _Outbox = application.kernel.session

        def send(name: str, text: str, header: dict[str, Any]) -> None:
            outbox.messages.append(
                {
                    "msg_type": "stream",
                    "header": {"msg_type": "stream"},
                    "parent_header": header,
                    "content": {"name": name, "text": text},
                }
            )

        streams = [Printed(name, handle, send=send, count=self._count) for handle, name in _STREAMS.items()]
        self.streams = sys.stdout, sys.stderr = tuple(streams)
        self.kc: Any = _Client(self)

    async def run(self) -> None:
        """Execute every cell in order.

        Raises:
            StoryFailed: a cell or an expression raised.
        """
        self.reset_execution_trackers()
        self.nb.metadata["language_info"] = self.application.kernel.language_info
        began = time.monotonic()
        for index, cell in enumerate(self.nb.cells):
            await self.async_execute_cell(cell, index, execution_count=self.code_cells_executed + 1)
            if self.application.kernel.shell.exit_now:
                raise told_exit(self.task.path, self.number)
        self.set_widgets_metadata()
        self.seconds = time.monotonic() - began
        self.listener.ending()
        self.report = tracing.report()

    async def begin(self) -> None:
        """Have bare charts drawn, fix what is chance, and begin to trace."""
        await self.ask(DRAW_BARE_CHARTS if self.task.draws_bare_charts else ())
        seed(self.task.path)
        tracing.start(self.task.root, log=self.log_file, network=self.task.network)

    async def ask(self, expressions: Sequence[str], code: str = "") -> dict[str, dict[str, Any]]:
        """Run code silently, then give the values of expressions as Jupyter tells them."""
        _, messages = await self.request(code, silent=True, expressions=expressions)
        reply = next(one for one in messages if one["msg_type"] == "execute_reply")
        return dict(reply["content"].get("user_expressions", {}))

    async def request(
        self, code: str, *, silent: bool = False, history: bool = True, expressions: Sequence[str] = ()
    ) -> tuple[str, list[dict[str, Any]]]:
        """Execute code; give the request's id and all messages of the kernel, the last of them "idle"."""
        kernel = self.application.kernel
        outbox: _Outbox = kernel.session
        content = {
            "code": code,
            "silent": silent,
            "store_history": history and not silent,
            "user_expressions": dict(zip(expressions, expressions, strict=True)),
            "allow_stdin": False,
            "stop_on_error": True,
        }
        request = outbox.msg("execute_request", content)
        self._printed = 0
        kernel.set_parent([b"book"], request)
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            await kernel.execute_request(None, [b"book"], request)
        finally:
            signal.signal(signal.SIGINT, before)
        for stream in self.streams:
            stream.flush()
        outbox.send(None, "status", {"execution_state": "idle"}, parent=request)
        return request["header"]["msg_id"], outbox.take()

    def _count(self, length: int) -> None:
        self._printed += length
        if self._printed > self.task.limits.output_bytes:
            self.too_long()

    _printed = 0


class _Channel:
    """Messages to be read, and those that the client writes."""

    def __init__(self) -> None:
        self.messages: deque[dict[str, Any]] = deque()
        self.written: deque[dict[str, Any]] = deque()

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:
        """Give the next message; all that will come is there already."""
        if not self.messages:
            raise Empty
        return self.messages.popleft()

    def send(self, message: dict[str, Any]) -> None:
        """Write a message; it is read before the next cell."""
        self.written.append(message)


class _Client:
    """What nbclient takes for a client of a kernel elsewhere."""

    def __init__(self, execution: ShellExecution) -> None:
        self._execution = execution
        self._kernel = execution.application.kernel
        self.session = self._kernel.session
        self.shell_channel, self.iopub_channel = _Channel(), _Channel()

    async def execute(self, code: str, **options: Any) -> str:
        """Execute a cell to its end, and only then give the request's id."""
        self._answer_client()
        number, messages = await self._execution.request(code, history=options["store_history"])
        for message in messages:
            is_reply = message["msg_type"] == "execute_reply"
            (self.shell_channel if is_reply else self.iopub_channel).messages.append(message)
        return number

    async def is_alive(self) -> bool:
        """Say that the kernel lives: else nobody would ask."""
        return True

    def _answer_client(self) -> None:
        """Let the kernel read what the client wrote, such as the state of an output widget."""
        written = self.shell_channel.written
        while written:
            message = written.popleft()
            self._kernel.set_parent([b"book"], message)
            handler = self._kernel.shell_handlers[message["msg_type"]]
            handler(None, [b"book"], message)


_STREAMS = {1: "stdout", 2: "stderr"}
