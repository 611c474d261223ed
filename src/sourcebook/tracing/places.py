"""Places: the names that a path has in the book."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from sourcebook.tracing.digests import SIZE_PREFIX, SKIPPED_FOLDERS, VARIABLE_PREFIX

_OWN_CODE = str(Path(__file__).resolve().parents[1])
_SYSTEM = ("/usr", "/lib", "/lib64", "/proc", "/sys", "/etc", "/dev")


class Places:
    """The book's folder, by whatever path it is reached."""

    def __init__(self, root: Path) -> None:
        self.root = os.path.realpath(root)
        self.spelt = os.path.abspath(root)
        self._folders: dict[str, str] = {}
        self._known: dict[str, tuple[str, ...]] = {}

    def names_of(self, path: str) -> tuple[str, ...]:
        """Give the names of a file in the book, that of the file itself before those of links to it."""
        if path not in self._known:
            self._known[path] = self._names((os.path.realpath(path), *self._spellings(path)))
        return self._known[path]

    def names_of_missing(self, path: str) -> tuple[str, ...]:
        """Give the names of what was not there: if there is a link by now, what it leads to was not asked."""
        return self._names(self._spellings(path))

    def entry_of(self, path: str) -> str | None:
        """Give the name of a directory entry, which may be a link, or None outside of the book."""
        return self._name(self._entry(path))

    def is_inside(self, file: str) -> bool:
        """Say whether a file of code lies in the book."""
        return file.startswith(os.sep) and self.entry_of(file) is not None

    def dull_prefixes(self) -> tuple[str, ...]:
        """Give the folders in which nothing of the book can lie: Python, its packages, the system."""
        prefixes = dict.fromkeys((*_SYSTEM, sys.prefix, sys.base_prefix, sys.exec_prefix))
        roots = (self.root, self.spelt)
        return tuple(one for one in prefixes if not any(_is_below(root, one) for root in roots))

    def _spellings(self, path: str) -> tuple[str, ...]:
        as_told = os.path.normpath(path)
        return (self._entry(path), as_told, self._respelt(as_told))

    def _names(self, paths: Iterable[str]) -> tuple[str, ...]:
        names = (self._name(one) for one in dict.fromkeys(paths))
        return tuple(dict.fromkeys(name for name in names if name is not None))

    def _respelt(self, path: str) -> str:
        return f"{self.root}{path[len(self.spelt) :]}" if _is_below(path, self.spelt) else path

    def _entry(self, path: str) -> str:
        folder, base = os.path.split(path)
        if base in {"", ".", ".."}:
            return os.path.realpath(path)
        if folder not in self._folders:
            self._folders[folder] = os.path.realpath(folder)
        return os.path.join(self._folders[folder], base)

    def _name(self, path: str) -> str | None:
        if not _is_below(path, self.root) or _is_below(path, _OWN_CODE):
            return None
        parts = path[len(self.root) + 1 :].split(os.sep)
        if SKIPPED_FOLDERS.intersection(parts) or (parts[-1][:1] == "<" and parts[-1][-1:] == ">"):
            return None  # "<ipython-input-1>" is how Python calls a cell
        name = "/".join(parts) or "."
        return f"./{name}" if name.startswith((SIZE_PREFIX, VARIABLE_PREFIX)) else name


def absolute(path: str, folder: int | None = None) -> str:
    """Give the absolute path, links and ".." unresolved, also where the working folder is gone."""
    if path.startswith(os.sep):
        return path
    if folder is not None:
        base = os.readlink(f"/proc/self/fd/{folder}")
    else:
        try:
            base = os.getcwd()
        except OSError:
            base = os.readlink("/proc/self/cwd")
    return os.path.join(base, path)


def source_of(path: str) -> str:
    """Give the source of a compiled module, whose change makes Python compile it again."""
    try:
        return importlib.util.source_from_cache(path)
    except (NotImplementedError, ValueError):
        return path


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder if folder.endswith(os.sep) else folder + os.sep)
