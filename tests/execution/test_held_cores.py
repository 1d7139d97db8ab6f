"""Slots for training: as many at once as the machine has, and none is lost with its holder."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kerascnn.execution import held_cores
from kerascnn.execution.held_cores import hold_core


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_cores.tempfile, "gettempdir", lambda: str(tmp_path))


@pytest.mark.parametrize("count", [1, 2, 5])
def test_no_more_hold_a_slot_than_there_are(count: int) -> None:
    under_way = most = 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal under_way, most
        with hold_core(count):
            with lock:
                under_way += 1
                most = max(most, under_way)
            time.sleep(0.2)
            with lock:
                under_way -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == count


def test_who_waits_gets_its_turn_before_who_has_just_had_one() -> None:
    held, stop = 0, threading.Event()

    def hold_again_and_again() -> None:
        nonlocal held
        while not stop.is_set():
            with hold_core(1):
                held += 1
                time.sleep(0.05)

    greedy = threading.Thread(target=hold_again_and_again)
    greedy.start()
    time.sleep(0.1)
    before = held
    with hold_core(1):
        stop.set()
        assert held - before <= 3
    greedy.join()


def test_a_killed_holder_frees_its_slot(tmp_path: Path) -> None:
    code = (
        "import tempfile, time\nfrom kerascnn.execution import held_cores\n"
        f"tempfile.gettempdir = lambda: {str(tmp_path)!r}\n"
        "with held_cores.hold_core(1):\n    print('held', flush=True)\n    time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        threading.Timer(0.3, holder.kill).start()
        started = time.monotonic()
        with hold_core(1):
            assert 0.2 < time.monotonic() - started < 5


HOLD = """
import sys, tempfile, time
tempfile.tempdir = sys.argv[1]
from kerascnn.execution import held_cores
with held_cores.hold_core(1):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other_pipeline(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that trains on the only core."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder
        holder.kill()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(held_cores, "SILENT_SECONDS", 0.2)
    monkeypatch.setattr(held_cores, "LONGEST_WAIT_SECONDS", 3.0)
    monkeypatch.delenv("KERASCNN_NOTICES", raising=False)


@pytest.mark.usefixtures("impatient")
def test_the_slot_of_a_suspended_pipeline_is_given_to_another_and_only_one(
    other_pipeline: subprocess.Popen[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(held_cores, "LONGEST_WAIT_SECONDS", 60.0)
    other_pipeline.send_signal(signal.SIGSTOP)
    started = time.monotonic()
    with hold_core(1):
        assert time.monotonic() - started < 50
        monkeypatch.setattr(held_cores, "LONGEST_WAIT_SECONDS", 0.6)
        assert held_cores._acquire(1) is None  # it waited for the one that took it, and went on without
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("impatient")
def test_who_waits_for_a_core_says_for_whom_and_not_for_ever(
    other_pipeline: subprocess.Popen[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with hold_core(1):
        said = set(capsys.readouterr().err.splitlines())
    (line,) = said
    assert line.startswith(
        f"Waiting for a core of this machine. Now training there: process {other_pipeline.pid} (python"
    )


def test_where_locks_cannot_be_written_nobody_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(held_cores.tempfile, "gettempdir", lambda: str(tmp_path / "file"))
    with hold_core(1), hold_core(1):
        pass
