"""Warm worker processes behind the interface of `concurrent.futures.Executor`."""

from __future__ import annotations

import importlib
import multiprocessing
import multiprocessing.connection
import os
import queue
import signal
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

from kerascnn.errors import KerascnnError
from kerascnn.framework import PINNED, pin_environment

RUNS_PER_WORKER = 100
"""TensorFlow grows by some MiB a run whatever is cleared; a fresh process takes over after this many."""

CANCEL_SECONDS = 5.0
"""Killed workers are gone at once; nobody waits longer than this for a lane to notice."""

Task = tuple[Future, Callable[..., Any], tuple[Any, ...]]


class WorkerDied(Exception):
    """The process that worked on a task was killed; the task itself may be sound."""


class Workers(Executor):
    """What training needs of an executor: tasks worked on in `lanes`, each by a process that `start_worker` has set up.

    What the processes print to standard error goes to the file `log`. When one dies, only its own task is lost. When the
    parent dies, however it dies, every worker leaves at once. A kind of executor defines `_work` and `kill_workers`, and
    what it owes is this: `start_worker` runs before a task is unpickled; a process that is killed, and a task that would
    end its process (SystemExit), give WorkerDied; processes are waited for, so that their processor time is counted.
    """

    def __init__(self, lanes: int, environment: dict[str, str], log: Path) -> None:
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._environment, self._log = environment, log
        self._closed = self._stopping = False
        # Read before the first line of a worker runs: a network built by walking over a set is then the same in each.
        # Set, and NumPy loaded, before there are lanes: none may start a process while the list of variables moves,
        # and NumPy moves it when it is loaded.
        os.environ["PYTHONHASHSEED"] = PINNED["PYTHONHASHSEED"]
        importlib.import_module("numpy")
        self._threads = [threading.Thread(target=self._lane, args=(lane,), daemon=True) for lane in range(lanes)]
        for thread in self._threads:
            thread.start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future:
        """Queue `fn(*args)`; both must be picklable. Keyword arguments are not supported."""
        if kwargs:
            raise TypeError(f"{type(self).__name__}.submit takes positional arguments only.")
        if self._closed:
            raise RuntimeError("This executor has been shut down and takes no more tasks.")
        future: Future = Future()
        self._tasks.put((future, fn, args))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Stop taking tasks. With `cancel_futures` the running ones are killed as well."""
        self._closed, self._stopping = True, self._stopping or cancel_futures
        for _ in self._threads:
            self._tasks.put(None)
        if cancel_futures:
            self.kill_workers()
        if wait:
            for thread in self._threads:
                thread.join(CANCEL_SECONDS if cancel_futures else None)

    def kill_workers(self) -> None:
        """Kill every worker process now."""
        raise NotImplementedError

    def _lane(self, lane: int) -> None:
        while (task := self._tasks.get()) is not None:
            future, fn, args = task
            if self._stopping:
                future.cancel()
            if not future.set_running_or_notify_cancel():
                continue
            self._work(lane, future, fn, args)
        self._leave(lane)

    def _work(self, lane: int, future: Future, fn: Callable[..., Any], args: tuple[Any, ...]) -> None:
        """In the thread of the lane: settle `future` with `fn(*args)`, whatever becomes of it."""
        raise NotImplementedError

    def _leave(self, lane: int) -> None:
        """In the thread of the lane: nothing more will be asked of it."""


class LocalExecutor(Workers):
    """`lanes` spawned processes, each warm and alone in its lane, in the environment that `framework` pins.

    When one dies a fresh process takes over the lane. Raises: KerascnnError where the system cannot start any.
    """

    def __init__(self, lanes: int, environment: dict[str, str], log: Path) -> None:
        _check_semaphores()
        self._pools: dict[int, ProcessPoolExecutor] = {}
        super().__init__(lanes, environment, log)

    def kill_workers(self) -> None:
        """Kill every worker process now."""
        for pool in list(self._pools.values()):
            for process in list((pool._processes or {}).values()):
                process.kill()

    def _leave(self, lane: int) -> None:
        pool = self._pools.pop(lane, None)
        if pool is not None:
            pool.shutdown()

    def _work(self, lane: int, future: Future, fn: Callable[..., Any], args: tuple[Any, ...]) -> None:
        try:
            result = self._start(lane, fn, args).result()
        except BrokenProcessPool as err:
            self._pools.pop(lane).shutdown()
            future.set_exception(WorkerDied(str(err)))
        except Exception as err:
            future.set_exception(err)
        except BaseException as err:  # raised by the task: what would end a process must not end this one
            future.set_exception(WorkerDied(f"{type(err).__name__}: {err}"))
        else:
            future.set_result(result)

    def _start(self, lane: int, fn: Callable[..., Any], args: tuple[Any, ...]) -> Future:
        """The task, under way in the lane's process; one that died while it was idle is replaced first."""
        try:
            started = self._pool(lane).submit(fn, *args)
        except BrokenProcessPool:
            self._pools.pop(lane).shutdown()
            started = self._pool(lane).submit(fn, *args)
        if self._stopping:
            self.kill_workers()  # `shutdown` may have killed before this process was there
        return started

    def _pool(self, lane: int) -> ProcessPoolExecutor:
        if lane in self._pools:
            return self._pools[lane]
        self._pools[lane] = ProcessPoolExecutor(
            max_workers=1,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=start_worker,
            initargs=(self._environment, str(self._log)),
            max_tasks_per_child=RUNS_PER_WORKER,
        )
        return self._pools[lane]


def _check_semaphores() -> None:
    """Raises: KerascnnError where the system has none, without which no process can be given work."""
    try:
        multiprocessing.get_context("spawn").Lock()
    except (ImportError, OSError) as err:
        raise KerascnnError(
            f"The system must give semaphores to processes (on Linux a folder /dev/shm that can be written). Received: {err}. "
            "Mount /dev/shm. Containers have it unless somebody removed it."
        ) from err


def start_worker(environment: dict[str, str], log: str) -> None:
    """Set up a fresh worker: its environment, its log, and a watch that ends it when its parent is gone."""
    pin_environment()
    os.environ.update(environment)
    tempfile.tempdir = None  # to be looked up anew: the environment may name another
    # TensorFlow greets at length on standard error, whatever its log level is.
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(handle, 2)
    os.close(handle)
    # The parent decides what a Ctrl-C in the terminal means for the runs under way.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(75)
