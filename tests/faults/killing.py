"""Sessions of processes: start them, kill some, see that none is left, and read what the trainers wrote."""

from __future__ import annotations

import os
import random
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from place import CHECKOUT

from kerascnn.records import RunRecord
from kerascnn.store import Store


@dataclass
class Victims:
    """The processes of one started command, all of them killed so far remembered."""

    process: subprocess.Popen[bytes]
    errors: Path
    killed: set[int] = field(default_factory=set)

    def alive(self) -> list[psutil.Process]:
        """Every process of the session that runs; zombies do not."""
        found = []
        for process in psutil.process_iter():
            try:
                if os.getsid(process.pid) == self.process.pid and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except (ProcessLookupError, psutil.NoSuchProcess, PermissionError):
                continue
        return found

    def family(self) -> list[psutil.Process]:
        """The command and all it started, kernels in sessions of their own included."""
        try:
            own = psutil.Process(self.process.pid)
            return [own, *own.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def kill_one(self, choose: random.Random) -> psutil.Process | None:
        """Kill the command, a worker or a kernel at random; when it is the command, all of it must go."""
        family = self.family()
        mortal = [process for process in family if not is_tracker(process)]
        if not mortal:
            return None
        victim = choose.choice(mortal)
        gone = family if victim.pid == self.process.pid else [victim]
        self.killed |= {process.pid for process in gone}
        victim.kill()
        if victim.pid == self.process.pid:
            self.process.wait()
            wait_until(lambda: not any(is_alive(process) for process in family), 5, "a process outlived its pipeline")
        return victim


def is_tracker(process: psutil.Process) -> bool:
    """Whether it is Python's own keeper of named semaphores, which complains at length when it is killed."""
    try:
        return "resource_tracker" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return True


def is_kernel(process: psutil.Process) -> bool:
    """Whether it is a notebook's kernel that runs."""
    try:
        return any(word.endswith("launch.py") for word in process.cmdline())
    except psutil.NoSuchProcess:  # or a zombie, which is one of these to psutil
        return False


def is_alive(process: psutil.Process) -> bool:
    """Whether it runs; a zombie that nobody has reaped does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def start(command: list[str], environment: dict[str, str], cwd: Path) -> Victims:
    """Start a command in a session of its own; what it says on standard error goes to a file in `cwd`."""
    errors = cwd / f"errors-{secrets.token_hex(4)}.txt"
    with errors.open("wb") as stream:
        process = subprocess.Popen(
            command, env=environment, cwd=cwd, stdout=subprocess.DEVNULL, stderr=stream, start_new_session=True
        )
    return Victims(process, errors)


def start_stand_in(store: Path, runs: int, jobs: int, **variables: str) -> Victims:
    """The stand-in pipeline on a store, with more environment variables."""
    folders = [str(CHECKOUT), str(Path(__file__).parent), str(Path(__file__).parents[1])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(folders), "KERASCNN_CACHE": str(store.parent / "cache")}
    environment |= variables
    code = f"import standin; standin.main({str(store)!r}, '{runs}', '{jobs}')"
    return start([sys.executable, "-c", code], environment, store.parent)


def wait_until(condition: object, seconds: float, otherwise: str) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.02)


@dataclass(frozen=True)
class Event:
    """One line of the trainers' own log."""

    time: float
    kind: str
    key: str
    pid: int
    weights: str


def read_events(store: Path) -> list[Event]:
    log = store / "_logs" / "training.log"
    lines = [line.split() for line in log.read_text().splitlines()] if log.exists() else []
    return [Event(float(at), kind, key, int(pid), (rest or [""])[0]) for at, kind, key, pid, *rest in lines]


def check_story(store: Path, killed: set[int]) -> dict[str, RunRecord]:
    """The promises that the trainers' log and the store must keep together; the store's records by key."""
    committed: dict[str, str] = {}
    began: dict[str, list[int]] = {}
    for event in read_events(store):
        if event.kind == "began":
            assert event.key not in committed, f"{event.key} was committed and trained again"
            assert set(began.get(event.key, [])) <= killed, f"{event.key} was begun twice, and nobody was killed"
            began.setdefault(event.key, []).append(event.pid)
        else:
            assert committed.setdefault(event.key, event.weights) == event.weights
    opened = Store(store)
    records = {record.key: record for record in map(opened.load, opened.keys()) if record is not None}
    assert committed.keys() <= records.keys(), "a committed run is gone"
    assert not list((store / "_damaged").glob("*")), "an entry was found damaged"
    for key, weights in committed.items():
        assert records[key].weights_sha256 == weights
    return records
