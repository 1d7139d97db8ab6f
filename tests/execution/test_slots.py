"""Slots for training: as many at once as the machine has, and none is lost with its holder."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from kerascnn.execution import slots
from kerascnn.execution.slots import training_slot


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots.tempfile, "gettempdir", lambda: str(tmp_path))


@pytest.mark.parametrize("count", [1, 2, 5])
def test_no_more_hold_a_slot_than_there_are(count: int) -> None:
    under_way = most = 0
    lock = threading.Lock()

    def work() -> None:
        nonlocal under_way, most
        with training_slot(count):
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
            with training_slot(1):
                held += 1
                time.sleep(0.05)

    greedy = threading.Thread(target=hold_again_and_again)
    greedy.start()
    time.sleep(0.1)
    before = held
    with training_slot(1):
        stop.set()
        assert held - before <= 3
    greedy.join()


def test_a_killed_holder_frees_its_slot(tmp_path: Path) -> None:
    code = (
        "import tempfile, time\nfrom kerascnn.execution import slots\n"
        f"tempfile.gettempdir = lambda: {str(tmp_path)!r}\n"
        "with slots.training_slot(1):\n    print('held', flush=True)\n    time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        threading.Timer(0.3, holder.kill).start()
        started = time.monotonic()
        with training_slot(1):
            assert 0.2 < time.monotonic() - started < 5


def test_where_locks_cannot_be_written_nobody_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(slots.tempfile, "gettempdir", lambda: str(tmp_path / "file"))
    with training_slot(1), training_slot(1):
        pass
