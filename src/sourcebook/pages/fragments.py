"""Fragments of pages: templates that escape whatever they are given."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

if TYPE_CHECKING:
    from sphinx.builders import Builder

THEME = Path(__file__).parent.parent / "theme"
"""Folder of the theme: templates, stylesheets, scripts, fonts, engines."""


def to_top(builder: Builder, docname: str) -> str:
    """Give the relative address of the site's top seen from a page: "../" for each folder it is in."""
    return "../" * builder.get_target_uri(docname).count("/")


def render(template: str, **context: Any) -> str:
    """Render one template of `theme/templates`; every value is escaped unless it is Markup."""
    return _environment().get_template(template).render(**context)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(THEME / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
