"""Work for several processors: parts of one task, each done in a fork of the build."""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

Result = TypeVar("Result")

_UNFORKABLE = "vl_convert"  # it starts threads when it is first used, and a fork would wait for them for ever


def processors() -> int:
    """Give the number of processors that this build may keep busy with forks; 1 where it cannot fork."""
    if sys.platform != "linux" or _UNFORKABLE in sys.modules:
        return 1
    return len(os.sched_getaffinity(0))


def in_forks(acts: Sequence[Callable[[], Result]]) -> list[Result]:
    """Do each act in a fork of its own, all at once, and give what they gave; one act is done right here.

    What an act changes in memory is lost; files stay. An error in one is raised here once all have ended.
    """
    if len(acts) <= 1:
        return [act() for act in acts]
    forks = [_begin(act) for act in acts]
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
