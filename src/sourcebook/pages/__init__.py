"""The Sphinx adapter: stories become pages, facts and figures become nodes and markup."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sourcebook import __version__
from sourcebook.pages import (
    citations,
    contents,
    dependencies,
    domain,
    facts,
    figure_files,
    figure_findings,
    figures,
    languages,
    layout,
    settings,
    stories,
)

if TYPE_CHECKING:
    from sphinx.application import Sphinx

_PARTS = (
    settings,
    domain,
    stories,
    facts,
    figures,
    figure_files,
    figure_findings,
    citations,
    languages,
    contents,
    layout,
    dependencies,
)


def setup(app: Sphinx) -> dict[str, Any]:
    """Switch the extension on: `sphinx: extra_extensions: [sourcebook.pages]` in `_config.yml`."""
    for part in _PARTS:
        part.setup(app)
    return {"version": __version__, "parallel_read_safe": True, "parallel_write_safe": True}


def modules_in_use() -> tuple[str, ...]:
    """Name what every build imports, for whoever wants to have it imported before."""
    from sphinx.application import builtin_extensions

    late = (
        "altair",
        "babel.numbers",
        "lightningcss",
        "nbformat.v4",
        "sourcebook.figures.alt_text",
        "sourcebook.figures.descriptions.alt_text",
        "sourcebook.runs.updating",
        "sphinx.builders.html",
        "sphinx.environment.adapters.indexentries",
        "sphinx.environment.adapters.toctree",
        "sphinx.jinja2glue",
        "sphinx.search.en",
        "sphinx.writers.html5",
    )
    return (*builtin_extensions, *late)
