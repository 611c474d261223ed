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
    import vl_convert

    register_fonts()
    kept = _KEPT_SPACE.sub(r'\1 xml:space="preserve"', svg)
    return picture_of_png(vl_convert.svg_to_png(kept, scale=1))


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
    both = [np.full((height, width, 3), -255, dtype=np.int16) for _ in range(2)]
    for canvas, pixels in zip(both, (picture, other), strict=True):
        canvas[: pixels.shape[0], : pixels.shape[1]] = pixels
    return float((np.abs(both[0] - both[1]).max(axis=2) > _SEEN).mean())
