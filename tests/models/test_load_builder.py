"""From a builder's name to its function: this package's own and a user's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kerascnn.errors import UsageError
from kerascnn.models import BUILDERS, load_builder, locate_builder

OWN_MODULE = """
import keras

WIDTH = 5

def tiny(image_shape, classes, units=WIDTH):
    inputs = keras.Input(image_shape)
    hidden = keras.layers.Dense(units)(keras.layers.Flatten()(inputs))
    return keras.Model(inputs, keras.layers.Dense(classes)(hidden))
"""


@pytest.fixture
def notebooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of notebooks with a user's module beside them."""
    (tmp_path / "beside_notebooks.py").write_text(OWN_MODULE)
    (tmp_path / "needs_more.py").write_text("import a_package_that_nobody_has\n")
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "beside_notebooks", raising=False)
    return tmp_path


def test_every_known_name_loads_the_function_it_stands_for() -> None:
    for name, (module, function) in BUILDERS.items():
        builder = load_builder(name, Path())
        assert (builder.__module__, builder.__name__) == (module, function)


def test_a_module_beside_the_notebooks_gives_its_builder(notebooks: Path) -> None:
    network = load_builder("beside_notebooks:tiny", notebooks)((4, 4, 1), 3, units=6)
    assert network.count_params() == 17 * 6 + 7 * 3


def test_an_unknown_name_is_refused_with_a_near_match() -> None:
    with pytest.raises(UsageError, match=r"Received: 'models.lennet'. Did you mean 'models.lenet'"):
        locate_builder("models.lennet")


@pytest.mark.parametrize("name", ["", "vgg", ":function", "module:"])
def test_a_name_that_is_neither_form_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=r"`models.NAME` or `module:function`"):
        locate_builder(name)


def test_a_module_that_is_not_there_is_refused_with_the_place_it_belongs(notebooks: Path) -> None:
    with pytest.raises(UsageError, match=r"cannot import 'my_nets'. Put my_nets.py beside the notebooks"):
        load_builder("my_nets:tiny", notebooks)


def test_a_package_that_the_users_module_needs_is_named(notebooks: Path) -> None:
    with pytest.raises(UsageError, match="cannot import 'a_package_that_nobody_has'"):
        load_builder("needs_more:tiny", notebooks)


def test_an_unknown_function_is_refused_with_a_near_match(notebooks: Path) -> None:
    with pytest.raises(UsageError, match=r"module beside_notebooks has no 'tinny'. Did you mean 'tiny'"):
        load_builder("beside_notebooks:tinny", notebooks)


def test_a_name_that_is_no_function_is_refused(notebooks: Path) -> None:
    with pytest.raises(UsageError, match=r"module beside_notebooks has no 'WIDTH'. Known: tiny"):
        load_builder("beside_notebooks:WIDTH", notebooks)


def test_naming_a_builder_loads_no_keras() -> None:
    code = (
        "import sys; from kerascnn.models import locate_builder; locate_builder('models.vgg');"
        "import kerascnn.training, kerascnn.execution.pool; print({'keras', 'tensorflow'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
