"""Pictures in notebooks made smaller: a chart has few colours, and a page must load fast."""

from __future__ import annotations

import base64
import io
from functools import lru_cache

from PIL import Image

COLOURS = 64
MOST_PIXELS = 20_000_000
"""A larger picture is left to the browser: decoded here, it may take a gigabyte."""


@lru_cache(maxsize=1024)
def shrink_png(content: str) -> str:
    """The address (`data:`) of a PNG (base64) as WebP of few colours, or as it was where that is no smaller, or it cannot be read, or
    WebP has no picture of its size.

    The file that the notebook itself holds, and the figures of the experiment's page, keep every colour.
    """
    try:
        with Image.open(io.BytesIO(base64.b64decode(content)), formats=["PNG"]) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                return _address("png", content)
            ground = Image.new("RGBA", picture.size, "white")  # what the page puts behind it
            opaque = Image.alpha_composite(ground, picture.convert("RGBA")).convert("RGB")
            small = opaque.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
            target = io.BytesIO()
            small.convert("RGB").save(target, format="WEBP", lossless=True, quality=50, method=2)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return _address("png", content)
    shrunk = base64.b64encode(target.getvalue()).decode()
    return _address("webp", shrunk) if len(shrunk) < len(content) else _address("png", content)


def _address(kind: str, content: str) -> str:
    return f"data:image/{kind};base64,{content}"
