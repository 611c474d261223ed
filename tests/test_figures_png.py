"""PNGs of figures, and which drawings are compared as pixels."""

from __future__ import annotations

import numpy as np
import vl_convert

from sourcebook.figures import Figure, altair_charts
from sourcebook.figures.downloads.poster import png_of, poster
from sourcebook.figures.pictures import differing_share_of_svgs, picture_of_png
from sourcebook.figures.stills import Still, clean_svg, vocabulary
from sourcebook.figures.tables import DataTable

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="60" viewBox="0 0 {0} 60">{1}</svg>'
BAR = '<rect x="10" y="10" width="50" height="40" style="fill: #5b3fd6"/>'


def _poster_of(marks: str) -> str:
    figure = Figure("bars", "Title", "", "Bars", ("Counted",), "vega", {}, DataTable((), ()), ())
    return poster(figure, Still(SVG.format(400, marks), 400, 60))


def test_png_shows_of_a_chart_what_is_within_its_edges() -> None:
    """What a chart draws beyond its edges covers neither the heading nor the margins, as in the SVG."""
    svg = _poster_of('<rect x="-500" y="-500" width="2000" height="2000" fill="#00aa55"/>')
    altair_charts.register_fonts()
    cut = picture_of_png(vl_convert.svg_to_png(svg, scale=2))

    picture = picture_of_png(png_of(svg))

    assert np.abs(picture - cut).max() <= 1
    assert ((picture == (0, 0xAA, 0x55)).all(axis=2)).sum() == 800 * 120


def test_drawings_of_two_widths_lose_the_same_if_they_are_made_of_the_same() -> None:
    """One of them is compared with what was made of it; values do not matter, only kinds of things."""
    narrow, wide = SVG.format(342, BAR), SVG.format(680, BAR.replace("50", "90"))

    words = vocabulary(narrow)

    assert words == vocabulary(wide)


def test_drawing_that_loses_something_more_is_compared_too() -> None:
    """A property that cleaning takes away is one that drawings are told apart by, whatever its value."""
    plain = SVG.format(342, BAR)
    others = [
        plain.replace("fill:", "mix-blend-mode: difference; fill:"),
        plain.replace("<rect", '<rect mask="url(#a)"'),
        plain.replace("</svg>", "<style>rect { opacity: 0 }</style></svg>"),
        plain.replace("fill:", "opacity: 0.5; fill:"),
    ]

    told_apart = [vocabulary(one) != vocabulary(plain) for one in others]

    assert all(told_apart)


def test_share_that_differs_is_that_of_the_pixels() -> None:
    """Nothing differs from itself; a bar that is lost is counted with its area."""
    plain = SVG.format(100, BAR)

    same, lost = (differing_share_of_svgs(plain, other) for other in (plain, SVG.format(100, "")))

    assert (same, lost) == (0.0, 50 * 40 / (100 * 60))
    assert clean_svg(plain, prefix="a").width == 100
