"""A resident builder: a process that has imported what builds need, and forks one for each build.

A Sphinx process is never used twice: what one build leaves in memory makes the next one wrong, or slow. A
fork of a process that has only imported things has nothing to forget, and begins without a second of imports.

    python -m sourcebook.desk.resident 5

The number is that of a Unix socket. A request is a line of JSON with the words of a command of Jupyter
Book, its folder and its environment; with it comes the file descriptor to which output goes. The answer is
a line with the exit code. Whoever closes the socket ends the build that is under way, and the builder.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType

from sourcebook.desk.footprint import stamps_of_code
from sourcebook.desk.warming import KeptNursery, Lent

_MOST_BYTES = 1 << 20
_INTERRUPTED = 130
_COMMAND = ("jupyter_book.cli.main", "jupyter_book.sphinx")
_LATE = (
    "IPython.lib.lexers",
    "docutils.languages.en",
    "email.policy",
    "jinja2.ext",
    "myst_nb.core.lexers",
    "myst_nb.ext.execution_tables",
    "myst_nb.ext.glue.directives",
    "myst_nb.ext.glue.domain",
    "myst_nb.sphinx_ext",
    "myst_parser.sphinx_ext.directives",
    "myst_parser.sphinx_ext.mathjax",
    "myst_parser.sphinx_ext.myst_refs",
    "pygments.lexers.perl",
    "pygments.lexers.shell",
    "sourcebook.pages.outputs",
    "sourcebook.runs.discovery",
    "sourcebook.runs.runners.pools",
    "sphinx.builders.html.transforms",
    "sphinx.builders.latex.transforms",
    "sphinx.ext.mathjax",
    "sphinx_design.extension",
    "sphinx_external_toc.api",
    "sphinx_external_toc.collectors",
    "sphinx_external_toc.events",
    "sphinx_jupyterbook_latex.events",
    "sphinx_jupyterbook_latex.transforms",
    "sphinx_multitoc_numbering",
)
"""What extensions import only when Sphinx sets them up, or later."""
_LANGUAGES = ("ipython3", "python")
_MOST_GARBAGE = (100_000, 50, 100)  # a build makes much and drops little: looking for garbage is in vain


@dataclass(frozen=True)
class Build:
    """One build under way.

    Attributes:
        lines: what it prints.
    """

    lines: TextIOWrapper
    _answers: socket.socket

    def wait(self) -> int:
        """Give its exit code once it has ended; 130 if its builder is gone."""
        answer = b""
        while not answer.endswith(b"\n"):
            try:
                part = self._answers.recv(64)
            except OSError:  # closed meanwhile by another thread
                return _INTERRUPTED
            if not part:
                return _INTERRUPTED
            answer += part
        return int(json.loads(answer))


class Resident:
    """The resident builder, as the process that asks for builds sees it; a context manager.

    It starts anew by itself when this package or the installed ones have changed.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._door: socket.socket | None = None
        self._code = ""
        self._nursery = KeptNursery()
        self._closing = threading.Lock()

    def __enter__(self) -> Resident:
        self.prepare()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def prepare(self) -> None:
        """Start the builder, unless it is there and has the code that is on disk."""
        code = stamps_of_code()
        if self._process is not None and self._process.poll() is None and code == self._code:
            return
        self.close()
        self._code = code
        self._door, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "sourcebook.desk.resident", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C reaches it through its door
            )

    def nursery(self, root: Path, *, threads: int) -> AbstractContextManager[Lent]:
        """Lend the warm nursery, which is kept from build to build, to one build of a book.

        Args:
            root: the book's folder.
            threads: threads that numerical libraries may start in each runner.
        """
        self.prepare()
        return self._nursery.lent(root, threads=threads, code=self._code)

    def start(
        self,
        words: Sequence[str],
        folder: Path,
        *,
        environment: Mapping[str, str],
        descriptors: Sequence[int] = (),
    ) -> Build:
        """Begin a build.

        Args:
            words: arguments of `jupyter-book`.
            folder: where it works.
            environment: all of its environment variables.
            descriptors: file descriptors that it gets under the very same numbers.
        """
        self.prepare()
        assert self._door is not None
        reading, writing = os.pipe()
        request = {
            "words": list(words),
            "folder": str(folder),
            "environment": dict(environment),
            "descriptors": list(descriptors),
        }
        message = (json.dumps(request) + "\n").encode()
        try:
            socket.send_fds(self._door, [message[:1]], [writing, *descriptors])
            self._door.sendall(message[1:])
        finally:
            os.close(writing)
        return Build(os.fdopen(reading, encoding="utf-8", errors="replace"), self._door)

    def close(self) -> None:
        """End the builder, and the build that is under way; any thread may do so."""
        if (door := self._door) is not None:
            with contextlib.suppress(OSError):
                door.shutdown(socket.SHUT_RDWR)  # wakes who waits for an answer
            door.close()
        with self._closing:
            if self._process is not None:
                self._process.wait()
            self._door = self._process = None
            self._nursery.close()


