"""The book's looks for charts: its colours, plain in an author's chart, custom properties on the page."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import Any

PALETTE = MappingProxyType(
    {
        "red": "#c8102e",
        "teal": "#0a8f98",
        "violet": "#4b2e9e",
        "gold": "#b98a00",
        "grey": "#8b939e",
        "ink": "#14171c",
        "mute": "#555d69",
        "rule": "#dde1e6",
        "soft": "#c3c9d1",
        "bg": "#ffffff",
        "teal-t": "#00727a",
        "gold-t": "#866200",
    }
)
"""Name -> colour in the light theme. Red is the newcomers, teal TikTok in the United States,
violet Xiaohongshu's own users, gold a fourth series or a scenario, grey everyone else. The tones that end
in "-t" are for words: plain teal and gold are too pale to be read."""


def with_properties(spec: dict[str, Any]) -> dict[str, Any]:
    """Replace the palette's colours in a specification by `var(--name)`, which follows the theme."""
    text = json.dumps(spec, ensure_ascii=False, allow_nan=False)
    for name, colour in PALETTE.items():
        for form in (colour, colour.upper()):
            text = text.replace(f'"{form}"', f'"var(--{name})"')
    replaced: dict[str, Any] = json.loads(text)
    return replaced


def with_light_colours(spec: dict[str, Any]) -> dict[str, Any]:
    """Give the colours of the light theme back, for a renderer that knows no custom properties."""
    text = json.dumps(spec)
    for name, colour in PALETTE.items():
        text = text.replace(f'"var(--{name})"', f'"{colour}"')
    light: dict[str, Any] = json.loads(text)
    return light


def merged(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Give the house's settings with an author's own put over them, level by level."""
    both = {
        name: merged(base[name], own[name])
        for name in base.keys() & own.keys()
        if isinstance(own[name], dict)
    }
    return {**base, **own, **both}
