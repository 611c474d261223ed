"""Posters: a still that stands alone, with its heading above it and its sources below, to be passed on."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from sourcebook.errors import FigureError
from sourcebook.facts import date_words
from sourcebook.figures import altair_charts
from sourcebook.figures.downloads.lettering import FONTS, Lettering, is_rtl, printable, substitutes_for
from sourcebook.figures.looks import PALETTE

if TYPE_CHECKING:
    from sourcebook.figures import Figure
    from sourcebook.figures.stills import Still

_SVG = "http://www.w3.org/2000/svg"
_HEADING = Lettering(22, 26, 800, PALETTE["ink"], is_heading=True)
_SUBTITLE = Lettering(15, 21, 400, PALETTE["mute"])
_SOURCE = Lettering(13, 18, 400, PALETTE["mute"])
_TRACKING = "-0.2"  # of the heading, in px
_MARGIN_PX = 24
_GAP_PX = 16
_NARROWEST_PX = 320
_PROPERTY = re.compile(r"var\(--([\w-]+)[^)]*\)")
_PNG = b"\x89PNG\r\n\x1a\n"


def poster(figure: Figure, still: Still, *, book_title: str = "") -> str:
    """Give a figure as one SVG that needs nothing else: heading, subtitle, chart, source line on white.

    Args:
        figure: what is shown.
        still: its drawing, at any width.
        book_title: named after the sources, if given.

    Returns:
        The text of an SVG 1.1 document without styles, scripts and addresses.
    """
    ElementTree.register_namespace("", _SVG)
    width = max(still.width, _NARROWEST_PX)
    root = _canvas(figure, width + 2 * _MARGIN_PX)
    _rule(root, _MARGIN_PX, width=width, thickness=3, colour=PALETTE["ink"])
    y = _MARGIN_PX + 3
    if figure.title:
        y = _paragraph(root, figure.title, look=_HEADING, width=width, top=y + 10)
    if figure.subtitle:
        y = _paragraph(root, figure.subtitle, look=_SUBTITLE, width=width, top=y + 4)
    root.append(_chart(still, top=y + _GAP_PX))
    y += _GAP_PX + still.height + _GAP_PX
    if cited := source_line(figure, book_title):
        _rule(root, y, width=width, thickness=1, colour=PALETTE["rule"])
        y = _paragraph(root, cited, look=_SOURCE, width=width, top=y + 10)
    height = y + _MARGIN_PX
    root.set("height", str(height))
    root.set("viewBox", f"0 0 {root.get('width')} {height}")
    return ElementTree.tostring(root, encoding="unicode")


def png_of(svg: str) -> bytes:
    """Give an SVG as pixels, two to the px, in the book's own typeface.

    Raises:
        FigureError: the text is no SVG, or the library that draws it gives up.
    """
    import vl_convert

    altair_charts.register_fonts()
    try:
        return _packed(vl_convert.svg_to_png(_covered(svg), scale=2))
    except (RuntimeError, ValueError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise FigureError(f"a picture cannot be drawn as PNG: {reason}") from error


def source_line(figure: Figure, book_title: str = "") -> str:
    """Say whose data a figure shows, each publisher once, of when it is, and where it was published."""
    names = list(dict.fromkeys(source.name or source.title for source in figure.sources))
    cited = f"{'Source' if len(names) == 1 else 'Sources'}: {'; '.join(names)}." if names else ""
    dated = f"As of {date_words(figure.as_of)}.".replace(" ", "\u00a0") if figure.as_of else ""
    credit = f"Chart: {book_title}." if book_title else ""
    return " ".join(part for part in (cited, dated, credit) if part)


def _canvas(figure: Figure, width: int) -> ElementTree.Element:
    """Make the empty picture: its name and words for who cannot see it, and white paper."""
    told = {"title": figure.title, "desc": figure.alt} if figure.title else {"title": figure.alt}
    root = _element("svg", {"version": "1.1", "width": str(width), "font-family": FONTS, "role": "img"})
    root.set("aria-labelledby", " ".join(f"{figure.id}-poster-{name}" for name in told))
    for name, text in told.items():
        element = _element(name, {"id": f"{figure.id}-poster-{name}"})
        element.text = printable(text)
        root.append(element)
    root.append(_element("rect", {"width": "100%", "height": "100%", "fill": PALETTE["bg"]}))
    return root


def _rule(root: ElementTree.Element, top: int, *, width: int, thickness: int, colour: str) -> None:
    at = {"x": _MARGIN_PX, "y": top, "width": width, "height": thickness}
    root.append(_element("rect", {**{name: str(value) for name, value in at.items()}, "fill": colour}))


def _paragraph(root: ElementTree.Element, text: str, *, look: Lettering, width: int, top: int) -> int:
    """Write a text from `top` downwards, on the side where its language begins; give where it ends."""
    from_right = is_rtl(text)
    group = _element("g", {"font-size": str(look.size), "font-weight": str(look.weight)})
    group.set("fill", look.colour)
    if look.is_heading and not from_right:  # letters that are joined must not be pushed
        group.set("letter-spacing", _TRACKING)
    for line in look.lines_of(text, width=width):
        at = {"x": _MARGIN_PX + (width if from_right else 0), "y": top + _baseline(look)}
        written = _element("text", {name: str(value) for name, value in at.items()})
        written.set("text-anchor", "end" if from_right else "start")
        written.text = f"\u2067{line}\u2069" if from_right else line
        if fonts := substitutes_for(line):
            written.set("font-family", fonts)
        group.append(written)
        top += look.leading
    root.append(group)
    return top


def _baseline(look: Lettering) -> int:
    return round(look.leading / 2 + look.size * 0.35)


def _chart(still: Still, *, top: int) -> ElementTree.Element:
    """Give the drawing as a part of another, in plain colours and in typefaces that have substitutes."""
    chart = ElementTree.fromstring(still.svg)
    for name in ("aria-hidden", "focusable", "version"):
        chart.attrib.pop(name, None)
    chart.set("x", str(_MARGIN_PX))
    chart.set("y", str(top))
    for element in chart.iter():
        for name, value in list(element.attrib.items()):
            element.set(name, _PROPERTY.sub(lambda found: PALETTE.get(found[1], PALETTE["ink"]), value))
        if "Schibsted" in element.get("font-family", ""):
            del element.attrib["font-family"]  # the poster's own is inherited
    for text in chart.iter(f"{{{_SVG}}}text"):
        fonts = substitutes_for("".join(text.itertext()))
        if fonts and "font-family" not in text.attrib:
            text.set("font-family", fonts)
    return chart


def _element(name: str, attributes: dict[str, str]) -> ElementTree.Element:
    return ElementTree.Element(f"{{{_SVG}}}{name}", attributes)


def _covered(svg: str) -> str:
    """Give a poster whose chart is not cut at its edges but covered there, which is the same picture.

    To cut, the renderer makes a second picture of the size of the poster and a mask for it: it takes four
    times as long.
    """
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError:  # the renderer says it better
        return svg
    charts = root.findall(f"{{{_SVG}}}svg")
    if len(charts) != 1 or len(root) == 0:
        return svg
    (chart,) = charts
    ground = next(number for number, one in enumerate(root) if one.tag == f"{{{_SVG}}}rect")
    root.remove(chart)
    chart.set("overflow", "visible")
    root[ground + 1 : ground + 1] = [chart, *_margins(root, chart)]
    return ElementTree.tostring(root, encoding="unicode")


def _margins(root: ElementTree.Element, chart: ElementTree.Element) -> Iterator[ElementTree.Element]:
    """Give the paper above, below, before and behind the chart."""
    whole_width, whole_height = (float(root.get(side, "0")) for side in ("width", "height"))
    left, top, width, height = (
        float(chart.get(name, "0").removesuffix("px")) for name in ("x", "y", "width", "height")
    )
    right, bottom = left + width, top + height
    for x, y, wide, high in (
        (0.0, 0.0, whole_width, top),
        (0.0, bottom, whole_width, whole_height - bottom),
        (0.0, top, left, height),
        (right, top, whole_width - right, height),
    ):
        at = {"x": x, "y": y, "width": max(wide, 0), "height": max(high, 0)}
        yield _element("rect", {**{name: str(value) for name, value in at.items()}, "fill": PALETTE["bg"]})


def _packed(png: bytes) -> bytes:
    """Give the same pixels in a quarter of the bytes: the library that draws them packs in a hurry.

    Beyond level 6 packing takes twice as long for half a per cent.
    """
    chunks, start = [], len(_PNG)
    while start < len(png):
        (size,) = struct.unpack_from(">I", png, start)
        chunks.append((png[start + 4 : start + 8], png[start + 8 : start + 8 + size]))
        start += 12 + size
    pixels = zlib.compress(zlib.decompress(b"".join(data for kind, data in chunks if kind == b"IDAT")), 6)
    head = [(kind, data) for kind, data in chunks if kind not in {b"IDAT", b"IEND"}]
    return _PNG + b"".join(_chunk(kind, data) for kind, data in (*head, (b"IDAT", pixels), (b"IEND", b"")))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