def is_possible() -> bool:
    """Say whether this system can fork a process that has imported libraries, and watch it."""
    return sys.platform == "linux" and hasattr(os, "pidfd_open")


def serve(door: socket.socket) -> None:
    """Answer requests until the door is closed."""
    _import_what_builds_need()
    gc.collect()
    gc.freeze()  # the forks share these pages with their parent
    for request, handles in _requests(door):
        pid = os.fork()
        if not pid:
            door.close()
            _be_the_build(request, handles)
        for handle in handles:
            os.close(handle)
        status = _watched(pid, door)
        if status is None:
            return
        with contextlib.suppress(OSError):
            door.sendall(f"{status}\n".encode())


def _import_what_builds_need() -> None:
    """Import Jupyter Book with all that it always loads; importing starts nothing that a fork would lose."""
    from jupyter_book.config import get_default_sphinx_config

    from sourcebook.pages import modules_in_use

    for name in [*_COMMAND, *modules_in_use(), *get_default_sphinx_config()["extensions"], *_LATE]:
        with contextlib.suppress(ImportError):
            import_module(name)
    for language in _LANGUAGES:
        import_module("pygments.lexers").get_lexer_by_name(language)  # compiles its patterns


def _requests(door: socket.socket) -> Iterator[tuple[dict[str, object], list[int]]]:
    while True:
        message, handles, _, _ = socket.recv_fds(door, _MOST_BYTES, 16)
        if not message:
            return
        while not message.endswith(b"\n"):
            part = door.recv(_MOST_BYTES)
            if not part:
                return
            message += part
        yield json.loads(message), handles


def _watched(pid: int, door: socket.socket) -> int | None:
    """Wait for a build, and give its exit code; None, with the build ended, if the door was closed."""
    watch = os.pidfd_open(pid)
    try:
        while True:
            ready, _, _ = select.select([watch, door.fileno()], [], [])
            if watch in ready:
                return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            if not door.recv(1, socket.MSG_PEEK):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGTERM)
                os.waitpid(pid, 0)
                return None
    finally:
        os.close(watch)


def _be_the_build(request: dict[str, object], handles: list[int]) -> None:
    """Be the command `jupyter-book` in a process group of its own; this never returns."""
    code = 1
    try:
        os.setsid()
        gc.set_threshold(*_MOST_GARBAGE)
        _settle(request, handles)
        from jupyter_book.cli.main import main

        main()
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


def _settle(request: dict[str, object], handles: list[int]) -> None:
    """Take on the folder, the words, the environment and the file descriptors that were asked for."""
    words, environment, descriptors = request["words"], request["environment"], request["descriptors"]
    assert isinstance(words, list) and isinstance(environment, dict) and isinstance(descriptors, list)
    out, *others = (_moved(handle, above=max([2, *descriptors])) for handle in handles)
    for number in (1, 2):
        os.dup2(out, number)
    os.close(out)
    for handle, number in zip(others, descriptors, strict=True):
        os.dup2(handle, number)
        os.close(handle)
    os.chdir(str(request["folder"]))
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["jupyter-book", *words]


def _moved(handle: int, *, above: int) -> int:
    """Give the same file under a number that nobody has asked for."""
    import fcntl

    moved = fcntl.fcntl(handle, fcntl.F_DUPFD_CLOEXEC, above + 1)
    os.close(handle)
    return moved


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
