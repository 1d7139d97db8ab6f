"""What a user's modules read from outside the key is named, with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from kerascnn.planning.uncovered import uncovered_reads


def reads(folder: Path, text: str) -> tuple[str, ...]:
    """What a module with this text reads."""
    (folder / "nets.py").write_text(text)
    return uncovered_reads("nets:build", folder).get("nets", ())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import numpy as np\nedges = np.load('edges.npy')", "np.load (line 2)"),
        ("with open('widths.txt') as file:\n    pass", "open (line 1)"),
        ("from pathlib import Path\nw = Path('w').read_text()", "Path('w').read_text (line 2)"),
        ("import os\n\nw = os.environ['WIDTH']", "os.environ (line 3)"),
        ("from os import environ\nw = environ.get('WIDTH')", "environ (line 2)"),
        ("import os\nw = os.getenv('WIDTH')", "os.getenv (line 2)"),
        ("def build(s, c):\n    model.load_weights('w.h5')", "model.load_weights (line 2)"),
        ("def build(s, c):\n    return keras.applications.VGG16(weights='imagenet')", "weights='imagenet' (line 2)"),
        ("import sys\nsys.path.append('../lib')", "sys.path (line 2)"),
        ("import numpy as np\nr = np.random.default_rng()", "np.random.default_rng (line 2)"),
    ],
)
def test_what_a_module_reads_is_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    assert reads(tmp_path, text) == (said,)


@pytest.mark.parametrize(
    "text",
    [
        "import keras\n\ndef build(s, c, width=3):\n    return keras.Sequential([keras.layers.Dense(c)])",
        "import numpy as np\nr = np.random.default_rng(3)",
        "import os.path\nname = os.path.join('a', 'b')",
    ],
)
def test_a_module_that_reads_nothing_is_not_spoken_of(tmp_path: Path, text: str) -> None:
    assert reads(tmp_path, text) == ()


def test_a_module_that_the_builders_module_imports_is_read_too_and_ours_are_not(tmp_path: Path) -> None:
    (tmp_path / "below.py").write_text("from kerascnn.models import load_builder\nwidths = open('w').read()\n")
    assert reads(tmp_path, "import below\n") == ()
    assert uncovered_reads("nets:build", tmp_path) == {"below": ("open (line 2)",)}
    assert uncovered_reads("models.vgg", tmp_path) == {}
