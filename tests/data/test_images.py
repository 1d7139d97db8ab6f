from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest
import tiny_sets as tiny
from PIL import Image

from kerascnn.data.formats.pictures import images
from kerascnn.data.formats.pictures.images import (
    DecodedCount,
    decode_picture,
    decode_square,
    kind_of_picture,
    quiet_decoders,
)

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
        with pytest.raises(ValueError, match=r"does not have 8 bits per channel"):
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


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "CMYK", "1", "P", "P with transparency"])
def test_a_large_picture_of_every_mode_is_brought_to_fewer_pixels(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_PICTURE_PIXELS", 1_000)
    picture = Image.new("RGB", (64, 64), WHITE).convert(mode[:1] if mode.startswith("P") else mode)
    options = {"transparency": 0} if "with" in mode else {}
    pixels = decode_picture(encoded(picture, "TIFF" if mode == "CMYK" else "PNG", **options))
    assert pixels.shape == (8, 8, 3)
    assert (pixels == WHITE).all()


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
    progress = DecodedCount(messages.append, "pets", 4_000)
    for _ in range(4):
        clock[0] += 1.5
        progress.advance(1_000)
    assert messages == ["Decoding pets: 2,000 of 4,000 images", "Decoding pets: 4,000 of 4,000 images"]


def with_chunk(png: bytes, kind: bytes, body: bytes) -> bytes:
    """The PNG with one chunk more after its header."""
    chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return png[:33] + chunk + png[33:]


SOUND = tiny.encode(tiny.TRAIN_PIXELS[0])


@pytest.mark.parametrize(
    "data",
    [
        with_chunk(SOUND, b"zTXt", b"Comment\0\0" + zlib.compress(b"a" * 2_000_000)),
        with_chunk(SOUND, b"iTXt", b"Comment\0\1\0\0\0" + zlib.compress(b"a" * 2_000_000)),
        with_chunk(SOUND, b"iCCP", b"odd\0\0" + zlib.compress(bytes(3_000_000))),
        with_chunk(SOUND, b"eXIf", b"MM\0*\xff\xff\xff\xff"),
        with_chunk(SOUND, b"tEXt", b"Raw profile type exif\0nonsense"),
        with_chunk(SOUND, b"abCd", b"who knows"),
        SOUND[:-12]
        + with_chunk(SOUND, b"zTXt", b"a\0\0" + zlib.compress(b"a" * 2_000_000))[33 : -len(SOUND) + 33]
        + SOUND[-12:],
    ],
    ids=[
        "long text",
        "long international text",
        "long profile",
        "broken EXIF",
        "odd text",
        "unknown",
        "long text at the end",
    ],
)
def test_a_sound_png_with_odd_metadata_keeps_its_pixels(data: bytes) -> None:
    np.testing.assert_array_equal(decode_picture(data), tiny.TRAIN_PIXELS[0])


@pytest.mark.parametrize(
    "segment",
    [
        b"\xff\xe1" + struct.pack(">H", 20) + b"Exif\0\0MM\0*" + b"\xff" * 8,
        b"\xff\xe2" + struct.pack(">H", 20) + b"MPF\0MM\0*" + b"\xff" * 10,
        b"\xff\xed" + struct.pack(">H", 24) + b"Photoshop 3.0\0" + b"8BIM" + b"\xff" * 4,
        b"\xff\xfe" + struct.pack(">H", 60_000) + b"a" * 59_998,
    ],
    ids=["EXIF", "several pictures", "Photoshop", "comment"],
)
def test_a_sound_jpeg_with_odd_metadata_keeps_its_pixels(segment: bytes) -> None:
    sound = tiny.encode(tiny.TRAIN_PIXELS[0], "JPEG")
    with quiet_decoders():
        np.testing.assert_array_equal(decode_picture(sound[:2] + segment + sound[2:]), decode_picture(sound))


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"])
def test_every_format_is_known_by_its_first_bytes(format: str) -> None:
    data = tiny.encode(tiny.TRAIN_PIXELS[0], format)
    assert kind_of_picture(data[:16]) == format
    assert decode_picture(data).shape == (32, 32, 3)


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"%!PS-Adobe-3.0 EPSF-3.0", "an EPS drawing"),
        (b"\0\0\0\x18ftypheic", "a HEIC picture"),
        (b"\0\0\0\x18ftypavif", "an AVIF picture"),
        (b"<!DOCTYPE html>", "a web page"),
        (b"", "an empty file"),
        (b"nonsense", "not a picture of a known kind"),
    ],
)
def test_nothing_else_reaches_a_decoder_and_it_is_said_what_it_is(
    head: bytes, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("PIL.Image.open", None)
    with pytest.raises(ValueError, match=words):
        decode_picture(head)
