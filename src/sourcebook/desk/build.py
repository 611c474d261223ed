"""Building a site beside the last good one, and putting it in its place once it is whole."""

from __future__ import annotations

import fcntl
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sourcebook.errors import BookError, Place

OUTPUT = Path("_build")
JUPYTER_BOOK = (sys.executable, "-c", "from jupyter_book.cli.main import main; main()")
"""The command `jupyter-book` of this very Python."""

_STAGE = OUTPUT / "stage"
_LOG = OUTPUT / "build.log"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_PROGRESS = re.compile(r"  (ran|fresh|failed) +\S")
_NOTEWORTHY = re.compile(r"(WARNING|ERROR|CRITICAL): ")
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
    tell: Callable[[str], None] = lambda line: None,
) -> Path:
    """Build the book and give the folder of its site, `_build/html`.

    It is the build of `jupyter-book build`, done in a folder of its own; `_build/html` is changed only
    when all of it has succeeded, and then only in the files that differ.

    Args:
        root: the book's folder.
        from_scratch: write every page again.
        strict: take every warning for an error, as what publishes must.
        tell: called with each line that an author wants to see: stories that ran, warnings, problems.

    Raises:
        BuildStopped: the book has an error; the last good site is as it was.
    """
    if not (root / "_config.yml").is_file():
        mend = "go to the folder of the book, or name it with --book"
        raise BookError("there is no book here", Place("_config.yml"), mend)
    flags = [*(["--warningiserror", "--keep-going"] if strict else []), *(["--all"] if from_scratch else [])]
    command = [*JUPYTER_BOOK, "build", str(root), "--path-output", str(root / _STAGE), *flags]
    with _one_at_a_time(root / OUTPUT):
        if _run(command, root, tell) != 0:
            mend = f"mend what is told above; all that Jupyter Book said is in {_LOG.as_posix()}"
            raise BuildStopped("the build stopped; the last good site is as it was", mend=mend)
        site = root / OUTPUT / "html"
        replace_site(root / _STAGE / "_build" / "html", site)
    return site


def replace_site(built: Path, site: Path) -> None:
    """Make `site` equal to `built`: new and changed files first, then pages, then what is gone.

    Every file is renamed into place; a file that did not change is not touched.
    """
    files = [path.relative_to(built) for path in sorted(built.rglob("*")) if _is_published(path, built)]
    for path in sorted(files, key=lambda one: one.suffix == ".html"):
        _replace(built / path, site / path)
    for path in sorted(site.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
        elif path.is_file() and path.relative_to(site) not in files:
            path.unlink()


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


@contextmanager
def _one_at_a_time(folder: Path) -> Iterator[None]:
    """Let a second build of one book wait for the first; the lock ends with its process."""
    folder.mkdir(exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(command: list[str], root: Path, tell: Callable[[str], None]) -> int:
    """Run Jupyter Book, keep all it says in a log, and tell what matters as it comes."""
    with (
        (root / _LOG).open("w", encoding="utf-8") as log,
        subprocess.Popen(
            command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8"
        ) as process,
    ):
        assert process.stdout is not None

        def kept() -> Iterator[str]:
            for line in process.stdout or ():
                log.write(_COLOURS.sub("", line))
                yield line

        for line in noteworthy(kept()):
            tell(line)
    return process.returncode


def _replace(source: Path, target: Path) -> None:
    if target.is_file() and target.read_bytes() == source.read_bytes():
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    partly = target.with_name(f".{target.name}.part")
    shutil.copyfile(source, partly)
    partly.replace(target)


def _is_published(path: Path, built: Path) -> bool:
    """Leave out what Sphinx keeps for itself."""
    own = path.name in {".buildinfo", ".buildinfo.bak"} or "reports" in path.relative_to(built).parts[:1]
    return path.is_file() and not own
