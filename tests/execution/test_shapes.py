"""What weights a model has is asked of Keras: as it is trained, without allocating it, and not for ever."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from place import Place

from kerascnn.execution import shapes
from kerascnn.execution.shapes import ModelShapes
from kerascnn.identity import RunIdentity, identify
from kerascnn.planning.settle import load_info
from kerascnn.records import DatasetInfo
from kerascnn.specs import DataSpec, TrainSpec, model
from kerascnn.store import DamagedEntry, Store, check_shapes

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("shapes")]

INFO = DatasetInfo(
    name="x", title="x", content="c" * 64, image_shape=(32, 32, 3), class_names=tuple("abcdefghij"), train_images=100,
    test_images=100, source="x",
)  # fmt: skip


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelShapes]:
    """One process for all tests: it takes seconds to load TensorFlow."""
    folder = tmp_path_factory.mktemp("shapes")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERASCNN_CACHE", str(folder / "cache"))
        with ModelShapes(folder / "log", folder) as found:
            yield found


def identity_of(tmp_path: Path, name: str, **arguments: object) -> RunIdentity:
    spec = TrainSpec(data=DataSpec(content="c" * 64), model=model(name, **arguments), epochs=1, seed=1)
    return identify(spec, tmp_path)


def test_models_are_described_as_they_were_trained(
    as_made: Place, described: ModelShapes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERASCNN_CACHE", str(as_made.data.parent / "cache"))
    info, store = load_info(str(as_made.data), ()), Store(as_made.store)
    asked = 0
    for key, identity in store.identities().items():
        if identity.spec.data.content == info.content:
            found = described(identity, info)
            assert found is not None
            check_shapes(store.load_weights(key), found)
            asked += 1
    assert asked > 10


def test_a_model_that_no_memory_holds_is_described_all_the_same(described: ModelShapes, tmp_path: Path) -> None:
    found = described(identity_of(tmp_path, "models.mlp", hidden=[10**9]), INFO)
    assert found is not None
    assert (3072, 10**9) in found.values()


@pytest.mark.parametrize("arguments", [{"hidden": [-1]}, {"hidden": "many"}, {"unknown": 1}])
def test_arguments_that_a_builder_does_not_bear_are_refused(
    described: ModelShapes, tmp_path: Path, arguments: dict[str, object]
) -> None:
    with pytest.raises(DamagedEntry, match="its model cannot be built"):
        described(identity_of(tmp_path, "models.mlp", **arguments), INFO)


def test_a_model_that_was_built_before_needs_no_worker(
    described: ModelShapes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sound = identity_of(tmp_path, "models.linear")
    found = described(sound, INFO)
    assert found is not None
    monkeypatch.setattr(shapes, "LocalExecutor", None)
    with ModelShapes(tmp_path / "log", tmp_path) as second:
        assert second(sound, INFO) == found


def test_a_model_that_takes_for_ever_is_given_up_and_the_next_is_described(
    described: ModelShapes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shapes, "BUILD_SECONDS", 2.0)
    with pytest.raises(DamagedEntry, match="longer than 2 s"):
        described(identity_of(tmp_path, "models.mlp", hidden=[1] * 100_000), INFO)
    monkeypatch.undo()
    assert described(identity_of(tmp_path, "models.linear"), INFO) is not None


@pytest.mark.parametrize("builder", ["os:system", "my_models:wide"])
def test_no_function_but_this_packages_builders_is_called_for_a_run_that_somebody_sent(
    described: ModelShapes, tmp_path: Path, builder: str
) -> None:
    sound = identity_of(tmp_path, "models.linear")
    sent = msgspec.structs.replace(sound, spec=msgspec.structs.replace(sound.spec, model=model(builder)))
    assert described(sent, INFO) is None


def test_a_run_of_other_sources_is_not_described(described: ModelShapes, tmp_path: Path) -> None:
    sound = identity_of(tmp_path, "models.linear")
    assert described(msgspec.structs.replace(sound, sources={"nets": "0" * 64}), INFO) is None
