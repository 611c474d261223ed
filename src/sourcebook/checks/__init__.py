"""Checks: rules about a book's data, each of which says in a finding what is wrong and how to mend it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from sourcebook import tracing
from sourcebook.checks.facts import check_facts
from sourcebook.checks.tables import check_tables
from sourcebook.datasets import PACKAGE_PATH
from sourcebook.errors import Finding

__all__ = ["check_package"]

_POINTERS = ("path", "schema", "dialect")  # what of a resource may be kept in another file
_ELSEWHERE = ("..", ":")
_PACKAGE = Path(__file__).resolve().parent.parent
_OWN_CODE = ("checks", "datasets.py", "errors.py", "facts", "sources.py")


def check_package(root: Path, *, note: Path | None = None) -> list[Finding]:
    """Check the data package of a book; tables that no descriptor describes are the author's own affair.

    Args:
        root: the book's folder.
        note: file that remembers what was found to be in order, so that it is not checked again.

    Returns:
        Findings in the order of the files and rows they are about; none if all is well.

    Raises:
        PackageError: the descriptor cannot be read at all.
    """
    state = _state_of(root) if note is not None else None
    if note is not None and state is not None and _is_noted(note, state):
        return []
    is_described = (root / PACKAGE_PATH).is_file()
    findings = (check_tables(root) if is_described else []) or check_facts(root)
    if note is not None and state is not None and not findings:
        _write(note, state)
    return findings


def _state_of(root: Path) -> str | None:
    """Give a digest of all that the checks read, themselves included; None if it may lie anywhere."""
    from importlib.metadata import version

    descriptor = root / PACKAGE_PATH
    if descriptor.is_file() and not _is_self_contained(descriptor):
        return None
    told = [sys.version, version("frictionless"), *_digests(root, Path(PACKAGE_PATH).parent.as_posix())]
    for name in _OWN_CODE:
        told += _digests(_PACKAGE, name)
    return tracing.digest_of_bytes("\n".join(told).encode())


def _is_self_contained(descriptor: Path) -> bool:
    """Say whether a descriptor names only files beside it, or below."""
    try:
        resources = json.loads(descriptor.read_bytes())["resources"]
        named = [one.get(pointer) for one in resources for pointer in _POINTERS]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    return not any(
        words in json.dumps(one) for one in named if not isinstance(one, dict) for words in _ELSEWHERE
    )


def _digests(top: Path, name: str) -> Iterator[str]:
    """Give the name and the digest of a file, or of every file below a folder."""
    if (top / name).is_file():
        yield f"{name} {tracing.digest_of(top, name)}"
    for folder, folders, files in os.walk(top / name):
        folders[:] = sorted(one for one in folders if one not in tracing.SKIPPED_FOLDERS)
        for path in (Path(folder, one) for one in sorted(files)):
            one = path.relative_to(top).as_posix()
            yield f"{one} {tracing.digest_of(top, one)}"


def _is_noted(note: Path, state: str) -> bool:
    try:
        return bool(json.loads(note.read_bytes()) == state)
    except (OSError, ValueError):
        return False


def _write(note: Path, state: str) -> None:
    partly = note.with_name(f".{note.name}.part")
    with suppress(OSError):  # a note is only for speed
        note.parent.mkdir(parents=True, exist_ok=True)
        partly.write_text(json.dumps(state), encoding="utf-8")
        partly.replace(note)
