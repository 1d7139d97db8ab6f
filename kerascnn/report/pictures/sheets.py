"""All small pictures of a page on one sheet: one file, of which the page shows a piece for each picture."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kerascnn.report.facts.report_inputs import ImageSet
from kerascnn.report.parts.errors import Sheet, Tile

if TYPE_CHECKING:
    import numpy as np

COLUMNS = 16
LARGEST_SIDE = 64
"""Pixels; larger pictures are brought down to it."""

BLOCK = 8
"""JPEG compresses blocks of this many pixels a side: pictures that start on their borders do not run into each other."""

QUALITY = 70


@dataclass
class PictureSheet:
    """Pictures in the order they were first asked for; the same picture is there once."""

    href: str
    side: int
    pictures: dict[tuple[str, int], np.ndarray] = field(default_factory=dict)
    places: dict[tuple[str, int], int] = field(default_factory=dict)

    def tile(self, content: str, images: ImageSet, position: int, words: str) -> Tile:
        """The piece of the sheet that shows test image `position` of the data set `content`."""
        if (content, position) not in self.pictures:
            self.pictures[content, position] = small_picture(images.images[position])
            self.places[content, position] = len(self.places)
        height, width = self.pictures[content, position].shape[:2]
        row, column = divmod(self.places[content, position], COLUMNS)
        return Tile(column * self.side, row * self.side, width, height, words)

    def sheet(self) -> Sheet | None:
        """The whole sheet in pixels; None without pictures."""
        rows = -(-len(self.pictures) // COLUMNS)
        return Sheet(self.href, COLUMNS * self.side, rows * self.side) if rows else None

    def to_jpeg(self) -> bytes:
        """The sheet as a file: the same pictures give the same bytes."""
        import numpy as np
        from PIL import Image, ImageFile

        whole = self.sheet()
        assert whole is not None, "a sheet without pictures has no file"
        pixels = np.full((whole.height, whole.width, 3), 128, dtype=np.uint8)
        for place, picture in enumerate(self.pictures.values()):
            row, column = divmod(place, COLUMNS)
            padding = [(0, self.side - length) for length in picture.shape[:2]]
            top, left = row * self.side, column * self.side
            pixels[top : top + self.side, left : left + self.side] = np.pad(picture, [*padding, (0, 0)], mode="edge")
        # Written in one piece, for which Pillow reckons with a byte for each pixel; noise takes more.
        ImageFile.MAXBLOCK = max(ImageFile.MAXBLOCK, 2 * pixels.size)
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, "JPEG", quality=QUALITY, subsampling=0, optimize=True, progressive=True)
        return stream.getvalue()


def tile_side(height: int, width: int) -> int:
    """The side of a square on the sheet that holds pictures of this size, as they are shown."""
    longest = min(LARGEST_SIDE, max(height, width))
    return -(-longest // BLOCK) * BLOCK


def small_picture(pixels: np.ndarray) -> np.ndarray:
    """uint8 `(height, width, 3)` of `(height, width, channels)`: grey as grey, no side over `LARGEST_SIDE`."""
    import numpy as np
    from PIL import Image

    colours = np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else np.ascontiguousarray(pixels[:, :, :3])
    picture = Image.fromarray(colours)
    picture.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.BOX)
    return np.asarray(picture)
