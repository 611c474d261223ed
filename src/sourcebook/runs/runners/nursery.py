"""The nursery: a process that has imported the usual libraries, and forks a runner for each story.

    python -m sourcebook.runs.runners.nursery {"door": 5, "scratch": "...", "warm": true, "kept": false}

It takes requests at its door, a Unix socket: `{"number": 3}` with an end of the runner's own socket
begets a runner, `{"kill": 3}` kills one. It answers `{"born": 3}`, and `{"ended": 3, "status": ...}`
when the runner and all that it started are gone. It ends when the door is closed.

`{"guest": true}` with a socket opens a second door, for another process that takes requests there. When a
guest leaves, its runners are killed, and its door is closed when they are gone. After a guest that came
with `{"guest": true, "last": true}`, the nursery ends.
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

_FEW = 3  # runners that cost less than what is built for those after them


@dataclass
class Nursery:
    """The process that forks runners.

    Attributes:
        door: where requests come in.
        scratch: folder for what runners need on disk.
        application: a kernel to be forked; None where runners start kernels of their own.
        is_kept: whether it serves many builds, and gets ready for them before the first.
    """

    door: socket.socket
    scratch: Path
    application: Application | None
    is_kept: bool = False
    _runners: dict[int, tuple[socket.socket, int]] = field(default_factory=dict)  # by the process
    _guests: dict[int, socket.socket] = field(default_factory=dict)  # doors by their descriptors
    _leaving: list[socket.socket] = field(default_factory=list)
    _last: socket.socket | None = None
    _poll: select.poll = field(default_factory=select.poll)
    _born: int = 0

    def serve(self) -> None:
        """Answer requests until the door is closed; then end all runners."""
        adopt_orphans()
        if self.is_kept:
            self._warm_up()
        awake, wake = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(awake, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the build, which closes the door
        self._poll.register(self.door, select.POLLIN)
        self._poll.register(awake, select.POLLIN)
        with contextlib.suppress(Closed):
            while True:
                ready = [handle for handle, _ in self._poll.poll()]
                if awake in ready:
                    os.read(awake, 4096)
                    self._bury_runners()
                for guest in [door for handle, door in self._guests.items() if handle in ready]:
                    self._attend(guest)
                if self.door.fileno() in ready:
                    self._answer(self.door, *receive(self.door))
        for pid in self._runners:
            kill_group(pid)
        kill_orphans(spare=set())

    def _attend(self, guest: socket.socket) -> None:
        """Answer a guest, or see it out: its door closes when its runners are gone."""
        try:
            self._answer(guest, *receive(guest))
        except Closed:
            self._poll.unregister(guest)
            del self._guests[guest.fileno()]
            self._leaving.append(guest)
            for pid in [pid for pid, (door, _) in self._runners.items() if door is guest]:
                kill_group(pid)
            self._see_out()

    def _see_out(self) -> None:
        waited_for = {door for door, _ in self._runners.values()}
        for guest in [one for one in self._leaving if one not in waited_for]:
            self._leaving.remove(guest)
            guest.close()
            if guest is self._last:
                raise Closed

    def _answer(self, door: socket.socket, message: dict[str, Any], handles: tuple[int, ...]) -> None:
        if "guest" in message:
            guest = socket.socket(fileno=handles[0])
            self._guests[guest.fileno()] = guest
            self._poll.register(guest, select.POLLIN)
            self._last = guest if message.get("last") else None
            return
        if "kill" in message:
            for pid in [pid for pid, one in self._runners.items() if one == (door, message["kill"])]:
                kill_group(pid)
            return
        with socket.socket(fileno=handles[0]) as end:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of a fork beside Arrow's own thread
                pid = os.fork()
            if not pid:
                self._live(end)
        self._runners[pid] = (door, message["number"])
        with contextlib.suppress(Closed):  # seen when it is read
            send(door, {"born": message["number"]})
        self._born += 1
        if self._born == _FEW and not self.is_kept:
            self._warm_up()

    def _warm_up(self) -> None:
        """Build objects once, when there are so many runners to come that it pays."""
        from sourcebook.runs.runners.warming import build_objects

        if self.application is None:
            return
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
        for door in (self.door, *self._guests.values(), *self._leaving):
            door.close()
        serve(end, scratch=self.scratch, application=self.application)

    def _bury_runners(self) -> None:
        """Bury every child that has ended; with a runner, all that it has started."""
        while (ended := _find_ended()) is not None:
            pid, status = ended
            found = self._runners.get(pid)
            if found is not None:
                kill_group(pid)  # it is not buried yet: the number of its group is still its own
                del self._runners[pid]
            status = bury(pid) if status is None else status
            if found is not None:
                for path in files_of(self.scratch, pid):
                    path.unlink(missing_ok=True)
                kill_orphans(spare=set(self._runners))
                door, number = found
                with contextlib.suppress(Closed):  # it has left
                    send(door, {"ended": number, "status": status})
        self._see_out()


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
    Nursery(door, scratch, application, is_kept=asked["kept"]).serve()


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
