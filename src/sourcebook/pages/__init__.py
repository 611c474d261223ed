"""The Sphinx adapter: stories become pages, facts and figures become nodes and markup."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sourcebook import __version__
from sourcebook.pages import (
    citations,
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
    layout,
)


def setup(app: Sphinx) -> dict[str, Any]:
    """Switch the extension on: `sphinx: extra_extensions: [sourcebook.pages]` in `_config.yml`."""
    for part in _PARTS:
        part.setup(app)
    return {"version": __version__, "parallel_read_safe": True, "parallel_write_safe": True}
