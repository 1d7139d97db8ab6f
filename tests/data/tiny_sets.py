"""Sets of a few images in every format, written as the real ones are."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import pickle
import struct
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from kerascnn.data.decoded import CIFAR10_CLASSES, Decoded, Options, checked
from kerascnn.data.formats.idx import FASHION_CLASSES
from kerascnn.data.sources import recognise

__all__ = ["CIFAR10_CLASSES", "FASHION_CLASSES"]
TRAIN_IMAGES, TEST_IMAGES, CLASSES = 20, 10, 10

random = np.random.default_rng(7)
TRAIN_PIXELS = random.integers(0, 256, (TRAIN_IMAGES, 32, 32, 3), np.uint8)
TEST_PIXELS = random.integers(0, 256, (TEST_IMAGES, 32, 32, 3), np.uint8)
GREY_TRAIN_PIXELS = random.integers(0, 256, (TRAIN_IMAGES, 28, 28), np.uint8)
GREY_TEST_PIXELS = random.integers(0, 256, (TEST_IMAGES, 28, 28), np.uint8)
TRAIN_LABELS = np.arange(TRAIN_IMAGES) % CLASSES
TEST_LABELS = np.arange(TEST_IMAGES) % CLASSES


def decode(path: Path, member: str | None = None, image_size: int = 32) -> Decoded:
    """What the set at `path` decodes to, without the cache."""
    found = recognise(path, member)
    return checked(found.read(found, Options(image_size=image_size)), path)


def encode(pixels: np.ndarray, format: str = "PNG", **options: Any) -> bytes:
    """One picture as a file's bytes."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format, **options)
    return stream.getvalue()


# ------------------------------------------------------------------------------------------------ CIFAR releases


def python2_batch(pixels: np.ndarray, labels: Sequence[int]) -> bytes:
    """A batch as Python 2 and NumPy 1 pickled it: byte strings throughout, protocol 2."""
    data = pixels.transpose(0, 3, 1, 2).tobytes()
    numbers = b"".join(b"K" + bytes([label]) for label in labels)
    shape = b"K" + bytes([len(pixels)]) + b"M\x00\x0c\x86"
    dtype = b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    empty = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
    array = empty + b"(K\x01" + shape + dtype + b"\x89T" + struct.pack("<I", len(data)) + data + b"tb"
    return b"\x80\x02}q\x01(U\x06labels](" + numbers + b"eU\x04data" + array + b"u."


