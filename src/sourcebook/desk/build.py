"""Building a site beside the last good one, and putting it in its place once it is whole."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from sourcebook.errors import BookError, Place

OUTPUT = Path("_build")
_STAGE = OUTPUT / "stage"
JUPYTER_BOOK = (sys.executable, "-c", "from jupyter_book.cli.main import main; main()")
"""The command `jupyter-book` of this very Python."""


class BuildStopped(BookError):
    """Jupyter Book ended with an error; it has said which."""


def build_site(root: Path, *, from_scratch: bool = False) -> Path:
    """Build the book and give the folder of its site, `_build/html`.

    It is the build of `jupyter-book build`, done in a folder of its own; `_build/html` is changed only
    when all of it has succeeded, and then only in the files that differ.

    Args:
        root: the book's folder.
        from_scratch: write every page again.

    Raises:
        BuildStopped: the book has an error; the last good site is as it was.
    """
    if not (root / "_config.yml").is_file():
        raise BookError(
            "no book here", Place("_config.yml"), "go to the folder of the book, or name it with --book"
        )
    command = [*JUPYTER_BOOK, "build", str(root), "--path-output", str(root / _STAGE)]
    flags = ["--warningiserror", "--keep-going", *(["--all"] if from_scratch else [])]
    done = subprocess.run([*command, *flags], cwd=root, check=False)
    if done.returncode != 0:
        raise BuildStopped(
            "the build stopped; what was published before is untouched", mend="see the messages above"
        )
    site = root / OUTPUT / "html"
    replace_site(root / _STAGE / "_build" / "html", site)
    return site


def replace_site(built: Path, site: Path) -> None:
    """Make `site` equal to `built`: new and changed files first, then pages, then what is gone.

    Every file is renamed into place; a file that did not change is not touched.
    """
    files = [
        path.relative_to(built)
        for path in sorted(built.rglob("*"))
        if path.is_file() and _is_published(path, built)
    ]
    for path in sorted(files, key=lambda one: one.suffix == ".html"):
        source, target = built / path, site / path
        if target.is_file() and target.read_bytes() == source.read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        partly = target.with_name(f".{target.name}.part")
        shutil.copyfile(source, partly)
        partly.replace(target)
    for path in sorted(site.rglob("*"), reverse=True):
        if path.is_dir() and not any(path.iterdir()):
            path.rmdir()
        elif path.is_file() and path.relative_to(site) not in files:
            path.unlink()


def _is_published(path: Path, built: Path) -> bool:
    """Leave out what Sphinx keeps for itself."""
    return (
        path.name not in {".buildinfo", ".buildinfo.bak"}
        and "reports" not in path.relative_to(built).parts[:1]
    )
