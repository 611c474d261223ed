"""Fragments of pages: templates that escape whatever they are given, and files beside the pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from sourcebook import tracing

if TYPE_CHECKING:
    from sphinx.builders import Builder

THEME = Path(__file__).parent.parent / "theme"
"""Folder of the theme: templates, stylesheets, scripts, fonts, engines."""


def to_top(builder: Builder, docname: str) -> str:
    """Give the relative address of the site's top seen from a page: "../" for each folder it is in."""
    return "../" * builder.get_target_uri(docname).count("/")


def digest_of_json(told: Any) -> str:
    """Give the digest of what can be written as JSON, whatever the order of its keys."""
    return tracing.digest_of_bytes(json.dumps(told, sort_keys=True, default=str).encode())


def render(template: str, **context: Any) -> str:
    """Render one template of `theme/templates`; every value is escaped unless it is Markup."""
    return _environment().get_template(template).render(**context)


def write_folder(
    folder: Path, files: Mapping[str, bytes], *, spared: Callable[[str], bool] = lambda name: False
) -> None:
    """Make a folder hold these files and no others; a file that is as it should be is left alone.

    Args:
        folder: made if it is missing.
        files: content by name.
        spared: says of a name whether a file that is there already stays all the same.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        if not path.is_file() or path.read_bytes() != content:
            path.write_bytes(content)
    for path in folder.iterdir():
        if path.name not in files and not spared(path.name):
            path.unlink()


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(THEME / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
