"""The files of one entry: what its manifest promises, and arrays read without believing what they claim to be."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from kerascnn.errors import StoreError
from kerascnn.identity import RunIdentity
from kerascnn.records import RunRecord
from kerascnn.store.files import ABSENT, MOST_TEXT_BYTES, read_file, reading_from

if TYPE_CHECKING:
    import numpy as np

MANIFEST = "manifest.json"
SCHEMA = 1
ENTRY_FILES = ("identity.json", "record.json", "predictions.npz", "weights.npz")
MOST_ARRAY_BYTES = 1_000_000_000
"""A network of 250 million weights: no larger one is stored, because it could not be read in the memory there is."""
LONGEST_HEADER = 1000
HEADER = re.compile(
    rb"\{'descr': '(?P<descr>[<>|][fiub][0-9]{1,2})', 'fortran_order': (?P<order>True|False), "
    rb"'shape': \((?P<shape>(?:[0-9]{1,18}(?:, ?|(?=\))))*)\), \} *\n"
)
"""What NumPy writes before an array of numbers: floats, integers with and without sign, truth values."""


class Trained(Protocol):
    """What training hands over of a finished run.

    The predicted class of each test image, int32 (n,), or of each of its pixels, int32 (n, height, width); where each image lies in
    the test set, int32 (n,); the weights by variable path, float32.
    """

    @property
    def record(self) -> RunRecord: ...

    @property
    def test_predictions(self) -> np.ndarray: ...

    @property
    def test_positions(self) -> np.ndarray: ...

    @property
    def weights(self) -> dict[str, np.ndarray]: ...


class DamagedEntry(StoreError):
    """Something that was stored, or that somebody sent, is not what it claims to be."""


def read_entry(folder: Path, key: str) -> dict[str, bytes]:
    """Name -> content of the files in `folder`, as the manifest of the entry `key` there says they are.

    Raises: DamagedEntry when one is missing or other than written, StoreError when one cannot be read,
    FileNotFoundError when the whole folder is gone.
    """
    files: dict[str, bytes] = {}
    for name in (*ENTRY_FILES, MANIFEST):
        try:
            files[name] = read_file(folder / name, most_bytes_of(name))
        except ABSENT:
            with reading_from(folder):
                folder.stat()
            raise DamagedEntry(f"{name} is missing, not a regular file, or too large") from None
    check_files(key, files)
    return files


def most_bytes_of(name: str) -> int:
    """How large a file of an entry may be."""
    return MOST_ARRAY_BYTES if name.endswith(".npz") else MOST_TEXT_BYTES


def check_files(key: str, files: dict[str, bytes]) -> None:
    """Raises: DamagedEntry when the files of an entry (name -> content) do not agree with its manifest."""
    try:
        manifest = json.loads(files[MANIFEST])
        is_own = manifest["schema"] == SCHEMA and manifest["key"] == key
        expected = dict(manifest["files"])
        missing = set(ENTRY_FILES) - files.keys()
    except (ValueError, TypeError, KeyError, RecursionError) as err:
        raise DamagedEntry(f"{MANIFEST} cannot be read ({err})") from err
    if not is_own or set(expected) != set(ENTRY_FILES) or missing:
        raise DamagedEntry(f"{MANIFEST} belongs to another entry")
    for name in ENTRY_FILES:
        if sha256(files[name]) != expected[name]:
            raise DamagedEntry(f"{name} does not have the checksum in {MANIFEST}")


def manifest_of(key: str, files: dict[str, bytes]) -> bytes:
    """The manifest of an entry's files (name -> content)."""
    values = {"schema": SCHEMA, "key": key, "files": {name: sha256(data) for name, data in files.items()}}
    return json.dumps(values, indent=1).encode()


def sha256(data: bytes) -> str:
    """The SHA-256 of `data` in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def result_files(identity: RunIdentity, result: Trained) -> dict[str, bytes]:
    """Name -> content of the entry that a finished run becomes, its manifest last.

    Raises: StoreError when one is larger than could be read again.
    """
    files = {
        "identity.json": identity.canonical_json(),
        "record.json": result.record.canonical_json(),
        "predictions.npz": pack_arrays(_predictions(result)),
        "weights.npz": pack_arrays(result.weights),
    }
    for name, data in files.items():
        if len(data) > most_bytes_of(name):
            raise StoreError(
                f"{name} of a run must take {most_bytes_of(name) / 1e6:.0f} MB at most. Received: {len(data) / 1e6:.0f} MB."
            )
    return {**files, MANIFEST: manifest_of(identity.key, files)}


def _predictions(result: Trained) -> dict[str, np.ndarray]:
    """What `Store.load_predictions` gives back."""
    import numpy as np

    answers = result.test_predictions
    said = {"classes": answers} if answers.ndim == 1 else {"masks": np.packbits(answers.astype(np.uint8), axis=-1)}
    return {**said, "positions": result.test_positions}


def pack_arrays(arrays: dict[str, np.ndarray]) -> bytes:
    """The content of an uncompressed .npz file."""
    import numpy as np

    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays)
    return stream.getvalue()


def read_arrays(content: bytes) -> dict[str, np.ndarray]:
    """The arrays in the content of an .npz file. Nothing in it is executed, and none is larger than what is there of it.

    Raises: DamagedEntry saying what is wrong with the file.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > len(content):
                raise DamagedEntry("its header announces more bytes than it has")
            arrays = {member.filename.removesuffix(".npy"): _read_array(archive, member) for member in members}
    except (zipfile.BadZipFile, ValueError, TypeError, KeyError, EOFError, OSError, NotImplementedError) as err:
        raise DamagedEntry(f"it is not a file of arrays ({err})") from err
    except RuntimeError as err:  # what zipfile says of an encrypted member
        raise DamagedEntry(f"it is not a file of arrays ({err})") from err
    if len(arrays) < len(members):
        raise DamagedEntry("it has two arrays with the same name")
    return arrays


def _read_array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    import numpy as np

    if member.compress_type != zipfile.ZIP_STORED or not member.filename.endswith(".npy"):
        raise ValueError(f"{member.filename[:100]!r} is not a plain array")
    content = archive.read(member)
    start, descr, is_fortran, shape = _read_header(content)
    dtype, count = np.dtype(descr), 1
    for side in shape:  # Python's integers: NumPy's would overflow
        count *= side
    if count * dtype.itemsize != len(content) - start:
        raise ValueError(
            f"{member.filename[:100]!r} announces {count} values of {dtype} in {len(content) - start} bytes"
        )
    return np.frombuffer(content, dtype, offset=start).reshape(shape, order="F" if is_fortran else "C")


def _read_header(content: bytes) -> tuple[int, str, bool, tuple[int, ...]]:
    """Where the numbers of an .npy file begin, their type, whether by columns, and the shape.

    Only the one form in which NumPy writes them: it reads headers as Python source, which a crooked one overtaxes.
    """
    width = {b"\x93NUMPY\x01\x00": 2, b"\x93NUMPY\x02\x00": 4}.get(content[:8])
    if width is None:
        raise ValueError("an array of an unknown form")
    start = 8 + width + int.from_bytes(content[8 : 8 + width], "little")
    found = HEADER.fullmatch(content, 8 + width, min(start, 8 + width + LONGEST_HEADER))
    if found is None:
        raise ValueError("the header of an array is not one that NumPy writes")
    sides = tuple(int(side) for side in re.findall(rb"[0-9]+", found["shape"]))
    return start, found["descr"].decode(), found["order"] == b"True", sides
