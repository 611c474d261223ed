"""The preload library: a few lines of C that see what compiled readers and child processes open."""

from __future__ import annotations

import importlib.machinery
import os
import sys
from pathlib import Path

from sourcebook.tracing.places import Places

ROOT_VARIABLE = "SOURCEBOOK_ROOT"
"""Environment variable that names the book's folder to a kernel."""

LOG_VARIABLE = "SOURCEBOOK_PRELOAD_LOG"
"""Names the file to which the library writes; without it, it writes nothing."""

NETWORK_VARIABLE = "SOURCEBOOK_NETWORK"
"""`refused` where connections to other machines fail."""

_SKIP_VARIABLE = "SOURCEBOOK_PRELOAD_SKIP"
_LOADER_VARIABLE = "LD_PRELOAD"


def preload_library() -> Path | None:
    """Give the library, or None where there is none: no Linux, no compiler, a path that cannot be named."""
    if not sys.platform.startswith("linux"):
        return None
    folder = Path(__file__).resolve().parent
    found = [folder / f"_preload{suffix}" for suffix in importlib.machinery.EXTENSION_SUFFIXES]
    library = next((one for one in found if one.is_file()), None)
    return None if library is None or set(str(library)) & set(" :$") else library  # these end a name there


def environment(root: Path, *, log: Path, network: bool) -> dict[str, str]:
    """Give the variables with which a kernel starts that is to be traced from its first line.

    Args:
        root: the book's folder.
        log: a file for this kernel alone; it is made when the kernel starts.
        network: whether the story may connect to other machines.
    """
    library = preload_library()
    told = {ROOT_VARIABLE: str(root), **_variables(root, log=log, network=network)}
    if library is None:
        return told
    log.parent.mkdir(parents=True, exist_ok=True)
    log.touch()
    others = os.environ.get(_LOADER_VARIABLE, "").replace(":", " ").split()
    return {**told, _LOADER_VARIABLE: " ".join(dict.fromkeys([str(library), *others]))}


def switch_on(root: Path, *, log: Path, network: bool) -> bool:
    """Have the library watch this process and its children; False if it is not loaded here."""
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"")
    told = _variables(root, log=log, network=network)
    os.environ.update(told)
    if not _is_watching(root, log):
        _switch(str(log), told[_SKIP_VARIABLE], refuses=not network)
    is_watching = _is_watching(root, log)
    log.write_bytes(b"")
    return is_watching


def switch_off() -> None:
    """Let the library watch no longer; children that run still do not count."""
    _switch("", "", refuses=False)
    os.environ.pop(LOG_VARIABLE, None)


def _variables(root: Path, *, log: Path, network: bool) -> dict[str, str]:
    return {
        LOG_VARIABLE: os.path.abspath(log),
        NETWORK_VARIABLE: "allowed" if network else "refused",
        _SKIP_VARIABLE: ":".join(Places(root).dull_prefixes()),
    }


def _switch(log: str, skip: str, *, refuses: bool) -> None:
    """Tell the library itself: it does not look at the environment again, which threads may be changing."""
    try:
        import ctypes

        switch = ctypes.CDLL(None).sourcebook_preload_switch
    except (AttributeError, ImportError, OSError):
        return
    switch(os.fsencode(log), os.fsencode(skip), int(refuses))


def _is_watching(root: Path, log: Path) -> bool:
    """Try it: what this process looks for in the book must turn up in the log."""
    name = f".sourcebook-probe-{os.getpid()}"
    os.path.lexists(os.path.join(os.path.realpath(root), name))
    return os.fsencode(name) in log.read_bytes()
