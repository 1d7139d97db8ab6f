"""What is made to fill memory is refused before it is decoded, by every reader; large photographs are not."""

from __future__ import annotations

import gzip
import io
import os
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
import tiny_sets as tiny
from PIL import Image

from kerascnn.data import decoded
from kerascnn.data.decoded import MAX_DECODED_BYTES
from kerascnn.data.formats import archives
from kerascnn.data.formats.pictures import images
from kerascnn.data.formats.pictures.images import decode_square
from kerascnn.errors import DataError

FLAT = tiny.encode(np.zeros((256, 256, 3), np.uint8))


def sparse_archive(folder: Path) -> Path:
    """A batch of zeros that are not stored: a hole of 800 MB in some hundred bytes."""
    file = folder / "cifar-10-python.tar.gz"
    info = tarfile.TarInfo("cifar-10-batches-py/data_batch_1")
    info.pax_headers = {"GNU.sparse.major": "0", "GNU.sparse.minor": "1", "GNU.sparse.name": info.name}
    info.pax_headers |= {
        "GNU.sparse.realsize": "800000000",
        "GNU.sparse.numblocks": "1",
        "GNU.sparse.map": "799999999,1",
    }
    info.size = 1
    with tarfile.open(file, "w:gz", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(info, io.BytesIO(b"x"))
    return file


def archive_of_endless_holes(folder: Path) -> Path:
    """The older way to leave out zeros: a list of them in blocks, each of which says that there is one more."""
    file = folder / "cifar-10-python.tar.gz"
    header = bytearray(tarfile.TarInfo("cifar-10-batches-py/data_batch_1").tobuf(tarfile.GNU_FORMAT))
    header[156:157], header[482:483] = tarfile.GNUTYPE_SPARSE, b"\1"
    header[148:156] = b"%06o\0 " % (sum(header[:148]) + 8 * ord(" ") + sum(header[156:512]))
    block = b"%011o\0" % 1 * 42 + b"\1" + bytes(7)
    file.write_bytes(gzip.compress(bytes(header) + block * 8_000))
    return file


def growing_archive(folder: Path) -> Path:
    file = folder / "cifar-10-python.tar.gz"
    info = tarfile.TarInfo("cifar-10-batches-py/data_batch_1")
    info.size = 15_000_000
    with tarfile.open(file, "w:gz", compresslevel=9) as archive:
        archive.addfile(info, io.BytesIO(bytes(info.size)))
    return file


def growing_npz(folder: Path) -> Path:
    many = np.zeros((7_600, 28, 28), np.uint8)
    labels = np.arange(7_600) % 10
    np.savez_compressed(folder / "x.npz", x_train=many, y_train=labels, x_test=many[:10], y_test=labels[:10])
    return folder / "x.npz"


def lying_npz(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "x.npz", "w") as archive:
        for name in ("x_train", "y_train", "x_test", "y_test"):
            header = io.BytesIO()
            shape = (10**9, 32, 32, 3)
            np.lib.format.write_array_header_1_0(header, {"descr": "|u1", "fortran_order": False, "shape": shape})
            archive.writestr(f"{name}.npy", header.getvalue() + bytes(100))
    return folder / "x.npz"


def growing_idx(folder: Path) -> Path:
    tiny.write_idx(folder / "set")
    header = bytes((0, 0, 8, 3)) + struct.pack(">3I", 10_000, 28, 28)
    (folder / "set" / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(header + bytes(7_840_000), 9))
    return folder / "set"


def repeated_parquet(folder: Path) -> Path:
    """One picture that is stored once and meant by thousands of rows."""
    for part in ("train", "test"):
        tiny.write_parquet_file(folder / f"{part}.parquet", [FLAT] * 600, [row % 2 for row in range(600)])
    return folder


def growing_parquet(folder: Path) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    for part in ("train", "test"):
        table = pa.table({"img": pa.array([bytes(2_000_000)] * 6), "label": pa.array([0, 1] * 3)})
        pq.write_table(table, folder / f"{part}.parquet", compression="zstd", use_dictionary=False)
    return folder


@pytest.mark.parametrize(
    ("build", "complaint"),
    [
        (sparse_archive, "data_batch_1 is a sparse file"),
        (archive_of_endless_holes, "data_batch_1 is a sparse file"),
        (growing_archive, "more unpacked bytes than pictures can have"),
        (growing_npz, "must not grow by more than 200 times"),
        (lying_npz, r"x_train.npy has \d+ bytes; its header says 3,072,000,000,000"),
        (growing_idx, "must not grow by more than 200 times"),
        (repeated_parquet, "must not grow by more than 200 times|must fit in 1 GB"),
        (growing_parquet, r"must not grow by more than 200 times"),
    ],
)
def test_a_bomb_is_refused_in_little_memory(
    build: object, complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (decoded, archives):  # the same bombs, smaller
        monkeypatch.setattr(module, "FREE_GROWTH_BYTES", 5_000_000)
    path = build(tmp_path)  # type: ignore[operator]
    with limited_growth(100_000_000), pytest.raises(DataError, match=complaint) as caught:
        tiny.decode(path)
    assert str(tmp_path) in str(caught.value)


class limited_growth:
    """Fails when this process ever held so many bytes more than before. What tracemalloc cannot see counts, too."""

    def __init__(self, size_bytes: int) -> None:
        self._size_bytes = size_bytes

    def __enter__(self) -> None:
        self._before = _peak_bytes()

    def __exit__(self, *_: object) -> None:
        assert _peak_bytes() - self._before < self._size_bytes


def _peak_bytes() -> int:
    import resource
    import sys

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def png_that_says(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    parts = [struct.pack(">I", len(d)) + kind + d + struct.pack(">I", zlib.crc32(kind + d)) for kind, d in chunks]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize(
    "data",
    [
        png_that_says(60_000, 60_000),
        b"GIF89a"
        + struct.pack("<HH", 65_535, 65_535)
        + b"\0\0\0,\0\0\0\0"
        + struct.pack("<HH", 65_535, 65_535)
        + b"\0\2\0;",
        b"BM" + bytes(12) + struct.pack("<IiiHHIIiiII", 40, 60_000, 60_000, 1, 24, 0, 0, 0, 0, 0, 0),
        b"P6 60000 60000 255\n",
    ],
    ids=["PNG", "GIF", "BMP", "PPM"],
)
def test_a_picture_that_says_it_is_huge_is_refused_by_its_header(data: bytes) -> None:
    with limited_growth(100_000_000), pytest.raises(ValueError, match="more than"):
        decode_square(data, 32)


@pytest.mark.slow  # a hundred million pixels are made first
def test_a_photograph_of_a_hundred_megapixels_loads_at_an_eighth_of_its_size() -> None:
    stream = io.BytesIO()
    Image.new("RGB", (12_000, 9_000), (200, 100, 50)).save(stream, "JPEG")
    with limited_growth(400_000_000):
        pixels = decode_square(stream.getvalue(), 32)
    assert np.abs(pixels.astype(int) - (200, 100, 50)).max() <= 3


def test_large_pictures_are_decoded_one_after_another(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading
    from concurrent.futures import ThreadPoolExecutor

    room, inside, most, guard = images._Room(100), [0], [0], threading.Lock()

    def enter(pixels: int) -> None:
        with room.taken(pixels):
            with guard:
                inside[0] += pixels
                most[0] = max(most[0], inside[0])
            with guard:
                inside[0] -= pixels

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(enter, [10, 90, 60, 300, 5] * 40))
    assert most[0] <= 300
    assert room._inside == 0


def test_a_large_file_that_does_not_begin_as_a_picture_is_read_no_further(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "read_regular", None)
    (tmp_path / "x.png").touch()
    os.truncate(tmp_path / "x.png", 399_000_000)
    with pytest.raises(ValueError, match="not a picture of a known kind"):
        images.decode_file(tmp_path / "x.png", 32)


def test_large_files_are_read_one_after_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[int] = []
    room = images._Room(100)
    monkeypatch.setattr(images, "_ROOM_FOR_FILES", room)
    monkeypatch.setattr(images, "decode_square", lambda data, side: taken.append(room._inside))
    (tmp_path / "x.png").write_bytes(FLAT)
    images.decode_file(tmp_path / "x.png", 32)
    assert (taken, room._inside) == ([len(FLAT)], 0)


def test_the_bound_leaves_room_under_a_gigabyte_and_a_half() -> None:
    assert MAX_DECODED_BYTES <= 1_000_000_000


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: path.symlink_to("/dev/zero")], ids=["pipe", "device"])
def test_what_is_no_file_is_not_waited_for(make: object, tmp_path: Path) -> None:
    make(tiny.write_pictures(tmp_path / "pets") / "cat" / "x.png")  # type: ignore[operator]
    with pytest.raises(DataError, match=r"1 of 11 that is not: cat/x.png \(Not a plain file\)"):
        tiny.decode(tmp_path / "pets")
