"""What a batch is pickled with does not matter; what else a pickle may do is never done."""

from __future__ import annotations

import pickle
import struct
import time
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_sets as tiny

from kerascnn.data.formats import pickles
from kerascnn.data.formats.pickles import images_and_labels, texts, unpickled
from kerascnn.errors import DataError

PLANES = np.ascontiguousarray(tiny.TRAIN_PIXELS.transpose(0, 3, 1, 2).reshape(tiny.TRAIN_IMAGES, -1))
LABELS = np.arange(tiny.TRAIN_IMAGES) % 3


def doubling(pairs: int) -> bytes:
    """A key of tuples in tuples: two bytes more take twice the time."""
    return b"\x80\x02}K\x01" + b"2\x86" * pairs + b"K\x01s."


def doubling_by_name(pairs: int) -> bytes:
    """The same by the memo, for readers that know no `DUP`."""
    steps = b"".join(b"h%ch%c\x86q%c" % (place, place, place + 1) for place in range(pairs))
    return b"\x80\x02}(K\x01q\0" + steps + b"K\x01u."


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "labels",
    [LABELS.tolist(), tuple(LABELS.tolist()), LABELS, LABELS.astype(np.uint8), LABELS[:, None], list(LABELS)],
    ids=["list", "tuple", "int64", "uint8", "column", "numbers of NumPy"],
)
def test_every_protocol_and_every_kind_of_labels_is_read(protocol: int, labels: Any) -> None:
    batch = {"data": PLANES, "labels": labels, "filenames": ["a.png"] * len(PLANES), "batch_label": "training"}
    planes, found = images_and_labels(pickle.dumps(batch, protocol))
    np.testing.assert_array_equal(planes, PLANES)
    np.testing.assert_array_equal(found, LABELS)


def test_images_in_rows_and_columns_are_read_too() -> None:
    planes, _ = images_and_labels(pickle.dumps({"data": tiny.TRAIN_PIXELS, "labels": LABELS}))
    np.testing.assert_array_equal(planes, PLANES)


def test_names_are_read_as_bytes_and_as_text() -> None:
    assert texts(pickle.dumps({b"label_names": [b"cat", "d\u00f6g"]}, 2), "label_names") == ("cat", "d\u00f6g")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\x80\x05\x96" + struct.pack("<Q", 10**9) + b".", id="room for a gigabyte"),
        pytest.param(doubling(24), id="a key that doubles"),
        pytest.param(doubling_by_name(40), id="a key that doubles by name"),
        pytest.param(b"\x80\x02]r\xff\xff\xff\xff.", id="a memo of four billion"),
        pytest.param(b"\x80\x02" + b"]" * 300_000 + b".", id="millions of lists"),
        pytest.param(b"I" + b"9" * 5_000 + b"\n.", id="a long number"),
        pytest.param(b"\x80\x04\x95" + b"\xff" * 8 + b".", id="an endless frame"),
        pytest.param(b"c__builtin__\neval\n(V1\ntR.", id="a call"),
        pytest.param(b"\x80\x02}(X\x04\0\0\0datacnumpy\nndarray\n)\x81u.", id="an object made"),
    ],
)
def test_a_pickle_made_to_fill_memory_or_time_is_refused_at_once(
    content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pickles, "MOST_OPCODES", 20_000)
    tracemalloc.start()
    began = time.process_time()
    with pytest.raises((pickle.UnpicklingError, ValueError)):
        unpickled(content)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 20_000_000
    assert time.process_time() - began < 5


def test_text_that_is_meant_many_times_is_not_copied_many_times() -> None:
    text = b"\x80\x02c_codecs\nencode\nq\0X" + struct.pack("<I", 10_000) + b"a" * 10_000 + b"q\1X\6\0\0\0latin1q\2"
    with pytest.raises(pickle.UnpicklingError, match="would create more bytes than it contains"):
        unpickled(text + b"h\0h\1h\2\x86R" * 3 + b".")


def test_a_shape_that_is_no_numbers_is_not_multiplied(tmp_path: Path) -> None:
    array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R"
    shape = b"(K\x01(T" + struct.pack("<I", 1_000_000) + b"x" * 1_000_000 + b"M\x00\x0ct"
    state = shape + b"cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R\x89U\x01xtb"
    with pytest.raises(ValueError, match="not an array of bytes"):
        images_and_labels(b"\x80\x02}(U\x06labels]U\x04data" + array + state + b"u.")


def test_own_batches_are_called_by_their_folder_and_their_classes(tmp_path: Path) -> None:
    folder = tmp_path / "petals"
    folder.mkdir()
    for name in ("data_batch_1", "data_batch_2", "test_batch"):
        (folder / name).write_bytes(pickle.dumps({"data": PLANES, "labels": LABELS}, 5))
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": ["rose", "tulip", "iris"]}))
    decoded = tiny.decode(folder)
    assert (decoded.title, decoded.class_names) == ("petals", ("rose", "tulip", "iris"))
    assert len(decoded.train_images) == 2 * tiny.TRAIN_IMAGES
    (folder / "batches.meta").unlink()
    assert tiny.decode(folder).class_names == ("class 0", "class 1", "class 2")


def test_a_gap_in_own_batches_is_named(tmp_path: Path) -> None:
    for name in ("data_batch_1", "data_batch_3", "test_batch"):
        (tmp_path / name).write_bytes(pickle.dumps({"data": PLANES, "labels": LABELS}))
    with pytest.raises(DataError, match="Received: no data_batch_2"):
        tiny.decode(tmp_path)
