from __future__ import annotations

import os
from pathlib import Path

import pytest

from kerascnn.foreign.reading import first_bytes, open_regular, read_regular


def test_a_plain_file_is_read_through_a_link_too(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    assert read_regular(tmp_path / "link", 7) == b"content"
    assert first_bytes(tmp_path / "link", 3) == b"con"


def test_a_pipe_that_nobody_writes_to_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="Not a plain file"):
        open_regular(tmp_path / "pipe")
    assert first_bytes(tmp_path / "pipe", 3) == b""


def test_an_endless_device_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (Path("/dev/zero"), tmp_path):
        with pytest.raises(OSError, match="Not a plain file"):
            read_regular(path, 10)


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "large").open("wb") as stream:
        stream.truncate(10**12)
    with pytest.raises(OSError, match="More than 5 MB"):
        read_regular(tmp_path / "large", 5_000_000)
