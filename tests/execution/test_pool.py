"""The workers' pool: results, deaths and departures."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, wait
from pathlib import Path

import pool_tasks
import pytest

from kerascnn.errors import KerascnnError
from kerascnn.execution import pool
from kerascnn.execution.pool import LocalExecutor, WorkerDied
from kerascnn.ownership.scratch import variables_inside

LONG = 60.0
"""Seconds that a task takes when nobody means to wait for it."""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the workers' standard error goes."""
    return tmp_path / "workers.log"


@pytest.fixture
def executor(log: Path) -> Iterator[LocalExecutor]:
    """One lane."""
    one = LocalExecutor(1, {"KERASCNN_TEST": "reached"}, log)
    yield one
    one.shutdown(cancel_futures=True)


@pytest.fixture
def two_lanes(log: Path) -> Iterator[LocalExecutor]:
    """Two lanes."""
    both = LocalExecutor(2, {}, log)
    yield both
    both.shutdown(cancel_futures=True)


def is_alive(pid: int) -> bool:
    """Whether the process runs; one that only waits to be collected does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(done.stdout.strip()) and not done.stdout.startswith("Z")


def becomes_true(condition: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Whether `condition` holds within this time."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_results_come_back_to_the_task_that_asked(two_lanes: LocalExecutor) -> None:
    futures = [two_lanes.submit(pool_tasks.add, number, 100) for number in range(12)]
    assert [future.result(30) for future in futures] == list(range(100, 112))


def test_a_worker_stays_warm_and_knows_its_environment(executor: LocalExecutor) -> None:
    first, second = (executor.submit(pool_tasks.own_pid).result(30) for _ in range(2))
    assert first == second != os.getpid()
    assert executor.submit(pool_tasks.environment_variable, "KERASCNN_TEST").result(30) == "reached"
    assert "KERASCNN_TEST" not in os.environ


def test_a_worker_loads_no_tensorflow_before_its_first_run(executor: LocalExecutor) -> None:
    assert executor.submit(pool_tasks.loaded_modules, "tensorflow", "keras").result(30) == []


def test_an_exception_is_passed_on_and_the_worker_goes_on(executor: LocalExecutor) -> None:
    pid = executor.submit(pool_tasks.own_pid).result(30)
    with pytest.raises(pool_tasks.OwnError, match="as it happened"):
        executor.submit(pool_tasks.fail, "as it happened").result(30)
    assert executor.submit(pool_tasks.own_pid).result(30) == pid


@pytest.mark.parametrize("code", [0, 3])
def test_a_task_that_leaves_ends_nobody_but_itself(executor: LocalExecutor, code: int) -> None:
    with pytest.raises(WorkerDied, match=f"SystemExit: {code}"):
        executor.submit(pool_tasks.leave, code).result(30)
    assert executor.submit(pool_tasks.add, 1, 2).result(30) == 3


def test_what_cannot_be_pickled_fails_alone(executor: LocalExecutor) -> None:
    with pytest.raises(Exception, match=r"pickle|local object"):
        executor.submit(lambda: None).result(30)
    assert executor.submit(pool_tasks.add, 1, 2).result(30) == 3


def test_a_death_loses_its_own_task_alone_and_the_lane_goes_on(executor: LocalExecutor) -> None:
    before = executor.submit(pool_tasks.own_pid)
    deadly = executor.submit(pool_tasks.die)
    after = [executor.submit(pool_tasks.own_pid) for _ in range(3)]
    with pytest.raises(WorkerDied):
        deadly.result(30)
    pids = {future.result(30) for future in after}
    assert len(pids) == 1
    assert before.result(30) not in pids


def test_a_death_leaves_the_other_lane_alone(two_lanes: LocalExecutor, tmp_path: Path) -> None:
    sign = tmp_path / "sign"
    sleeping = two_lanes.submit(pool_tasks.sleep, 1.5, str(sign))
    assert becomes_true(sign.exists, 20)
    with pytest.raises(WorkerDied):
        two_lanes.submit(pool_tasks.die).result(30)
    assert sleeping.result(30) == int(sign.read_text())


def test_a_worker_that_dies_idle_costs_no_task(executor: LocalExecutor) -> None:
    pid = executor.submit(pool_tasks.own_pid).result(30)
    os.kill(pid, signal.SIGKILL)
    time.sleep(0.5)
    assert executor.submit(pool_tasks.own_pid).result(30) != pid


def test_a_worker_is_replaced_after_its_number_of_runs(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "RUNS_PER_WORKER", 2)
    with LocalExecutor(1, {}, log) as executor:
        pids = [executor.submit(pool_tasks.own_pid).result(30) for _ in range(5)]
    assert pids[0] == pids[1] != pids[2] == pids[3] != pids[4]


def test_standard_error_of_the_workers_goes_to_the_log(executor: LocalExecutor, log: Path) -> None:
    log.write_text("what was there\n")
    executor.submit(pool_tasks.complain, "a complaint").result(30)
    assert log.read_text() == "what was there\na complaint\nfrom below\n"


def test_a_ctrl_c_is_the_parents_business(executor: LocalExecutor) -> None:
    assert executor.submit(pool_tasks.interrupt).result(30) == "still here"


def test_an_ordinary_shutdown_finishes_what_was_asked(log: Path) -> None:
    executor = LocalExecutor(1, {}, log)
    futures = [executor.submit(pool_tasks.own_pid) for _ in range(3)]
    executor.shutdown()
    pids = {future.result(0) for future in futures}
    assert not any(map(is_alive, pids))


def test_a_shutdown_that_cancels_kills_what_runs_and_leaves_no_process(log: Path, tmp_path: Path) -> None:
    executor = LocalExecutor(1, {}, log)
    sign = tmp_path / "sign"
    running = executor.submit(pool_tasks.sleep, LONG, str(sign))
    waiting = [executor.submit(pool_tasks.add, 1, 1) for _ in range(3)]
    assert becomes_true(lambda: sign.exists() and bool(sign.read_text()), 20)
    started = time.monotonic()
    executor.shutdown(cancel_futures=True)
    assert time.monotonic() - started < 5
    assert not is_alive(int(sign.read_text()))
    with pytest.raises(WorkerDied):
        running.result(0)
    for future in waiting:
        with pytest.raises(CancelledError):
            future.result(0)


@pytest.mark.parametrize("seconds", [0.0, 0.005, 0.05, 0.2])
def test_a_shutdown_right_after_the_start_does_not_wait_for_the_task(log: Path, seconds: float) -> None:
    executor = LocalExecutor(1, {}, log)
    future = executor.submit(pool_tasks.sleep, LONG)
    time.sleep(seconds)
    started = time.monotonic()
    executor.shutdown(cancel_futures=True)
    assert time.monotonic() - started < 5
    assert future.done()


def test_who_waits_for_cancelled_tasks_is_told(log: Path) -> None:
    executor = LocalExecutor(1, {}, log)
    futures = [executor.submit(pool_tasks.sleep, LONG) for _ in range(3)]
    executor.shutdown(cancel_futures=True)
    assert not wait(futures, timeout=5).not_done


def test_a_task_after_the_shutdown_is_refused(log: Path) -> None:
    executor = LocalExecutor(1, {}, log)
    executor.shutdown()
    with pytest.raises(RuntimeError, match="takes no more tasks"):
        executor.submit(pool_tasks.add, 1, 1)


def test_keyword_arguments_are_refused(executor: LocalExecutor) -> None:
    with pytest.raises(TypeError, match="positional arguments only"):
        executor.submit(pool_tasks.add, 1, second=1)


PARENT = """
import sys, time
from pathlib import Path
import pool_tasks
from kerascnn.execution.pool import LocalExecutor

