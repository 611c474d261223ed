"""Environment variables that the story's own code reads; those that libraries read are none of its inputs."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, KeysView
from types import FrameType
from typing import Any

_PASSED = frozenset(
    {"os", "_collections_abc", "collections.abc", __name__}
)  # code between a story and the variable it asks for
_COPYING = frozenset(
    {
        "clear",
        "copy",
        "get_exec_path",
        "items",
        "values",
        "__iter__",
        "__repr__",
        "__or__",
        "__ror__",
        "__eq__",
    }
)
_SET_BY_RUNNERS = ("IPYTHONDIR", "LD_PRELOAD", "MPLBACKEND", "PYDEVD_", "PYTHONHASHSEED", "SOURCEBOOK_")

_note: list[Callable[[FrameType, str, str | None], None]] = []  # a class cannot be handed it


def watch(note: Callable[[FrameType, str, str | None], None]) -> None:
    """Have `note` called with the asking frame, the variable and its value (None if unset)."""
    _note[:] = [note]
    if not isinstance(os.environ, _Watched):
        os.environ.__class__ = _Watched


def forget() -> None:
    """Stop to watch."""
    _note.clear()


def was_set(name: str) -> bool:
    """Say whether this process has set a variable itself since it is watched."""
    return name in getattr(os.environ, "_set_here", ())


class _Watched(os._Environ):  # type: ignore[type-arg]  # not generic when it runs
    """`os.environ`, noting what is asked."""

    def __getitem__(self, name: Any) -> Any:
        try:
            value = super().__getitem__(name)
        except KeyError:
            self._tell(name, None)
            raise
        self._tell(name, value)
        return value

    def __setitem__(self, name: Any, value: Any) -> None:
        self.__dict__.setdefault("_set_here", set()).add(name)
        super().__setitem__(name, value)

    def __delitem__(self, name: Any) -> None:
        self.__dict__.setdefault("_set_here", set()).add(name)
        super().__delitem__(name)

    def keys(self) -> KeysView[Any]:
        """Give all names; whoever asks for them next, at the same place, copies, and asks for none."""
        frame = sys._getframe(1)
        self.__dict__["_copying"] = (frame, frame.f_lasti)
        return super().keys()

    def _tell(self, name: Any, value: Any) -> None:
        if not _note or not isinstance(name, str) or name.startswith(_SET_BY_RUNNERS) or was_set(name):
            return
        frame = _asking(sys._getframe(2))
        if frame is None or self.__dict__.get("_copying") == (frame, frame.f_lasti):
            return
        _note[0](frame, name, value)


def _asking(frame: FrameType | None) -> FrameType | None:
    """Give the frame that asks for a variable; None if it is all of them that are copied."""
    while frame is not None and frame.f_globals.get("__name__") in _PASSED:
        if frame.f_code.co_name in _COPYING:
            return None
        frame = frame.f_back
    return frame
