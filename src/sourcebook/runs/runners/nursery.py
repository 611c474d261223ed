"""The nursery: a process that has imported the usual libraries, and forks a runner for each story.

    python -m sourcebook.runs.runners.nursery {"door": 5, "scratch": "...", "warm": true}

It takes requests at its door, a Unix socket: `{"number": 3}` with an end of the runner's own socket
begets a runner, `{"kill": 3}` kills one. It answers `{"born": 3}`, and `{"ended": 3, "status": ...}`
when the runner and all that it started are gone. It ends when the door is closed.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import sys
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sourcebook.runs.runners.processes import adopt_orphans, bury, die_with, guarded, kill_group, kill_orphans
from sourcebook.runs.runners.runner import files_of, serve
from sourcebook.runs.runners.seeds import steady_ids
from sourcebook.runs.runners.wire import Closed, receive, send

if TYPE_CHECKING:
    from sourcebook.runs.runners.shell import Application


@dataclass
class Nursery:
    """The process that forks runners.

    Attributes:
        door: where requests come in.
        scratch: folder for what runners need on disk.
        application: a kernel to be forked; None where runners start kernels of their own.
    """

    door: socket.socket
    scratch: Path
    application: Application | None
    _runners: dict[int, int] = field(default_factory=dict)
    _is_warmed_up: bool = False

    def serve(self) -> None:
        """Answer requests until the door is closed; then end all runners."""
        adopt_orphans()
        awake, wake = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(awake, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the build, which closes the door
        poll = select.poll()
        poll.register(self.door, select.POLLIN)
        poll.register(awake, select.POLLIN)
        with contextlib.suppress(Closed):
            while True:
                ready = [handle for handle, _ in poll.poll()]
                if awake in ready:
                    os.read(awake, 4096)
                    self._bury_runners()
                if self.door.fileno() in ready:
                    self._answer(*receive(self.door))
        for pid in self._runners.values():
            kill_group(pid)
        kill_orphans(spare=set())

    def _answer(self, message: dict[str, Any], handles: tuple[int, ...]) -> None:
        if "kill" in message:
            if pid := self._runners.get(message["kill"]):
                kill_group(pid)
            return
        with socket.socket(fileno=handles[0]) as end:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of a fork beside Arrow's own thread
                pid = os.fork()
            if not pid:
                self._live(end)
        self._runners[message["number"]] = pid
        send(self.door, {"born": message["number"]})
        if self.application is not None and not self._is_warmed_up:
            self._warm_up()

    def _warm_up(self) -> None:
        """Build objects once, after the first fork: if it was the only one, nobody waits for it."""
        from sourcebook.runs.runners.warming import build_objects

        self._is_warmed_up = True
        build_objects()
        gc.collect()
        gc.freeze()

    def _live(self, end: socket.socket) -> None:
        """Be a runner."""
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        parent = os.getppid()
        os.setsid()
        die_with(parent)
        adopt_orphans()
        self.door.close()
        serve(end, scratch=self.scratch, application=self.application)

    def _bury_runners(self) -> None:
        """Bury every child that has ended; with a runner, all that it has started."""
        while (ended := _find_ended()) is not None:
            pid, status = ended
            number = next((one for one, runner in self._runners.items() if runner == pid), None)
            if number is not None:
                kill_group(pid)  # it is not buried yet: the number of its group is still its own
                del self._runners[number]
            status = bury(pid) if status is None else status
            if number is not None:
                for path in files_of(self.scratch, pid):
                    path.unlink(missing_ok=True)
                kill_orphans(spare=set(self._runners.values()))
                send(self.door, {"ended": number, "status": status})


def main(asked: dict[str, Any]) -> None:
    """Be the nursery that the arguments ask for."""
    door, scratch = socket.socket(fileno=asked["door"]), Path(asked["scratch"])
    os.set_inheritable(door.fileno(), False)
    guarded(door)
    application = None
    if asked["warm"]:
        from sourcebook.runs.runners.warming import import_libraries

        steady_ids()
        import_libraries()
        application = _build_kernel()
        gc.collect()
        gc.freeze()
    Nursery(door, scratch, application).serve()


def _build_kernel() -> Application:
    from sourcebook.runs.runners.shell import build

    return build()


def _find_ended() -> tuple[int, int | None] | None:
    """Find a child that has ended; where the system can, it is left to be buried, and has no status yet."""
    try:
        if hasattr(os, "waitid"):
            ended = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            return None if ended is None else (ended.si_pid, None)
        pid, status = os.waitpid(-1, os.WNOHANG)
        return (pid, status) if pid else None
    except ChildProcessError:
        return None


if __name__ == "__main__":
    sys.path[:] = [path for path in sys.path if path not in {"", str(Path.cwd())}]
    main(json.loads(sys.argv[1]))
