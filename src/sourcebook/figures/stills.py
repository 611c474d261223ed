"""Stills: a chart's drawing as inline SVG that follows the page's colours and obeys its content policy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree import ElementTree

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "http://www.w3.org/1999/xlink"
_DROPPED = ("style", "role", "tabindex", "class")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")


@dataclass(frozen=True)
class Still:
    """One drawing of a chart.

    Attributes:
        svg: markup of the `<svg>` element, safe to put into a page.
        width, height: natural size in px.
    """

    svg: str
    width: int
    height: int


def clean_svg(svg: str, *, prefix: str) -> Still:
    """Make a drawing fit to stand in a page: own ids, no styles, no scripts, nothing invisible.

    Args:
        svg: a drawing as a chart library makes it.
        prefix: put before every id, so that two drawings on one page do not clash.

    Raises:
        ValueError: the text is no SVG.
    """
    ElementTree.register_namespace("", _SVG)
    root = ElementTree.fromstring(svg)
    if root.tag != f"{{{_SVG}}}svg":
        raise ValueError("the drawing is no SVG")
    width, height = (round(float(root.get(side, "0").removesuffix("px"))) for side in ("width", "height"))
    _strip(root)
    for element in root.iter():
        _clean_attributes(element, prefix)
    root.set("aria-hidden", "true")
    root.set("focusable", "false")
    return Still(svg=ElementTree.tostring(root, encoding="unicode"), width=width, height=height)


def _strip(parent: ElementTree.Element) -> None:
    for child in list(parent):
        _strip(child)
        name = child.tag.rpartition("}")[2] if isinstance(child.tag, str) else "comment"
        empty_group = name == "g" and len(child) == 0
        invisible = child.get("opacity") == "0" or child.get("display") == "none"
        if name in {"script", "style", "foreignObject", "comment"} or empty_group or invisible:
            parent.remove(child)


def _clean_attributes(element: ElementTree.Element, prefix: str) -> None:
    for name in list(element.attrib):
        local = name.rpartition("}")[2]
        if local in _DROPPED or local.startswith(("aria-", "on")):
            del element.attrib[name]
        elif local == "id":
            element.set(name, f"{prefix}-{element.get(name)}")
        elif name == f"{{{_XLINK}}}href" or local == "href":
            target = element.attrib.pop(name)
            if target.startswith("#"):
                element.set("href", f"#{prefix}-{target[1:]}")
        else:
            element.set(name, _REFERENCE.sub(rf"url(#{prefix}-\1)", element.get(name, "")))
