"""A first run as in somebody's container: one core, a user without name and home, a checkout that can only be read."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from place import CHECKOUT

USER = "12345"
"""A number that no user has."""
READ_ONLY = (
    'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && '
    f'exec unshare --user --map-user={USER} --map-group={USER} "$@"'
)
ISOLATED = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", READ_ONLY, "sh", str(CHECKOUT)]


@pytest.fixture(scope="module")
def isolated() -> list[str]:
    """What to put before a command so that it runs as another user who cannot write to the checkout."""
    if shutil.which("unshare") is None or shutil.which("taskset") is None:
        pytest.skip("there is no unshare or taskset here")
    done = subprocess.run([*ISOLATED, "true"], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"this system lets nobody make a namespace: {done.stderr.strip()}")
    return [*ISOLATED, "taskset", "-c", str(min(os.sched_getaffinity(0)))]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    arrays: dict[str, Any] = {}
    for part, count in (("train", 2000), ("test", 500)):
        arrays[f"x_{part}"] = np.random.default_rng(1).integers(0, 256, (count, 32, 32, 3), np.uint8)
        arrays[f"y_{part}"] = np.arange(count) % 10
    np.savez(tmp_path / "tiny.npz", **arrays)
    return tmp_path / "tiny.npz"


@pytest.mark.slow
def test_a_first_run_needs_neither_a_home_nor_a_name_nor_a_checkout_that_can_be_written(
    isolated: list[str], data: Path, tmp_path: Path
) -> None:
    for name in ("tmp", "work"):
        (tmp_path / name).mkdir(mode=0o777)
    variables = {
        "PATH": "/usr/bin:/bin",
        "LANG": "C",
        "TMPDIR": str(tmp_path / "tmp"),
        "KERASCNN_STORE": "runs",
        "KERASCNN_REPORTS": "pages",
    }

    def pipeline(*arguments: str) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, str(CHECKOUT / "pipeline.py"), *arguments, "--profile", "smoke", "--data", str(data)]
        return subprocess.run(
            [*isolated, *words], env=variables, cwd=tmp_path / "work", capture_output=True, text=True, timeout=300
        )

    planned = pipeline("plan", "11")
    assert planned.returncode == 0, planned.stdout + planned.stderr
    assert re.search(r"on 1 cores?[.,]", planned.stdout)
    home = tmp_path / "tmp" / f"kerascnn-{USER}" / "home"
    assert f"There is no home folder: decoded data are kept in {home}" in planned.stderr
    done = pipeline("all", "--only", "11")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "Open pages/index.html"
    pages = [path.read_text("utf-8") for path in (tmp_path / "work" / "pages").rglob("*.html")]
    assert len(pages) > 3
    assert not [page for page in pages if str(tmp_path) in page or str(CHECKOUT) in page]
    assert (home / ".cache" / "kerascnn" / "data").is_dir()