def write_python_release(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for number in range(5):
        rows = slice(4 * number, 4 * number + 4)
        batch = python2_batch(TRAIN_PIXELS[rows], TRAIN_LABELS[rows].tolist())
        (folder / f"data_batch_{number + 1}").write_bytes(batch)
    (folder / "test_batch").write_bytes(python2_batch(TEST_PIXELS, TEST_LABELS.tolist()))
    names = [name.encode() for name in CIFAR10_CLASSES]
    (folder / "batches.meta").write_bytes(pickle.dumps({b"label_names": names}, protocol=2))
    return folder


def batch_sums(folder: Path) -> dict[str, str]:
    """The MD5 of each file with images of a python release, as they are published for the real one."""
    return {file.name: hashlib.md5(file.read_bytes()).hexdigest() for file in folder.glob("*_batch*")}


def binary_records(pixels: np.ndarray, labels: np.ndarray, label_bytes: int = 1) -> bytes:
    columns = [labels.astype(np.uint8)[:, None]] * label_bytes
    return np.hstack([*columns, pixels.transpose(0, 3, 1, 2).reshape(len(pixels), -1)]).tobytes()


def write_binary_release(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for number in range(5):
        rows = slice(4 * number, 4 * number + 4)
        records = binary_records(TRAIN_PIXELS[rows], TRAIN_LABELS[rows])
        (folder / f"data_batch_{number + 1}.bin").write_bytes(records)
    (folder / "test_batch.bin").write_bytes(binary_records(TEST_PIXELS, TEST_LABELS))
    (folder / "batches.meta.txt").write_text("\n".join(CIFAR10_CLASSES) + "\n\n")
    return folder


def write_archive(file: Path, folder: Path) -> Path:
    with tarfile.open(file, "w:gz", compresslevel=1) as archive:
        archive.add(folder, folder.name)
    return file


def write_python_archive(folder: Path) -> Path:
    release = write_python_release(folder / "unpacked" / "cifar-10-batches-py")
    return write_archive(folder / "cifar-10-python.tar.gz", release)


# ------------------------------------------------------------------------------------------------ the other formats


def write_parquet(
    folder: Path,
    format: str = "PNG",
    shards: int = 1,
    class_names: Sequence[str] = (),
    columns: Sequence[str] = ("img", "label"),
) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for part, pixels, labels in (("train", TRAIN_PIXELS, TRAIN_LABELS), ("test", TEST_PIXELS, TEST_LABELS)):
        for shard in range(shards):
            rows = np.array_split(np.arange(len(pixels)), shards)[shard]
            encoded = [encode(pixels[row], format) for row in rows]
            file = folder / f"{part}-{shard:05}-of-{shards:05}.parquet"
            write_parquet_file(file, encoded, labels[rows].tolist(), class_names, columns)
    return folder


def write_parquet_file(
    file: Path,
    encoded: Sequence[bytes | None],
    labels: Sequence[Any],
    class_names: Sequence[str] = (),
    columns: Sequence[str] = ("img", "label"),
) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    images = pa.array(
        [{"bytes": data, "path": None} for data in encoded], pa.struct({"bytes": pa.binary(), "path": pa.string()})
    )
    table = pa.table({columns[0]: images, columns[1]: pa.array(labels)})
    if class_names:
        features = {columns[1]: {"names": list(class_names), "_type": "ClassLabel"}}
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    pq.write_table(table, file)
    return file


def write_npz(file: Path, **changed: np.ndarray) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    arrays = {
        "x_train": TRAIN_PIXELS,
        "y_train": TRAIN_LABELS.astype(np.uint8)[:, None],
        "x_test": TEST_PIXELS,
        "y_test": TEST_LABELS.astype(np.uint8)[:, None],
    }
    np.savez(file, **(arrays | changed))
    return file


def idx_bytes(array: np.ndarray) -> bytes:
    header = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.astype(np.uint8).tobytes()


def write_idx(folder: Path, compressed: bool = True) -> Path:
    folder.mkdir(parents=True)
    arrays = {
        "train-images-idx3-ubyte": GREY_TRAIN_PIXELS,
        "train-labels-idx1-ubyte": TRAIN_LABELS,
        "t10k-images-idx3-ubyte": GREY_TEST_PIXELS,
        "t10k-labels-idx1-ubyte": TEST_LABELS,
    }
    for name, array in arrays.items():
        data = idx_bytes(array)
        file = folder / (f"{name}.gz" if compressed else name)
        file.write_bytes(gzip.compress(data) if compressed else data)
    return folder


def write_plain_idx(folder: Path) -> Path:
    return write_idx(folder, compressed=False)


def write_picture(file: Path, pixels: np.ndarray, **options: Any) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file, **options)
    return file


def write_pictures(root: Path, classes: Sequence[str] = ("cat", "dog"), count: int = 5, suffix: str = "png") -> Path:
    for label, name in enumerate(classes):
        for number in range(count):
            pixels = TRAIN_PIXELS[(label * count + number) % TRAIN_IMAGES]
            write_picture(root / name / f"{number}.{suffix}", pixels)
    return root


def write_photographs(root: Path) -> Path:
    return write_pictures(root, suffix="jpg")


WRITERS: dict[str, Callable[[Path], Path]] = {
    "python release": write_python_release,
    "python archive": write_python_archive,
    "binary release": write_binary_release,
    "parquet of PNG": write_parquet,
    "parquet of JPEG": lambda folder: write_parquet(folder, "JPEG"),
    "npz": lambda folder: write_npz(folder / "cifar10.npz"),
    "idx.gz": write_idx,
    "idx": write_plain_idx,
    "pictures": write_pictures,
    "photographs": write_photographs,
}
"""At least one writer for each format: it writes a set under a folder and gives back the path to load. Add at the end: the
fuzz suite counts them."""