if __name__ == "__main__":
    executor = LocalExecutor(2, {}, Path(sys.argv[1]))
    signs = [sys.argv[2] + str(lane) for lane in range(2)]
    for sign in signs:
        executor.submit(pool_tasks.sleep, 60.0, sign)
    while not all(Path(sign).exists() and Path(sign).read_text() for sign in signs):
        time.sleep(0.02)
    print(*[Path(sign).read_text() for sign in signs], flush=True)
    time.sleep(60)
"""


def test_all_workers_leave_when_their_parent_is_killed(tmp_path: Path, log: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT)
    path = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    parent = subprocess.Popen(
        [sys.executable, str(script), str(log), str(tmp_path / "sign")],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert parent.stdout is not None
    with parent, parent.stdout:
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(set(pids)) == 2
        assert all(map(is_alive, pids))
        parent.kill()
    assert becomes_true(lambda: not any(map(is_alive, pids)), 5)


def test_what_a_worker_takes_for_temporary_lies_where_its_environment_says(tmp_path: Path) -> None:
    with LocalExecutor(1, variables_inside(tmp_path), tmp_path / "log") as executor:
        assert executor.submit(tempfile.gettempdir).result() == str(tmp_path)


def test_without_semaphores_one_sentence_says_what_is_missing(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_memory_to_share(context: object) -> None:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr("multiprocessing.context.SpawnContext.Lock", no_memory_to_share)
    with pytest.raises(KerascnnError, match=r"a folder /dev/shm that can be written"):
        LocalExecutor(1, {}, log)
