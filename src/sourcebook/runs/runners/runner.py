"""What one runner does: it executes one story in a process of its own, and tells how it went."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sourcebook.errors import BookError, Place, StoryFailed
from sourcebook.runs.runners.wire import Closed, failure_message, parse_task, receive, send
from sourcebook.runs.tasks import RunnerDied, Task

if TYPE_CHECKING:
    from sourcebook.runs.runners.kernels import KernelExecution
    from sourcebook.runs.runners.shell import Application, ShellExecution

_OOM_SCORE = "500"  # where memory runs out, a runner goes before the build does


def serve(door: socket.socket, *, scratch: Path, application: Application | None) -> None:
    """Execute the task that comes in at `door`, tell how it went, and end this process."""
    code, pid = 1, os.getpid()
    try:
        task = parse_task(receive(door)[0])
        _Runner(door, task, scratch, application).run()
        code = 0
    except Closed:
        pass  # nobody waits for the answer any more
    except BaseException as error:  # whatever it was, the build must hear of it
        fault = RunnerDied(f"the runner failed: {type(error).__name__}: {error}")
        with contextlib.suppress(Closed):
            if os.getpid() == pid:  # else the story has forked, and the fork came back
                send(door, failure_message(fault))
    finally:
        os._exit(code)


def files_of(scratch: Path, pid: int) -> tuple[Path, Path]:
    """Name the files of one runner: what the preload library notes, and how to reach its kernel."""
    return scratch / f"{pid}-preload.log", scratch / f"{pid}-kernel.json"


class _Runner:
    def __init__(
        self, door: socket.socket, task: Task, scratch: Path, application: Application | None
    ) -> None:
        self.door, self.task, self.scratch = door, task, scratch
        self.application = application
        self.pid = os.getpid()

    def run(self) -> None:
        """Execute the task and send the answer."""
        try:
            self._enter()
            answer = _answer_of(self._execute())
        except StoryFailed as error:
            answer = failure_message(error)
        except BookError as error:
            answer = failure_message(StoryFailed(error.what, error.place, error.mend))
        except MemoryError:
            mend = "read less at once, or let the machine give more memory"
            answer = failure_message(StoryFailed("memory ran out", Place(self.task.path), mend))
        send(self.door, answer)

    def watch(self, cell: int, cells: int) -> None:
        """Tell which cell begins."""
        if os.getpid() != self.pid:
            os._exit(0)  # a process that the story forked came back into the story
        send(self.door, {"kind": "cell", "cell": cell, "cells": cells})

    def ending(self) -> None:
        """Tell that the last cell has ended."""
        send(self.door, {"kind": "ending"})

    def stop(self, error: StoryFailed) -> None:
        """End the run at once, from whatever thread."""
        with contextlib.suppress(Closed):
            send(self.door, failure_message(error))
        os._exit(0)

    def _enter(self) -> None:
        folder = (self.task.root / self.task.path).parent
        os.chdir(folder)
        os.environ["PWD"] = str(folder)
        sys.dont_write_bytecode = True  # a cache beside a module of the book changes its folder
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        with contextlib.suppress(OSError):
            Path("/proc/self/oom_score_adj").write_text(_OOM_SCORE)
        if self.task.limits.memory_bytes:
            _limit_memory(self.task.limits.memory_bytes)

    def _execute(self) -> ShellExecution | KernelExecution:
        execution: ShellExecution | KernelExecution
        if self.task.kind == "warm" and self.application is not None:
            from sourcebook.runs.runners.shell import ShellExecution

            execution = ShellExecution.of(self.task, self)
            execution.open(self.application)
        else:
            from sourcebook.runs.runners.kernels import KernelExecution

            execution = KernelExecution.of(self.task, self)
            execution.connection_file = files_of(self.scratch, self.pid)[1]
        execution.log_file = files_of(self.scratch, self.pid)[0]
        asyncio.new_event_loop().run_until_complete(execution.run())
        return execution


def _answer_of(execution: ShellExecution | KernelExecution) -> dict[str, Any]:
    from sourcebook.runs.runners.outputs import steady
    from sourcebook.stories import write_text

    steady(execution.nb)
    told = {"text": write_text(execution.nb), "report": execution.report, "seconds": execution.seconds}
    return {"kind": "done", **told}


def _limit_memory(most_bytes: int) -> None:
    """Let a process that asks for more be told so: Python raises MemoryError."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (most_bytes, hard))
