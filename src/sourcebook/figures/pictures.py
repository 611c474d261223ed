"""Pictures: drawings as pixels, to compare two of them."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

from sourcebook.figures.altair_charts import register_fonts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.int16]

_KEPT_SPACE = re.compile(r'(style="[^"]*white-space: ?pre[^"]*")')
"""What the renderer does not know by this name: it would leave out spaces that browsers keep."""

_SEEN = 32
"""Difference of a colour channel, of 255, from which on a pixel counts as another: less is smoothing."""


def picture_of_svg(svg: str) -> Picture:
    """Give an SVG of plain colours as pixels on white, shape (height, width, 3), 0 to 255."""
    return picture_of_png(_png_of(svg))


def differing_share_of_svgs(svg: str, other: str) -> float:
    """Give the share of pixels in which two SVGs of plain colours differ, 0 to 1."""
    png, another = _png_of(svg), _png_of(other)
    return 0.0 if png == another else differing_share(picture_of_png(png), picture_of_png(another))


def picture_of_png(png: bytes) -> Picture:
    """Give a PNG as pixels on white, shape (height, width, 3), 0 to 255."""
    import numpy as np
    from PIL import Image

    with Image.open(io.BytesIO(png)) as image:
        on_white = Image.new("RGBA", image.size, "white")
        on_white.alpha_composite(image.convert("RGBA"))
    pixels: Any = np.asarray(on_white.convert("RGB"), dtype=np.int16)
    return pixels


def differing_share(picture: Picture, other: Picture) -> float:
    """Give the share of pixels that differ, 0 to 1; what only one of the pictures has differs."""
    import numpy as np

    height, width = (max(one, two) for one, two in zip(picture.shape[:2], other.shape[:2], strict=True))
    both = [_on_canvas(one, height, width) for one in (picture, other)]
    return float((np.abs(both[0] - both[1]).max(axis=2) > _SEEN).mean())


def _png_of(svg: str) -> bytes:
    import vl_convert

    register_fonts()
    kept = _KEPT_SPACE.sub(r'\1 xml:space="preserve"', svg)
    png: bytes = vl_convert.svg_to_png(kept, scale=1)
    return png


def _on_canvas(picture: Picture, height: int, width: int) -> Picture:
    """Give a picture of that size, with what is like no colour where there was none."""
    import numpy as np

    if picture.shape[:2] == (height, width):
        return picture
    canvas = np.full((height, width, 3), -255, dtype=np.int16)
    canvas[: picture.shape[0], : picture.shape[1]] = picture
    return canvas
