"""The files of figures: what their pages load or offer, written when a build ends."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sourcebook.figures import Figure, parse_figure
from sourcebook.pages import embeds
from sourcebook.pages.domain import domain_of
from sourcebook.pages.downloads import FILES, taken_files
from sourcebook.pages.figures import drawings_of, embed_context, loaded_files
from sourcebook.pages.fragments import write_folder
from sourcebook.pages.layout import script_version

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def setup(app: Sphinx) -> None:
    """Write the figures' files at the end of a build."""
    app.connect("build-finished", _write_files)


def _write_files(app: Sphinx, exception: Exception | None) -> None:
    """Write every figure's files, also those of pages that were not written this time; drop old ones.

    Frozen pages of earlier editions stay, whatever else changes: their addresses were given away.
    """
    if exception is not None or app.builder.format != "html":
        return
    target = Path(app.outdir) / FILES
    folders = set()
    for docname, told in domain_of(app.env).figures():
        figure = parse_figure(told)
        folders.add(target / figure.id)
        write_folder(target / figure.id, _files_of(app, figure, docname), spared=embeds.is_frozen)
    for folder in set(target.glob("*/")) - folders:
        write_folder(folder, {}, spared=embeds.is_frozen)
        if not any(folder.iterdir()):
            folder.rmdir()


def _files_of(app: Sphinx, figure: Figure, docname: str) -> dict[str, bytes]:
    drawing, home = drawings_of(app).of(figure), embeds.home_of(app, docname, figure)
    taken = taken_files(app, figure, drawing=drawing, path=app.env.doc2path(docname, base=False))
    framed = embeds.embed_files(figure, embed_context(app, figure), home=home, version=script_version())
    return {**loaded_files(figure, drawing), **taken, **framed}
