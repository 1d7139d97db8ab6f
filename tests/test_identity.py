"""Keys: whatever can change a run's result changes its key, and nothing else does."""

from __future__ import annotations

import ast
import importlib.metadata
from pathlib import Path
from typing import Any

import msgspec
import pytest
from factories import CONTENT
from hypothesis import given
from hypothesis import strategies as st

from kerascnn import identity
from kerascnn.code import packages
from kerascnn.code.meaning import source_digest
from kerascnn.errors import UsageError
from kerascnn.identity import builder_sources, identify, training_sources
from kerascnn.models import BUILDERS
from kerascnn.specs import DataSpec, ModelSpec, OptimiserSpec, ScheduleSpec, Spec, TrainSpec, model

SPEC = TrainSpec(data=DataSpec(content=CONTENT), model=model("models.lenet", activation="relu"), epochs=2, seed=1)
CHANGES: dict[str, Any] = {
    "data.content": CONTENT[::-1],
    "data.train_images": 10,
    "data.val_images": 10,
    "data.test_images": 10,
    "data.validation_share": 0.2,
    "data.split_seed": 1,
    "model.builder": "models.mlp",
    "model.arguments": {"activation": "tanh"},
    "epochs": 3,
    "seed": 2,
    "normalisation": "unit",
    "augmentation": ("flip",),
    "optimiser.name": "sgd",
    "optimiser.learning_rate": 0.002,
    "optimiser.momentum": 0.9,
    "optimiser.weight_decay": 1e-4,
    "optimiser.clip_norm": 1.0,
    "schedule.kind": "cosine",
    "schedule.warmup_epochs": 0.5,
    "schedule.final_share": 0.1,
    "batch_size": 32,
    "precision": "bfloat16",
    "threads": 2,
}
CANNOT_CHANGE = {"task"}  # there is one task so far


def changed(spec: Any, path: str, value: Any) -> Any:
    head, _, rest = path.partition(".")
    return msgspec.structs.replace(spec, **{head: changed(getattr(spec, head), rest, value) if rest else value})


def field_paths(spec: Spec) -> set[str]:
    paths: set[str] = set()
    for name in spec.__struct_fields__:
        value = getattr(spec, name)
        paths |= {f"{name}.{inner}" for inner in field_paths(value)} if isinstance(value, Spec) else {name}
    return paths


def key_of(spec: TrainSpec, folder: Path = Path("/nowhere")) -> str:
    return identify(spec, folder).key


# --- the spec -----------------------------------------------------------------------------------------------


def test_the_table_of_changes_has_every_field_of_a_run() -> None:
    assert set(CHANGES) | CANNOT_CHANGE == field_paths(SPEC), "Say in CHANGES how a new field may change."


@pytest.mark.parametrize("path", sorted(CHANGES))
def test_a_change_of_one_field_alone_changes_the_key(path: str) -> None:
    other = changed(SPEC, path, CHANGES[path])
    assert other != SPEC
    assert key_of(other) != key_of(SPEC)


def test_no_two_changes_share_a_key() -> None:
    keys = {key_of(changed(SPEC, path, value)) for path, value in CHANGES.items()}
    assert len(keys) == len(CHANGES)


values = st.recursive(st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3), st.lists, max_leaves=4)


@given(st.dictionaries(st.text(min_size=1, max_size=3), values, max_size=3))
def test_model_arguments_survive_the_canonical_form_whatever_they_are(arguments: dict[str, Any]) -> None:
    spec = changed(SPEC, "model.arguments", arguments)
    assert TrainSpec.from_json(spec.canonical_json()) == spec


