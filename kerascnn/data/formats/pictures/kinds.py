"""What a file is by its first bytes: a picture that is read here, or something else that has a name."""

from __future__ import annotations

JPEG_MAGIC = b"\xff\xd8\xff"


def kind_of_picture(head: bytes) -> str | None:
    """The format of a picture by its first bytes, among those that are decoded here; None for anything else."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3].isspace():
        return "PPM"
    marks = {
        b"\x89PNG\r\n\x1a\n": "PNG",
        JPEG_MAGIC: "JPEG",
        b"GIF87a": "GIF",
        b"GIF89a": "GIF",
        b"BM": "BMP",
        b"II*\0": "TIFF",
        b"MM\0*": "TIFF",
        b"II+\0": "TIFF",
        b"MM\0+": "TIFF",
    }
    return next((kind for mark, kind in marks.items() if head.startswith(mark)), None)


def kind_of_other(head: bytes) -> str | None:
    """What bytes that are no picture of ours are, in words, as far as their beginning tells."""
    if not head:
        return "an empty file"
    if head[4:8] == b"ftyp":
        brand = {b"avif": "an AVIF picture", b"avis": "an AVIF picture"}.get(head[8:12])
        video = head[8:10] in (b"is", b"mp", b"qt", b"M4")
        return brand or ("a video" if video else "a HEIC picture")
    marks = {
        b"version https://git-lfs": "a pointer of Git LFS; `git lfs pull` fetches the file",
        b"%!PS": "an EPS drawing",
        b"\xc5\xd0\xd3\xc6": "an EPS drawing",
        b"8BPS": "a Photoshop file",
        b"\0\0\0\x0cjP": "a JPEG 2000 picture",
        b"\xff\x0a": "a JPEG XL picture",
        b"\0\0\0\x0cJXL": "a JPEG XL picture",
        b"%PDF": "a PDF document",
        b"PK\x03\x04": "a zip archive",
        b"\x1f\x8b": "a gzip archive",
        b"\x89HDF": "an HDF5 file",
    }
    text = head.lstrip().lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    if text.startswith((b"<svg", b"<?xml")):
        return "an SVG drawing, or XML"
    return next((words for mark, words in marks.items() if head.startswith(mark)), None)
