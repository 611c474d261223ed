"""The far layer of the store: runs that machines share, on any address that fsspec knows.

Names are those of the near layer, and nothing is ever changed in place: notebooks and files under their
digest, and one manifest for each run under its story's key. So two machines never write one object, and
whatever comes back is checked by its name. A digest guards against what is torn or damaged, not against
whoever may write there: share a store only with those who may also publish.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import partial
from typing import Any, TypeVar

from sourcebook import tracing
from sourcebook.errors import BookError
from sourcebook.runs.store.blobs import is_digest

Answer = TypeVar("Answer")

KINDS = {"notebooks": ".ipynb", "files": ""}
"""Folders of blobs, and how the names in them end."""

_AT_ONCE = 8
_MOST_MANIFESTS = 40  # read under one key, the newest first
_MANIFEST = ".json"


class FarError(BookError):
    """The address of a shared store cannot be used at all."""


class Shared:
    """A store of runs that several machines read and write.

    It is a favour, never a need: when it fails once, that is told once, and the build goes on without it.

    Args:
        address: a folder, as fsspec writes it: `file:///mnt/runs`, `s3://bucket/runs`, `gs://bucket/runs`.
        tell: called with one line if the store fails.
        timeout_s: longest time for one answer, in seconds.

    Raises:
        FarError: nobody knows such an address, or the package that does is not installed.
    """

    def __init__(
        self, address: str, *, tell: Callable[[str], None] = lambda line: None, timeout_s: float = 30
    ) -> None:
        self.address = address
        self._tell, self._timeout_s = tell, timeout_s
        self._disk, self._folder = _opened(address)
        self._lock = threading.Lock()
        self._refused: set[str] = set()
        self._uploads: list[Future[None]] = []
        self._writers = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="sourcebook-upload")
        self.is_down = False

    def each(self, keys: Iterable[str], act: Callable[[str], object]) -> None:
        """Do something for every key, several at once: most of the time is waiting."""
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="sourcebook-fetch") as readers:
            for done in [readers.submit(act, key) for key in keys]:
                done.result()

    def manifests(self, key: str) -> Iterator[bytes]:
        """Give the manifests that are whole under a key, the newest first; each is read when asked for."""
        listed: list[dict[str, Any]] = self._ask(lambda: self._list(f"runs/{key}"), [])
        names = [str(one["name"]).rstrip("/").rsplit("/", 1)[-1] for one in sorted(listed, key=_age)]
        digests = [name.removesuffix(_MANIFEST) for name in names if name.endswith(_MANIFEST)]
        for digest in [one for one in digests if is_digest(one)][:_MOST_MANIFESTS]:
            content = self._read(f"runs/{key}/{digest}{_MANIFEST}", digest)
            if content is not None:
                yield content

    def find(self, kind: str, digest: str) -> bytes | None:
        """Fetch a blob; what is torn or is not what its name says is refused."""
        return self._read(_place(kind, digest), digest) if is_digest(digest) else None

    def upload(self, key: str, manifest: bytes, blobs: Iterable[tuple[str, bytes]]) -> None:
        """Share a run in the background: its blobs as (kind, content), then the manifest that names them."""
        named = [(_place(kind, tracing.digest_of_bytes(one)), one) for kind, one in blobs]
        named.append((f"runs/{key}/{tracing.digest_of_bytes(manifest)}{_MANIFEST}", manifest))

        def act() -> None:
            for place, content in named:
                self._ask(partial(self._put, place, content), None)

        with contextlib.suppress(RuntimeError):  # closed meanwhile: whoever needs the run runs the story
            self._uploads.append(self._writers.submit(act))

    def finish(self) -> None:
        """Wait until all that was kept is shared, or until the far store has failed."""
        wait(self._uploads)
        self._uploads.clear()

    def close(self) -> None:
        """Finish, and end the threads."""
        self.finish()
        self._writers.shutdown()

    def _read(self, place: str, digest: str) -> bytes | None:
        content: bytes | None = self._ask(lambda: self._get(place), None)
        if content is None or tracing.digest_of_bytes(content) == digest:
            return content
        self._refused.add(place)  # it is written again when this machine has it
        return None

    def _ask(self, act: Callable[[], Answer], otherwise: Answer) -> Answer:
        """Let the far store answer in bounded time; after its first failure it is not asked again."""
        if self.is_down:
            return otherwise
        try:
            return _bounded(act, self._timeout_s)
        except Exception as error:  # whatever a driver raises
            self._give_up(error)
            return otherwise

    def _give_up(self, error: Exception) -> None:
        with self._lock:
            first, self.is_down = not self.is_down, True
        if first:
            why = str(error).strip().splitlines() or [type(error).__name__]
            self._tell(f"the shared store '{self.address}' fails, and the build goes on without it: {why[0]}")

    def _list(self, place: str) -> list[dict[str, Any]]:
        try:
            return [one for one in self._disk.ls(self._at(place), detail=True) if one["type"] == "file"]
        except FileNotFoundError:
            return []

    def _get(self, place: str) -> bytes | None:
        try:
            return bytes(self._disk.cat_file(self._at(place)))
        except FileNotFoundError:
            return None

    def _put(self, place: str, content: bytes) -> None:
        target = self._at(place)
        if place not in self._refused and self._size_of(target) == len(content):
            return
        if "file" not in _protocols(self._disk):
            return self._pipe(target, content)  # an object appears when it is whole
        head, _, name = target.rpartition("/")
        part = f"{head}/.{name}.{os.getpid()}-{threading.get_ident()}.part"
        self._pipe(part, content)
        self._disk.mv(part, target)

    def _pipe(self, target: str, content: bytes) -> None:
        try:
            self._disk.pipe_file(target, content)
        except FileNotFoundError:  # a store with real folders
            self._disk.makedirs(target.rpartition("/")[0], exist_ok=True)
            self._disk.pipe_file(target, content)

    def _size_of(self, target: str) -> int | None:
        try:
            return int(self._disk.info(target)["size"])
        except FileNotFoundError:
            return None

    def _at(self, place: str) -> str:
        return f"{self._folder}/{place}"


def _opened(address: str) -> tuple[Any, str]:
    from fsspec.core import url_to_fs

    try:
        disk, folder = url_to_fs(address, use_listings_cache=False)
    except ImportError as error:
        name = _driver_of(address)
        mend = f"pip install {name}" if name else str(error)
        what = f"the shared store '{address}' needs a package that is not installed"
        raise FarError(what, mend=mend) from error
    except Exception as error:  # a driver may refuse its address in any way
        mend = "write an address such as 'file:///mnt/runs' or 's3://bucket/runs'"
        raise FarError(f"the shared store '{address}' cannot be opened: {error}", mend=mend) from error
    return disk, str(folder).rstrip("/")


def _driver_of(address: str) -> str:
    """Give the package that speaks an address's protocol, as fsspec names it."""
    from fsspec.registry import known_implementations

    told = known_implementations.get(address.partition("://")[0], {})
    return str(told.get("class", "")).partition(".")[0]


def _protocols(disk: Any) -> tuple[str, ...]:
    return (disk.protocol,) if isinstance(disk.protocol, str) else tuple(disk.protocol)


def _place(kind: str, digest: str) -> str:
    return f"{kind}/{digest[:2]}/{digest}{KINDS[kind]}"


def _age(listed: dict[str, Any]) -> float:
    """Give a number that is smaller for newer objects; drivers name their dates differently."""
    date = next((listed[name] for name in ("mtime", "LastModified", "created") if listed.get(name)), 0)
    seconds = date.timestamp() if hasattr(date, "timestamp") else date
    return -float(seconds) if isinstance(seconds, int | float) else 0.0


def _bounded(act: Callable[[], Answer], timeout_s: float) -> Answer:
    """Do something in a thread that nobody waits for longer than that."""
    answer: Future[Answer] = Future()

    def run() -> None:
        try:
            answer.set_result(act())
        except BaseException as error:
            answer.set_exception(error)

    threading.Thread(target=run, name="sourcebook-far", daemon=True).start()
    try:
        return answer.result(timeout_s)
    except TimeoutError as error:
        raise TimeoutError(str(error) or f"no answer within {timeout_s:g} seconds") from error
