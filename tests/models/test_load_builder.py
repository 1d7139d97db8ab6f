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


def test_a_package_that_the_users_module_needs_is_named_with_the_file_that_wants_it(notebooks: Path) -> None:
    with pytest.raises(UsageError, match=r"^The package 'a_package_that_nobody_has' is missing") as raised:
        load_builder("needs_more:tiny", notebooks)
    assert "in needs_more.py, line 1" in str(raised.value)
    assert "pip install a_package_that_nobody_has" in str(raised.value)
    assert "Put needs_more.py" not in str(raised.value)


def test_the_module_that_wants_a_missing_package_may_be_one_that_the_builders_module_imports(notebooks: Path) -> None:
    (notebooks / "wants_it_below.py").write_text("\nimport needs_more\n")
    with pytest.raises(UsageError, match=r"an import of 'a_package_that_nobody_has' \(in needs_more.py, line 1\)"):
        load_builder("wants_it_below:tiny", notebooks)


def test_a_part_that_a_module_beside_the_notebooks_lacks_is_no_package_to_install(notebooks: Path) -> None:
    (notebooks / "lacks_a_part.py").write_text("import beside_notebooks.blocks\n")
    with pytest.raises(UsageError, match=r"lacks_a_part.py, line 1 imports .*Mend the import") as raised:
        load_builder("lacks_a_part:tiny", notebooks)
    assert "pip install" not in str(raised.value)


def test_a_module_of_that_name_from_elsewhere_is_not_taken_for_the_users(notebooks: Path) -> None:
    (notebooks / "textwrap.py").write_text(OWN_MODULE)
    with pytest.raises(UsageError, match=r"module textwrap must be the one beside the notebooks.*another name"):
        load_builder("textwrap:tiny", notebooks)


def test_a_module_imported_afresh_has_forgotten_what_it_did_before(notebooks: Path) -> None:
    (notebooks / "deals.py").write_text(
        "import decks\n\ndef build(image_shape, classes):\n    return next(decks.deck)\n"
    )
    (notebooks / "decks.py").write_text("deck = iter(range(9))\n")
    build = load_builder("deals:build", notebooks)
    assert [build((), 2), build((), 2), load_builder("deals:build", notebooks)((), 2)] == [0, 1, 2]
    assert load_builder("deals:build", notebooks, afresh=True)((), 2) == 0


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
