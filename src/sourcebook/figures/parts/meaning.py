"""Colour by meaning: a crowd or a standing has one colour in the whole book, and is asked for by its name."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from sourcebook.errors import FigureError, nearest
from sourcebook.figures.looks import PALETTE

MEANINGS = MappingProxyType(
    {
        "newcomers": "red",
        "focus": "red",
        "TikTok in the US": "teal",
        "TikTok": "teal",
        "Xiaohongshu": "violet",
        "Xiaohongshu’s own users": "violet",
        "fourth series": "gold",
        "scenario": "gold",
        "everyone else": "grey",
        "others": "grey",
        "unsourced": "grey",
    }
)
"""Meaning -> name of a colour of the palette, as the book's design sets it."""

_TONES = {"teal": "teal-t", "gold": "gold-t", "grey": "mute"}


def colour_of(name: str) -> str:
    """Give the colour of a meaning, or of a name of the palette: "newcomers" and "red" are "#c8102e".

    The colour is the light theme's; on a page it follows the theme. Small and capital letters, and the
    kinds of apostrophes and hyphens, do not matter.

    Raises:
        FigureError: no meaning and no colour has that name.
    """
    return PALETTE[_hue_of(name)]


def colours_of(names: Iterable[str]) -> list[str]:
    """Give the colour of each name, in order: what Plotly's `marker.color` takes.

    Raises:
        FigureError: no meaning and no colour has one of the names.
    """
    return [colour_of(name) for name in names]


def text_colour_of(name: str) -> str:
    """Give the tone of a colour in which words can be read on the page (a contrast of 4.5 : 1 at least).

    A hue that is too pale for words and has no darker tone in the palette becomes ink.

    Raises:
        FigureError: no meaning and no colour has that name.
    """
    hue = _hue_of(name)
    return PALETTE.get(_TONES.get(hue, hue), PALETTE["ink"])


def tone_of(colour: str) -> str:
    """Give the tone for words beside marks of that colour; a colour outside of the palette becomes ink."""
    hues = {shade: name for name, shade in PALETTE.items()}
    return text_colour_of(hues.get(colour.lower(), "ink"))


def colour_map(colours: Mapping[str, str]) -> dict[str, str]:
    """Give value -> colour for Plotly Express (`color_discrete_map`) and for `Series.map`.

    Args:
        colours: value of the data -> meaning or name of the palette.

    Raises:
        FigureError: no meaning and no colour has one of the names.
    """
    return {value: colour_of(name) for value, name in colours.items()}


def colour_by(field: str, colours: Mapping[str, str]) -> Any:
    """Give Altair's colour channel for a column, without a legend: label the marks instead.

    A value that is not listed is grey, as everyone else is; `.legend(orient="top")` brings a legend back.

    Args:
        field: column of the chart's table.
        colours: value of the column -> meaning or name of the palette, in the order of a legend.

    Returns:
        `altair.Color`.

    Raises:
        FigureError: no value is listed, or no meaning and no colour has one of the names.
    """
    import altair as alt

    if not colours:
        raise FigureError(
            f"no value of '{field}' has a colour", mend='list them: colour_by("crowd", {"TikTok": "teal"})'
        )
    known = colour_map(colours)
    listed = f"indexof({json.dumps(list(known))}, datum[{json.dumps(field)}])"
    return alt.Color(
        field=field_name(field),
        type="nominal",
        scale=alt.Scale(domain=list(known), range=list(known.values())),
        legend=None,
        condition={"test": f"{listed} < 0", "value": PALETTE["grey"]},
    )


def field_name(column: object) -> str:
    """Give a column's name as Vega-Lite reads it: dots, brackets and quotes are part of the name."""
    return re.sub(r"([.\[\]'\"\\])", r"\\\1", str(column))


def _hue_of(name: str) -> str:
    known = {_plain(one): hue for one, hue in (*MEANINGS.items(), *((one, one) for one in PALETTE))}
    if not isinstance(name, str) or _plain(name) not in known:
        raise FigureError(f"unknown colour '{name}'", mend=nearest(_plain(str(name)), known))
    return known[_plain(name)]


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name.replace("’", "'")).strip().lower()
