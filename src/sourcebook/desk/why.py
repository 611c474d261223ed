"""Why a story would run: its reasons, what it reads, and how that is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sourcebook.desk.warming import STORE as STORE
from sourcebook.errors import BookError, Place, nearest
from sourcebook.runs import Standing, Store, standings_of

_SUFFIX = ".ipynb"
_HOW = {
    "seen": "seen while it ran",
    "declared": "declared by the story (`inputs`), since {unseen} cannot be watched",
    "all of data": "all of data/, since {unseen} cannot be watched",
}


@dataclass(frozen=True)
class Account:
    """What is known of one story.

    Attributes:
        path: its notebook.
        standing: whether it is fresh, and why not.
        changed: inputs that are not on disk as its run read them.
    """

    path: str
    standing: Standing
    changed: frozenset[str]

    @property
    def how(self) -> str:
        """How its inputs are known, in words; empty if it never ran."""
        run = self.standing.run
        if run is None:
            return ""
        unseen = " and ".join(run.unseen) or "some reading"
        return _HOW.get(run.rule, run.rule).format(unseen=unseen)

    def told(self) -> dict[str, Any]:
        """Give the account for machines: names and digests, no prose."""
        run = self.standing.run
        inputs = run.inputs if run else {}
        return {
            "story": self.path,
            "fresh": self.standing.is_fresh,
            "reasons": [{"kind": one.kind, "subject": one.subject} for one in self.standing.reasons],
            "rule": run.rule if run else None,
            "unseen": list(run.unseen) if run else [],
            "inputs": [
                {"name": name, "digest": digest, "changed": name in self.changed}
                for name, digest in inputs.items()
            ],
            "outputs": [{"name": name, "digest": digest} for name, digest in run.outputs.items()]
            if run
            else [],
            "network": list(run.network) if run else [],
            "clock": list(run.clock) if run else [],
            "seconds": run.seconds if run else None,
        }


def accounts_of(root: Path, story: str | None = None) -> tuple[Account, ...]:
    """Give an account of every story of a book, in the order of its contents, or of one.

    Args:
        root: the book's folder.
        story: a notebook by its path, with or without `.ipynb`, or by its name alone.

    Raises:
        BookError: there is no book, or no such story in it.
        StoryError: a notebook cannot be read.
    """
    paths = stories_of(root)
    if story is not None:
        paths = (_find(story, paths),)
    standings = standings_of(root, paths, store=Store(root / STORE))
    return tuple(Account(path, one, one.changed_inputs(root)) for path, one in standings.items())


def stories_of(root: Path) -> tuple[str, ...]:
    """Give the notebooks of a book's table of contents, in reading order.

    Raises:
        BookError: there is no table of contents, or it cannot be read.
    """
    from sphinx_external_toc.parsing import MalformedError, parse_toc_yaml

    contents = root / "_toc.yml"
    if not contents.is_file():
        mend = "go to the folder of the book, or name it with --book"
        raise BookError("there is no book here", Place("_toc.yml"), mend)
    try:
        site = parse_toc_yaml(contents)
    except (MalformedError, ValueError) as error:
        what = f"the table of contents cannot be read: {error}"
        raise BookError(what, Place("_toc.yml"), "see the structure in the manual of Jupyter Book") from error
    globbed = (path.relative_to(root).as_posix() for one in sorted(site.globs()) for path in root.glob(one))
    names = [
        *(name.removesuffix(_SUFFIX) for name in site),
        *(name.removesuffix(_SUFFIX) for name in globbed),
    ]
    return tuple(f"{name}{_SUFFIX}" for name in dict.fromkeys(names) if (root / f"{name}{_SUFFIX}").is_file())


def _find(story: str, paths: Iterable[str]) -> str:
    known = {path: path for path in paths}
    known |= {path.removesuffix(_SUFFIX): path for path in known.values()}
    known |= {Path(path).stem: path for path in known.values()}
    name = story.removeprefix("./")
    if name not in known:
        names = sorted(set(known.values()))
        raise BookError(f"no story '{story}' in the book", Place("_toc.yml"), nearest(name, names))
    return known[name]
