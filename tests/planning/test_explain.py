"""Why a run is not in the store: what differs from the nearest one, in words."""

from __future__ import annotations

from typing import Any

import factories
import msgspec
import pytest

from kerascnn.identity import RunIdentity
from kerascnn.planning.explain import differences, nearest
from kerascnn.specs import OptimiserSpec, TrainSpec


def with_spec(identity: RunIdentity, **changes: Any) -> RunIdentity:
    spec: TrainSpec = msgspec.structs.replace(identity.spec, **changes)
    return msgspec.structs.replace(identity, spec=spec)


def make_identity(seed: int = 1) -> RunIdentity:
    """With one source alone."""
    return msgspec.structs.replace(factories.make_identity(seed), sources={"nets": "0" * 64})


def test_equal_identities_do_not_differ() -> None:
    assert differences(make_identity(), make_identity()) == ()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"seed": 9}, "spec.seed is 9 (stored run: 1)"),
        ({"epochs": 7}, "spec.epochs is 7 (stored run: 3)"),
        ({"optimiser": OptimiserSpec(learning_rate=0.5)}, "spec.optimiser.learning_rate is 0.5 (stored run: 0.001)"),
        ({"augmentation": ("flip",)}, 'spec.augmentation is ["flip"] (stored run: [])'),
    ],
)
def test_a_changed_field_is_named_with_both_values(changes: dict[str, Any], words: str) -> None:
    stored = make_identity()
    (difference,) = differences(with_spec(stored, **changes), stored)
    assert str(difference) == words


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        ({"nets": "1" * 64}, "the source of nets has changed"),
        ({"nets": "0" * 64, "layers": "1" * 64}, "this run uses layers, the stored run does not"),
        ({}, "the stored run uses nets, this run does not"),
    ],
)
def test_a_changed_source_is_named_by_its_module(sources: dict[str, str], words: str) -> None:
    stored = make_identity()
    (difference,) = differences(msgspec.structs.replace(stored, sources=sources), stored)
    assert str(difference) == words


@pytest.mark.parametrize(
    ("wanted", "stored", "words"),
    [
        ("1.18.0", "1.17.0", "the package scipy is version 1.18.0 (stored run: version 1.17.0)"),
        ("not installed", "1.17.0", "the package scipy is not installed (stored run: version 1.17.0)"),
        ("1.18.0", "not installed", "the package scipy is version 1.18.0 (stored run: not installed)"),
        ("source " + "ab" * 32, "1.0", "the package scipy is source abababab (stored run: version 1.0)"),
        ("1.18.0", None, "this run uses the package scipy (version 1.18.0), the stored run does not"),
        (None, "1.18.0", "the stored run uses the package scipy (version 1.18.0), this run does not"),
    ],
)
def test_a_package_of_others_is_spoken_of_by_its_version(wanted: str | None, stored: str | None, words: str) -> None:
    ours, theirs = (
        msgspec.structs.replace(make_identity(), sources={"nets": "0" * 64} | ({"scipy": value} if value else {}))
        for value in (wanted, stored)
    )
    (difference,) = differences(ours, theirs)
    assert str(difference) == words


def test_a_library_in_every_key_and_the_platform_have_words_of_their_own() -> None:
    stored = make_identity()
    other = msgspec.structs.replace(stored, platform="darwin", versions=dict.fromkeys(stored.versions, "9"))
    said = "; ".join(map(str, differences(other, stored)))
    assert f"the platform class is darwin (stored run: {stored.platform})" in said
    assert all(f"{name} is version 9 (stored run: {version})" in said for name, version in stored.versions.items())


def test_the_same_request_under_an_older_source_is_nearer_than_another_seed_under_todays() -> None:
    wanted = make_identity(1)
    older = msgspec.structs.replace(wanted, sources={"nets": "f" * 64}, versions={"keras": "2"})
    stored = {"older": older.flat(), "other seed": make_identity(2).flat()}
    found = nearest(wanted, stored)
    assert found is not None
    assert found.key == "older"
    assert len(found.differences) == 2


def test_an_empty_store_has_no_nearest_run() -> None:
    assert nearest(make_identity(), {}) is None
