"""Locks must end with their process: a file system that cannot promise it is refused."""

from __future__ import annotations

import ast
import errno
import fcntl
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import filelock
import pytest

import kerascnn
from kerascnn.errors import StoreError
from kerascnn.ownership import locks
from kerascnn.ownership.locks import Held, process_lock
from kerascnn.surroundings.holders import holder_of


def test_a_lock_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    with process_lock(tmp_path / "one"), pytest.raises(filelock.Timeout):
        process_lock(tmp_path / "one", timeout=0).acquire()


HOLD = """
import sys, time
from pathlib import Path
from kerascnn.ownership.locks import process_lock
with process_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock `one`, in a job of its own."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "one")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "SILENT_SECONDS", 0.1)
    monkeypatch.setattr(locks, "AGAIN_SECONDS", 0.3)
    monkeypatch.delenv("KERASCNN_NOTICES", raising=False)


def test_nobody_waits_for_ever(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must not wait for another for ever"):
        process_lock(tmp_path / "one", timeout=-1)
    assert process_lock(tmp_path / "one").timeout == locks.PATIENCE_SECONDS


def test_who_waits_says_for_whom_again_and_again_and_gives_up(
    tmp_path: Path, holder: subprocess.Popen[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(Held, match=rf"process {holder.pid} \(python.* has held .*one for more than 3 s"):
        process_lock(tmp_path / "one", timeout=3, waits_for="the salt").acquire()
    said = capsys.readouterr().err.splitlines()
    assert len(said) >= 2
    assert all(line.startswith(f"Waiting for the salt: process {holder.pid} (python") for line in said)


def test_a_holder_that_is_suspended_is_said_to_be_with_what_to_do(
    tmp_path: Path, holder: subprocess.Popen[str], capsys: pytest.CaptureFixture[str]
) -> None:
    holder.send_signal(signal.SIGSTOP)
    with pytest.raises(Held, match="which is suspended"):
        process_lock(tmp_path / "one", timeout=0.3, waits_for="the salt").acquire()
    assert f"`kill -CONT -- -{holder.pid}` lets it go on" in capsys.readouterr().err


def test_a_lock_that_is_freed_meanwhile_is_had(tmp_path: Path, holder: subprocess.Popen[str]) -> None:
    threading.Timer(0.3, holder.kill).start()
    with process_lock(tmp_path / "one", timeout=20):
        assert holder_of(tmp_path / "one") is not None


def test_who_only_tries_says_nothing(
    tmp_path: Path, holder: subprocess.Popen[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(filelock.Timeout):
        process_lock(tmp_path / "one", timeout=0, waits_for="the salt").acquire()
    assert capsys.readouterr().err == ""


def test_every_lock_of_the_product_that_is_waited_for_says_what_for() -> None:
    for path in Path(kerascnn.__file__).parent.rglob("*.py"):
        for call in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "process_lock":
                given = {word.arg: word.value for word in call.keywords}
                only_tries = isinstance(given.get("timeout"), ast.Constant) and given["timeout"].value == 0
                assert only_tries or "waits_for" in given or path.name == "held_cores.py", ast.unparse(call)


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
