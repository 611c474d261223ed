"""The hook: what Python itself tells of a process, through audit events and in place of `os.stat`."""

from __future__ import annotations

import os
import posix
import stat
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import unquote, urlsplit

from sourcebook.tracing import records, variables
from sourcebook.tracing.digests import ABSENT, VARIABLE_PREFIX, digest_of_bytes
from sourcebook.tracing.network import NetworkRefused, is_near, peer_of
from sourcebook.tracing.trace import Trace, stat_now

_IMPORT_SYSTEM = ("<frozen importlib", str(Path(os.__file__).parent / "importlib"))
_PROGRAMS = {
    "os.exec": "a subprocess ran",
    "os.fork": "a forked process",
    "os.forkpty": "a forked process",
    "os.posix_spawn": "a subprocess ran",
    "os.system": "a subprocess ran",
    "subprocess.Popen": "a subprocess ran",
}
_NETWORK = frozenset(
    {
        "socket.connect",
        "socket.getaddrinfo",
        "socket.gethostbyname",
        "socket.sendmsg",
        "socket.sendto",
    }
)

_TRACES: list[Trace] = []  # audit hooks cannot be removed: an empty list makes ours idle
_INSTALLED: list[str] = []


def install(trace: Trace) -> None:
    """Have this process note into `trace` from now on, and into no other."""
    _TRACES[:] = [trace]
    variables.watch(_note_variable)
    if _INSTALLED:
        return
    _INSTALLED.append("hook")
    for name in ("stat", "lstat", "access"):
        _stand_in_for(name)
    os.register_at_fork(after_in_child=_note_fork)
    sys.addaudithook(_hook)


def current() -> Trace | None:
    """Give the trace of this process, or None if nothing is recorded."""
    return _TRACES[0] if _TRACES else None


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    act = _ACTS.get(event)
    if act is None or not _TRACES or _TRACES[0].is_idle:
        return
    act(_TRACES[0], event, arguments)


def _open(trace: Trace, event: str, arguments: tuple[Any, ...]) -> None:
    if trace.log is not None:
        return  # the library sees it, and whether it succeeds
    path, mode, flags = arguments[:3]
    if isinstance(mode, str):
        empties = "w" in mode or "x" in mode
        trace.note_open(path, changes=empties or "a" in mode or "+" in mode, empties=empties)
    else:
        flags = flags if isinstance(flags, int) else 0
        changes = bool(flags & (os.O_WRONLY | os.O_RDWR))
        trace.note_open(path, changes=changes, empties=bool(flags & os.O_TRUNC))


def _list(trace: Trace, event: str, arguments: tuple[Any, ...]) -> None:
    is_import = sys._getframe(2).f_code.co_filename.startswith(_IMPORT_SYSTEM)  # it lists all of sys.path
    asked = arguments[0] if arguments[0] is not None else os.curdir
    if trace.log is not None:
        place = trace.place_of(asked) if is_import else None
        if place is not None:
            trace.note_file(records.IMPORT_LISTED, place, None)
    elif not is_import and isinstance(asked, int):
        trace.note_file(records.LISTED, os.readlink(f"/proc/self/fd/{asked}"), os.fstat(asked))
    elif not is_import and (place := trace.place_of(asked)) is not None:
        found = stat_now(place)
        trace.note_file(records.LISTED if found else records.MISSED, place, found)


def _run(trace: Trace, event: str, arguments: tuple[Any, ...]) -> None:
    if trace.log is None:
        trace.note(records.UNSEEN, _PROGRAMS[event])


def _database(trace: Trace, event: str, arguments: tuple[Any, ...]) -> None:
    """Note sqlite3's `data/a.db` or `file:data/a.db?mode=ro`; it makes the file if it is not there."""
    path = arguments[0]
    if trace.log is not None or path in {":memory:", ""}:
        return
    if isinstance(path, str) and path.startswith("file:"):
        path = unquote(urlsplit(path).path)
    trace.note_open(path, changes=True, empties=False)


