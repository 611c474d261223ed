"""Executed twins laid out where pages find them; a file is touched only if it changes."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from sourcebook import tracing
from sourcebook.errors import StoryError
from sourcebook.runs.standing import Standing
from sourcebook.runs.store import Run, Store
from sourcebook.stories import noticed, parse_notebook, read_story, twin, write_text

_RECORD = "laid.json"

NOTICE = "This page could not be brought up to date: it shows an earlier state of the data or of the text."
"""What readers are told on the page of a story that failed while the others were published."""

_Laid = dict[str, list[object]]


def lay_out(root: Path, standings: Iterable[Standing], *, store: Store, failed: Collection[str] = ()) -> None:
    """Write the executed twin of each story.

    Args:
        root: the book's folder.
        standings: the stories, each with the run that is to be shown.
        store: where runs are kept and twins are laid out.
        failed: stories whose last good twin stays, under a notice.
    """
    before = _read_record(store)
    now: _Laid = {}
    for one in standings:
        path = one.story.path
        if path in failed:
            _lay_out_notice(root, path, store)
            continue
        if one.run is None:
            continue
        laid = [one.story.text, one.run.notebook]
        if before.get(path, [])[:2] != laid or before[path][2] != _stamp(store.current(path)):
            _lay_out(root, one, one.run, store)
        store.remember(path, one.run)
        now[path] = [*laid, _stamp(store.current(path))]
    if now != before:
        with suppress(OSError):
            (store.folder / _RECORD).write_text(json.dumps(now), encoding="utf-8")


def _lay_out(root: Path, standing: Standing, run: Run, store: Store) -> None:
    story = read_story(root, standing.story.path)
    executed = store.notebook(run)
    is_same = tracing.digest_of_bytes(story.text.encode()) == standing.story.text
    told = twin(story.notebook, executed) if is_same else executed  # else it was saved meanwhile
    store.lay_out(story.path, write_text(told))


def _lay_out_notice(root: Path, path: str, store: Store) -> None:
    try:
        last = parse_notebook(store.current(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, StoryError):
        last = None
    store.lay_out(
        path, write_text(noticed(last or read_story(root, path).notebook, NOTICE, is_whole=last is not None))
    )


def _stamp(path: Path) -> object:
    try:
        found = path.stat()
    except OSError:
        return None
    return [found.st_mtime_ns, found.st_size]


def _read_record(store: Store) -> _Laid:
    try:
        told = json.loads((store.folder / _RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    is_sound = isinstance(told, dict) and all(
        isinstance(one, list) and len(one) == 3 for one in told.values()
    )
    return told if is_sound else {}
