"""A user's own pictures: one folder for each class.

    root/<class>/*.png|jpg|...            a fifth of each class is set aside as the test part
    root/train/<class>/*, root/test/<class>/*

The test part may also be called val, valid or validation. Pictures are brought to a square of `image_size` pixels
(`decode_square`). Inside a part they are ordered by the SHA-256 of `<class>/<file name>`: the same on every machine, and as
well mixed as CIFAR-10, so that any beginning of it has all classes. The test fifth is the beginning of each class in that order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kerascnn.data.decoded import (
    MAX_CLASSES,
    MAX_SIDE,
    MIN_SIDE,
    Decoded,
    Found,
    Options,
    blamed_on,
    check_decoded_size,
)
from kerascnn.data.images import Progress, decode_square, read_bytes
from kerascnn.errors import DataError

FORMAT = "folders of pictures"
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})
TEST_NAMES = ("test", "val", "valid", "validation")
TEST_SHARE = 5
"""One in so many pictures of each class is a test picture where there is no test part."""
_LITTER = frozenset({"Thumbs.db", "desktop.ini"})
_PICTURES_AT_ONCE = 64


@dataclass(frozen=True)
class _Picture:
    file: Path
    label: int
    rank: str
    """SHA-256 of class and file name: its place in the order."""


def find(path: Path) -> Found | None:
    """The pictures under `path`, when at least one folder there, or in its `train` folder, holds a picture."""
    if not path.is_dir():
        return None
    roots = [root for root in (path / "train", _test_root(path)) if root is not None and _has_classes(root)]
    roots = roots or ([path] if _has_classes(path) else [])
    files = tuple(file for root in roots for folder in _class_folders(root) for file in _pictures_in(folder))
    return Found(FORMAT, path, files, read, by_stat=True, resized=True) if roots else None


def read(found: Found, options: Options) -> Decoded:
    """The decoded set. Raises: DataError naming file and cause."""
    if not MIN_SIDE <= options.image_size <= MAX_SIDE:
        raise DataError(f"`image_size` must be {MIN_SIDE} to {MAX_SIDE} pixels. Received: {options.image_size}.")
    class_names, train, test = _split(found.path)
    check_decoded_size(len(train) + len(test), options.image_size, options.image_size, found.path)
    progress = Progress(options.report, found.path.name, len(train) + len(test))
    return Decoded(
        train_images=_decode(train, options, progress),
        train_labels=np.array([picture.label for picture in train], np.int32),
        test_images=_decode(test, options, progress),
        test_labels=np.array([picture.label for picture in test], np.int32),
        class_names=class_names,
        name=found.set_name,
        title=found.set_name,
    )


def _test_root(path: Path) -> Path | None:
    return next((path / name for name in TEST_NAMES if (path / name).is_dir()), None)


def _class_folders(root: Path) -> list[Path]:
    return sorted(folder for folder in root.iterdir() if folder.is_dir() and not folder.name.startswith("."))


def _has_classes(root: Path) -> bool:
    return root.is_dir() and any(_is_picture(file) for folder in _class_folders(root) for file in folder.iterdir())


def _is_picture(file: Path) -> bool:
    return file.suffix.lower() in SUFFIXES and not file.name.startswith(".")


def _pictures_in(folder: Path) -> list[Path]:
    """The pictures of one class. Raises: DataError when something else lies among them, or nothing."""
    entries = [
        entry for entry in sorted(folder.iterdir()) if not entry.name.startswith(".") and entry.name not in _LITTER
    ]
    other = next((entry for entry in entries if not _is_picture(entry) or entry.is_dir()), None)
    if other is not None:
        raise DataError(
            f"a class folder must hold pictures only ({', '.join(sorted(SUFFIXES))}). Received: {other.name} (in {folder}). "
            "Move it elsewhere."
        )
    if not entries:
        raise DataError(f"every class must have pictures. Received: an empty folder ({folder}). Fill or remove it.")
    return entries


def _split(path: Path) -> tuple[tuple[str, ...], list[_Picture], list[_Picture]]:
    """Class names, training pictures, test pictures."""
    test_root = _test_root(path)
    split = _has_classes(path / "train")
    if not split and test_root is not None and _has_classes(test_root):
        raise DataError(
            f"a test part must have a training part beside it. Received: no pictures (in {path / 'train'})."
        )
    root = path / "train" if split else path
    class_names = tuple(folder.name for folder in _class_folders(root))
    if len(class_names) > MAX_CLASSES:
        raise DataError(f"there must be at most {MAX_CLASSES} classes. Received: {len(class_names)} (in {root}).")
    train = _pictures_of(root, class_names)
    if split and test_root is not None:
        _check_same_classes(test_root, class_names)
        return class_names, train, _pictures_of(test_root, class_names)
    return class_names, *_set_aside_fifth(train, class_names, root)


def _check_same_classes(test_root: Path, class_names: Sequence[str]) -> None:
    test_names = [folder.name for folder in _class_folders(test_root)]
    odd = sorted(set(test_names) ^ set(class_names))
    if odd:
        raise DataError(
            f"training and test part must have the same class folders. Received: {', '.join(odd[:5])} in one only "
            f"(in {test_root.parent})."
        )


def _pictures_of(root: Path, class_names: Sequence[str]) -> list[_Picture]:
    """All pictures of one part in their order."""
    pictures = [
        _Picture(file, label, hashlib.sha256(f"{name}/{file.name}".encode(errors="surrogateescape")).hexdigest())
        for label, name in enumerate(class_names)
        for file in _pictures_in(root / name)
    ]
    return sorted(pictures, key=lambda picture: picture.rank)


def _set_aside_fifth(
    pictures: list[_Picture], class_names: Sequence[str], root: Path
) -> tuple[list[_Picture], list[_Picture]]:
    """Training and test pictures: of each class the first fifth, at least one, is for the test."""
    test_ranks: set[str] = set()
    for label, name in enumerate(class_names):
        ranks = [picture.rank for picture in pictures if picture.label == label]
        if len(ranks) < 2:
            raise DataError(f"every class must have at least 2 pictures. Received: {len(ranks)} (in {root / name}).")
        test_ranks.update(ranks[: max(1, len(ranks) // TEST_SHARE)])
    train = [picture for picture in pictures if picture.rank not in test_ranks]
    return train, [picture for picture in pictures if picture.rank in test_ranks]


def _decode(pictures: list[_Picture], options: Options, progress: Progress) -> np.ndarray:
    """uint8 `(n, image_size, image_size, 3)`. Threads help here: Pillow releases the interpreter while it decodes."""
    from concurrent.futures import ThreadPoolExecutor

    pixels = np.empty((len(pictures), options.image_size, options.image_size, 3), np.uint8)
    starts = range(0, len(pictures), _PICTURES_AT_ONCE)
    with ThreadPoolExecutor() as pool:
        for start, block in zip(starts, pool.map(lambda at: _decode_block(pictures, at, options), starts), strict=True):
            pixels[start : start + len(block)] = block
            progress.advance(len(block))
    return pixels


def _decode_block(pictures: list[_Picture], start: int, options: Options) -> list[np.ndarray]:
    return [_decode_file(picture.file, options.image_size) for picture in pictures[start : start + _PICTURES_AT_ONCE]]


def _decode_file(file: Path, side: int) -> np.ndarray:
    data = read_bytes(file)
    with blamed_on(file, "a picture"):
        return decode_square(data, side)