def _make(trace: Trace, event: str, arguments: tuple[Any, ...]) -> None:
    if trace.log is None and (place := trace.place_of(arguments[0])) is not None and not stat_now(place):
        trace.note_file(records.MADE, place, None)


def _rename(trace: Trace, event: str, arguments: tuple[Any, ...]) -> None:
    if trace.log is not None:
        return
    old, new = trace.place_of(arguments[0]), trace.place_of(arguments[1])
    if old is not None and event == "os.link":
        trace.note_file(records.READ, old, stat_now(old))
    if new is not None:
        trace.note_file(records.RENAMED, new, None)


def _load(trace: Trace, event: str, arguments: tuple[Any, ...]) -> None:
    """Note a library of the book's own that ctypes loads: the loader opens it past everyone."""
    name = os.fsdecode(arguments[0]) if isinstance(arguments[0], str | bytes) else ""
    if os.sep in name and (place := trace.place_of(name)) is not None:
        trace.note_file(records.READ, place, stat_now(place))


def _connect(trace: Trace, event: str, arguments: tuple[Any, ...]) -> None:
    peer = peer_of(event, arguments)
    if peer is None:
        return
    is_local = is_near(peer)
    if not is_local or event == "socket.connect":
        trace.note(records.CONNECTED, peer)
    if not trace.network and not is_local:
        raise NetworkRefused(peer)


_ACTS: dict[str, Callable[[Trace, str, tuple[Any, ...]], None]] = {
    "open": _open,
    "os.listdir": _list,
    "os.scandir": _list,
    "os.mkdir": _make,
    "os.rename": _rename,
    "os.link": _rename,
    "os.symlink": _rename,
    "sqlite3.connect": _database,
    "ctypes.dlopen": _load,
    **dict.fromkeys(_PROGRAMS, _run),
    **dict.fromkeys(_NETWORK, _connect),
}


def _stand_in_for(name: str) -> None:
    """Have Python code ask our `os.stat`, which notes it: stat is no audit event. Imports ask another."""
    real = getattr(posix, name)

    @wraps(real)
    def stand_in(path: Any, *arguments: Any, **options: Any) -> Any:
        try:
            found = real(path, *arguments, **options)
        except (FileNotFoundError, NotADirectoryError):
            _looked(path, options, None)
            raise
        _looked(path, options, found if found is not False else None)
        return found

    for set_name in ("supports_dir_fd", "supports_effective_ids", "supports_fd", "supports_follow_symlinks"):
        abilities = getattr(os, set_name)
        if real in abilities:
            abilities.add(stand_in)
    setattr(os, name, stand_in)


def _looked(path: Any, options: dict[str, Any], found: Any) -> None:
    if not _TRACES or _TRACES[0].is_idle or isinstance(path, int):
        return
    trace = _TRACES[0]
    if trace.log is not None and not _is_like_import(path, found):
        return  # the library saw it, and can tell it from the import system's looks
    place = trace.place_of(path, options.get("dir_fd"))
    if place is not None:
        kind = records.STORY_ASKED if found is None else records.STORY_LOOKED_AT
        trace.note_file(kind, place, None)


def _is_like_import(path: Any, found: Any) -> bool:
    is_folder = isinstance(found, os.stat_result) and stat.S_ISDIR(found.st_mode)
    return is_folder or found is True or os.fsdecode(path).endswith((".py", ".pyc", ".so"))


def _note_fork() -> None:
    trace = current()
    if trace is not None and not trace.is_over and trace.log is not None:
        trace.note(records.HOOKED, "-")


def _note_variable(frame: FrameType, name: str, value: str | None) -> None:
    trace = current()
    if trace is None or trace.is_idle or name in trace.variables:
        return
    is_story = frame.f_globals.get("__name__") == "__main__"
    if is_story or trace.places.is_inside(frame.f_code.co_filename):
        trace.variables.add(name)
        digest = ABSENT if value is None else digest_of_bytes(os.fsencode(f"{name}={value}"))
        trace.note(records.VARIABLE, f"{VARIABLE_PREFIX}{name}", digest)
