"""Stills: a chart's drawing holds only what is drawn, and nothing that a page must refuse."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from sourcebook.figures.stills import clean_svg


def svg(inside: str, attributes: str = "") -> str:
    """Give a drawing as a chart library makes it."""
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="640" height="36.6px" {attributes}>{inside}</svg>'
    )


@pytest.mark.parametrize(
    ("inside", "cleaned"),
    [
        ('<rect id="a"/>', "<rect />"),
        (
            '<clipPath id="a"><rect/></clipPath><g clip-path="url(#a)"><rect/></g>',
            '<clipPath id="p-1"><rect /></clipPath><g clip-path="url(#p-1)"><rect /></g>',
        ),
        ('<clipPath id="a"><rect/></clipPath><rect/>', "<rect />"),
        ('<g clip-path="url(#gone)"><rect/></g>', "<g><rect /></g>"),
        ('<rect id="a"/><use href="#a"/>', '<rect id="p-1" /><use href="#p-1" />'),
        ('<rect id="a"/><use xlink:href="#a"/>', '<rect id="p-1" /><use href="#p-1" />'),
        ('<use href="#gone"/>', "<use />"),
        ('<a href="https://example.org/"><rect/></a>', "<a><rect /></a>"),
        ('<image xlink:href="https://example.org/a.png"/>', ""),
        ('<image xlink:href="data:image/png;base64,AA"/>', '<image href="data:image/png;base64,AA" />'),
        ('<a href="javascript:alert(1)"><rect/></a>', "<a><rect /></a>"),
        ('<rect class="mark" role="x" tabindex="0" aria-label="y"/>', "<rect />"),
        ('<rect style="fill:red; cursor: pointer"/>', '<rect fill="red" />'),
        ('<rect style="fill: rgb(200, 16, 46)"/>', '<rect fill="var(--red)" />'),
        ('<rect style="fill: rgb(0,0,0); fill-opacity: 0; stroke-width: 0px"/>', ""),
        ('<text style="white-space: pre"> a</text>', '<text xml:space="preserve"> a</text>'),
        ('<rect onclick="alert(1)" onload="alert(1)"/>', "<rect />"),
        ("<style>rect {fill: red}</style><rect/>", "<rect />"),
        ("<script>alert(1)</script><rect/>", "<rect />"),
        ("<foreignObject><p>x</p></foreignObject><rect/>", "<rect />"),
        ("<!-- comment --><rect/>", "<rect />"),
        ('<rect opacity="0"/><rect display="none"/><rect/>', "<rect />"),
        ("<g><g></g></g><rect/>", "<rect />"),
        ("<text>a &lt; 人</text>", "<text>a &lt; 人</text>"),
        ('<rect fill="var(--red)" opacity="0.5"/>', '<rect fill="var(--red)" opacity="0.5" />'),
    ],
)
def test_clean_drawing_holds_only_what_is_drawn(inside: str, cleaned: str) -> None:
    """Ids are the drawing's own; styles, scripts, outside addresses and the invisible are gone."""
    still = clean_svg(svg(inside), prefix="p")

    assert re.sub(r"^<svg[^>]*>|</svg>$", "", still.svg) == cleaned


def test_clean_drawing_is_hidden_from_screen_readers() -> None:
    """The alt text tells what the drawing shows; its own letters are not read aloud."""
    still = clean_svg(svg("<rect/>", 'role="graphics-document" style="max-width:100%"'), prefix="p")

    root = ElementTree.fromstring(still.svg)
    assert (root.get("aria-hidden"), root.get("focusable")) == ("true", "false")
    assert (root.get("role"), root.get("style")) == (None, None)
    assert (still.width, still.height) == (640, 37)


@pytest.mark.parametrize("text", ["<p>no drawing</p>", "<html xmlns='http://www.w3.org/1999/xhtml'/>"])
def test_drawing_that_is_no_svg_is_refused(text: str) -> None:
    """What is not a drawing never reaches a page."""
    with pytest.raises(ValueError, match="no SVG"):
        clean_svg(text, prefix="p")
