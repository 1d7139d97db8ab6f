"""A container's quota counts, wherever in the tree of control groups it was set; so does what may be run on."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerascnn.surroundings import cores
from kerascnn.surroundings.cores import count_cores, cpu_quota

V2 = "30 23 0:26 {root} {point} rw,nosuid - cgroup2 cgroup rw\n"
V1 = "31 23 0:27 {root} {point} rw,nosuid - cgroup cgroup rw,cpu,cpuacct\n"
OTHERS = "22 1 254:0 / / rw - ext4 /dev/root rw\n33 23 0:28 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"


def system(root: Path, mounts: str, groups: str, files: dict[str, str]) -> Path:
    """A tree of the kernel's files as one process sees it."""
    for name, text in {"proc/self/mountinfo": OTHERS + mounts, "proc/self/cgroup": groups, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def v2(root: Path, group: str, files: dict[str, str], seen_from: str = "/") -> Path:
    mounts = V2.format(root=seen_from, point="/sys/fs/cgroup")
    return system(root, mounts, f"0::{group}\n", {f"sys/fs/cgroup/{name}": text for name, text in files.items()})


def v1(root: Path, group: str, quotas: dict[str, tuple[int, int]], seen_from: str = "/") -> Path:
    files = {}
    for folder, (quota, period) in quotas.items():
        files[f"sys/fs/cgroup/cpu/{folder}cpu.cfs_quota_us"] = f"{quota}\n"
        files[f"sys/fs/cgroup/cpu/{folder}cpu.cfs_period_us"] = f"{period}\n"
    mounts = V1.format(root=seen_from, point="/sys/fs/cgroup/cpu")
    return system(root, mounts, f"5:memory:/x\n4:cpu,cpuacct:{group}\n", files)


@pytest.mark.parametrize(
    ("group", "files", "quota"),
    [
        ("/", {"cpu.max": "150000 100000\n"}, 1.5),
        ("/", {"cpu.max": "max 100000\n"}, None),
        ("/", {}, None),
        ("/pods/one", {"pods/one/cpu.max": "max 100000", "pods/cpu.max": "200000 100000"}, 2.0),
        ("/pods/one", {"pods/one/cpu.max": "50000 100000", "pods/cpu.max": "200000 100000"}, 0.5),
        ("/pods/one", {"pods/one/cpu.max": "300000 100000", "pods/cpu.max": "200000 100000"}, 2.0),
        ("/../elsewhere", {"cpu.max": "100000 100000"}, 1.0),
        ("/", {"cpu.max": "rubbish"}, None),
        ("/", {"cpu.max": "0 0"}, None),
    ],
    ids=str,
)
def test_the_smallest_quota_on_the_way_to_the_root_counts(
    tmp_path: Path, group: str, files: dict[str, str], quota: float | None
) -> None:
    assert cpu_quota(v2(tmp_path, group, files)) == quota


def test_a_group_that_is_called_as_on_the_host_is_found_where_it_is_mounted(tmp_path: Path) -> None:
    assert cpu_quota(v2(tmp_path, "/docker/ab", {"cpu.max": "100000 100000"}, seen_from="/docker/ab")) == 1.0


@pytest.mark.parametrize(("quota", "cores"), [((150_000, 100_000), 1.5), ((-1, 100_000), None), ((50_000, 50_000), 1)])
@pytest.mark.parametrize("seen_from", ["/", "/docker/ab"])
def test_the_first_version_of_control_groups_counts_as_well(
    tmp_path: Path, quota: tuple[int, int], cores: float | None, seen_from: str
) -> None:
    folder = "docker/ab/" if seen_from == "/" else ""
    assert cpu_quota(v1(tmp_path, "/docker/ab", {folder: quota}, seen_from)) == cores


def test_where_the_kernel_says_nothing_nothing_is_limited(tmp_path: Path) -> None:
    assert cpu_quota(tmp_path) is None


@pytest.mark.parametrize(
    ("allowed", "quota", "count"),
    [(8, None, 8), (8, 1.0, 1), (8, 0.2, 1), (8, 1.4, 1), (8, 1.5, 2), (8, 2.25, 2), (2, 6.0, 2), (1, 1.5, 1)],
)
def test_half_a_core_and_more_is_worth_a_worker(
    monkeypatch: pytest.MonkeyPatch, allowed: int, quota: float | None, count: int
) -> None:
    monkeypatch.setattr(cores, "_allowed_cores", lambda: allowed)
    monkeypatch.setattr(cores, "cpu_quota", lambda: quota)
    assert count_cores() == count


def test_pythons_own_count_is_heard_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cores, "cpu_quota", lambda: None)
    monkeypatch.setattr(cores.os, "process_cpu_count", lambda: 3, raising=False)
    assert count_cores() == 3
