"""What a story reads and writes: the files of the book that it opened, listed, looked for, missed or made.

The kernel of a story starts through `python -m sourcebook.tracing`, so that the hook stands before
any other import; a forked runner calls `start`. An input is named by its path relative to the book's
folder; a reader of ours may name a part of a file instead, `data/facts.csv#monthly-users`, when only
that part matters. `size:data/a.csv` was looked at, not opened; `env:NAME` is an environment variable.

An audit hook sees what Python opens. The preload library, where it is loaded, sees what any code of
the process and of its children opens; where it is not, `report` says what may have gone unseen.

Standard library only: this module is loaded inside every kernel.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sourcebook.tracing import hook, preload, records, variables
from sourcebook.tracing.digests import (
    ABSENT,
    FOLDER,
    SIZE_PREFIX,
    SKIPPED_FOLDERS,
    UNSTABLE,
    VARIABLE_PREFIX,
    digest_of,
    digest_of_bytes,
    digest_of_row,
)
from sourcebook.tracing.network import NetworkRefused
from sourcebook.tracing.preload import (
    LOG_VARIABLE,
    NETWORK_VARIABLE,
    ROOT_VARIABLE,
    environment,
    preload_library,
)
from sourcebook.tracing.reading import Reading
from sourcebook.tracing.trace import Trace

__all__ = [
    "ABSENT",
    "FOLDER",
    "LOG_VARIABLE",
    "NETWORK_VARIABLE",
    "ROOT_VARIABLE",
    "SIZE_PREFIX",
    "SKIPPED_FOLDERS",
    "UNSEEN_READERS",
    "UNSTABLE",
    "VARIABLE_PREFIX",
    "NetworkRefused",
    "digest_of",
    "digest_of_bytes",
    "digest_of_row",
    "environment",
    "note_part",
    "preload_library",
    "report",
    "restart",
    "start",
    "unrecorded",
]

UNSEEN_READERS = frozenset(
    {
        "duckdb",
        "h5py",
        "polars",
        "pyarrow.csv",
        "pyarrow.dataset",
        "pyarrow.feather",
        "pyarrow.json",
        "pyarrow.orc",
        "pyarrow.parquet",
        "pyogrio",
        "tables",
    }
)
"""Modules that read files from compiled code, past Python's audit events."""

_UNSEEN_CHILDREN = frozenset({"multiprocessing.popen_forkserver", "multiprocessing.popen_spawn_posix"})


def start(root: Path, *, log: Path | None = None, network: bool = True) -> Trace:
    """Begin to record what this process reads below `root`, and name the folder to our readers.

    Args:
        root: the book's folder.
        log: a file for this process alone, which the preload library writes to if it is loaded here.
        network: whether the story may connect to other machines; if not, it gets `NetworkRefused`.
    """
    os.environ[ROOT_VARIABLE] = str(root)  # for our readers, also in child processes
    is_watched = log is not None and preload.switch_on(root, log=log, network=network)
    trace = Trace(root.resolve(), spelt=root, log=log if is_watched else None, network=network)
    hook.install(trace)
    return trace


def restart() -> None:
    """Forget what was read so far: a kernel's own start is none of the story's."""
    if (trace := hook.current()) is not None:
        start(trace.spelt, log=trace.log, network=trace.network)


def note_part(name: str, digest: str) -> None:
    """Record a part of a file as an input: `data/facts.csv#id` with the digest of that row."""
    if (trace := hook.current()) is not None:
        trace.note(records.PART, name, digest)


@contextmanager
def unrecorded() -> Iterator[None]:
    """Read a file without making the whole of it an input; the reader notes its parts itself."""
    trace = hook.current()
    if trace is None:
        yield
        return
    trace.pause()
    try:
        yield
    finally:
        trace.resume()


def report() -> dict[str, Any]:
    """Tell what was read and written, and stop to record.

    Digests are taken now; a file that changed since it was first opened gets the digest
    `UNSTABLE`, which no file ever has, so that the story runs again next time.

    Returns:
        `inputs` and `outputs` (name -> digest), `unseen` (why some reading may have gone unseen),
        `network` (whom the story asked, "host:port"), `preload` (whether the library watched) and
        `began` (when recording began, in ns since 1970).
    """
    trace = hook.current()
    if trace is None:
        unseen = ["nothing was recorded"]
        return {"inputs": {}, "outputs": {}, "unseen": unseen, "network": [], "preload": False, "began": 0}
    _stop(trace)
    reading = Reading(trace.places, process=os.getpid())
    reading.follow(trace.records())
    reading.end()
    for name in _local_modules(trace):
        reading.read_untimed(name)
    inputs = reading.inputs(trace.root, began=trace.began)
    return {
        "inputs": dict(sorted(inputs.items())),
        "outputs": reading.outputs(trace.root),
        "unseen": sorted(reading.unseen | (set() if trace.log else _unseen_readers())),
        "network": sorted(reading.network),
        "preload": trace.log is not None,
        "began": trace.began,
    }


def _stop(trace: Trace) -> None:
    trace.is_over = True
    variables.forget()
    if trace.log is not None:
        preload.switch_off()


def _unseen_readers() -> set[str]:
    readers = {f"module '{name}'" for name in UNSEEN_READERS if name in sys.modules}
    return readers | ({"a subprocess ran"} if _UNSEEN_CHILDREN & sys.modules.keys() else set())


def _local_modules(trace: Trace) -> set[str]:
    """Give the story's own modules: their compiled copies may be all that was opened."""
    files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
    inside = (file for file in files if isinstance(file, str) and trace.places.is_inside(file))
    return {name for file in inside for name in trace.places.names_of(file)}
