"""Kernels of the pipeline: nobody else can talk to them, and nothing that they started outlives them."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

MARK = ("KERASCNN_TEST_MARK", "1a2b")
DETACHES = """
import os, subprocess, sys, time
sleep = [sys.executable, "-c", "import time; print(flush=True); time.sleep(300)"]
started = subprocess.Popen(sleep, start_new_session=True, stdout=subprocess.PIPE)
started.stdout.readline()
reading, writing = os.pipe()
if os.fork() == 0:  # twice: its parent is gone at once
    os.setsid()
    child = os.fork()
    if child:
        os._exit(0)
    os.write(writing, str(os.getpid()).encode())
    time.sleep(300)
print(started.pid, int(os.read(reading, 20)), flush=True)
"""


def is_alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def run_apart(work: str) -> str:
    """What Python says to `work` in a process of its own, which adopts orphans in the place of pytest."""
    return subprocess.run([sys.executable, "-c", work], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("variables", ["os.environ | {MARK[0]: MARK[1]}", "{}"])
def test_what_a_process_detached_ends_with_the_block(variables: str) -> None:
    said = run_apart(
        "import os, subprocess, sys\nfrom kerascnn.notebooks.strays import no_strays\n"
        f"MARK = {MARK!r}\nwith no_strays(*MARK):\n"
        f"    subprocess.run([sys.executable, '-c', {DETACHES!r}], env={variables}, check=True)\n"
    )
    pids = [int(pid) for pid in said.split()]
    assert len(pids) == 2
    if variables == "{}" and sys.platform != "linux":
        pytest.skip("without a mark they are found on Linux alone")
    assert not [pid for pid in pids if is_alive(pid)]


def test_what_was_there_before_the_block_is_spared() -> None:
    said = run_apart(
        "import subprocess, sys, time\nfrom kerascnn.notebooks.strays import no_strays\n"
        "with subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(300)']) as before:\n"
        f"    with no_strays(*{MARK!r}):\n        pass\n"
        "    time.sleep(0.1)\n    print(before.poll())\n    before.kill()\n"
    )
    assert said.strip() == "None"


LOOKS = f"""
import json, os, psutil, socket
{DETACHES.replace("print(started.pid", "found = (started.pid").replace(", flush=True)", ")")}
me = psutil.Process()
listening = [c.laddr.port for c in me.net_connections("tcp") if c.status == "LISTEN"]
print(json.dumps({{"pids": found, "listening": listening, "cwd": os.getcwd()}}))
"""


@pytest.mark.slow  # starts a kernel
@pytest.mark.parametrize("depth", [0, 6])
def test_a_kernel_listens_in_a_folder_of_its_user_alone_and_leaves_nothing_behind(tmp_path: Path, depth: int) -> None:
    """Below a folder too deep for sockets as well."""
    scratch = tmp_path.joinpath(*["quite_a_long_name"] * depth) / "scratch"
    scratch.mkdir(parents=True, mode=0o700)
    cell: dict[str, Any] = {
        "cell_type": "code",
        "metadata": {},
        "source": LOOKS,
        "outputs": [],
        "execution_count": None,
    }
    source, executed = scratch / "in.ipynb", scratch / "out.ipynb"
    source.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}))
    said = run_apart(
        "import json, os, stat, sys\nfrom pathlib import Path\nimport papermill\n"
        "from kerascnn.notebooks.executing.engine import NAME\nfrom kerascnn.notebooks.executing.kernel import private_kernel\n"
        f"scratch = Path({str(scratch)!r})\n"
        "with private_kernel(scratch, scratch / 'session.json') as kernel:\n"
        "    sockets = Path(kernel['config'].KernelManager.ip).parent\n"
        "    print(oct(sockets.stat().st_mode), len(str(sockets)))\n"
        f"    papermill.execute_notebook({str(source)!r}, {str(executed)!r}, language='python', progress_bar=False,\n"
        "        engine_name=NAME, **kernel)\n"
    )
    mode, length = said.split()
    assert stat.S_IMODE(int(mode, 8)) == 0o700
    assert int(length) < 100
    (output,) = json.loads(executed.read_text())["cells"][0]["outputs"]
    found = json.loads("".join(output["text"]))
    assert found["listening"] == []
    assert not [pid for pid in found["pids"] if is_alive(pid)]
    assert not list((scratch / "runtime").iterdir())
