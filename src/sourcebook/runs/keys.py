"""What a story's runs are kept under: digests of its place, code, expressions, settings and environment."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from sourcebook import __version__, tracing
from sourcebook.stories import RunSettings, Story, read_story

_LOCK = "requirements.txt"
_INSIDE_KERNELS = (
    "errors.py",
    "tracing",
    "sources.py",
    "stories.py",
    "datasets.py",
    "facts",
    "figures",
    "runs/runners",
)
"""Files and folders of this package that shape what a story gives, or what it is seen to read."""


@dataclass(frozen=True)
class Keyed:
    """What of a story decides whether it must run; known without parsing a notebook that did not change.

    Attributes:
        path: the notebook, relative to the book's folder.
        text: digest of the whole file.
        parts: digests of what makes up the key, by the word that a reason uses for it.
        settings: how the story asks to be run.
        has_outputs: whether every code cell was saved with an output.
        language: programming language of the code cells.
    """

    path: str
    text: str
    parts: dict[str, str]
    settings: RunSettings
    has_outputs: bool = False
    language: str = "python"

    @property
    def key(self) -> str:
        """The digest under which runs are kept: two stories with equal code in two folders differ."""
        told = {"path": self.path, **self.parts}
        return tracing.digest_of_bytes(json.dumps(told, sort_keys=True).encode())


@dataclass(frozen=True)
class Surroundings:
    """What decides for all stories of a book alike.

    Attributes:
        environment: what `environment_of` gives.
        draws_bare_charts: whether charts shown without `figure` are drawn as plain figures.
    """

    environment: str
    draws_bare_charts: bool = True

    def parts(self, settings: RunSettings) -> dict[str, str]:
        """Give what of a story's key depends on them, and on what the story asks for."""
        chosen = [settings.runner, settings.inputs, settings.network, self.draws_bare_charts]
        return {"setting": _digest(chosen), "environment": self.environment}


def key_of(story: Story, root: Path) -> str:
    """Give the digest under which a story's runs are kept, in a book that draws bare charts."""
    return keyed(story, Surroundings(environment_of(root))).key


def keyed(story: Story, surroundings: Surroundings) -> Keyed:
    """Give what decides whether a story must run.

    Args:
        story: the story as written.
        surroundings: what decides for all stories alike.
    """
    code = [step for step in story.steps if step[0] == "code"]
    kinds = [step[0] for step in story.steps]
    expressions = [  # each after so many code cells
        (kinds[:place].count("code"), step) for place, step in enumerate(story.steps) if step[0] != "code"
    ]
    parts = {
        "code": _digest(code),
        "expression": _digest(expressions),
        "kernel": story.kernel,
        **surroundings.parts(story.settings),
    }
    text = tracing.digest_of_bytes(story.text.encode())
    return Keyed(story.path, text, parts, story.settings, story.has_outputs, story.language)


def read_keyed(root: Path, path: str, *, surroundings: Surroundings, folder: Path) -> Keyed:
    """Give what decides whether a notebook must run, from an earlier look if the file is the same.

    Args:
        root: the book's folder.
        path: the notebook, relative to it.
        surroundings: what decides for all stories alike.
        folder: where looks are kept.

    Raises:
        StoryError: the file is missing or is no notebook.
    """
    kept = folder / f"{path}.json"
    known = _read_look(kept, tracing.digest_of(root, path), surroundings)
    if known is not None:
        return known
    look = keyed(read_story(root, path), surroundings)
    told = json.dumps({"reader": _reader(), **asdict(look)})
    kept.parent.mkdir(parents=True, exist_ok=True)
    try:
        partly = kept.with_name(f".{kept.name}.part")
        partly.write_text(told, encoding="utf-8")
        partly.replace(kept)
    except OSError:
        pass  # a look is only for speed
    return look


def environment_of(root: Path) -> str:
    """Give the digest of what a story runs in: Python, the locked packages, this package's own code."""
    return tracing.digest_of_bytes(
        "\n".join([sys.version, __version__, _packages(root), _own_code()]).encode()
    )


def _digest(told: object) -> str:
    return tracing.digest_of_bytes(json.dumps(told).encode())


def _read_look(kept: Path, digest: str, surroundings: Surroundings) -> Keyed | None:
    try:
        told: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
        if told.pop("reader") != _reader() or told["text"] != digest:
            return None
        settings = told.pop("settings")
        inputs = settings.pop("inputs")
        look = Keyed(
            **told, settings=RunSettings(**settings, inputs=None if inputs is None else tuple(inputs))
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return replace(look, parts={**look.parts, **surroundings.parts(look.settings)})


@cache
def _reader() -> str:
    """Give the digest of the code that reads stories: another reader may see them otherwise."""
    package = Path(__file__).parent.parent
    files = (package / "stories.py", Path(__file__))
    return tracing.digest_of_bytes(b"\0".join(file.read_bytes() for file in files))


def _packages(root: Path) -> str:
    lock = root / _LOCK
    return tracing.digest_of(root, _LOCK) if lock.is_file() else _installed()


@cache
def _installed() -> str:
    return "\n".join(sorted({f"{one.metadata['Name']}=={one.version}" for one in distributions()}))


@cache
def _own_code() -> str:
    package = Path(__file__).parent.parent
    files = [
        file
        for name in _INSIDE_KERNELS
        for file in sorted([package / name, *(package / name).rglob("*.py"), *(package / name).rglob("*.c")])
    ]
    return tracing.digest_of_bytes(b"\0".join(file.read_bytes() for file in files if file.is_file()))
