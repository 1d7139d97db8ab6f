from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
import tiny_sets as tiny
from PIL import Image

from kerascnn.data.formats.images import Progress, decode_picture, decode_square

RED, GREEN, WHITE = (255, 0, 0), (0, 255, 0), (255, 255, 255)


def encoded(picture: Image.Image, format: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, format, **options)
    return stream.getvalue()


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "1", "CMYK", "I;16"])
def test_every_mode_becomes_rgb_or_is_refused(mode: str) -> None:
    picture = Image.new("RGB", (16, 16), RED).convert("L" if mode == "I;16" else mode)
    if mode == "I;16":
        deep = Image.fromarray(np.full((16, 16), 40_000, np.uint16))
        with pytest.raises(ValueError, match=r"not 8 bits per channel"):
            decode_picture(encoded(deep))
        return
    pixels = decode_picture(encoded(picture, "TIFF" if mode == "CMYK" else "PNG"))
    assert pixels.shape == (16, 16, 3)
    assert pixels.dtype == np.uint8


def test_transparent_parts_become_white() -> None:
    picture = Image.new("RGBA", (16, 16), (10, 20, 30, 0))
    assert (decode_picture(encoded(picture)) == WHITE).all()
    palette = Image.new("P", (16, 16), 0)
    palette.putpalette([10, 20, 30])
    assert (decode_picture(encoded(palette, transparency=0)) == WHITE).all()


def test_the_orientation_that_a_camera_noted_is_honoured() -> None:
    picture = Image.new("RGB", (16, 8), RED)
    picture.paste(GREEN, (0, 0, 8, 8))
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = decode_picture(encoded(picture, exif=exif))
    assert pixels.shape == (16, 8, 3)
    assert tuple(pixels[2, 4]) == GREEN
    assert tuple(pixels[13, 4]) == RED


def test_the_middle_square_is_kept() -> None:
    picture = Image.new("RGB", (96, 32), RED)
    picture.paste(GREEN, (32, 0, 64, 32))
    assert (decode_square(encoded(picture), 16) == GREEN).all()
    assert (decode_square(encoded(picture.rotate(90, expand=True)), 16) == GREEN).all()


def test_shrinking_averages_over_the_area() -> None:
    checks = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)
    pixels = decode_square(tiny.encode(checks), 16)
    assert np.abs(pixels.astype(int) - 127).max() <= 2


def test_a_picture_of_the_right_size_keeps_its_pixels() -> None:
    np.testing.assert_array_equal(decode_square(tiny.encode(tiny.TRAIN_PIXELS[0]), 32), tiny.TRAIN_PIXELS[0])


def test_a_picture_too_large_for_any_camera_is_refused_before_it_is_decoded() -> None:
    header = struct.pack(">IIBBBBB", 19_000, 9_000, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    ]
    with pytest.raises(ValueError, match=r"19000 x 9000 pixels, more than"):
        decode_picture(b"\x89PNG\r\n\x1a\n" + b"".join(parts))


def test_progress_is_reported_at_most_every_two_seconds(messages: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    progress = Progress(messages.append, "pets", 4_000)
    for _ in range(4):
        clock[0] += 1.5
        progress.advance(1_000)
    assert messages == ["Decoding pets: 2,000 of 4,000 images", "Decoding pets: 4,000 of 4,000 images"]
