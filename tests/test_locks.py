"""Locks must end with their process: a file system that cannot promise it is refused."""

from __future__ import annotations

import errno
import fcntl
from pathlib import Path

import filelock
import pytest

from kerascnn.errors import StoreError
from kerascnn.locks import process_lock


def test_a_lock_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    with process_lock(tmp_path / "one"), pytest.raises(filelock.Timeout):
        process_lock(tmp_path / "one", timeout=0).acquire()


def fail_with(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(handle: int, operation: int) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr(fcntl, "flock", fail)


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_refused_and_not_replaced_by_a_file_that_nobody_frees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    fail_with(number, monkeypatch)
    with pytest.raises(StoreError, match=f"{tmp_path} is on one that does not"):
        process_lock(tmp_path / "one").acquire()


def test_any_other_error_stays_what_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(errno.EIO, monkeypatch)
    with pytest.raises(OSError, match="no"):
        process_lock(tmp_path / "one").acquire()
