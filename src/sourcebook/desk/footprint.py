"""What the last good build rested on, so that a build with nothing to do is answered at once.

A build leaves the digest of every file that it may have read, and a stamp of the site that it made. As
long as both are as they were, the site is what a build would make again. Files are looked at first; one
is read only if it looks different, or was written so shortly before it was noted that it may have
changed again unseen. Whatever is not known for certain counts as a change.

Standard library only, and little of it: this is loaded before it is known that there is work to do.
"""

from __future__ import annotations

import json
import os
import site as installation
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

RESTS_ON = "rests-on.json"
"""File beside what Sphinx remembers, in which our extension tells what the pages were made from."""

Stamp = tuple[int, ...]
"""Times of the last change of content and of properties in ns, and size in bytes; empty without a file."""

_VERSION = 1
_RACY_NS = 2_000_000_000  # some file systems count whole seconds, some two
_PACKAGE = Path(__file__).resolve().parent.parent
_ALWAYS = ("_config.yml", "_toc.yml", "requirements.txt", ".")
_VARIABLES = (
    "CHROMIUM",
    "LANG",
    "LANGUAGE",
    "LC_ALL",
    "LC_CTYPE",
    "LC_MESSAGES",
    "LC_TIME",
    "PLOTLY_RENDERER",
    "PYTHONPATH",
    "SOURCE_DATE_EPOCH",
    "TZ",
)
_NEEDS_BROWSER = "[no-browser]"
_CACHES = frozenset({"__pycache__"})


@dataclass(frozen=True)
class Footprint:
    """What a build rested on, and what it left.

    Attributes:
        root: the book's folder.
        machine: the Python and the environment in which it was built.
        strict: whether warnings counted as errors.
        told: the lines that its author saw.
        site: stamp of the whole site.
        noted_ns: when all this was noted.
        files: what was read -> its stamp and its digest, as `sourcebook.tracing` names inputs.
    """

    root: str
    machine: str
    strict: bool
    told: tuple[str, ...]
    site: str
    noted_ns: int
    files: Mapping[str, tuple[Stamp, str]]


def find_footprint(place: Path) -> Footprint | None:
    """Read the footprint that a build left, or give None."""
    try:
        told = json.loads(place.read_bytes())
        if told.pop("version") != _VERSION:
            return None
        files = {name: (tuple(stamp), digest) for name, (stamp, digest) in told.pop("files").items()}
        return Footprint(**{**told, "told": tuple(told["told"])}, files=files)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def write_footprint(footprint: Footprint, place: Path) -> None:
    """Write a footprint in one go: it is there in full, or the old one is."""
    partly = place.with_name(f".{place.name}.part")
    told = {"version": _VERSION, **vars(footprint)}
    partly.write_text(json.dumps(told, separators=(",", ":")), encoding="utf-8")
    partly.replace(place)


def still_stands(footprint: Footprint, site: Path, *, root: Path, strict: bool) -> Footprint | None:
    """Give the footprint, with stamps brought up to date, if a build would make the very site that is there.

    Args:
        footprint: what the last build left.
        site: the folder of the published site.
        root: the book's folder.
        strict: whether the build that is asked for takes warnings for errors; one that did not
            vouches for none that does.
    """
    noted_ns = time.time_ns()
    if footprint.root != str(root) or (strict and not footprint.strict):
        return None
    if footprint.machine != machine_of(footprint.told):
        return None
    refreshed: dict[str, tuple[Stamp, str]] = {}
    for name, now in _suspects(footprint, root):
        digest = footprint.files[name][1]
        if _digest_of(root, name) != digest:
            return None
        refreshed[name] = (now or (), digest)
    if footprint.site != stamp_of_site(site):  # last: it takes longest
        return None
    if not refreshed:
        return footprint
    told = {**vars(footprint), "noted_ns": noted_ns, "files": {**footprint.files, **refreshed}}
    return Footprint(**told)


def changes(footprint: Footprint, root: Path) -> Iterator[str]:
    """Give the names of what is not as the last build read it, as they are found."""
    for name, _ in _suspects(footprint, root):
        if _digest_of(root, name) != footprint.files[name][1]:
            yield name


