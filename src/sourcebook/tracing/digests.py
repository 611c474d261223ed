"""The digest of an input: a file, a folder's listing, part of a file, a file's size, or a variable."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import stat
from pathlib import Path

ABSENT = "absent"
"""Digest of a file that is not there."""

UNSTABLE = "changed while the story ran"
"""Digest of a file that was written to between its first reading and the end of the run."""

FOLDER = "folder"
"""Digest of the size of a folder: it is there, whatever it holds."""

VARIABLE_PREFIX = "env:"
"""Begins the name of an input that is an environment variable."""

SIZE_PREFIX = "size:"
"""Begins the name of an input that was looked at without being opened: that it is there, and how large."""

SKIPPED_FOLDERS = frozenset(
    {".git", ".venv", "_build", "__pycache__", ".ipynb_checkpoints", ".jupyter", ".ipython", "node_modules"}
)
"""Folders below the book that never hold an input."""


def digest_of(root: Path, name: str) -> str:
    """Give the digest of an input as it is now.

    Args:
        root: the book's folder.
        name: a file, a folder (its listing counts), `file#part` (of a CSV file the row whose first
            column is `part`, of a data package descriptor the resource of that name), `size:file`,
            or `env:NAME`.

    Returns:
        64 hexadecimal digits of SHA-256, or `ABSENT`; `FOLDER` for the size of a folder.
    """
    if name.startswith(VARIABLE_PREFIX):
        return digest_of_variable(name.removeprefix(VARIABLE_PREFIX))
    if name.startswith(SIZE_PREFIX):
        return _digest_of_size(root / name.removeprefix(SIZE_PREFIX))
    try:
        return _digest_of_path(root / name)
    except OSError:
        path_name, _, part = name.partition("#")
    return _digest_of_part(root / path_name, part) if part else ABSENT


def digest_of_bytes(content: bytes) -> str:
    """Give the SHA-256 of some bytes as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def digest_of_row(row: dict[str, str]) -> str:
    """Give the digest of one row of a CSV file, whatever the order of its columns."""
    named = {name or "": value for name, value in row.items()}  # csv keeps values without a column under None
    return digest_of_bytes(json.dumps(named, sort_keys=True, ensure_ascii=False).encode())


def digest_of_variable(name: str) -> str:
    """Give the digest of an environment variable's value in this process, or `ABSENT`."""
    value = os.environ.get(name)
    return ABSENT if value is None else digest_of_bytes(os.fsencode(f"{name}={value}"))


def stamp_of(path: Path) -> tuple[int, int] | None:
    """Give a file's (mtime in ns, size in bytes), or None if it is not there."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return (found.st_mtime_ns, found.st_size)


def _digest_of_path(path: Path) -> str:
    if path.is_dir():
        listed = sorted(set(os.listdir(path)) - SKIPPED_FOLDERS)
        return digest_of_bytes(os.fsencode("\n".join(listed)))
    if not stat.S_ISREG(path.stat().st_mode):
        return digest_of_bytes(b"")  # a pipe or a device: reading it would wait, and prove nothing
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest_of_size(path: Path) -> str:
    try:
        found = path.stat()
    except (OSError, ValueError):
        return ABSENT
    return FOLDER if stat.S_ISDIR(found.st_mode) else digest_of_bytes(str(found.st_size).encode())


def _digest_of_part(path: Path, part: str) -> str:
    try:
        content = path.read_bytes()
    except OSError:
        return ABSENT
    try:
        text = content.decode("utf-8-sig")
        if path.suffix == ".json":
            resources = json.loads(text).get("resources", [])
            matches = [one for one in resources if one.get("name") == part]
            return digest_of_row(matches[0]) if matches else ABSENT
        for row in csv.DictReader(io.StringIO(text, newline="")):
            if next(iter(row.values()), None) == part:
                return digest_of_row(row)
    except (AttributeError, TypeError, UnicodeDecodeError, ValueError, csv.Error):
        return digest_of_bytes(content)
    return ABSENT
