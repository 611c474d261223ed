"""Downloads: what readers can take away of a figure, made once by content."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.util import logging

from sourcebook import figures as figures_package
from sourcebook import tracing
from sourcebook.datasets import read_licences
from sourcebook.errors import FigureError, Finding, Place
from sourcebook.figures import Figure, figure_json
from sourcebook.figures.downloads import files_of, snippets
from sourcebook.pages.drawings import Drawing
from sourcebook.pages.fragments import write_folder
from sourcebook.pages.settings import settings_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from sourcebook.figures.stills import Still

LOGGER = logging.getLogger(__name__)

FILES = "_figures"
"""Folder of the site that holds what figures load or offer for download, a folder for each."""

_WORDS = {
    "png": ("PNG", "the picture, 2x"),
    "svg": ("SVG", "the picture, to scale or edit"),
    "csv": ("CSV", "what is plotted"),
    "datapackage.json": ("Data Package", "its columns, sources and licence"),
    "README.md": ("Read me", "the same in words"),
    "vega-lite.json": ("Vega-Lite", "how it is drawn"),
    "plotly.json": ("Plotly", "how it is drawn"),
}


def download_context(app: Sphinx, figure: Figure, drawing: Drawing, *, folder: str) -> dict[str, Any]:
    """Give what the template `figure_downloads.html` is told.

    Args:
        app: the build.
        figure: whose files are offered.
        drawing: without stills there is no picture to offer.
        folder: relative address of the figure's own folder, with a slash at its end.
    """
    if not figure.table.columns:
        return {}
    spec = "plotly.json" if figure.engine == "plotly" else "vega-lite.json"
    pictures = ("png", "svg") if _still(figure, drawing) else ()
    kinds = (*pictures, "csv", "datapackage.json", "README.md", spec)
    return {
        "files": [
            {
                "name": name,
                "words": words,
                "url": f"{folder}{figure.id}.{kind}",
                "saved_as": f"{figure.id}.{kind}",
            }
            for kind in kinds
            for name, words in [_WORDS[kind]]
        ],
        "snippets": [vars(one) for one in snippets(figure.id, _address(app, figure))],
    }


def taken_files(app: Sphinx, figure: Figure, *, drawing: Drawing, path: str) -> dict[str, bytes]:
    """Give the files that readers can take away; they are made once for what they are made from."""
    if not figure.table.columns:
        return {}
    settings, still = settings_of(app), _still(figure, drawing)
    title = str(app.config.html_title or app.config.project)
    licences = read_licences(settings.root)
    told = json.dumps(
        [figure_json(figure), still and still.svg, title, licences, making_code()], sort_keys=True
    )
    kept = settings.store / "downloads" / tracing.digest_of_bytes(told.encode())
    if not kept.is_dir():
        partly = kept.with_suffix(".part")
        try:
            files = files_of(figure, still, licences=licences, book_title=title)
        except FigureError as error:
            LOGGER.warning("%s", _no_picture(figure, error, path), type="sourcebook", subtype="no-picture")
            return files_of(figure, None, licences=licences, book_title=title)
        write_folder(partly, files)
        partly.replace(kept)
    return {path.name: path.read_bytes() for path in sorted(kept.iterdir())}


@cache
def making_code() -> str:
    """Give the digest of the code that makes the files, so that a change in it makes them again."""
    files = sorted(Path(figures_package.__file__).parent.rglob("*.py"))
    return tracing.digest_of_bytes(b"".join(file.read_bytes() for file in files))


def _no_picture(figure: Figure, error: FigureError, path: str) -> Finding:
    what = f"the figure '{figure.id}' cannot be downloaded as a picture: {error.what}"
    return Finding("no-picture", what, Place(path), "look for rare letters and accents in its texts")


def _address(app: Sphinx, figure: Figure) -> str:
    """Give the CSV's absolute address if the book names its own, else its name."""
    base = (app.config.html_baseurl or "").rstrip("/")
    return f"{base}/{FILES}/{figure.id}/{figure.id}.csv" if base else f"{figure.id}.csv"


def _still(figure: Figure, drawing: Drawing) -> Still | None:
    """Give the widest still that is a drawing; a chart without heading and source travels as data alone."""
    if figure.is_plain:
        return None
    return next((one for one in reversed(drawing.stills) if one.svg.startswith("<svg")), None)
