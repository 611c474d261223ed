"""Building a site beside the last good one, and putting it in its place once it is whole."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sourcebook.desk.footprint import (
    RESTS_ON,
    find_footprint,
    still_stands,
    take_footprint,
    write_footprint,
)
from sourcebook.desk.warming import Lent, may_run_stories, nursery_for_one, threads_for
from sourcebook.errors import BookError, Place

if TYPE_CHECKING:
    from sourcebook.desk.footprint import Footprint
    from sourcebook.desk.progress import Tally
    from sourcebook.desk.resident import Resident

OUTPUT = Path("_build")
FOOTPRINT = OUTPUT / "footprint.json"
JUPYTER_BOOK = (
    sys.executable,
    "-c",
    "import gc; gc.set_threshold(100_000, 50, 100); from jupyter_book.cli.main import main; main()",
)
"""The command `jupyter-book` of this very Python, which looks for garbage less often than is usual."""

_STAGE = OUTPUT / ".stage"  # hidden: whoever looks for documents below the book passes it by
_RESTS_ON = _STAGE / "_build" / ".doctrees" / RESTS_ON
_STRICTLY = ("--warningiserror", "--keep-going")
_LOG = OUTPUT / "build.log"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_PROGRESS = re.compile(r"  (ran|fresh|failed) +\S")
_NOTEWORTHY = re.compile(r"(WARNING|ERROR|CRITICAL): ")
_FAILED = re.compile(r"  failed +\S")
_RUNNING_ANEW = frozenset({"is_forced", "is_cold"})
_PLACE_OR_MEND = re.compile(r"  (where|mend): ")
_PROBLEM = "The book was not built:"
_TRACEBACK = "Traceback (most recent call last):"


class BuildStopped(BookError):
    """Jupyter Book ended with an error; it has been told."""


def build_site(
    root: Path,
    *,
    from_scratch: bool = False,
    strict: bool = False,
    orders: Mapping[str, Any] | None = None,
    tally: Tally | None = None,
    resident: Resident | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> Path:
    """Build the book and give the folder of its site, `_build/html`.

    It is the build of `jupyter-book build`, done in a folder of its own; `_build/html` is changed only
    when all of it has succeeded, and then only in the files that differ.

    Args:
        root: the book's folder.
        from_scratch: write every page again.
        strict: take every warning for an error, as what publishes must.
        orders: how stories are to be run where not as usual, by the names in `sourcebook.runs.Orders`.
        tally: kept up to date while stories run.
        resident: a process that has imported what builds need; a new one is started when left out.
        tell: called with each line that an author wants to see: stories that ran, warnings, problems.

    Raises:
        BuildStopped: the book has an error; the last good site is as it was.
    """
    if not (root / "_config.yml").is_file():
        mend = "go to the folder of the book, or name it with --book"
        raise BookError("there is no book here", Place("_config.yml"), mend)
    site, place, asked = root / OUTPUT / "html", root / FOOTPRINT, dict(orders or {})
    is_plain = not from_scratch and not _RUNNING_ANEW.intersection(asked)
    with _one_at_a_time(root / OUTPUT):
        last = find_footprint(place)
        if is_plain and last and is_up_to_date(root, strict=strict):
            for line in last.told:
                tell(line)
            return site
        place.unlink(missing_ok=True)
        flags = _flags(last, from_scratch=from_scratch, strict=strict)
        began_ns, told = time.time_ns(), list[str]()
        with _nursery(root, last, asked=asked, resident=resident) as lent:
            _build(root, flags, told, orders=asked, tally=tally, lent=lent, resident=resident, tell=tell)
        replace_site(root / _STAGE / "_build" / "html", site)
        now = take_footprint(
            root,
            site,
            rests_on=root / _RESTS_ON,
            before=last,
            began_ns=began_ns,
            strict=strict,
            told=(line for line in told if not _PROGRESS.match(line)),
        )
        if now is not None and not any(_FAILED.match(line) for line in told):
            write_footprint(now, place)
    return site


def is_up_to_date(root: Path, *, strict: bool = False) -> bool:
    """Say whether a build would make the very site that is there, as far as that is certain.

    Args:
        root: the book's folder.
        strict: whether the build takes warnings for errors; a plain one vouches for no strict one.
    """
    last = find_footprint(root / FOOTPRINT)
    if last is None:
        return False
    standing = still_stands(last, root / OUTPUT / "html", root=root, strict=strict)
    if standing is not None and standing is not last:
        write_footprint(standing, root / FOOTPRINT)
    return standing is not None


def replace_site(built: Path, site: Path) -> None:
    """Make `site` equal to `built`: new and changed files first, then pages, then what is gone.

    Every file is renamed into place; a file that did not change is not touched. A copy has the date of
    what it was copied from, so that the next build sees by date and size alone that both are the same.
    """
    wanted = {name: stamp for name, stamp in _files_in(built) if _is_published(name)}
    there = dict(_files_in(site))
    for name in sorted(wanted, key=lambda one: (one.endswith(".html"), one)):
        if there.get(name) != wanted[name]:
            _replace(built / name, site / name)
    for name in there.keys() - wanted.keys():
        (site / name).unlink()
    if there.keys() - wanted.keys():
        _drop_empty_folders(site)


def noteworthy(lines: Iterable[str]) -> Iterator[str]:
    """Choose from what Jupyter Book prints the lines that an author wants to see.

    These are the stories that ran, warnings, and the paragraph that tells why a book was not built;
    the traceback of Jupyter Book's own command is none of the author's.
    """
    in_problem = is_told = False
    for line in lines:
        plain = _COLOURS.sub("", line.rstrip("\n"))
        if _PROBLEM in plain:
            in_problem = True
            continue
        is_told = is_told or (in_problem and _TRACEBACK in plain)  # the traceback only says it again
        in_problem = in_problem and _TRACEBACK not in plain
        progress = _PROGRESS.search(plain)
        if in_problem or _NOTEWORTHY.search(plain) or (_PLACE_OR_MEND.match(plain) and not is_told):
            yield plain
        elif progress:
            yield plain[progress.start() :]


def _flags(last: Footprint | None, *, from_scratch: bool, strict: bool) -> list[str]:
    """Give the flags of Jupyter Book's command for a build after the `last` one."""
    hides_warnings = strict and last is not None and not last.strict and bool(last.told)
    flags = [*_STRICTLY] if strict else []
    return flags + (["--all"] if from_scratch or hides_warnings else [])  # Sphinx warns of what it reads


