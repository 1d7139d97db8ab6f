"""A user's own pictures: one folder for each class.

    root/<class>/*.png|jpg|...            a fifth of each class is set aside as the test part
    root/train/<class>/*, root/test/<class>/*

Which folders that are, `class_folders` finds out. Pictures are brought to a square of `image_size` pixels (`decode_file`).
Inside a part they are ordered by the SHA-256 of `<class>/<file name>`: the same on every machine, and as well mixed as
CIFAR-10, so that any beginning of it has all classes. The test fifth is the beginning of each class in that order.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kerascnn.data.decoded import MAX_CLASSES, MAX_SIDE, MIN_SIDE, Decoded, Found, Options, check_decoded_size
from kerascnn.data.formats.pictures.class_folders import ClassFolder, Layout, find_layout, where_labels_stand
from kerascnn.data.formats.pictures.images import DecodedCount, decode_file, quiet_decoders
from kerascnn.data.formats.pictures.setting_aside import first_fifth
from kerascnn.data.formats.pictures.unreadable import Unreadable
from kerascnn.data.naming import legible
from kerascnn.errors import DataError

FORMAT = "folders of pictures"
_PICTURES_AT_ONCE = 64
_MOST_THREADS = 16


@dataclass(frozen=True)
class _Picture:
    file: Path
    label: int
    rank: str
    """SHA-256 of class and file name: its place in the order."""


def find(path: Path) -> Found | None:
    """The pictures under `path`, when at least one folder there, or in its folder for training, holds a picture."""
    layout = find_layout(path)
    return Found(FORMAT, path, layout.files, read, by_stat=True, resized=True) if layout is not None else None


def read(found: Found, options: Options) -> Decoded:
    """The decoded set. Raises: DataError naming file and cause."""
    if not MIN_SIDE <= options.image_size <= MAX_SIDE:
        raise DataError(f"`image_size` must be {MIN_SIDE} to {MAX_SIDE} pixels. Received: {options.image_size}.")
    layout = find_layout(found.path)
    if layout is None:
        raise DataError(
            f"a set of pictures must not be removed while it is read. Received: no pictures any more (in {found.path})."
        )
    for notice in layout.notices:
        options.report(notice)
    train, test = _split(layout, options)
    total = len(train) + len(test)
    # Of pictures the files themselves are many: what they may grow by is known from each header.
    check_decoded_size(total, options.image_size, options.image_size, 10**9, found.path)
    progress, unreadable = DecodedCount(options.report, found.path.name, total), Unreadable()
    with quiet_decoders():
        images = [_decode(pictures, layout.root, options, progress, unreadable) for pictures in (train, test)]
    unreadable.check(total, found.path)
    return Decoded(
        train_images=images[0],
        train_labels=np.array([picture.label for picture in train], np.int32),
        test_images=images[1],
        test_labels=np.array([picture.label for picture in test], np.int32),
        class_names=layout.train_names,
        name=found.set_name,
        title=found.set_name,
    )


def _split(layout: Layout, options: Options) -> tuple[list[_Picture], list[_Picture]]:
    """Training pictures, test pictures."""
    if len(layout.train) == 1:
        raise DataError(
            f"a data set must have 2 to {MAX_CLASSES} classes. Received: 1, {legible(layout.train[0].name)} "
            f"(in {layout.root}){where_labels_stand(layout.root)}. "
            "Make a folder for each class, and move its pictures there."
        )
    if len(layout.train) > MAX_CLASSES:
        raise DataError(
            f"there must be at most {MAX_CLASSES} classes. Received: {len(layout.train)} (in {layout.root}). "
            "Move some of their folders elsewhere."
        )
    train = _in_order(layout.train)
    if layout.test is not None:
        return train, _in_order(layout.test)
    places = set(first_fifth([picture.label for picture in train], layout.train_names, layout.root))
    options.report("There is no test part: a fifth of the pictures of each class becomes the test part.")
    return (
        [picture for place, picture in enumerate(train) if place not in places],
        [picture for place, picture in enumerate(train) if place in places],
    )


def _in_order(classes: Sequence[ClassFolder]) -> list[_Picture]:
    """All pictures of one part in their order."""
    pictures = [
        _Picture(file, label, hashlib.sha256(f"{each.name}/{file.name}".encode(errors="surrogateescape")).hexdigest())
        for label, each in enumerate(classes)
        for file in each.contents.pictures
    ]
    return sorted(pictures, key=lambda picture: picture.rank)


def _decode(
    pictures: list[_Picture], root: Path, options: Options, progress: DecodedCount, unreadable: Unreadable
) -> np.ndarray:
    """uint8 `(n, image_size, image_size, 3)`. Threads help here: Pillow releases the interpreter while it decodes."""
    import os
    from concurrent.futures import ThreadPoolExecutor

    pixels = np.zeros((len(pictures), options.image_size, options.image_size, 3), np.uint8)

    def decode_block(start: int) -> int:
        block = pictures[start : start + _PICTURES_AT_ONCE]
        for place, picture in enumerate(block, start):
            with unreadable.noting(str(picture.file.relative_to(root))):
                pixels[place] = decode_file(picture.file, options.image_size)
        return len(block)

    with ThreadPoolExecutor(min(_MOST_THREADS, (os.cpu_count() or 1) + 4)) as pool:
        for count in pool.map(decode_block, range(0, len(pictures), _PICTURES_AT_ONCE)):
            progress.advance(count)
    return pixels
