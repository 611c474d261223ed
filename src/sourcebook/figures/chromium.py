"""Chromium: started without a window, and spoken to over a pipe in its own protocol.

The protocol is JSON, each message ended by a zero byte (https://chromedevtools.github.io/devtools-protocol/).
A driver in between would take more memory than the page that draws.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from typing import Any

START_S = 30.0
"""Longest that a browser may take to answer, s."""

_FIRST_FREE = 10  # no number of ours is one that the browser wants
_READS, _WRITES = 3, 4  # where it reads and writes, by its own rule
_END_S = 5.0
_PART_BYTES = 1 << 20


class BrowserGone(Exception):
    """The browser, or its page, does not answer any more; the text says why."""


@dataclass
class Connection:
    """A browser that runs.

    Attributes:
        hear: called with the name and the content of each event.
        session: name of the page that calls go to; "" for the browser itself.
    """

    reading: int
    writing: int
    hear: Callable[[str, dict[str, Any]], object] = lambda name, told: None
    session: str = ""
    _count: int = 0
    _heard: bytearray = field(default_factory=bytearray, repr=False)

    def call(self, method: str, *, within_s: float = START_S, **told: Any) -> dict[str, Any]:
        """Call a method and give its answer; events that come before are heard.

        Raises:
            BrowserGone: it does not answer.
            ValueError: it refuses.
        """
        number = self.send(method, **told)
        until = time.monotonic() + within_s
        while True:
            message = self._next(until)
            if message.get("id") == number:
                if "error" in message:
                    raise ValueError(f"{method}: {message['error'].get('message')}")
                answer: dict[str, Any] = message["result"]
                return answer
            if "method" in message:
                self.hear(message["method"], message.get("params", {}))

    def send(self, method: str, **told: Any) -> int:
        """Call a method without waiting for its answer; give the number of the call."""
        self._count += 1
        session = {"sessionId": self.session} if self.session else {}
        message = {"id": self._count, "method": method, "params": told, **session}
        left = memoryview(json.dumps(message).encode() + b"\0")
        try:
            while left:
                left = left[os.write(self.writing, left) :]
        except OSError as error:
            raise BrowserGone("it has ended") from error
        return self._count

    def hear_until(self, name: str) -> None:
        """Wait for an event of that name."""
        until = time.monotonic() + START_S
        while (message := self._next(until)).get("method") != name:
            if "method" in message:
                self.hear(message["method"], message.get("params", {}))

    def _next(self, until: float) -> dict[str, Any]:
        searched = 0
        while (end := self._heard.find(b"\0", searched)) < 0:
            searched = len(self._heard)
            if not select.select([self.reading], [], [], max(0.0, until - time.monotonic()))[0]:
                raise BrowserGone("it does not answer")
            part = os.read(self.reading, _PART_BYTES)
            if not part:
                raise BrowserGone("it has ended")
            self._heard += part
        message: dict[str, Any] = json.loads(self._heard[:end])
        del self._heard[: end + 1]
        return message


@contextmanager
def started(browser: str, flags: Sequence[str]) -> Iterator[Connection]:
    """Start a browser with a profile of its own, and end it with all that it has started."""
    with ExitStack() as stack:
        profile = stack.enter_context(
            TemporaryDirectory(prefix="sourcebook-", ignore_cleanup_errors=True)  # it may still write there
        )
        words = [browser, *flags, f"--user-data-dir={profile}", "--remote-debugging-pipe"]
        ends = [_far(end) for end in (*os.pipe(), *os.pipe())]
        theirs_in, writing, reading, theirs_out = ends
        try:
            pid = _spawned(words, {_READS: theirs_in, _WRITES: theirs_out})
        finally:
            os.close(theirs_in)
            os.close(theirs_out)
            stack.callback(os.close, reading)
            stack.callback(os.close, writing)
        connection = Connection(reading, writing)
        stack.callback(_end, pid, connection)
        yield connection


def _far(end: int) -> int:
    """Move a descriptor to a number that the browser does not want for its own."""
    moved = fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, _FIRST_FREE)
    os.close(end)
    return moved


def _spawned(words: list[str], ends: Mapping[int, int]) -> int:
    """Start a program in a group of its own, with these descriptors and without a word to the terminal."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    try:
        wired = {0: nowhere, 1: nowhere, 2: nowhere, **ends}
        moves = [(os.POSIX_SPAWN_DUP2, ours, theirs) for theirs, ours in wired.items()]
        return os.posix_spawn(words[0], words, os.environ, file_actions=moves, setpgroup=0)
    finally:
        os.close(nowhere)


def _end(pid: int, connection: Connection) -> None:
    """Have the browser clear up after itself and end; end by force what is left of it."""
    connection.session = ""
    with suppress(BrowserGone):
        connection.send("Browser.close")
    until = time.monotonic() + _END_S
    has_ended = False
    while not has_ended and time.monotonic() < until:
        time.sleep(0.01)
        has_ended = os.waitpid(pid, os.WNOHANG)[0] == pid
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    if not has_ended:
        os.waitpid(pid, 0)