@given(
    st.fixed_dictionaries(
        {}, optional={path: st.just(value) for path, value in CHANGES.items() if path != "model.builder"}
    )
)
def test_equal_specs_have_equal_keys_however_they_were_made(changes: dict[str, Any]) -> None:
    spec = SPEC
    for path, value in changes.items():
        spec = changed(spec, path, value)
    again = TrainSpec(
        data=DataSpec(**{n: getattr(spec.data, n) for n in spec.data.__struct_fields__}),
        model=ModelSpec(builder=spec.model.builder, arguments=dict(spec.model.arguments)),
        optimiser=OptimiserSpec(**{n: getattr(spec.optimiser, n) for n in spec.optimiser.__struct_fields__}),
        schedule=ScheduleSpec(**{n: getattr(spec.schedule, n) for n in spec.schedule.__struct_fields__}),
        **{n: getattr(spec, n) for n in spec.__struct_fields__ if n not in ("data", "model", "optimiser", "schedule")},
    )
    assert key_of(again) == key_of(spec)


@pytest.mark.parametrize("name", ["platform_class", "result_versions", "training_sources"])
def test_platform_versions_and_the_training_package_are_part_of_the_key(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = key_of(SPEC)
    new: Any = "other" if name == "platform_class" else {"kerascnn.training.run" if "train" in name else "keras": "0"}
    monkeypatch.setattr(identity, name, lambda: new)
    assert key_of(SPEC) != before


def test_a_key_is_32_hexadecimal_digits() -> None:
    assert len(key_of(SPEC)) == 32
    assert int(key_of(SPEC), 16)


# --- source as meaning --------------------------------------------------------------------------------------

SOURCE = '''"""What this is."""
import math
import os.path
from a import c, b


class Net:
    """A net."""

    depth = 3

    def build(self, units):
        """Build it."""
        return units * self.depth + 1  # one for the bias


def alone():
    """Only a docstring."""
'''
SAME = {
    "a comment": ("import math", "import math  # for pi"),
    "a comment line": ("    depth = 3", "    # how deep\n    depth = 3"),
    "no comment": ("  # one for the bias", ""),
    "the module's docstring": ('"""What this is."""', '"""Something else."""'),
    "no docstring": ('"""What this is."""\n', ""),
    "a class's docstring": ('"""A net."""', "'''Another net.'''"),
    "a function's docstring": ('"""Build it."""\n        ', ""),
    "the only statement, a docstring": ('"""Only a docstring."""', "pass"),
    "blank lines": ("\n\n\nclass", "\nclass"),
    "the order of imports": ("import math\nimport os.path\nfrom a", "import os.path\nfrom a"),
    "the order of imported names": ("c, b", "b, c"),
    "quotes and layout": ("units * self.depth + 1", "(units * self.depth\n            + 1)"),
}
OTHER = {
    "a number": ("depth = 3", "depth = 4"),
    "an operator": ("units * self", "units - self"),
    "the order of operands": ("units * self.depth", "self.depth * units"),
    "a name": ("units", "nodes"),
    "a default": ("self, units", "self, units=1"),
    "an import": ("import math", "import cmath"),
    "an imported name": ("c, b", "c, d"),
    "an alias": ("import math", "import math as m"),
    "a base class": ("class Net:", "class Net(object):"),
    "a decorator": ("    def build", "    @staticmethod\n    def build"),
    "a statement less": ("    depth = 3\n", ""),
}


@pytest.mark.parametrize("what", sorted(SAME))
def test_what_means_the_same_has_the_same_digest(what: str) -> None:
    old, new = SAME[what]
    text = SOURCE.replace(old, new)
    if what == "the order of imports":
        text = text.replace("c, b\n", "c, b\nimport math\n")
    assert text != SOURCE
    assert source_digest(text, "x.py") == source_digest(SOURCE, "x.py")


def test_a_source_with_an_expression_that_is_too_long_to_be_read_is_named() -> None:
    with pytest.raises(UsageError, match=r"my_nets\.py has an expression of too many parts"):
        source_digest(f"width = {'+'.join(['1'] * 3000)}", "my_nets.py")


@pytest.mark.parametrize("what", sorted(OTHER))
def test_what_means_something_else_has_another_digest(what: str) -> None:
    old, new = OTHER[what]
    text = SOURCE.replace(old, new)
    assert text != SOURCE
    assert source_digest(text, "x.py") != source_digest(SOURCE, "x.py")


def test_a_text_that_is_no_docstring_counts() -> None:
    assert source_digest('x = "a"', "x.py") != source_digest('x = "b"', "x.py")


def test_an_import_is_not_moved_across_a_statement() -> None:
    assert source_digest("import a\nx = 1\nimport b", "x.py") != source_digest("import b\nx = 1\nimport a", "x.py")


def test_source_that_is_not_python_is_an_error_with_its_name() -> None:
    with pytest.raises(UsageError, match=r"nets.py is not valid Python"):
        source_digest("def (", "nets.py")


# --- which modules count ------------------------------------------------------------------------------------

USER = ModelSpec(builder="nets:build")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's modules: `nets` builds with the help of `blocks`, which leans on `deeper`; `unrelated` does not."""
    texts = {
        "nets.py": "from blocks import block\n\ndef build(image_shape, classes):\n    return block()\n",
        "blocks.py": "import deeper\n\ndef block():\n    return deeper.value\n",
        "deeper.py": "value = 1\n",
        "unrelated.py": "value = 1\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def edited(folder: Path, name: str, more: str = "\nextra = 12345\n") -> bool:
    """Whether an edit of the module changes the key of the user's model."""
    before = key_of(changed(SPEC, "model", USER), folder)
    path = folder / name
    path.write_text(path.read_text() + more if path.exists() else more)
    return key_of(changed(SPEC, "model", USER), folder) != before


@pytest.mark.parametrize("name", ["nets.py", "blocks.py", "deeper.py"])
def test_the_builders_module_and_all_that_it_imports_count(folder: Path, name: str) -> None:
    assert edited(folder, name)


@pytest.mark.parametrize("name", ["nets.py", "blocks.py", "deeper.py"])
def test_a_comment_in_any_of_them_does_not_count(folder: Path, name: str) -> None:
    assert not edited(folder, name, "\n# a comment\n")


def test_a_module_that_nothing_imports_does_not_count(folder: Path) -> None:
    assert not edited(folder, "unrelated.py")


def test_an_import_inside_a_function_counts(folder: Path) -> None:
    (folder / "deeper.py").write_text("def value():\n    from unrelated import value\n    return value\n")
    assert edited(folder, "unrelated.py")


@pytest.mark.parametrize(
    "dynamic",
    [
        "import importlib\nvalue = importlib.import_module('un' + 'related').value",
        "from importlib import import_module\nvalue = import_module('un' + 'related').value",
        "import importlib as il\nvalue = il.import_module('un' + 'related').value",
        "value = __import__('un' + 'related').value",
        "exec('from unrelated import value')",
        "import runpy\nvalue = runpy.run_path('unrelated.py')",
        "from kerascnn.models import load_builder\nvalue = load_builder('un' + 'related:build', '.')",
    ],
)
def test_a_dynamic_import_brings_in_the_whole_folder(folder: Path, dynamic: str) -> None:
    (folder / "deeper.py").write_text(dynamic + "\n")
    assert edited(folder, "unrelated.py")


def test_a_dynamic_import_brings_in_the_folders_below_too(folder: Path) -> None:
    (folder / "deeper.py").write_text("import importlib\nvalue = importlib.import_module('pack' + '.inner').value\n")
    (folder / "pack").mkdir()
    (folder / "pack" / "inner.py").write_text("value = 1\n")
    assert edited(folder, "pack/inner.py")


@pytest.mark.parametrize("name", ["pack/__init__.py", "pack/inner.py", "pack/other.py"])
def test_a_package_counts_with_its_own_init_and_its_relative_imports(folder: Path, name: str) -> None:
    (folder / "pack").mkdir()
    (folder / "pack" / "__init__.py").write_text("")
    (folder / "pack" / "inner.py").write_text("from . import other\nfrom .other import value\n")
    (folder / "pack" / "other.py").write_text("value = 1\n")
    (folder / "deeper.py").write_text("import pack.inner\n")
    assert edited(folder, name)


def test_the_init_of_a_package_counts_where_only_a_module_in_it_is_imported(folder: Path) -> None:
    (folder / "pack").mkdir()
    (folder / "pack" / "__init__.py").write_text("")
    (folder / "pack" / "inner.py").write_text("value = 1\n")
    (folder / "deeper.py").write_text("from pack.inner import value\n")
    assert edited(folder, "pack/__init__.py")


def test_a_users_module_that_builds_on_a_model_of_ours_has_it_in_its_sources(folder: Path) -> None:
    (folder / "deeper.py").write_text("from kerascnn.models import vgg\n")
    found = builder_sources("nets:build", folder)
    ours = {f"kerascnn.models.{name}" for name in ("vgg", "blocks", "layers")}
    assert {"nets", "blocks", "deeper"} | ours == set(found)


@pytest.mark.parametrize(
    "text", ["from kerascnn.models import load_builder", "import kerascnn.models", "from kerascnn import models"]
)
def test_a_users_module_that_finds_models_by_name_has_all_of_them_in_its_sources(folder: Path, text: str) -> None:
    (folder / "deeper.py").write_text(text + "\n")
    assert {module for module, _ in BUILDERS.values()} <= set(builder_sources("nets:build", folder))


@pytest.mark.parametrize("name", sorted(BUILDERS))
def test_a_model_of_ours_has_its_own_module_in_its_sources_but_not_the_others(name: str) -> None:
    module, function = BUILDERS[name]
    found = builder_sources(name, Path("/nowhere"))
    assert module in found
    assert not {other for other, _ in BUILDERS.values()} - {module} & set(found)
    tree = ast.parse((identity.PACKAGE / "models" / f"{module.rpartition('.')[2]}.py").read_text())
    assert function in [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]


def test_every_module_of_the_training_package_counts_for_every_model() -> None:
    names = {f"kerascnn.training.{path.stem}" for path in (identity.PACKAGE / "training").glob("*.py")}
    assert names == set(training_sources())
    assert names <= set(identify(SPEC, Path("/nowhere")).sources)


def test_a_star_import_of_a_package_brings_in_all_its_modules(folder: Path) -> None:
    (folder / "pack").mkdir()
    (folder / "pack" / "__init__.py").write_text("__all__ = ['inner']\n")
    (folder / "pack" / "inner.py").write_text("value = 1\n")
    (folder / "deeper.py").write_text("from pack import *\nvalue = inner.value\n")
    assert edited(folder, "pack/inner.py")


def test_a_star_import_inside_a_package_brings_in_its_sub_package(folder: Path) -> None:
    for name in ("pack", "pack/sub"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text("")
    (folder / "pack" / "__init__.py").write_text("from .sub import *\n")
    (folder / "pack" / "sub" / "part.py").write_text("value = 1\n")
    (folder / "deeper.py").write_text("import pack\n")
    assert edited(folder, "pack/sub/part.py")


def test_a_star_import_of_a_plain_module_brings_in_nothing_beside_it(folder: Path) -> None:
    (folder / "deeper.py").write_text("from blocks import *\n")
    assert not edited(folder, "unrelated.py")


def test_a_users_module_that_builds_on_another_room_of_ours_has_its_modules_in_its_sources(folder: Path) -> None:
    (folder / "deeper.py").write_text("from kerascnn.byhand.convolution import convolve\n")
    found = builder_sources("nets:build", folder)
    assert {"kerascnn.byhand.convolution", "kerascnn.byhand.sliding"} <= set(found)
    assert not [name for name in found if name.startswith(("kerascnn.models", "kerascnn.report"))]


# --- packages of others -------------------------------------------------------------------------------------


def with_import(folder: Path, statement: str) -> dict[str, str]:
    """The sources of the user's model where a module that it needs has this line."""
    (folder / "deeper.py").write_text(f"{statement}\nvalue = 1\n")
    return builder_sources("nets:build", folder)


@pytest.mark.parametrize(
    ("statement", "name", "distribution"),
    [
        ("import scipy.ndimage", "scipy", "scipy"),
        ("def f():\n    from sklearn.cluster import KMeans", "sklearn", "scikit-learn"),
        ("import PIL.Image", "PIL", "pillow"),
        ("import keras_tuner", "keras_tuner", "keras-tuner"),
    ],
)
def test_a_package_of_others_counts_by_its_version(folder: Path, statement: str, name: str, distribution: str) -> None:
    assert with_import(folder, statement)[name] == importlib.metadata.version(distribution)


@pytest.mark.parametrize(
    "statement", ["import os, ast", "import keras", "from tensorflow import nn", "import numpy as np"]
)
def test_what_comes_with_python_or_is_in_every_key_does_not_count_twice(folder: Path, statement: str) -> None:
    assert set(with_import(folder, statement)) == {"nets", "blocks", "deeper"}


def test_a_model_of_ours_counts_no_package_of_others() -> None:
    names = [name for builder in BUILDERS for name in builder_sources(builder, Path("/nowhere"))]
    assert all(name.startswith("kerascnn.models.") for name in names)


def test_another_version_changes_the_key(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_import(folder, "import scipy")
    before = key_of(changed(SPEC, "model", USER), folder)
    monkeypatch.setattr(identity, "package_versions", lambda names, folder: dict.fromkeys(names, "0.0"))
    assert key_of(changed(SPEC, "model", USER), folder) != before


def test_a_package_that_is_missing_is_marked_so_that_installing_it_changes_the_key(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "nobody_has_this_package"
    assert with_import(folder, f"try:\n    import {name}\nexcept ImportError:\n    pass")[name] == "not installed"
    place = folder.parent / f"{folder.name}-packages"
    place.mkdir()
    (place / f"{name}.py").write_text("value = 1\n")
    monkeypatch.syspath_prepend(str(place))
    packages._package_version.cache_clear()
    first = builder_sources("nets:build", folder)[name]
    assert first.startswith("source ")
    (place / f"{name}.py").write_text("value = 2\n")
    packages._package_version.cache_clear()
    assert builder_sources("nets:build", folder)[name] not in (first, "not installed")


def test_a_working_copy_counts_by_its_source_for_its_version_stays(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = folder.parent / f"{folder.name}-copy"
    (place / "copied-1.0.dist-info").mkdir(parents=True)
    (place / "copied-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: copied\nVersion: 1.0\n")
    (place / "copied.py").write_text("value = 1\n")
    monkeypatch.syspath_prepend(str(place))
    packages._package_version.cache_clear()
    assert with_import(folder, "import copied")["copied"] == "1.0"
    (place / "copied-1.0.dist-info" / "direct_url.json").write_text(
        '{"url": "file:///x", "dir_info": {"editable": true}}'
    )
    packages._package_version.cache_clear()
    assert with_import(folder, "import copied")["copied"].startswith("source ")


# --- what cannot be found -----------------------------------------------------------------------------------


def test_an_unknown_builder_is_an_error_with_a_hint() -> None:
    with pytest.raises(UsageError, match=r"Received: 'models.lenett'. Did you mean 'models.lenet'\?"):
        key_of(changed(SPEC, "model.builder", "models.lenett"))


def test_a_module_that_is_not_there_is_an_error_that_says_where_to_put_it(folder: Path) -> None:
    with pytest.raises(UsageError, match=rf"Put mynets.py beside the notebooks in {folder.name}/"):
        builder_sources("mynets:build", folder)


@pytest.mark.parametrize("text", [b"def (", b"\xff\xfe\x00", b"x = '\xff'", b"x = 1\x00"])
def test_a_users_module_that_is_not_python_is_an_error_with_its_name(folder: Path, text: bytes) -> None:
    (folder / "deeper.py").write_bytes(text)
    with pytest.raises(UsageError, match=r"deeper.py is not valid Python"):
        builder_sources("nets:build", folder)


def test_a_relative_import_that_leads_nowhere_is_an_error(folder: Path) -> None:
    (folder / "deeper.py").write_text("from . import unrelated\n")
    with pytest.raises(UsageError, match="leads out of the folder"):
        builder_sources("nets:build", folder)
