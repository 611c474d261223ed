"""Stills: a chart's drawing as inline SVG that follows the page's colours and obeys its content policy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from xml.etree import ElementTree

from sourcebook.figures.looks import PALETTE
from sourcebook.figures.marks import Mark

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_DROPPED = frozenset({"style", "role", "tabindex", "class", "pointer-events", "unselectable", "math"})
_NEVER = frozenset({"script", "style", "foreignObject", "comment"})
_SHAPES = frozenset({"rect", "path", "circle", "line", "text"})
_REFERENCE = re.compile(r"url\(['\"]?#([^)'\"]+)['\"]?\)")
_RGB = re.compile(r"rgb\((\d+), ?(\d+), ?(\d+)\)")
_PRESENTATION = frozenset(
    {
        "clip-path",
        "dominant-baseline",
        "fill",
        "fill-opacity",
        "font-family",
        "font-size",
        "font-style",
        "font-weight",
        "opacity",
        "shape-rendering",
        "stroke",
        "stroke-dasharray",
        "stroke-linecap",
        "stroke-linejoin",
        "stroke-miterlimit",
        "stroke-opacity",
        "stroke-width",
        "text-anchor",
    }
)
"""Style properties that SVG takes as attributes too, where a page's policy allows them."""

_PROPERTY = re.compile(r"var\(--([\w-]+)\)")
_NAMES = {colour: name for name, colour in PALETTE.items()}


@dataclass(frozen=True)
class Drawn:
    """What a chart library drew.

    Attributes:
        svg: the drawing as it came.
        marks: where it shows the rows of the data table.
        live: what the library draws the same from in a browser.
    """

    svg: str
    marks: tuple[Mark, ...] = ()
    live: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Still:
    """One drawing of a chart, fit to stand in a page.

    Attributes:
        svg: markup of the `<svg>` element, safe to put into a page.
        width, height: natural size in px.
        marks: where it shows the rows of the data table.
    """

    svg: str
    width: int
    height: int
    marks: tuple[Mark, ...] = ()


def still_of(drawn: Drawn, *, prefix: str) -> Still:
    """Make a drawing fit to stand in a page; `prefix` keeps its ids apart from those of others."""
    return replace(clean_svg(drawn.svg, prefix=prefix), marks=drawn.marks)


def in_light(svg: str) -> str:
    """Give a still's SVG with the colours of the light theme, for what knows no custom properties."""
    return _PROPERTY.sub(lambda found: PALETTE.get(found[1], found[0]), svg)


def clean_svg(svg: str, *, prefix: str) -> Still:
    """Make a drawing fit to stand in a page.

    Its styles become attributes, its colours the page's own properties, its ids its own; scripts and
    what nobody sees are taken out.

    Args:
        svg: a drawing as a chart library makes it.
        prefix: begins every id, so that two drawings on one page do not clash.

    Raises:
        ValueError: the text is no SVG.
    """
    ElementTree.register_namespace("", _SVG)
    root = ElementTree.fromstring(svg)
    if root.tag != f"{{{_SVG}}}svg":
        raise ValueError("the drawing is no SVG")
    width, height = (round(float(root.get(side, "0").removesuffix("px"))) for side in ("width", "height"))
    for element in root.iter():
        _lift_style(element)
    _strip(root, set(_ids_in_use(root)))
    names = {one: f"{prefix}-{number}" for number, one in enumerate(_ids_in_use(root), start=1)}
    for element in root.iter():
        _clean_attributes(element, names)
    if not root.get("viewBox"):
        root.set(
            "viewBox", f"0 0 {width} {height}"
        )  # else it is cut, not scaled, where its column is narrower
    root.set("aria-hidden", "true")
    root.set("focusable", "false")
    return Still(svg=ElementTree.tostring(root, encoding="unicode"), width=width, height=height)


def vocabulary(svg: str) -> frozenset[str]:
    """Give what a drawing is made of, as far as it matters to `clean_svg`: elements and their properties.

    Two drawings of one vocabulary lose the same by it.
    """
    return frozenset(word for element in ElementTree.fromstring(svg).iter() for word in _words_of(element))


