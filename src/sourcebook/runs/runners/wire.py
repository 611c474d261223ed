"""What runners and builds say to each other: JSON values with their length before them, over sockets."""

from __future__ import annotations

import json
import os
import socket
import struct
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sourcebook.errors import Place, StoryFailed
from sourcebook.runs.tasks import Limits, RunnerDied, Task

_LENGTH = struct.Struct(">Q")
_CHUNK_BYTES = 1 << 18


class Closed(Exception):
    """The other end has hung up."""


def send(end: socket.socket, message: dict[str, Any], *, handles: tuple[int, ...] = ()) -> None:
    """Send a message, and open files with it.

    Raises:
        Closed: nobody listens any more.
    """
    body = json.dumps(message).encode()
    try:
        if handles:
            socket.send_fds(end, [_LENGTH.pack(len(body))], list(handles))
            end.sendall(body)
        else:
            end.sendall(_LENGTH.pack(len(body)) + body)
    except OSError as error:
        raise Closed from error


def receive(end: socket.socket) -> tuple[dict[str, Any], tuple[int, ...]]:
    """Wait for a message, and give it with the open files that came with it.

    Raises:
        Closed: the other end has hung up.
    """
    handles: list[int] = []
    length = b""
    try:
        while len(length) < _LENGTH.size:
            part, came, _, _ = socket.recv_fds(end, _LENGTH.size - len(length), 4)
            handles += came
            length += _some(part)
        body = bytearray()
        (whole,) = _LENGTH.unpack(length)
        while len(body) < whole:
            body += _some(end.recv(min(whole - len(body), _CHUNK_BYTES)))
    except OSError as error:
        raise Closed from error
    for handle in handles:
        os.set_inheritable(handle, False)
    return json.loads(body), tuple(handles)


@dataclass
class Inbox:
    """Messages that arrive bit by bit at an end that is never waited for."""

    end: socket.socket
    is_closed: bool = False
    _bytes: bytearray = field(default_factory=bytearray)

    def read(self) -> Iterator[dict[str, Any]]:
        """Take in all that has arrived, and give each whole message."""
        self._take_in()
        while len(self._bytes) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._bytes)
            after = _LENGTH.size + length
            if len(self._bytes) < after:
                return
            message = json.loads(self._bytes[_LENGTH.size : after])
            del self._bytes[:after]
            yield message

    def _take_in(self) -> None:
        while not self.is_closed:
            try:
                came = self.end.recv(_CHUNK_BYTES, socket.MSG_DONTWAIT)
            except (BlockingIOError, InterruptedError):
                return
            except OSError:
                came = b""
            self.is_closed = not came
            self._bytes += came


def task_message(task: Task) -> dict[str, Any]:
    """Give a task as a message."""
    return {**asdict(task), "root": str(task.root)}


def parse_task(message: dict[str, Any]) -> Task:
    """Give the task that a message asks for."""
    limits = Limits(**message["limits"])
    return Task(**{**message, "root": Path(message["root"]), "limits": limits})


def failure_message(error: StoryFailed) -> dict[str, Any]:
    """Give an error as a message."""
    place = None if error.place is None else asdict(error.place)
    return {
        "kind": "failed",
        "what": error.what,
        "place": place,
        "mend": error.mend,
        "died": isinstance(error, RunnerDied),
    }


def parse_failure(message: dict[str, Any]) -> StoryFailed:
    """Give the error that a message tells of."""
    place = Place(**message["place"]) if message["place"] else None
    kind = RunnerDied if message["died"] else StoryFailed
    return kind(message["what"], place, message["mend"])


def _some(part: bytes) -> bytes:
    if not part:
        raise Closed
    return part
