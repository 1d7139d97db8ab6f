"""How many cores this process may use: those it may run on, and what a container's quota leaves of them.

`docker --cpus` and the limits of Kubernetes are quotas of processor time: the process sees every core of the host and
is stopped for the rest of each tenth of a second when its share is spent. Other tools' counts of cores do not see that.
Source: the kernel's documentation, "Control Group v2" (cpu.max) and "CFS Bandwidth Control" (cpu.cfs_quota_us).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from kerascnn.surroundings.kernel_files import read_kernel_file


@dataclass(frozen=True)
class _Mount:
    """A tree of control groups: which of them is seen at `point`, and whether it is of the second version."""

    root: PurePosixPath
    point: PurePosixPath
    is_v2: bool


def count_cores() -> int:
    """How many workers of one thread each this process can keep busy, at least one.

    Half a core and more counts as one, 1.5 as two: a second worker is worth its memory when it gets half a core.
    """
    cores, quota = _allowed_cores(), cpu_quota()
    return cores if quota is None else max(1, min(cores, int(quota + 0.5)))


def cpu_quota(root: Path = Path("/")) -> float | None:
    """How many cores' time the control groups of this process leave it; None where nothing is limited.

    A group has no more than any of those it lies in. `root` is where the files of the system begin, for tests.
    """
    found = [
        quota
        for mount in _mounts(root)
        for folder in _folders(mount, _group(root, mount.is_v2))
        if (quota := _quota(root / folder.relative_to("/"), mount.is_v2)) is not None
    ]
    return min(found, default=None)


def _allowed_cores() -> int:
    counted = getattr(os, "process_cpu_count", None)  # from Python 3.13 on; it hears PYTHON_CPU_COUNT too
    if counted is not None:
        return counted() or 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _mounts(root: Path) -> Iterator[_Mount]:
    for line in read_kernel_file(root / "proc/self/mountinfo").splitlines():
        before, _, after = line.partition(" - ")
        place, kind = before.split(), after.split()
        if len(place) < 5 or len(kind) < 3:
            continue
        if kind[0] == "cgroup2" or (kind[0] == "cgroup" and "cpu" in kind[2].split(",")):
            yield _Mount(PurePosixPath(place[3]), PurePosixPath(place[4]), kind[0] == "cgroup2")


def _group(root: Path, is_v2: bool) -> PurePosixPath:
    """The group of this process in one tree."""
    for line in read_kernel_file(root / "proc/self/cgroup").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" if is_v2 else "cpu" in controllers.split(","):
            return PurePosixPath(path)
    return PurePosixPath("/")


def _folders(mount: _Mount, group: PurePosixPath) -> list[PurePosixPath]:
    """The folders of the group and of all that it lies in, as far as they are seen here.

    Inside a container the group may be called as on the host, while its own folder is what is mounted.
    """
    is_seen = group.is_relative_to(mount.root) and ".." not in group.parts
    inner = mount.point / group.relative_to(mount.root) if is_seen else mount.point
    return [folder for folder in (inner, *inner.parents) if folder.is_relative_to(mount.point)]


def _quota(folder: Path, is_v2: bool) -> float | None:
    if is_v2:
        texts = read_kernel_file(folder / "cpu.max").split()
    else:
        texts = [read_kernel_file(folder / name).strip() for name in ("cpu.cfs_quota_us", "cpu.cfs_period_us")]
    if len(texts) != 2 or not all(text.isdecimal() for text in texts):
        return None  # "max", -1, or no such file: no limit
    quota, period = map(int, texts)
    return quota / period if quota and period else None
