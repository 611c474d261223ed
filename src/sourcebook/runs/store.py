"""The store of runs: manifests under a story's key, executed notebooks under their own digest.

Every file is written beside its place and renamed into it, so that a build that is killed, or two
builds at once, never leave half a file. The folder may be deleted at any time: stories then run again.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sourcebook import tracing
from sourcebook.errors import StoryError
from sourcebook.stories import parse_notebook

_MOST_RUNS = 20  # kept under one key: going back to any of them costs nothing


@dataclass(frozen=True)
class Run:
    """One execution of a story.

    Attributes:
        notebook: digest of the executed notebook.
        inputs: what it was seen to read -> digest.
        unseen: why some reading may have gone unseen; its inputs then include all of `data/`.
        parts: digests of what made up the story's key.
        text: the executed notebook, until the store has it.
    """

    notebook: str
    inputs: dict[str, str] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()
    parts: dict[str, str] = field(default_factory=dict)
    text: str = field(default="", compare=False, repr=False)

    def is_fresh(self, root: Path) -> bool:
        """Say whether every input is on disk as this run read it."""
        return all(tracing.digest_of(root, name) == digest for name, digest in self.inputs.items())


@dataclass(frozen=True)
class Store:
    """Where runs are kept.

    Attributes:
        folder: usually `_build/.sourcebook`.
    """

    folder: Path

    def runs_of(self, key: str) -> tuple[Run, ...]:
        """Give the runs kept under a key, newest first, without those whose notebook is gone or torn."""
        told = _read_json(self._manifests(key))
        runs = [_parse_run(one) for one in told] if isinstance(told, list) else []
        return tuple(run for run in runs if run is not None and self._is_whole(run))

    def keep(self, key: str, run: Run) -> None:
        """Keep a run: its notebook first, then the manifest that points to it."""
        _write(self._notebook(run.notebook), run.text)
        others = [one for one in self.runs_of(key) if one.inputs != run.inputs]
        told = [{**asdict(one), "text": ""} for one in (run, *others)][:_MOST_RUNS]
        _write(self._manifests(key), json.dumps(told))

    def notebook(self, run: Run) -> Any:
        """Give the executed notebook of a run that is kept."""
        return parse_notebook(self._notebook(run.notebook).read_text(encoding="utf-8"))

    def current(self, path: str) -> Path:
        """Say where the executed twin of a story lies."""
        return self.folder / "current" / path

    def lay_out(self, path: str, text: str) -> None:
        """Write a story's executed twin; an equal one keeps its date."""
        target = self.current(path)
        if not target.is_file() or target.read_text(encoding="utf-8") != text:
            _write(target, text)

    def last(self, path: str) -> Run | None:
        """Give the run of a story that was used last, or None."""
        told = _read_json(self.folder / "last" / f"{path}.json")
        return _parse_run(told) if isinstance(told, dict) else None

    def remember(self, path: str, run: Run) -> None:
        """Note which run of a story was used last."""
        text = json.dumps({**asdict(run), "text": ""})
        target = self.folder / "last" / f"{path}.json"
        if not target.is_file() or target.read_text(encoding="utf-8") != text:
            _write(target, text)

    def _manifests(self, key: str) -> Path:
        return self.folder / "runs" / key[:2] / f"{key}.json"

    def _notebook(self, digest: str) -> Path:
        return self.folder / "notebooks" / digest[:2] / f"{digest}.ipynb"

    def _is_whole(self, run: Run) -> bool:
        try:
            content = self._notebook(run.notebook).read_bytes()
            parse_notebook(content.decode("utf-8"))
        except (OSError, UnicodeDecodeError, StoryError):
            return False
        return tracing.digest_of_bytes(content) == run.notebook


def _parse_run(told: object) -> Run | None:
    if not isinstance(told, dict):
        return None
    try:
        run = Run(**{**told, "unseen": tuple(told.get("unseen", ()))})
    except TypeError:
        return None  # written by another version
    is_sound = isinstance(run.notebook, str) and isinstance(run.inputs, dict) and isinstance(run.parts, dict)
    return run if is_sound else None


def _read_json(path: Path) -> object:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise
