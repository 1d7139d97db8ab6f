"""What a study asks of its builders is compared with their source, without importing them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kerascnn.errors import UsageError
from kerascnn.models import BUILDERS
from kerascnn.notebooks.signatures import check_call
from kerascnn.specs import model

NETS = """
raise RuntimeError("never imported")

def plain(image_shape, classes, units=64, *, activation="relu"): ...
def demanding(image_shape, classes, units): ...
def anything(image_shape, classes, **options): ...
def alone(image_shape): ...
@wrapped
def decorated(image_shape, classes): ...
def twice(image_shape, classes): ...
def twice(image_shape, classes, units): ...
from elsewhere import borrowed
made = make_builder()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "nets.py").write_text(NETS)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("nets:plian", {}, r"Model 'nets:plian': module nets has no 'plian'. Did you mean 'plain'\?"),
        ("nets:plain", {"unitz": 3}, r"Model 'nets:plain' has no argument 'unitz'. Did you mean 'units'\?"),
        ("nets:plain", {"image_shape": 3}, "has no argument 'image_shape'"),
        ("nets:demanding", {}, "Model 'nets:demanding' must be given the argument 'units': it has no default."),
        ("nets:alone", {}, r"must take \(image_shape, classes, ...\). Received: \(image_shape\)"),
        ("models.deep", {"dpeth": 3}, r"Model 'models.deep' has no argument 'dpeth'. Did you mean 'depth'\?"),
        ("models.deep", {"kernel": 3}, r"has no argument 'kernel'. Did you mean 'kernel_size'\?"),
    ],
)
def test_what_a_builder_does_not_bear_is_told_with_what_may_be_meant(
    folder: Path, name: str, arguments: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        check_call(model(name, **arguments), folder)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("nets:plain", {"units": 3, "activation": "tanh"}),
        ("nets:anything", {"whatever": 1}),
        ("nets:decorated", {"whatever": 1}),
        ("nets:twice", {"whatever": 1}),
        ("nets:borrowed", {"whatever": 1}),
        ("nets:made", {"whatever": 1}),
        ("models.deep", {"depth": 3, "kernel_size": 5}),
        ("nowhere:plain", {}),
    ],
)
def test_what_is_right_or_cannot_be_told_passes(folder: Path, name: str, arguments: dict[str, Any]) -> None:
    check_call(model(name, **arguments), folder)


def test_a_search_gives_the_arguments_that_its_arm_leaves_out(folder: Path) -> None:
    check_call(model("nets:demanding"), folder, later=["units"])
    with pytest.raises(UsageError, match="has no argument 'width'"):
        check_call(model("nets:plain"), folder, later=["width"])


@pytest.mark.parametrize("line", ["from elsewhere import *", "globals().update(x=1)", "def __getattr__(name): ..."])
def test_where_names_come_about_by_themselves_none_is_missing(folder: Path, line: str) -> None:
    with (folder / "nets.py").open("a") as stream:
        stream.write(f"{line}\n")
    check_call(model("nets:unheard_of"), folder)


@pytest.mark.parametrize("name", sorted(BUILDERS))
def test_the_arguments_of_every_builder_of_ours_can_be_read(name: str, folder: Path) -> None:
    with pytest.raises(UsageError, match=f"Model '{name}' has no argument 'nonsense'"):
        check_call(model(name, nonsense=1), folder)
