"""Who holds a lock is found out without a word in its file, where the system lists its locks and where it does not."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kerascnn.surroundings import holders
from kerascnn.surroundings.holders import holder_of

HOLD = """
import sys, time
from pathlib import Path
from kerascnn.ownership.locks import process_lock
with process_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""
WORKER = """
import multiprocessing, sys, time
from pathlib import Path
def work(path):
    from kerascnn.ownership.locks import process_lock
    with process_lock(Path(path)):
        print("held", flush=True)
        time.sleep(60)
if __name__ == "__main__":
    process = multiprocessing.get_context("spawn").Process(target=work, args=(sys.argv[1],), daemon=True)
    process.start()
    process.join()
"""


@pytest.fixture(params=["the system lists its locks", "it does not"])
def listing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "it does not":
        monkeypatch.setattr(holders, "read_kernel_file", lambda path: "")


def started(code: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    (folder / "program.py").write_text(code)
    command = [sys.executable, str(folder / "program.py"), str(folder / "lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    yield from started(HOLD, tmp_path)


@pytest.fixture
def with_worker(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    yield from started(WORKER, tmp_path)


@pytest.mark.usefixtures("listing")
def test_the_process_that_holds_a_lock_is_known(tmp_path: Path, alone: subprocess.Popen[str]) -> None:
    holder = holder_of(tmp_path / "lock")
    assert holder is not None
    assert (holder.pid, holder.group, holder.is_suspended) == (alone.pid, alone.pid, False)
    assert abs(holder.started - time.time()) < 120
    assert holder.command.endswith(f"program.py {tmp_path / 'lock'}"[: holders.LONGEST_COMMAND]) or "program.py" in str(
        holder
    )


def test_a_worker_is_called_by_what_the_user_started(tmp_path: Path, with_worker: subprocess.Popen[str]) -> None:
    holder = holder_of(tmp_path / "lock")
    assert holder is not None
    assert holder.pid == with_worker.pid
    assert "program.py" in holder.command


def test_a_suspended_holder_is_told_from_one_that_runs(tmp_path: Path, alone: subprocess.Popen[str]) -> None:
    for number, expected in ((signal.SIGSTOP, True), (signal.SIGCONT, False)):
        alone.send_signal(number)
        ends = time.monotonic() + 5
        while (found := holder_of(tmp_path / "lock")) and found.is_suspended != expected and time.monotonic() < ends:
            time.sleep(0.02)
        assert found is not None
        assert found.is_suspended == expected


@pytest.mark.usefixtures("listing")
def test_a_lock_that_nobody_holds_or_that_is_not_there_has_no_holder(tmp_path: Path) -> None:
    (tmp_path / "lock").touch()
    assert holder_of(tmp_path / "lock") is None
    assert holder_of(tmp_path / "none") is None
