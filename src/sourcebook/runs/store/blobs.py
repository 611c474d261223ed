"""Files kept under the digest of what they hold: written whole or not at all, and checked before use.

A blob that has been checked is sealed: its date is made of its size. Whoever writes to it later breaks
the seal, and then it is read and checked again. So looking at a blob costs one `stat`.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

from sourcebook import tracing
from sourcebook.errors import BookError, Place

_DIGEST = re.compile(r"[0-9a-f]{64}")
_FIRST_SEAL_S = 946_684_800  # 2000-01-01: no file that somebody writes now has such a date
_MOST_SEALS = 100_000_000
_MENDS = {
    errno.ENOSPC: "free some space on that disk; `sourcebook gc` removes runs that were not used lately",
    errno.EFBIG: "raise the limit on the size of files; `ulimit -f` shows it",
    errno.EROFS: "make that folder writable; runs that are kept there can still be read",
}
_MENDS |= {
    errno.EDQUOT: _MENDS[errno.ENOSPC],
    errno.EACCES: _MENDS[errno.EROFS],
    errno.EPERM: _MENDS[errno.EROFS],
}
_ANY_MEND = "delete that folder if it is damaged: it is a cache, and stories then run again"


class StoreError(BookError):
    """The store of runs cannot be written to."""


@dataclass(frozen=True)
class Blobs:
    """Immutable files in one folder, named by their digest.

    Attributes:
        folder: where they are kept, in subfolders of the digest's first two digits.
        suffix: how their names end, such as ".ipynb".
    """

    folder: Path
    suffix: str = ""

    def path(self, digest: str) -> Path:
        """Say where a blob lies; a name that is no digest never becomes a path."""
        if not is_digest(digest):
            raise ValueError(f"no digest: {digest!r}")
        return self.folder / digest[:2] / f"{digest}{self.suffix}"

    def has(self, digest: str) -> bool:
        """Say whether a blob is there, whole and unchanged."""
        if not is_digest(digest):
            return False
        try:
            found = self.path(digest).stat()
        except OSError:
            return False
        return found.st_mtime_ns == _seal_of(found.st_size) or self.find(digest) is not None

    def find(self, digest: str) -> bytes | None:
        """Read a blob and check its digest; what is damaged is removed, and None is given."""
        if not is_digest(digest):
            return None
        path = self.path(digest)
        try:
            content = path.read_bytes()
        except OSError:
            return None
        if tracing.digest_of_bytes(content) != digest:
            self.remove(digest)
            return None
        with contextlib.suppress(OSError):  # another's file: it is checked again next time
            os.utime(path, ns=(_seal_of(len(content)),) * 2)
        return content

    def write(self, content: bytes) -> str:
        """Keep some bytes and give their digest.

        Raises:
            StoreError: the disk is full, or the folder cannot be written to.
        """
        digest = tracing.digest_of_bytes(content)
        if not self.has(digest):
            write_whole(self.path(digest), content, date_ns=_seal_of(len(content)))
        return digest

    def remove(self, digest: str) -> None:
        """Forget a blob, if it is there and may be removed."""
        with contextlib.suppress(OSError):
            self.path(digest).unlink()


def is_digest(text: object) -> bool:
    """Say whether a value is the digest of a file's bytes: 64 hexadecimal digits."""
    return isinstance(text, str) and _DIGEST.fullmatch(text) is not None


def write_whole(path: Path, content: bytes, *, date_ns: int | None = None) -> None:
    """Write a file beside its place and rename it into it: whole or not at all.

    Raises:
        StoreError: the disk is full, or the folder cannot be written to.
    """
    try:
        _write(path, content, date_ns)
    except OSError as error:
        what = f"the store of runs cannot be written to: {error.strerror or error}"
        mend = _MENDS.get(error.errno or 0, _ANY_MEND)
        raise StoreError(what, Place(path.parent.as_posix()), mend) from error


def put_down(target: Path, content: bytes, *, scratch: Path) -> None:
    """Write a file into the book, whole or not at all, and never half of it beside: stories list folders.

    Args:
        target: its place.
        content: what it holds.
        scratch: a folder for the half of it.

    Raises:
        StoreError: the disk is full, or a folder cannot be written to.
    """
    part = scratch / f".{target.name}.{os.getpid()}-{threading.get_ident()}"
    write_whole(part, content)
    try:
        part.chmod(0o644)
        target.parent.mkdir(parents=True, exist_ok=True)
        part.replace(target)
    except OSError:  # the book is on another disk
        part.unlink(missing_ok=True)
        write_whole(target, content)


def _write(path: Path, content: bytes, date_ns: int | None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        if date_ns is not None:
            os.utime(name, ns=(date_ns, date_ns))
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _seal_of(size_bytes: int) -> int:
    """Give the date of a checked file of that size, in ns; seconds alone, as some disks keep no more."""
    return (_FIRST_SEAL_S + 2 * (size_bytes % _MOST_SEALS)) * 1_000_000_000
