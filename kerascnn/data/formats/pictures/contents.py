"""What lies in a folder of pictures, sorted by what can be done with it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from kerascnn.data.formats.pictures.kinds import kind_of_other, kind_of_picture
from kerascnn.foreign.litter import is_litter
from kerascnn.foreign.reading import first_bytes

SUFFIXES = frozenset(
    {".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".pjpeg", ".pjp", ".bmp", ".gif", ".webp", ".tif", ".tiff"}
    | {".ppm", ".pgm", ".pbm", ".pnm"}
)
"""How the names of pictures end. A file of another name is one by its first bytes."""
UNREAD = {
    ".heic": "HEIC", ".heif": "HEIC", ".avif": "AVIF", ".jxl": "JPEG XL", ".jp2": "JPEG 2000", ".j2k": "JPEG 2000",
    ".svg": "SVG", ".eps": "EPS", ".psd": "Photoshop", ".ico": "ICO", ".tga": "TGA", ".exr": "EXR", ".dcm": "DICOM",
    ".dng": "raw", ".cr2": "raw", ".cr3": "raw", ".nef": "raw", ".arw": "raw", ".orf": "raw", ".rw2": "raw", ".raf": "raw",
}  # fmt: skip
"""Pictures that somebody has to convert: leaving them out in silence would be another set."""
_NO_PICTURES = frozenset(
    [
        ".txt",
        ".csv",
        ".tsv",
        ".json",
        ".jsonl",
        ".xml",
        ".yaml",
        ".yml",
        ".md",
        ".html",
        ".docx",
        ".xlsx",
        ".pdf",
        ".py",
        ".ipynb",
        ".npy",
        ".npz",
        ".h5",
        ".hdf5",
        ".mat",
        ".pkl",
        ".parquet",
        ".zip",
        ".gz",
        ".tar",
        ".tgz",
        ".7z",
        ".rar",
        ".mp4",
        ".mov",
        ".avi",
        ".mkv",
        ".aae",
        ".xmp",
        ".lnk",
        ".log",
        ".pt",
        ".pth",
        ".keras",
    ]
)


@dataclass(frozen=True)
class Contents:
    """What lies in a folder, except hidden things and litter; all sorted."""

    pictures: tuple[Path, ...] = ()
    unread: tuple[Path, ...] = ()
    others: tuple[Path, ...] = ()
    folders: tuple[Path, ...] = ()

    @property
    def is_class(self) -> bool:
        return bool(self.pictures or self.unread)

    @property
    def is_empty(self) -> bool:
        return not (self.is_class or self.others or self.folders)


def look_into(folder: Path) -> Contents:
    """What lies in the folder. Raises: OSError when it cannot be listed."""
    found: dict[str, list[Path]] = {"pictures": [], "unread": [], "others": [], "folders": []}
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if not entry.name.startswith(".") and not is_litter(entry.name):
                found["folders" if entry.is_dir() else _kind_of(Path(entry.path))].append(Path(entry.path))
    return Contents(**{kind: tuple(paths) for kind, paths in found.items()})


def _kind_of(file: Path) -> str:
    suffix = file.suffix.lower()
    if suffix in SUFFIXES:
        return "pictures"
    if suffix in UNREAD:
        return "unread"
    if suffix in _NO_PICTURES:
        return "others"
    head = first_bytes(file, 64)
    if kind_of_picture(head) is not None:
        return "pictures"
    return "unread" if head and "picture" in (kind_of_other(head) or "") else "others"
