"""Decoded images of any source in one shape, checked in one place."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from kerascnn.data.naming import legible, set_name
from kerascnn.errors import DataError

Report = Callable[[str], None]
"""Receives progress and notices, one line each, without a line break at the end."""

CIFAR10_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
MIN_CLASSES, MAX_CLASSES = 2, 100
MIN_SIDE, MAX_SIDE = 8, 256
MAX_DECODED_BYTES = 10**9
"""More than this many bytes of pixels is a mistake: everything here is made for images held in memory, by every worker."""
MOST_GROWTH, FREE_GROWTH_BYTES = 200, 10**8
"""Pictures do not grow by more than this factor and these bytes when they are decoded; what is made to fill memory does."""
_ADDRESS = re.compile(r"<[^<>]* object at 0x[0-9a-fA-F]+>")


@dataclass(frozen=True, eq=False)
class Decoded:
    """One data set in memory.

    images: uint8 `(n, height, width, channels)`. labels: integers `(n,)`, positions in `class_names`; `checked` makes
    them int32. `masks`: uint8 `(n, height, width)` of the training and the test part, where a source has them.
    `name` is short and fit for a file name; `title` is for people. `verified`: the source's bytes were compared with
    published checksums.
    """

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    class_names: tuple[str, ...]
    name: str
    title: str
    masks: tuple[np.ndarray, np.ndarray] | None = None
    verified: bool = False

    def arrays(self) -> dict[str, np.ndarray]:
        """Every array by the name it has in the cache, in the order in which they are hashed."""
        named = {
            "train_images": self.train_images,
            "train_labels": self.train_labels,
            "test_images": self.test_images,
            "test_labels": self.test_labels,
        }
        if self.masks is not None:
            named |= {"train_masks": self.masks[0], "test_masks": self.masks[1]}
        return named


@dataclass(frozen=True)
class Options:
    """How a source is decoded, and who is told how far it has come.

    `image_size`: side in pixels to which a user's own pictures are brought; sets of fixed size keep theirs.
    """

    image_size: int = 32
    report: Report = field(default=lambda message: None, compare=False)


@dataclass(frozen=True)
class Found:
    """A source that was recognised and not read yet.

    `read` decodes it. `by_stat`: so many files that they are told apart by size and times, not by their bytes.
    """

    format: str
    path: Path
    files: tuple[Path, ...]
    read: Callable[[Found, Options], Decoded]
    by_stat: bool = False
    resized: bool = False

    @property
    def set_name(self) -> str:
        """What the path says that the set is called."""
        return set_name(self.path.with_suffix("") if self.path.is_file() else self.path)

    @property
    def label(self) -> str:
        """The source in words that hold on every machine: the format and the name of the set."""
        return f"{self.format}, {legible(self.path.name) if self.path.is_file() else self.set_name}"


@contextmanager
def blamed_on(path: Path, what: str) -> Iterator[None]:
    """Turns whatever a parser raises on damaged bytes into one DataError that names the file.

    Only calls that parse foreign bytes belong inside. Why every Exception: zlib, zipfile, pickle, Pillow and pyarrow raise
    anything from SyntaxError to MemoryError there.
    """
    try:
        yield
    except DataError:
        raise
    except Exception as err:
        raise DataError(
            f"{what} must be complete and readable. Received: {in_words(err)} (in {path}). Fetch or make the file again."
        ) from err


def in_words(err: Exception) -> str:
    """The kind of error and its reason in one line, without what changes from process to process."""
    reason = " ".join(_ADDRESS.sub("it", str(err)).split())
    return f"{type(err).__name__}: {reason[:300] or 'no reason given'}"


def checked(decoded: Decoded, where: Path | str) -> Decoded:
    """The same set with int32 labels and contiguous pixels.

    Raises: DataError when shapes, types, counts or labels are not those of a data set to train on.
    """
    class_names = tuple(map(legible, decoded.class_names))
    _check_class_names(class_names, where)
    for part in ("train", "test"):
        _check_images(getattr(decoded, f"{part}_images"), part, where)
        _check_labels(getattr(decoded, f"{part}_labels"), len(getattr(decoded, f"{part}_images")), part, decoded, where)
    _check_agreement(decoded, where)
    return Decoded(
        train_images=np.ascontiguousarray(decoded.train_images),
        train_labels=np.ascontiguousarray(decoded.train_labels, np.int32),
        test_images=np.ascontiguousarray(decoded.test_images),
        test_labels=np.ascontiguousarray(decoded.test_labels, np.int32),
        class_names=class_names,
        name=legible(decoded.name),
        title=legible(decoded.title),
        masks=decoded.masks,
        verified=decoded.verified,
    )


def content_of(arrays: dict[str, np.ndarray], class_names: tuple[str, ...]) -> str:
    """The SHA-256, in hexadecimal, of shapes, class names, pixels, labels and masks."""
    shapes = {name: [array.dtype.str, *array.shape] for name, array in arrays.items()}
    header = json.dumps({"arrays": shapes, "class_names": class_names}, sort_keys=True)
    digest = hashlib.sha256(header.encode())
    for array in arrays.values():
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def titled(title: str, train_images: int, test_images: int, complete: tuple[int, int]) -> str:
    """`title`, marked as an excerpt unless the set has as many images as the complete one."""
    return title if (train_images, test_images) == complete else f"{title} (excerpt)"


def means_cifar10(name: str) -> bool:
    """Whether the name of a file or folder says that CIFAR-10 is in it."""
    return re.search(r"cifar[-_ ]?10(?!\d)", name, re.IGNORECASE) is not None


def check_decoded_size(count: int, height: int, width: int, packed_bytes: int, where: Path | str) -> None:
    """Called before images are decoded from `packed_bytes` of files.

    Raises: DataError when they would not fit in memory, or grow as no pictures do.
    """
    size_bytes = count * height * width * 3
    received = f"{count:,} images of {width} x {height} pixels, {size_bytes / 1e9:,.1f} GB (in {where})"
    if size_bytes > MAX_DECODED_BYTES:
        raise DataError(
            f"decoded images must fit in {MAX_DECODED_BYTES / 1e9:.0f} GB. Received: {received}. Use fewer or smaller images."
        )
    check_growth(size_bytes, packed_bytes, received)


def check_growth(size_bytes: int, packed_bytes: int, received: str) -> None:
    """Raises: DataError when decoding makes so few bytes so many that the files cannot be real pictures."""
    if size_bytes > MOST_GROWTH * packed_bytes + FREE_GROWTH_BYTES:
        raise DataError(
            f"a set must not grow by more than {MOST_GROWTH} times when it is decoded: such a file was made to fill memory. "
            f"Received: {received}, from {packed_bytes:,} bytes. Fetch or make it again from pictures."
        )


def _check_class_names(names: tuple[str, ...], where: Path | str) -> None:
    if not MIN_CLASSES <= len(names) <= MAX_CLASSES:
        raise DataError(
            f"a data set must have {MIN_CLASSES} to {MAX_CLASSES} classes. Received: {len(names)} (in {where}). "
            "Use a set with another number of classes."
        )
    if len(set(names)) < len(names) or not all(names):
        raise DataError(f"class names must be distinct and not empty. Received: {', '.join(names)} (in {where}).")


def _check_images(images: np.ndarray, part: str, where: Path | str) -> None:
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[3] not in (1, 3):
        raise DataError(
            f"{part} images must be uint8 (n, height, width, 1 or 3). Received: {images.dtype} {images.shape} (in {where})."
        )
    if not len(images):
        raise DataError(f"the {part} part must have images. Received: none (in {where}).")
    if not all(MIN_SIDE <= side <= MAX_SIDE for side in images.shape[1:3]):
        raise DataError(
            f"{part} images must be {MIN_SIDE} to {MAX_SIDE} pixels wide and high. Received: {images.shape[2]} x "
            f"{images.shape[1]} (in {where})."
        )


def _check_labels(labels: np.ndarray, images: int, part: str, decoded: Decoded, where: Path | str) -> None:
    if labels.shape != (images,) or labels.dtype.kind not in "iu":
        raise DataError(
            f"{part} labels must be one integer for each of {images} images. Received: {labels.dtype} {labels.shape} "
            f"(in {where})."
        )
    classes = len(decoded.class_names)
    wrong = labels[(labels < 0) | (labels >= classes)]
    if len(wrong):
        raise DataError(f"{part} labels must be 0 to {classes - 1}. Received: {wrong[0]} (in {where}).")


def _check_agreement(decoded: Decoded, where: Path | str) -> None:
    """Raises: DataError when the two parts differ in shape or a class has nothing to learn from."""
    train, test = decoded.train_images.shape[1:], decoded.test_images.shape[1:]
    if train != test:
        raise DataError(f"train and test images must have one shape. Received: {train} and {test} (in {where}).")
    absent = sorted(set(range(len(decoded.class_names))) - set(np.unique(decoded.train_labels).tolist()))
    if absent:
        names = ", ".join(legible(decoded.class_names[label]) for label in absent[:5])
        raise DataError(f"every class must have training images. Received: none of {names} (in {where}).")
