"""Drawings of charts for tests: their words, their size, and whether anything stands outside of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import vl_convert

from sourcebook.figures import altair_charts, plotly_charts
from sourcebook.figures.browser import Draw
from sourcebook.figures.looks import with_light_colours
from sourcebook.figures.pictures import picture_of_svg
from sourcebook.figures.stills import clean_svg
from sourcebook.figures.widths import sized

_AROUND_PX = 400
_SIDES = re.compile(r'(<svg[^>]*?) width="([\d.]+)" height="([\d.]+)"( viewBox="[^"]*")?')
_VIEW = re.compile(r' viewBox="[^"]*"')


@dataclass(frozen=True)
class Sketch:
    """One drawing as its library makes it.

    Attributes:
        svg: the library's own, in light colours.
        width, height: px.
    """

    svg: str
    width: float
    height: float

    @property
    def still(self) -> str:
        """Give the SVG that stands in a page."""
        return clean_svg(self.svg, prefix="t").svg

    @property
    def words(self) -> list[str]:
        """Give each text of the drawing; non-breaking spaces around it are left out."""
        root = ElementTree.fromstring(self.still)
        found = ("".join(one.itertext()) for one in root.iter("{http://www.w3.org/2000/svg}text"))
        return [text.strip(" \u00a0") for text in found]

    @property
    def spilled(self) -> int:
        """Count the inked pixels that stand outside of the drawing and would be cut off."""
        wide, high = self.width + 2 * _AROUND_PX, self.height + 2 * _AROUND_PX
        head = f'width="{wide}" height="{high}" viewBox="-{_AROUND_PX} -{_AROUND_PX} {wide} {high}"'
        opened = _VIEW.sub("", self.svg, count=1)
        opened = _SIDES.sub(lambda found: f"{found[1]} {head}", opened, count=1)
        ink = (picture_of_svg(opened) < 160).any(axis=2)
        ink[_AROUND_PX : _AROUND_PX + int(self.height), _AROUND_PX : _AROUND_PX + int(self.width)] = False
        return int(ink.sum())


def sketch(chart: Any, width: int, pen: Draw | None = None) -> Sketch:
    """Draw a chart at that width in px; `pen` draws Plotly's."""
    if altair_charts.draws(chart):
        altair_charts.register_fonts()
        spec = with_light_colours(sized(altair_charts.specification(chart), width))
        svg = vl_convert.vegalite_to_svg(spec, vl_version="6.1")
    else:
        assert pen is not None
        svg = plotly_charts.draw(plotly_charts.specification(chart), width, pen=pen).svg
    found = _SIDES.search(svg)
    assert found is not None
    return Sketch(svg, float(found[2]), float(found[3]))