def is_blank(still: Still) -> bool:
    """Say whether a still shows nothing: no text, and no shape that is filled or stroked."""
    root = ElementTree.fromstring(still.svg)
    hidden = {id(one) for clip in root.iter(f"{{{_SVG}}}clipPath") for one in clip.iter()}
    drawn = (one for one in root.iter() if id(one) not in hidden)
    return not any(_local(one.tag) in _SHAPES and one.get("d") != "M0,0h0v0h0Z" for one in drawn)


def _words_of(element: ElementTree.Element) -> Iterator[str]:
    tag = _local(element.tag)
    yield tag
    for name in element.attrib:
        yield f"{tag} {name}"
    for declaration in element.get("style", "").split(";"):
        name = declaration.partition(":")[0].strip()
        yield f"{tag} {name if name in _PRESENTATION else declaration.strip()}"


def _lift_style(element: ElementTree.Element) -> None:
    """Turn declarations of a style attribute into attributes of their own."""
    for declaration in element.get("style", "").split(";"):
        name, _, value = (part.strip() for part in declaration.partition(":"))
        if name in _PRESENTATION and value:
            element.set(name, value)
        elif (name, value) == ("white-space", "pre"):
            element.set(_SPACE, "preserve")
    if "crisp" in element.get("class", "").split():
        element.set("shape-rendering", "crispEdges")


def _strip(parent: ElementTree.Element, used: set[str]) -> None:
    """Take out what may not stand in a page and what nobody sees, from the innermost outwards."""
    for child in list(parent):
        name = _local(child.tag)
        if name != "clipPath":
            _strip(child, used)
        empty_group = name in {"g", "defs"} and len(child) == 0
        idle = (name == "path" and not child.get("d")) or (name == "clipPath" and child.get("id") not in used)
        foreign = name == "image" and not _address(child).startswith("data:image/")
        if name in _NEVER or empty_group or idle or foreign or _is_invisible(child):
            parent.remove(child)


def _is_invisible(element: ElementTree.Element) -> bool:
    if _is_zero(element.get("opacity")) or element.get("display") == "none":
        return True
    if _local(element.tag) not in {"rect", "path", "circle"}:
        return False
    unfilled = element.get("fill") in {"none", "transparent"} or _is_zero(element.get("fill-opacity"))
    stroke = element.get("stroke", "none")
    unstroked = stroke in {"none", "transparent"} or _is_zero(
        element.get("stroke-opacity"), element.get("stroke-width")
    )
    return unfilled and unstroked


def _is_zero(*values: str | None) -> bool:
    return any(value is not None and value.removesuffix("px").strip() in {"0", "0.0"} for value in values)


def _ids_in_use(root: ElementTree.Element) -> list[str]:
    """Give the ids that something in the drawing refers to, in order of appearance."""
    used = {
        name
        for element in root.iter()
        for attribute, value in element.attrib.items()
        for name in (*_REFERENCE.findall(value), *([value[1:]] if _is_link(attribute, value) else []))
    }
    return [identity for element in root.iter() if (identity := element.get("id")) in used and identity]


def _address(element: ElementTree.Element) -> str:
    return element.get("href") or element.get(f"{{{_XLINK}}}href") or ""


def _is_link(attribute: str, value: str) -> bool:
    return _local(attribute) == "href" and value.startswith("#")


def _clean_attributes(element: ElementTree.Element, names: dict[str, str]) -> None:
    for name, value in list(element.attrib.items()):
        local = _local(name)
        del element.attrib[name]
        if local in _DROPPED or local.startswith(("aria-", "data-", "on")):
            continue
        if local == "id":
            if value in names:
                element.set("id", names[value])
        elif local == "href":
            if value.startswith("data:image/"):
                element.set("href", value)
            elif _is_link(name, value) and value[1:] in names:
                element.set("href", f"#{names[value[1:]]}")
        elif name.startswith("{") and f"{{{_XLINK}}}" not in name:
            element.set(name, value)
        elif all(one in names for one in _REFERENCE.findall(value)):
            element.set(local, _REFERENCE.sub(lambda found: f"url(#{names[found[1]]})", _themed(value)))


def _themed(value: str) -> str:
    """Give the page's own property for a colour of the palette, in whatever form it is written."""
    if found := _RGB.fullmatch(value):
        value = "#{:02x}{:02x}{:02x}".format(*map(int, found.groups()))
    name = _NAMES.get(value.lower())
    return f"var(--{name})" if name else value


def _local(tag: object) -> str:
    return tag.rpartition("}")[2] if isinstance(tag, str) else "comment"