def _build(
    root: Path,
    flags: list[str],
    told: list[str],
    *,
    orders: Mapping[str, Any],
    tally: Tally | None,
    lent: Lent,
    resident: Resident | None,
    tell: Callable[[str], None],
) -> None:
    """Build beside the last good site; note in `told` each line that was told."""

    def keep(line: str) -> None:
        told.append(line)
        tell(line)

    words = ["build", str(root), "--path-output", str(root / _STAGE), *flags]
    with _reporting(orders, tally) as (variables, descriptors):
        environment = {**os.environ, **variables, **lent[0]}
        descriptors = (*descriptors, *lent[1])
        if resident is not None:
            code = _ask(resident, words, root, environment, descriptors=descriptors, tell=keep)
        else:
            code = _run([*JUPYTER_BOOK, *words], root, environment, descriptors=descriptors, tell=keep)
    if code != 0:
        mend = f"mend what is told above; all that Jupyter Book said is in {_LOG.as_posix()}"
        raise BuildStopped("the build stopped; the last good site is as it was", mend=mend)


def _nursery(
    root: Path, last: Footprint | None, *, asked: Mapping[str, Any], resident: Resident | None
) -> AbstractContextManager[Lent]:
    """Lend the build a nursery that is warm, or warms up meanwhile; none if no story will run."""
    rests_on = root / _RESTS_ON
    threads = threads_for(asked, rests_on=rests_on)
    if threads is not None and resident is not None:
        return resident.nursery(root, threads=threads)
    if threads is not None and may_run_stories(root, last, rests_on=rests_on, asked=asked):
        return nursery_for_one(root, threads=threads)
    return nullcontext(({}, ()))


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Let a second build of one book wait for the first; the lock ends with its process."""
    folder.mkdir(exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _reporting(
    orders: Mapping[str, Any], tally: Tally | None
) -> Iterator[tuple[dict[str, str], tuple[int, ...]]]:
    """Give the variables and file descriptors by which a build gets its orders and tells its progress."""
    if not orders and tally is None:
        yield {}, ()
        return
    from sourcebook.desk.progress import Tally, told_to
    from sourcebook.runs.orders import variables_of

    with told_to(tally or Tally()) as (variables, descriptors):
        yield {**variables_of(orders), **variables}, descriptors


def _run(
    command: list[str],
    root: Path,
    environment: Mapping[str, str],
    *,
    descriptors: tuple[int, ...],
    tell: Callable[[str], None],
) -> int:
    """Run Jupyter Book in a process of its own."""
    process = subprocess.Popen(
        command,
        cwd=root,
        env=environment,
        pass_fds=descriptors,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
    )
    with process:
        _keep_log(root, process.stdout or (), tell)
    return process.returncode


def _ask(
    resident: Resident,
    words: list[str],
    root: Path,
    environment: Mapping[str, str],
    *,
    descriptors: tuple[int, ...],
    tell: Callable[[str], None],
) -> int:
    """Have Jupyter Book run by the resident builder; whatever interrupts this ends the build too."""
    build = resident.start(words, root, environment=environment, descriptors=descriptors)
    try:
        with build.lines:
            _keep_log(root, build.lines, tell)
        return build.wait()
    except BaseException:
        resident.close()
        raise


def _keep_log(root: Path, lines: Iterable[str], tell: Callable[[str], None]) -> None:
    """Keep all that Jupyter Book says in a log, and tell what matters as it comes."""
    with (root / _LOG).open("w", encoding="utf-8") as log:

        def kept() -> Iterator[str]:
            for line in lines:
                log.write(_COLOURS.sub("", line))
                yield line

        for line in noteworthy(kept()):
            tell(line)


def _files_in(folder: Path) -> Iterator[tuple[str, tuple[int, int]]]:
    """Give every file below a folder: its path in it, and its date and size."""
    waiting = [(str(folder), "")]
    while waiting:
        path, prefix = waiting.pop()
        if not os.path.isdir(path):  # noqa: PTH112 - thousands of folders: quick
            continue
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.is_dir():
                    waiting.append((entry.path, f"{prefix}{entry.name}/"))
                else:
                    found = entry.stat()
                    yield prefix + entry.name, (found.st_mtime_ns, found.st_size)


def _replace(source: Path, target: Path) -> None:
    if target.is_file() and target.read_bytes() == source.read_bytes():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    partly = target.with_name(f".{target.name}.part")
    shutil.copyfile(source, partly)
    stamp = source.stat()
    os.utime(partly, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    partly.replace(target)


def _drop_empty_folders(site: Path) -> None:
    for folder, _, _ in os.walk(site, topdown=False):
        if not any(Path(folder).iterdir()):
            Path(folder).rmdir()


def _is_published(name: str) -> bool:
    """Leave out what Sphinx keeps for itself."""
    last = name.rpartition("/")[2]
    return last not in {".buildinfo", ".buildinfo.bak"} and not name.startswith("reports/")
