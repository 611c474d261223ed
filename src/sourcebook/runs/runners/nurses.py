"""A nurse: the build's side of one nursery, asked for runners and closed.

A nursery is started by who uses it, or by the process that starts builds: that one lends it, so that its
imports are done while the build still does its own, or for the last build already.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sourcebook import tracing
from sourcebook.runs.runners.processes import status_words
from sourcebook.runs.runners.wire import Closed, Inbox, send

_THREADS = ("OPENBLAS_NUM", "OMP_NUM", "MKL_NUM", "NUMEXPR_NUM", "VECLIB_MAXIMUM")
_CLOSING_S = 8.0
_CHUNK_BYTES = 1 << 16


VARIABLE = "SOURCEBOOK_NURSERY"
"""Environment variable that names the open file by which a build asks a nursery that is lent to it."""


class Nurse:
    """One nursery, as a process that asks it for runners sees it.

    Args:
        door: our end of the socket at which the nursery takes requests.
    """

    def __init__(self, door: socket.socket) -> None:
        self.door = door
        self._inbox = Inbox(door)

    def beget(self, number: int) -> socket.socket:
        """Ask for a runner; give the end at which it will be heard."""
        ours, theirs = socket.socketpair()
        with theirs, contextlib.suppress(Closed):  # a closed door is seen when it is read
            send(self.door, {"number": number}, handles=(theirs.fileno(),))
        return ours

    def kill(self, number: int) -> None:
        """Ask for a runner's end."""
        with contextlib.suppress(Closed):
            send(self.door, {"kill": number})

    def heard(self) -> Iterator[dict[str, Any]]:
        """Give the answers that have come."""
        return self._inbox.read()

    @property
    def is_gone(self) -> bool:
        """Whether the nursery has ended, with every process that came of it."""
        return self._inbox.is_closed

    def dismiss(self) -> None:
        """Let the nursery end, with all its runners; `is_gone` says when it has."""
        with contextlib.suppress(OSError):
            self.door.shutdown(socket.SHUT_WR)

    def bury(self) -> str:
        """Wait until every runner is gone, and word the nursery's end."""
        self.dismiss()
        with contextlib.suppress(OSError):
            self.door.settimeout(_CLOSING_S)
            while self.door.recv(_CHUNK_BYTES):
                pass
        self.door.close()
        return status_words(None)


class OwnNurse(Nurse):
    """A nursery that this process has started.

    Args:
        scratch: folder for what runners need on disk.
        threads: threads that numerical libraries may start in each runner.
        is_warm: whether runners are forked with libraries and a kernel in place.
        is_kept: whether it is to serve many builds, and may take its time to begin.
    """

    def __init__(self, scratch: Path, *, threads: int, is_warm: bool, is_kept: bool = False) -> None:
        (scratch / "runners").mkdir(parents=True, exist_ok=True)
        self._folder = folder = Path(tempfile.mkdtemp(dir=scratch / "runners"))
        self._log = folder / "nursery.log"
        self._threads = threads
        ours, theirs = socket.socketpair()
        super().__init__(ours)
        asked = {"door": theirs.fileno(), "scratch": str(folder), "warm": is_warm, "kept": is_kept}
        with theirs, self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "sourcebook.runs.runners.nursery", json.dumps(asked)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                cwd=folder,  # nothing is there that an import could find
                env=_environment(scratch, threads=threads),
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    @contextmanager
    def lent(self, *, for_good: bool) -> Iterator[tuple[dict[str, str], tuple[int, ...]]]:
        """Give the variables and file descriptors by which one build may use this nursery.

        Args:
            for_good: whether nobody will use it after that build, so that it ends as soon as it can.
        """
        ours, theirs = socket.socketpair()
        with ours:
            with theirs, contextlib.suppress(Closed):
                send(self.door, {"guest": True, "last": for_good}, handles=(theirs.fileno(),))
            told = {"door": ours.fileno(), "threads": self._threads}
            yield {VARIABLE: json.dumps(told)}, (ours.fileno(),)

    @property
    def is_alive(self) -> bool:
        """Whether the nursery is there to be lent."""
        return self._process.poll() is None

    def bury(self) -> str:
        """Wait for the nursery's end, and word it."""
        self.dismiss()
        try:
            self._process.wait(_CLOSING_S)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self.door.close()
        code = self._process.returncode
        status = status_words(-code if code < 0 else code << 8)
        told = [line for line in self._log.read_text(errors="replace").splitlines() if line.strip()]
        shutil.rmtree(self._folder, ignore_errors=True)
        return f"{status}: {told[-1]}" if told and code else status


def borrowed(environment: MutableMapping[str, str], *, threads: int | None = None) -> Nurse | None:
    """Take the nursery that is lent to this build; it can be taken once. None if there is none that fits.

    Args:
        environment: where `VARIABLE` is looked for, and taken out.
        threads: threads that runners are to have; with another number it is given back at once.
    """
    try:
        told = json.loads(environment.pop(VARIABLE))
        nurse = Nurse(socket.socket(fileno=told["door"]))
    except (KeyError, TypeError, ValueError, OSError):
        return None
    os.set_inheritable(nurse.door.fileno(), False)
    if told["threads"] == threads:
        return nurse
    nurse.dismiss()
    nurse.door.close()
    return None


def _environment(scratch: Path, *, threads: int) -> dict[str, str]:
    """Give the environment of runners: as it is here, with fixed hashing and no start-up files."""
    (scratch / "ipython").mkdir(parents=True, exist_ok=True)
    ours = {name: value for name, value in os.environ.items() if not name.startswith("SOURCEBOOK_")}
    library = getattr(tracing, "preload_library", lambda: None)()
    loaded = " ".join(filter(None, [str(library or ""), ours.get("LD_PRELOAD", "")]))
    return {
        **ours,
        **{f"{name}_THREADS": str(threads) for name in _THREADS},
        "IPYTHONDIR": str(scratch / "ipython"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        "PYTHONHASHSEED": "0",
        **({"LD_PRELOAD": loaded} if loaded else {}),
    }
