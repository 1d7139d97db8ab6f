"""Whatever happens to the bytes of a set: one clear error, or a set that passes every check."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny_sets as tiny

from kerascnn.data.decoded import checked
from kerascnn.errors import DataError

FLIPS = 60
CHECKSUMMED = ("python archive", "npz", "idx.gz", "pictures")
"""Formats in which a change of a pixel cannot pass unnoticed."""


def files_of(path: Path) -> list[Path]:
    return [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())


def decodes(path: Path, file: Path) -> bool:
    """Whether the set is still valid; if not, the error must name the file or its folder."""
    try:
        decoded = tiny.decode(path)
    except DataError as err:
        message = str(err)
    else:
        checked(decoded, path)
        return True
    assert str(file.parent) in message or file.name in message
    return False


@pytest.mark.parametrize("name", tiny.WRITERS)
def test_a_truncated_file_is_an_error_that_names_it(name: str, tmp_path: Path) -> None:
    path = tiny.WRITERS[name](tmp_path / "set")
    for file in files_of(path)[:8]:
        whole = file.read_bytes()
        for share in (0.0, 0.31, 0.62):
            file.write_bytes(whole[: int(len(whole) * share)])
            assert not decodes(path, file), f"{file.name} cut to {share:.0%}"
        file.write_bytes(whole)


@pytest.mark.parametrize("name", tiny.WRITERS)
def test_a_flipped_bit_is_an_error_or_cannot_be_seen(name: str, tmp_path: Path) -> None:
    path = tiny.WRITERS[name](tmp_path / "set")
    intact = tiny.decode(path)
    random = np.random.default_rng(11)
    files = files_of(path)
    for _ in range(FLIPS):
        file = files[random.integers(len(files))]
        whole = file.read_bytes()
        damaged = bytearray(whole)
        damaged[random.integers(len(whole))] ^= 1 << int(random.integers(8))
        file.write_bytes(damaged)
        if decodes(path, file) and name in CHECKSUMMED:
            np.testing.assert_array_equal(tiny.decode(path).train_images, intact.train_images)
        file.write_bytes(whole)


@pytest.mark.parametrize("name", tiny.WRITERS)
def test_bytes_of_something_else_are_an_error(name: str, tmp_path: Path) -> None:
    path = tiny.WRITERS[name](tmp_path / "set")
    file = files_of(path)[-1]
    file.write_bytes(b"<html>503 Service Unavailable</html>")
    assert not decodes(path, file)
