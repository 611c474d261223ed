"""What is sent to another machine so that a story runs there as it would here, and what comes back."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Protocol

from sourcebook import __version__, tracing
from sourcebook.runs.orders import Orders
from sourcebook.runs.tasks import Executed, Pool, Task

_DATA_FOLDER = "data"
_FEW_FILES, _FEW_BYTES = 500, 32_000_000


class Runners(Protocol):
    """Gives the runners of one machine, as `sourcebook.runs.runners.pools.pool_for` does."""

    def __call__(self, orders: Orders, *, scratch: Path) -> Pool:
        """Give runners that follow orders, and keep what they need on disk in a folder."""


@dataclass(frozen=True)
class Sent:
    """One file or folder of the book, as it is laid out elsewhere.

    Attributes:
        name: its path below the book.
        digest: of its bytes; empty for a folder.
        mode: its permissions.
        mtime_ns: its date, which stories may ask for.
    """

    name: str
    digest: str
    mode: int
    mtime_ns: int


@dataclass(frozen=True)
class Parcel:
    """One story with what it may read, ready to be sent; the bytes go separately, each once.

    Attributes:
        id: names this run among all.
        task: what is to be run; its `root` means nothing elsewhere.
        files: what of the book it gets.
        runners: gives the runners of a machine.
        environment: what it must run in, as `environment_here` gives it.
        is_cold: whether it gets a fresh process of its own.
    """

    id: str
    task: Task
    files: tuple[Sent, ...]
    runners: Runners
    environment: Mapping[str, str]
    is_cold: bool = False


@dataclass(frozen=True)
class Lacking:
    """The answer of a machine that has not got all files yet."""

    worker: str
    digests: tuple[str, ...]


@dataclass(frozen=True)
class Unlike:
    """The answer of a machine on which other software is installed."""

    worker: str
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Done:
    """The answer of a machine on which a story ran to its end, with the bytes of the files that it wrote."""

    executed: Executed
    outputs: Mapping[str, bytes]


@dataclass(frozen=True)
class Failed:
    """The answer of a machine on which a story failed: an error taken apart, as few errors survive pickling.

    Attributes:
        is_death: whether the runner ended without an answer.
        what, place, mend: the parts of the error.
    """

    is_death: bool
    what: str
    place: tuple[tuple[str, object], ...]
    mend: str


Answer = Lacking | Unlike | Done | Failed


class Packer:
    """Chooses and digests files of one book; a file that did not change is digested once.

    Args:
        root: the book's folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._digests: dict[tuple[str, int, int], str] = {}
        self._places: dict[str, str] = {}

    def pack(self, task: Task, known: Iterable[str]) -> tuple[Sent, ...]:
        """Give what a story may read: the inputs of its last run, or what stories usually read.

        All of a small book is sent at once: then nothing can be missing.
        """
        whole = self.everything()
        if sum(1 for _ in whole) <= _FEW_FILES and sum(self._bytes_of(one) for one in whole) <= _FEW_BYTES:
            return self._pack(whole)
        names = set(known) or {*self._below(_DATA_FOLDER), *self._below(str(Path(task.path).parent))}
        return self._pack([*names, task.path, *(one for one in whole if one.endswith(".py"))])

    def pack_everything(self) -> tuple[Sent, ...]:
        """Give the whole book."""
        return self._pack(self.everything())

    def everything(self) -> list[str]:
        """Give every file and folder of the book that can be an input."""
        return list(self._below(""))

    def content(self, digest: str) -> bytes | None:
        """Read what was packed under a digest; None if the file has changed since."""
        place = self._places.get(digest)
        try:
            content = (self.root / place).read_bytes() if place else None
        except OSError:
            content = None
        if content is None or tracing.digest_of_bytes(content) != digest:
            self._digests.clear()
            return None
        return content

    def _pack(self, names: Iterable[str]) -> tuple[Sent, ...]:
        paths = (name.removeprefix(tracing.SIZE_PREFIX) for name in names)
        both = (one for path in paths for one in (path, path.partition("#")[0]))
        wanted = sorted({one for path in both for one in self._with_listing(path)})
        return tuple(sent for name in wanted if (sent := self._sent(name)) is not None)

    def _with_listing(self, name: str) -> Iterator[str]:
        """Give an input, and what a story sees that lists it, if it is a folder; nothing outside the book."""
        if name.startswith((tracing.VARIABLE_PREFIX, "/")) or ".." in name.split("/"):
            return
        yield name
        if (self.root / name).is_dir():
            listed = {path.name for path in (self.root / name).iterdir()} - tracing.SKIPPED_FOLDERS
            yield from (one if name in {"", "."} else f"{name}/{one}" for one in listed)

    def _sent(self, name: str) -> Sent | None:
        path = self.root / name
        try:
            found = path.stat()
            is_folder = path.is_dir()
            digest = "" if is_folder else self._digest_of(name, found.st_mtime_ns, found.st_size)
        except OSError:
            return None
        return Sent(name, digest, found.st_mode & 0o777, found.st_mtime_ns)

    def _digest_of(self, name: str, mtime_ns: int, size: int) -> str:
        known = (name, mtime_ns, size)
        if known not in self._digests:
            self._digests[known] = tracing.digest_of_bytes((self.root / name).read_bytes())
        digest = self._digests[known]
        self._places[digest] = name
        return digest

    def _bytes_of(self, name: str) -> int:
        try:
            return (self.root / name).stat().st_size
        except OSError:
            return 0

    def _below(self, folder: str) -> Iterator[str]:
        for where, folders, files in os.walk(self.root / folder):
            folders[:] = sorted(set(folders) - tracing.SKIPPED_FOLDERS)
            here = Path(where).relative_to(self.root)
            yield from ((here / one).as_posix() for one in (*folders, *sorted(files)))


def misfits(root: Path, executed: Executed, sent: Iterable[Sent]) -> tuple[str, ...]:
    """Give the inputs that a story saw elsewhere otherwise than it would have seen them here.

    A file that was changed here since it was sent is none: the run is of the state that was sent.
    """
    digests = {one.name: one.digest for one in sent}
    inputs: Mapping[str, str] = (executed.report or {}).get("inputs", {})
    return tuple(
        name
        for name, digest in inputs.items()
        if digest not in (digests.get(name), tracing.UNSTABLE) and tracing.digest_of(root, name) != digest
    )


@cache
def environment_here() -> Mapping[str, str]:
    """Give what stories run in on this machine: Python, system, this package's code, every package."""
    package = Path(__file__).parents[2]
    code = b"\0".join(path.read_bytes() for path in sorted(package.rglob("*.py")))
    return {
        **{str(one.metadata["Name"]).lower(): one.version for one in distributions()},
        "Python": sys.version,
        "system": f"{platform.system()} {platform.machine()}",
        "sourcebook": f"{__version__} ({tracing.digest_of_bytes(code)[:12]})",
    }


def unlike(here: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    """Say what differs between two machines, one line each."""
    nothing = "not installed"
    return [
        f"{name} is {there.get(name, nothing)} there and {here.get(name, nothing)} here"
        for name in (*here, *sorted(there.keys() - here.keys()))
        if here.get(name) != there.get(name)
    ]
