"""Processes that end together: what a run started, however far it ran away, is found and killed."""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import socket
import sys
import time
from pathlib import Path

IS_LINUX = sys.platform == "linux"

_DEATH_SIGNAL, _SUBREAPER = 1, 36  # PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER in <linux/prctl.h>
_PATIENCE_S = 3.0


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends; Linux only."""
    if IS_LINUX:
        _prctl(_SUBREAPER, 1)


def die_with(parent: int) -> None:
    """Be killed when `parent`, the process that started this one, ends; Linux only."""
    if IS_LINUX:
        _prctl(_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)  # it has ended before it could be said


def kill_group(leader: int) -> None:
    """Kill a process and all others of its group."""
    for kill in (os.killpg, os.kill):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(leader, signal.SIGKILL)


def kill_orphans(*, spare: set[int]) -> None:
    """Kill and bury every child of this process but some, and theirs, until none is left."""
    until = time.monotonic() + _PATIENCE_S
    while strays := _children() - spare:
        for pid in strays:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        for pid in strays:
            bury(pid)
        if time.monotonic() > until:
            return


def bury(pid: int) -> int | None:
    """Wait for a process that has been killed; give its exit status as `os.waitpid` does, or None."""
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        try:
            gone, status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            return None
        if gone:
            return status
        time.sleep(0.001)
    return None


def guarded(lifeline: socket.socket) -> None:
    """Go on in a child, while this process stands guard; only the child returns.

    The guard kills the child and all its descendants as soon as the other end of `lifeline` is
    closed or the child ends, and then ends as the child did. On other systems than Linux, where
    nobody can adopt orphans, there is no guard.
    """
    if not IS_LINUX:
        return
    adopt_orphans()
    guard, (awake, wake) = os.getpid(), os.pipe()
    if not (child := os.fork()):
        os.close(awake)
        os.close(wake)
        die_with(guard)
        return
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda number, frame: None)
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    status = _watch(child, lifeline, awake)
    kill_orphans(spare=set())
    _end_as(status)


def status_words(status: int | None) -> str:
    """Word an exit status as `os.waitpid` gives it: "exit code 3" or "signal SIGSEGV"."""
    if status is None:
        return "no exit code"
    if not os.WIFSIGNALED(status):
        return f"exit code {os.waitstatus_to_exitcode(status)}"
    number = os.WTERMSIG(status)
    known = number in {one.value for one in signal.Signals}
    return f"signal {signal.Signals(number).name if known else number}"


def _watch(child: int, lifeline: socket.socket, awake: int) -> int | None:
    """Wait for the child's end; kill it some time after the lifeline was cut."""
    poll = select.poll()
    poll.register(awake, select.POLLIN)
    poll.register(lifeline, select.POLLRDHUP)
    wait_ms: float | None = None
    while True:
        ready = dict(poll.poll(wait_ms))
        if awake in ready:
            os.read(awake, 4096)
            while (peeked := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)) is not None:
                status = bury(peeked.si_pid)
                if peeked.si_pid == child:
                    return status
        elif lifeline.fileno() in ready and wait_ms is None:
            poll.unregister(lifeline)
            wait_ms = _PATIENCE_S * 1000  # the child has seen it too, and may clean up
        elif not ready:
            os.kill(child, signal.SIGKILL)


def _end_as(status: int | None) -> None:
    code = 1 if status is None else os.waitstatus_to_exitcode(status)
    if code < 0:
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(-code, signal.SIG_DFL) if -code not in {signal.SIGKILL, signal.SIGSTOP} else None
        os.kill(os.getpid(), -code)
    os._exit(abs(code))


def _children() -> set[int]:
    if not IS_LINUX:
        return set()
    listed = Path(f"/proc/self/task/{os.getpid()}/children")
    try:
        return {int(pid) for pid in listed.read_text().split()}
    except OSError:
        return _children_by_search()


def _children_by_search() -> set[int]:
    """Find children on kernels that keep no list of them."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == os.getpid():
                found.add(int(stat.parent.name))
    return found


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)