def take_footprint(
    root: Path,
    site: Path,
    *,
    rests_on: Path,
    before: Footprint | None,
    began_ns: int,
    strict: bool,
    told: Iterable[str],
) -> Footprint | None:
    """Note what a build that has just ended rested on, or give None if that is not certain.

    Args:
        root: the book's folder.
        site: the folder of the published site.
        rests_on: what our extension told of the pages.
        before: the footprint of an earlier build, whose digests hold where stamps do.
        began_ns: when the build began; what was written since may have been read before or after.
        strict: whether warnings counted as errors.
        told: the lines that its author saw.
    """
    noted_ns, lines = time.time_ns(), tuple(told)
    pages = _read_pages(rests_on)
    if pages is None:
        return None
    expected: dict[str, str] = pages["inputs"]
    known = {} if before is None else _certain(before)
    files: dict[str, tuple[Stamp, str]] = {}
    for name in sorted({*_ALWAYS, *_own_files(), *_installed(), *pages["files"], *expected}):
        stamp = stamp_of(root, name)
        kept = known.get(name)
        digest = kept[1] if kept and kept[0] == stamp and stamp else _digest_of(root, name)
        if name in expected:
            is_certain = digest == expected[name]  # what the story read, whatever was saved meanwhile
        else:
            is_certain = max((stamp or ())[:2], default=0) < began_ns
        if not is_certain:
            return None
        files[name] = (stamp or (), digest)
    return Footprint(str(root), machine_of(lines), strict, lines, stamp_of_site(site), noted_ns, files)


def stamp_of(root: Path, name: str) -> Stamp | None:
    """Give the stamp of an input; None for what has none, such as a variable of the environment."""
    if ":" in name.partition("/")[0]:
        return None  # "env:TOWN", "size:data.csv": looked at anew each time
    try:
        found = os.stat(f"{root}/{name.partition('#')[0]}" if name[0] != "/" else name)  # noqa: PTH116 - quick
    except OSError:
        return ()
    return (found.st_mtime_ns, found.st_ctime_ns, found.st_size)


def stamp_of_site(site: Path) -> str:
    """Give a text that changes when a published file is added, taken away or written to."""
    from hashlib import sha256

    seen = sha256()
    for line in _lines_of(str(site)):
        seen.update(line.encode("utf-8", "surrogateescape"))
    return seen.hexdigest()


def stamps_of_code() -> str:
    """Give a text that changes when this package's own code or the installed packages do."""
    names = [*_own_files(), *_installed()]
    return json.dumps([(name, stamp_of(_PACKAGE, name)) for name in names])


def machine_of(told: Iterable[str]) -> str:
    """Give what a build depends on beside files: this Python, and variables that change what it makes."""
    names = (*_VARIABLES, "PATH") if any(_NEEDS_BROWSER in line for line in told) else _VARIABLES
    variables = {name: os.environ.get(name) for name in names}
    return json.dumps([sys.version, sys.executable, sys.prefix, str(_PACKAGE), variables], sort_keys=True)


def _suspects(footprint: Footprint, root: Path) -> Iterator[tuple[str, Stamp | None]]:
    """Give what looks different than it was noted, or may have changed unseen, with its stamp."""
    racy_ns = footprint.noted_ns - _RACY_NS
    for name, (stamp, _) in footprint.files.items():
        now = stamp_of(root, name)
        if now is None or now != stamp or max(stamp[:2], default=0) > racy_ns:
            yield name, now


def _lines_of(folder: str) -> Iterator[str]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield f"{entry.path}/\n"
            yield from _lines_of(entry.path)
        else:
            found = entry.stat(follow_symlinks=False)
            yield f"{entry.name} {found.st_mtime_ns} {found.st_size}\n"


def _certain(footprint: Footprint) -> dict[str, tuple[Stamp, str]]:
    """Give the entries of a footprint whose stamps alone tell whether the file changed."""
    racy_ns = footprint.noted_ns - _RACY_NS
    return {
        name: (stamp, digest)
        for name, (stamp, digest) in footprint.files.items()
        if stamp and max(stamp[:2]) <= racy_ns
    }


def _read_pages(rests_on: Path) -> dict[str, Any] | None:
    """Read what the extension told; None if it did not, or cannot vouch for the pages."""
    try:
        told = json.loads(rests_on.read_bytes())
    except (OSError, ValueError):
        return None
    is_sound = isinstance(told, dict) and told.get("vouched") is True
    return told if is_sound and {"files", "inputs"} <= told.keys() else None


def _own_files() -> list[str]:
    """Give this package's own files and folders: code, theme, templates."""
    found = []
    for folder, folders, names in os.walk(_PACKAGE):
        folders[:] = [name for name in folders if name not in _CACHES]
        found += [folder, *(f"{folder}/{name}" for name in names)]
    return found


def _installed() -> list[str]:
    """Give the folders whose listing tells which packages are installed, and in which version."""
    folders = [*installation.getsitepackages(), installation.getusersitepackages()]
    return [folder for folder in folders if Path(folder).is_dir()]


def _digest_of(root: Path, name: str) -> str:
    from sourcebook import tracing

    return tracing.digest_of(root, name)
