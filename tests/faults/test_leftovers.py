"""A pipeline that is killed while its notebook runs: the next command removes what it left in the temporary folder."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from killing import is_alive, start, wait_until
from place import CHECKOUT, Place, make_place

WAITING = {
    "cell_type": "code",
    "execution_count": None,
    "id": "waits",
    "metadata": {},
    "outputs": [],
    "source": "import pathlib, tempfile, time\npathlib.Path(tempfile.mkdtemp(), 'big').write_text('x')\ntime.sleep(120)",
}


@pytest.mark.parametrize(
    "verb", [pytest.param("clean", marks=pytest.mark.slow), pytest.param("all", marks=pytest.mark.faults)]
)
def test_a_pipeline_killed_while_a_notebook_runs_leaves_nothing_in_the_temporary_folder(
    tmp_path: Path, data: Path, verb: str
) -> None:
    place = make_place(tmp_path / "place", data, "02_convolution_by_hand")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    place.environment["TMPDIR"] = str(temporary)
    path = place.notebook("02_convolution_by_hand")
    whole = path.read_text(encoding="utf-8")
    notebook = json.loads(whole)
    notebook["cells"].append(WAITING)
    path.write_text(json.dumps(notebook), encoding="utf-8")

    victims = start(pipeline_command(place), place.variables(), place.root)
    wait_until(lambda: list(temporary.rglob("big")), 90, "the notebook's last cell was not reached")
    family = victims.family()
    left = sorted(found.name for found in temporary.rglob("*.json"))
    assert {"connection.json", "kernel.json", "session.json"} <= set(left)
    victims.process.kill()
    victims.process.wait()
    wait_until(lambda: not any(map(is_alive, family)), 20, "a process outlived its pipeline")
    assert list(temporary.rglob("big")), "a killed process cannot tidy up"

    path.write_text(whole, encoding="utf-8")
    assert place.pipeline(verb).returncode == 0
    roof = temporary / f"kerascnn-{os.getuid()}"
    assert list(temporary.iterdir()) == [roof]
    assert [found.name for found in roof.iterdir() if found.name != "slots"] == []
    assert not any((place.store / "_tmp").iterdir())


def pipeline_command(place: Place) -> list[str]:
    return [sys.executable, str(CHECKOUT / "pipeline.py"), "all", "--profile", "smoke", "--data", str(place.data)]
