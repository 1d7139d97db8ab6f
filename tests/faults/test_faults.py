"""Whatever is killed, flooded or damaged: nothing finished is lost, nothing is trained twice, nobody has to tidy up.

The short versions are part of the test command, with one kill of the real pipeline and of a kernel among the tests of the
pipeline; `pytest -m faults` runs the long ones.
"""

from __future__ import annotations

import os
import random
import shutil
import sys
import time
from pathlib import Path

import pytest
from killing import Victims, check_story, is_kernel, read_events, start, start_stand_in, wait_until
from place import CHECKOUT, Place, make_place
from standin import weights_of

from kerascnn.machine import usable_cores
from kerascnn.records import hash_weights
from kerascnn.store import ENTRY_FILES, MANIFEST, Store

RUNS = 12
REAL_KILLS = 50


def short_and_long(short: int, long: int) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        "count", [pytest.param(short, marks=pytest.mark.slow), pytest.param(long, marks=pytest.mark.faults)]
    )


def finish(victims: Victims, seconds: float = 60) -> int:
    """Wait for the command; its exit code. Nothing of it may be left."""
    victims.process.wait(timeout=seconds)
    wait_until(lambda: not victims.alive(), 5, "a process was left")
    errors = victims.errors.read_text()
    assert "Traceback" not in errors, errors
    return victims.process.returncode


@short_and_long(4, 250)
def test_kills_at_random_moments_lose_nothing_and_nothing_is_trained_twice(tmp_path: Path, count: int) -> None:
    choose, kills, number = random.Random(1), 0, 0
    while kills < count:
        number += 1
        store = tmp_path / f"store {number}"
        killed: set[int] = set()
        while len(Store(store).keys()) < RUNS and kills < count:
            known = Store(store).keys()
            victims = start_stand_in(store, RUNS, 2)
            victims.killed = killed
            time.sleep(choose.uniform(0.1, 1.6))
            kills += victims.kill_one(choose) is not None
            if victims.process.poll() is None:
                assert finish(victims) == 0
            assert set(known) <= check_story(store, killed).keys()
        assert finish(start_stand_in(store, RUNS, 2)) == 0
        records = check_story(store, killed)
        assert len(records) == RUNS
        assert all(hash_weights(weights_of(key)) == record.weights_sha256 for key, record in records.items())
        assert not list((store / "_tmp").glob("*-*")), "a half-written entry was left"


@short_and_long(3, 16)
def test_pipelines_on_one_store_share_the_work_and_the_machine(tmp_path: Path, count: int) -> None:
    store = tmp_path / "runs"
    pipelines = [start_stand_in(store, 60, 2) for _ in range(count)]
    assert [finish(pipeline, 240) for pipeline in pipelines] == [0] * count
    assert len(check_story(store, killed=set())) == 60
    under_way = most = 0
    for event in sorted(read_events(store), key=lambda event: event.time):
        under_way += 1 if event.kind == "began" else -1
        most = max(most, under_way)
    assert most <= max(2, usable_cores())
    began = [event.key for event in read_events(store) if event.kind == "began"]
    assert len(began) == len(set(began)) == 60


@pytest.mark.slow
def test_a_clock_that_jumps_by_days_changes_nothing(tmp_path: Path) -> None:
    store = tmp_path / "runs"
    pipelines = [start_stand_in(store, RUNS, 2, JUMPING_CLOCK="1") for _ in range(2)]
    assert [finish(pipeline, 120) for pipeline in pipelines] == [0, 0]
    for path in store.rglob("*"):
        os.utime(path, (4e9, 4e9))  # written in the year 2096
    assert finish(start_stand_in(store, RUNS, 2)) == 0
    assert len(check_story(store, killed=set())) == RUNS
    assert len({event.key for event in read_events(store) if event.kind == "began"}) == RUNS


@short_and_long(300, 5000)
def test_no_bit_flip_and_no_truncation_goes_unnoticed(tmp_path: Path, count: int) -> None:
    root = tmp_path / "runs"
    assert finish(start_stand_in(root, 3, 1)) == 0
    sound = tmp_path / "sound"
    shutil.copytree(root, sound)
    choose = random.Random(2)
    for _ in range(count):
        key = choose.choice(Store(root).keys())
        path = root / key / choose.choice([*ENTRY_FILES, MANIFEST])
        data = bytearray(path.read_bytes())
        if choose.random() < 0.3:
            path.write_bytes(data[: choose.randrange(len(data))])
        else:
            place = choose.randrange(len(data))
            data[place] ^= 1 << choose.randrange(8)
            path.write_bytes(data)
        record = Store(root).load(key)
        if record is not None:  # only the manifest's white space can change without changing what it says
            assert path.name == MANIFEST
            assert record == Store(sound).load(key)
            shutil.rmtree(root / key)
        assert not (root / key).exists(), "a damaged entry stayed"
        shutil.copytree(sound / key, root / key)


@pytest.fixture
def place(tmp_path: Path, data: Path) -> Place:
    return make_place(tmp_path / "place", data, "04_glorot_vs_he")


def pipeline_command(place: Place, verb: str) -> list[str]:
    names = ["04_glorot_vs_he"] if verb == "run" else []
    command = [sys.executable, str(CHECKOUT / "pipeline.py"), verb, *names]
    return [*command, "--profile", "smoke", "--data", str(place.data)]


@pytest.mark.faults
def test_kills_of_the_real_pipeline_lose_nothing(place: Place) -> None:
    choose, killed = random.Random(3), set[int]()
    for number in range(REAL_KILLS):
        victims = start(pipeline_command(place, "all"), place.variables(), place.root)
        victims.killed = killed
        time.sleep(choose.uniform(1.0, 22.0))
        victims.kill_one(choose)
        if victims.process.poll() is None:
            assert finish(victims, 200) in (0, 6)
        check_story(place.store, killed)
        done = place.pipeline("all")
        assert done.returncode == 0, done.stderr
        assert len(check_story(place.store, killed)) == 4
        if number < REAL_KILLS - 1:
            shutil.rmtree(place.store)


@pytest.mark.faults
def test_a_killed_kernel_costs_its_notebook_one_execution(place: Place) -> None:
    choose = random.Random(4)
    assert place.pipeline("all").returncode == 0
    page = (place.reports / "04_glorot_vs_he.html").read_text(encoding="utf-8")
    for _ in range(REAL_KILLS):
        victims = start(pipeline_command(place, "run"), place.variables(), place.root)
        kernels: list = []

        def has_kernel(victims: Victims = victims, kernels: list = kernels) -> bool:
            kernels[:] = filter(is_kernel, victims.family())
            return bool(kernels)

        wait_until(has_kernel, 60, "no kernel was started")
        time.sleep(choose.uniform(0.0, 3.0))
        for kernel in kernels:
            kernel.kill()
        assert finish(victims, 120) in (0, 6)
        done = place.pipeline("all")
        assert done.returncode == 0, done.stderr
        assert "Trained 0 runs" in done.stdout
    assert "finished" in page
    check_story(place.store, killed=set())
