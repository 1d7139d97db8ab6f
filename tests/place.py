"""A whole pipeline in a place of its own: copied notebooks, an own store, commands run there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]
REAL_CIFAR = CHECKOUT.parent / "shared" / "data" / "cifar10"

ONE_OF_EACH = (
    "02_convolution_by_hand",
    "04_glorot_vs_he",
    "14_depth_and_kernels_search",
    "16_u_net",
)
"""Experiments without arms, with step sizes, searches, masks and own measurements."""

SMALLER = {
    "04_glorot_vs_he": ("depths = [8, 14, 20]", "depths = [2, 4]"),
    "14_depth_and_kernels_search": ("kernels = [8, 16, 32, 64]", "kernels = [8, 16, 32]"),
    "16_u_net": ("levels = 3", "levels = 1"),
}
"""Notebook -> a default, and one whose nets take a fraction of the time to compile: these tests are not about depth.

`pytest -m thorough` runs every notebook as it is, and a first run in a container runs one.
"""


@dataclass
class Place:
    """Folders of one pipeline, and commands run in it."""

    root: Path
    data: Path
    environment: dict[str, str] = field(default_factory=dict)
    patience: float = 400.0
    """After how many seconds a command counts as one that never ends."""

    @property
    def reports(self) -> Path:
        return self.root / "reports"

    @property
    def store(self) -> Path:
        return self.root / "runs"

    @property
    def experiments(self) -> Path:
        return self.root / "experiments"

    def variables(self) -> dict[str, str]:
        """The environment of every command run here."""
        places = {
            "KERASCNN_STORE": str(self.store),
            "KERASCNN_REPORTS": str(self.reports),
            "KERASCNN_EXPERIMENTS": str(self.experiments),
            "KERASCNN_CACHE": str(self.data.parent / "cache"),
        }
        return os.environ | places | self.environment

    def pipeline(self, *arguments: str, profile: str = "smoke") -> subprocess.CompletedProcess[str]:
        """`python pipeline.py` with these arguments on this place's data; one worker unless they say otherwise.

        A second worker takes longer to start than it saves here, and the other core is busy with other tests.
        """
        words = list(arguments)
        if words[0] in ("all", "run") and "--jobs" not in words:
            words += ["--jobs", "1"]
        given = ["--profile", profile, "--data", str(self.data)]
        return self.run([sys.executable, str(CHECKOUT / "pipeline.py"), *words, *given])

    @property
    def errors(self) -> Path:
        """What a started pipeline said on standard error."""
        return self.root / "errors.txt"

    def start(self, *options: str) -> subprocess.Popen[bytes]:
        """`python pipeline.py all` in a session of its own, to be interrupted."""
        given = [*options, "--profile", "smoke", "--data", str(self.data)]
        command = [sys.executable, str(CHECKOUT / "pipeline.py"), "all", *given]
        with self.errors.open("wb") as stream:
            return subprocess.Popen(command, env=self.variables(), cwd=self.root, stderr=stream, start_new_session=True)

    def run(self, command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command that nobody answers."""
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=self.variables() | environment,
            cwd=self.root,
            timeout=self.patience,
        )

    def keys(self) -> dict[str, str]:
        """Run key -> weight hash of everything in the store."""
        folders = [path for path in self.store.iterdir() if len(path.name) == 32]
        return {path.name: json.loads((path / "record.json").read_bytes())["weights_sha256"] for path in folders}

    def notebook(self, name: str) -> Path:
        return self.experiments / f"{name}.ipynb"

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace text in a notebook's file."""
        path = self.notebook(name)
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")


def make_place(root: Path, data: Path, *names: str) -> Place:
    """A place with the named experiments, their nets small, or with all as they are where none is named."""
    place = Place(root, data)
    place.experiments.mkdir(parents=True)
    for path in sorted((CHECKOUT / "experiments").glob("*.ipynb")):
        if not names or path.stem in names:
            shutil.copy(path, place.experiments)
    for name in SMALLER.keys() & set(names):
        place.edit(name, *SMALLER[name])
    return place
