"""The files of figures: what their pages load or offer, written when a build ends."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sourcebook import tracing
from sourcebook.datasets import read_licences
from sourcebook.figures import Figure, parse_figure
from sourcebook.pages import embeds
from sourcebook.pages.domain import domain_of
from sourcebook.pages.downloads import FILES, making_code, taken_files
from sourcebook.pages.figures import drawings_of, embed_context, loaded_files
from sourcebook.pages.fragments import THEME, digest_of_json, write_folder
from sourcebook.pages.layout import script_version
from sourcebook.pages.settings import settings_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_MADE = "figure-files.json"
"""File beside the doctrees that tells what each figure's files were made from, and their names."""


def setup(app: Sphinx) -> None:
    """Write the figures' files at the end of a build."""
    app.connect("build-finished", _write_files)


def _write_files(app: Sphinx, exception: Exception | None) -> None:
    """Write every figure's files, also those of pages that were not written this time; drop old ones.

    Those that were made from the same before are left alone. Frozen pages of earlier editions stay,
    whatever else changes: their addresses were given away.
    """
    if exception is not None or app.builder.format != "html":
        return
    target, note = Path(app.outdir) / FILES, Path(app.doctreedir) / _MADE
    before, now, shared = _read(note), dict[str, Any](), _shared(app)
    for docname, told in domain_of(app.env).figures():
        name = told["id"]
        origin = _origin(app, docname, told, shared=shared)
        if not _is_made(target / name, before.get(name), origin):
            files = _files_of(app, parse_figure(told), docname)
            write_folder(target / name, files, spared=embeds.is_frozen)
            before[name] = [origin, sorted(files)]
        now[name] = before[name]
    for folder in set(target.glob("*/")) - {target / name for name in now}:
        write_folder(folder, {}, spared=embeds.is_frozen)
        if not any(folder.iterdir()):
            folder.rmdir()
    note.write_text(json.dumps(now), encoding="utf-8")


def _is_made(folder: Path, made: Any, origin: str) -> bool:
    """Say whether a folder holds the files that would be made, and no others but frozen pages."""
    if not made or made[0] != origin:
        return False
    try:
        there = {path.name for path in folder.iterdir()}
    except OSError:
        return False
    extra = there.difference(made[1])
    return there.issuperset(made[1]) and all(map(embeds.is_frozen, extra))


def _origin(app: Sphinx, docname: str, told: dict[str, Any], *, shared: str) -> str:
    """Give the digest of all that a figure's files are made from."""
    title = app.env.titles[docname].astext() if docname in app.env.titles else ""
    drawn = drawings_of(app).state_of(told["drawing"])
    return digest_of_json([told["digest"], drawn, title, app.builder.get_target_uri(docname), shared])


def _shared(app: Sphinx) -> str:
    """Give the digest of what the files of all figures are made from."""
    config, page = app.config, domain_of(app.env).sources_page
    book = [config.html_title, config.project, config.language, config.html_baseurl]
    listed = None if page is None else app.builder.get_target_uri(page)
    licences = read_licences(settings_of(app).root)
    return digest_of_json([book, listed, licences, script_version(), making_code(), _own_code()])


@cache
def _own_code() -> str:
    """Give the digest of this package's pages, templates and styles."""
    files = [
        *sorted(Path(__file__).parent.glob("*.py")),
        *sorted((THEME / "templates").iterdir()),
        *sorted((THEME / "css").iterdir()),
    ]
    return tracing.digest_of_bytes(b"\0".join(file.read_bytes() for file in files if file.is_file()))


def _read(note: Path) -> dict[str, Any]:
    try:
        told = json.loads(note.read_bytes())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _files_of(app: Sphinx, figure: Figure, docname: str) -> dict[str, bytes]:
    drawing, home = drawings_of(app).of(figure), embeds.home_of(app, docname, figure)
    taken = taken_files(app, figure, drawing=drawing, path=app.env.doc2path(docname, base=False))
    framed = embeds.embed_files(figure, embed_context(app, figure), home=home, version=script_version())
    return {**loaded_files(figure, drawing), **taken, **framed}
