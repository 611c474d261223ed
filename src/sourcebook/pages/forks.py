"""Work for several processors: parts of one task, each done in a fork of the build."""

from __future__ import annotations

import fcntl
import gc
import os
import pickle
import sys
from collections.abc import Callable, Iterator, Sequence
from tempfile import TemporaryFile
from typing import Any, TypeVar

Result = TypeVar("Result")

_NUMBER_BYTES = 4

_UNFORKABLE = "vl_convert"  # it starts threads when it is first used, and a fork would wait for them for ever


def processors() -> int:
    """Give the number of processors that this build may keep busy with forks; 1 where it cannot fork."""
    if sys.platform != "linux" or _UNFORKABLE in sys.modules:
        return 1
    return len(os.sched_getaffinity(0))


class Turns:
    """The numbers from 0, of which every fork takes the next one; each is taken once."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._next = TemporaryFile()  # noqa: SIM115 - it lives as long as the turns do

    def __iter__(self) -> Iterator[int]:
        while (number := self._take()) < self._count:
            yield number

    def close(self) -> None:
        """Give back what the turns are noted in."""
        self._next.close()

    def _take(self) -> int:
        note = self._next.fileno()
        fcntl.lockf(note, fcntl.LOCK_EX)  # a fork that dies gives it back
        try:
            number = int.from_bytes(os.pread(note, _NUMBER_BYTES, 0), "little")
            os.pwrite(note, (number + 1).to_bytes(_NUMBER_BYTES, "little"), 0)
        finally:
            fcntl.lockf(note, fcntl.LOCK_UN)
        return number


class Handed:
    """Numbers that one fork hands on and all others take, each number once, until the first has ended."""

    def __init__(self) -> None:
        self._reading, self._writing = os.pipe()

    def __iter__(self) -> Iterator[int]:
        while told := os.read(self._reading, _NUMBER_BYTES):
            yield int.from_bytes(told, "little")

    def hand(self, number: int) -> None:
        """Hand a number on."""
        os.write(self._writing, number.to_bytes(_NUMBER_BYTES, "little"))

    def end(self) -> None:
        """Hand nothing on any more; whoever takes numbers waits until every process has said so."""
        if self._writing >= 0:
            os.close(self._writing)
            self._writing = -1

    def close(self) -> None:
        """Give back both ends."""
        self.end()
        os.close(self._reading)


def in_forks(
    acts: Sequence[Callable[[], Result]], *, begun: Callable[[], object] = lambda: None
) -> list[Result]:
    """Do each act in a fork of its own, all at once, and give what they gave; one act is done right here.

    What an act changes in memory is lost; files stay. An error in one is raised here once all have ended.

    Args:
        acts: what is to be done.
        begun: called here once all forks have been made.
    """
    if len(acts) <= 1:
        return [act() for act in acts]
    gc.freeze()  # else the first collection in each fork copies all that it was forked with
    try:
        forks = [_begin(act) for act in acts]
    finally:
        gc.unfreeze()
    begun()
    answers: list[Any] = [_answer(pid, reading) for pid, reading in forks]
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return answers


def _begin(act: Callable[[], Result]) -> tuple[int, int]:
    """Start a fork; give its number, and where its answer is read."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()  # else what is still to be printed is printed twice
    reading, writing = os.pipe()
    pid = os.fork()
    if pid:
        os.close(writing)
        return pid, reading
    code = 1
    try:
        os.close(reading)
        with os.fdopen(writing, "wb") as answers:
            answers.write(_pickled(act))
        code = 0
    finally:
        os._exit(code)


def _pickled(act: Callable[[], Result]) -> bytes:
    try:
        return pickle.dumps(act())
    except Exception as error:
        return pickle.dumps(RuntimeError(f"{type(error).__name__}: {error}"))


def _answer(pid: int, reading: int) -> Any:
    with os.fdopen(reading, "rb") as answers:
        told = answers.read()
    _, status = os.waitpid(pid, 0)
    if not told:
        return RuntimeError(f"a part of the work ended with {status}")
    return pickle.loads(told)
