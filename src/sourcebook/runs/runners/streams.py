"""What a story prints: by Python, by C, and by the processes that it starts."""

from __future__ import annotations

import codecs
import contextlib
import contextvars
import io
import os
import select
import threading
from collections.abc import Callable
from typing import Any

_CHUNK_BYTES = 1 << 16

Send = Callable[[str, str, dict[str, Any]], None]
"""Called with the stream's name, a text, and the header of the request that it belongs to."""


class Printed(io.TextIOBase):
    """Stands in for `sys.stdout` or `sys.stderr`, and takes in what is written past it, in order.

    Args:
        name: "stdout" or "stderr".
        handle: the file descriptor of that stream, 1 or 2, which is redirected into a pipe.
        send: called with what was printed, whenever it is flushed.
        count: called with the length of whatever is printed, as soon as it is.
    """

    encoding = "UTF-8"

    def __init__(self, name: str, handle: int, *, send: Send, count: Callable[[int], None]) -> None:
        self.name, self._handle, self._send, self._count = name, handle, send, count
        self._lock, self._texts = threading.RLock(), list[str]()
        self._header = contextvars.ContextVar[dict[str, Any]](name)
        self._last_header: dict[str, Any] = {}
        self._texts_header: dict[str, Any] = {}
        self._pid, self._is_shut = os.getpid(), False
        self._before = os.dup(handle)
        self._pipe, write = os.pipe()
        os.set_blocking(self._pipe, False)
        os.dup2(write, handle)
        os.close(write)
        self._poll = select.poll()
        self._poll.register(self._pipe, select.POLLIN)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        threading.Thread(target=self._take_in_for_ever, name=name, daemon=True).start()

    def write(self, text: str) -> int:
        """Print a text; other processes' prints that came before it stay before it."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text)}")
        if os.getpid() != self._pid:
            self._write_from_fork(text)
            return len(text)
        with self._lock:
            self.take_in()
            self._add(text)
        return len(text)

    def flush(self) -> None:
        """Hand on what was printed so far."""
        if os.getpid() != self._pid:
            return
        with self._lock:
            self.take_in()
            self._hand_on()

    def take_in(self) -> None:
        """Take in what C code and other processes have printed."""
        with self._lock:
            while not self._is_shut and self._poll.poll(0):
                with contextlib.suppress(BlockingIOError):
                    came = os.read(self._pipe, _CHUNK_BYTES)
                    self._is_shut = not came  # the story has closed or redirected the descriptor itself
                    if text := self._decoder.decode(came):
                        self._add(text)

    def fileno(self) -> int:
        """Give what the stream was before the story began, as a kernel does."""
        return self._before

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def isatty(self) -> bool:
        """Say that it is no terminal."""
        return False

    @property
    def parent_header(self) -> dict[str, Any]:
        """The header of the request whose code prints now: a thread's prints belong to the latest."""
        return self._header.get(self._last_header)

    def set_parent(self, parent: dict[str, Any]) -> None:
        """Note which request is being answered."""
        self._last_header = parent.get("header", parent)
        self._header.set(self._last_header)

    def set_thread_parent(self, parent: dict[str, Any]) -> contextvars.Token[dict[str, Any]]:
        """Note which request this thread answers; gives what `reset_thread_parent` takes."""
        return self._header.set(parent.get("header", parent))

    def reset_thread_parent(self, token: contextvars.Token[dict[str, Any]]) -> None:
        """Forget what `set_thread_parent` noted."""
        self._header.reset(token)

    def _add(self, text: str) -> None:
        header = self.parent_header
        if self._texts and header is not self._texts_header:
            self._hand_on()
        self._texts_header = header
        self._texts.append(text)
        self._count(len(text))

    def _hand_on(self) -> None:
        texts, self._texts = self._texts, []
        if texts:
            self._send(self.name, "".join(texts), self._texts_header)

    def _write_from_fork(self, text: str) -> None:
        """Print from a process that the story forked: through the pipe, as any other process."""
        rest = text.encode(errors="replace")
        while rest:
            rest = rest[os.write(self._handle, rest) :]

    def _take_in_for_ever(self) -> None:
        waiting = select.poll()
        waiting.register(self._pipe, select.POLLIN)
        while not self._is_shut:
            waiting.poll()
            self.take_in()
