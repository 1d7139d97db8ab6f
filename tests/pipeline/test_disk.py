"""A disk that is full, and a store that may only be read: one clear message, and nothing is lost."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from place import CHECKOUT, Place, make_place

pytestmark = pytest.mark.slow

SMALL_FILES = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""
"""No file may grow past this: a write fails in the middle, as on a full disk."""

WITHOUT_OVERRIDE = """
import ctypes, os, sys
if ctypes.CDLL(None, use_errno=True).prctl(24, 1, 0, 0, 0) and os.getuid() == 0:  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE
    sys.exit(99)
os.execv(sys.executable, [sys.executable, "-c", *sys.argv[1:]])
"""
"""Root too must ask the permissions."""

COMMANDS_IN_TURN = """
import contextlib, io, json, sys
import pipeline
for words in json.loads(sys.argv[1]):
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        code = pipeline.main([*words, *sys.argv[2:]])
    print(json.dumps([words, code, output.getvalue(), errors.getvalue()]))
"""
"""One process for all, for starting takes longer than most of them."""


def call(place: Place, how: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", how, str(CHECKOUT / "pipeline.py"), *words, "--profile", "smoke"]
    return place.run([*command, "--data", str(place.data)])


@pytest.mark.faults
def test_a_full_disk_is_one_message_and_the_next_command_goes_on(as_made: Place, tmp_path: Path) -> None:
    place = make_place(tmp_path / "place", as_made.data, "04_glorot_vs_he")
    done = call(place, SMALL_FILES, "all")
    assert done.returncode == 5, done.stdout + done.stderr
    assert "The store cannot be written: File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert not any((place.store / "_tmp").iterdir()), "half of an entry was left"
    small_enough = place.keys()
    done = place.pipeline("all")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Trained {4 - len(small_enough)} runs" in done.stdout
    assert place.keys().items() <= as_made.keys().items()


@pytest.mark.skipif(sys.platform != "linux", reason="root can be bound by permissions on Linux only")
def test_a_store_that_may_only_be_read_is_read_and_never_written(as_made: Place, tmp_path: Path) -> None:
    place = make_place(tmp_path / "place", as_made.data, "04_glorot_vs_he")
    shutil.copytree(as_made.store, place.store)
    _forbid_writing(place.store)
    try:
        before = sorted(place.store.rglob("*"))
        reading = [["plan"], ["all"], ["report"], ["why", "04"], ["store"], ["store", "verify"]]
        writing = [["run", "04"], ["run", "04", "-p", "depths=[2, 6]"]]
        words = [json.dumps([*reading, *writing]), "--profile", "smoke", "--data", str(place.data)]
        done = place.run([sys.executable, "-c", WITHOUT_OVERRIDE, COMMANDS_IN_TURN, *words], PYTHONPATH=str(CHECKOUT))
        assert done.returncode == 0, done.stderr
        answers = [json.loads(line) for line in done.stdout.splitlines()]
        assert [words for words, *_ in answers] == [*reading, *writing]
        assert "up to date" in answers[0][2]
        for words, code, _, errors in answers[: len(reading)]:
            assert code == 0, f"{words}: {errors}"
        assert (place.reports / "04_glorot_vs_he.html").exists()
        for words, code, output, errors in answers[len(reading) :]:
            assert code == 5, f"{words}: {output}"
            assert "The store cannot be written: Permission denied" in errors
            assert "Traceback" not in errors
        assert sorted(place.store.rglob("*")) == before
    finally:
        for folder, _, _ in os.walk(place.store):
            Path(folder).chmod(0o755)


def _forbid_writing(root: Path) -> None:
    for path in sorted(root.rglob("*"), reverse=True):
        path.chmod(0o555 if path.is_dir() else 0o444)
    root.chmod(0o555)
