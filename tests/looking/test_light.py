"""Another light: shifts of brightness and contrast against their definition, and nets whose answers must or must not change."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from factories import CONTENT, make_arm, make_record

from kerascnn.errors import UsageError
from kerascnn.looking import inputs
from kerascnn.looking.light import (
    answer_strip,
    input_change,
    mean_share,
    measure_invariance,
    normalised_pictures,
    shift_name,
    shift_pixels,
)
from kerascnn.models import load_builder
from kerascnn.records import ArmRuns
from kerascnn.specs import model
from kerascnn.training.initialise import named_weights

LEVELS = np.array([[0, 100, 200]], np.uint8)
SHIFTS = [[0.5, 0], [1.5, -60], [1, 90]]


def test_a_shift_is_a_times_x_plus_b() -> None:
    np.testing.assert_array_equal(shift_pixels(LEVELS, (0.5, 10), clip=False), [[10, 60, 110]])
    np.testing.assert_array_equal(shift_pixels(LEVELS, (2, -40), clip=False), [[-40, 160, 360]])


def test_a_clipped_shift_is_what_a_file_can_hold() -> None:
    found = shift_pixels(LEVELS, (2, -40.4), clip=True)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, [[0, 160, 255]])


def test_a_shift_that_turns_the_picture_into_its_negative_is_refused() -> None:
    with pytest.raises(UsageError, match=r"contrast factor must be positive. Received: -1"):
        shift_pixels(LEVELS, (-1, 255), clip=True)


@pytest.mark.parametrize(
    ("shift", "name"), [((0.5, 0), "0.5x"), ((1, 40), "x + 40"), ((1.0, -40.0), "x − 40"), ((1.5, -60), "1.5x − 60")]
)
def test_shifts_are_named_by_their_formula(shift: tuple[float, float], name: str) -> None:
    assert shift_name(shift) == name


class FakeResults:
    """Untrained nets by arm, on a data set of random pictures: what the functions need of `Results`."""

    def __init__(self, **normalisations: Any) -> None:
        info = SimpleNamespace(content=CONTENT, class_names=tuple("abcd"), image_shape=(16, 16, 3))
        random = np.random.default_rng(3)
        images = random.integers(20, 180, (80, 16, 16, 3)).astype(np.uint8)
        labels = np.arange(80, dtype=np.int32) % 4
        self.dataset, self.search_path = info, Path()
        self.data = SimpleNamespace(
            info=info, train_images=images, train_labels=labels, test_images=images, test_labels=labels
        )
        small = model("models.vgg", blocks=[[8]], dropout=0.5)
        arms = [make_arm(name, model=small, normalisation=kind) for name, kind in normalisations.items()]
        self.runs = {arm.name: self._runs(arm) for arm in arms}
        net = load_builder("models.vgg", Path())((16, 16, 3), 4, blocks=[[8]], dropout=0.5)
        self._weights = {path: random.normal(0, 0.3, w.shape) for path, w in named_weights(net).items()}

    @staticmethod
    def _runs(arm: Any) -> ArmRuns:
        import msgspec

        records = {seed: make_record(arm, seed, outcome="diverged" if seed == 2 else "finished") for seed in (1, 2, 3)}
        for seed, record in records.items():
            spec = msgspec.structs.replace(record.spec, normalisation=arm.normalisation)
            records[seed] = msgspec.structs.replace(record, spec=spec)
        return ArmRuns(arm, records)

    def select(self, *names: str) -> list[ArmRuns]:
        return [self.runs[name] for name in names]

    def weights(self, arm: str, seed: int) -> dict[str, np.ndarray]:
        assert seed != 2, "a net that diverged must not be asked"
        return self._weights


@pytest.fixture
def results(monkeypatch: pytest.MonkeyPatch) -> Any:
    found = FakeResults(unit="unit", own="per-image")
    monkeypatch.setattr(inputs, "open_dataset", lambda content: found.data)
    return found


def test_normalising_each_image_undoes_a_shift_and_a_fixed_scale_does_not(results: Any) -> None:
    assert input_change(results, "per-image", SHIFTS, images=20) < 1e-4
    assert input_change(results, "unit", [[1, 51]], images=20) == pytest.approx(0.2, abs=1e-6)


def test_answers_on_images_normalised_by_themselves_stay_the_same_until_pixels_are_clipped(results: Any) -> None:
    own, unit = measure_invariance(results, ["own", "unit"], SHIFTS, images=60)
    assert own.seeds == unit.seeds == (1, 3), "the run that diverged is left out"
    assert own.exact.shape == own.clipped.shape == (2, 3)
    np.testing.assert_array_equal(own.exact, 1.0)
    assert unit.exact.min() < 0.95
    assert own.clipped[:, 0].min() > 0.9, "halving the contrast only rounds"
    assert mean_share([own, unit], "own", "exact") == 1.0
    assert mean_share([own, unit], "unit", "clipped") == pytest.approx(unit.clipped.mean())


def test_without_a_run_that_answers_the_share_is_not_a_number(results: Any) -> None:
    results.runs["unit"] = ArmRuns(results.runs["unit"].arm, {})
    (nothing,) = measure_invariance(results, ["unit"], SHIFTS, images=20)
    assert np.isnan(mean_share([nothing], "unit", "exact"))


def test_the_strip_shows_the_picture_as_it_is_first_and_one_answer_of_each_arm_under_each(results: Any) -> None:
    strip = answer_strip(results, ["unit", "own"], SHIFTS, image=5)
    ((label, pictures),) = strip.pictures.items()
    assert pictures.shape == (4, 16, 16, 3)
    np.testing.assert_array_equal(pictures[1], shift_pixels(pictures[0], SHIFTS[0], clip=True))
    lines = [caption.split("\n") for caption in strip.captions[label]]
    assert [line[0] for line in lines] == ["x", "0.5x", "1.5x − 60", "x + 90"]
    assert all(line[1][:6] == "unit: " and line[2][:5] == "own: " for line in lines)
    assert all(line[1][6:] in "abcd" for line in lines)


def test_normalised_pictures_share_one_scale(results: Any) -> None:
    rows = normalised_pictures(results, ["raw", "unit", "z-score"], images=8)
    raw, unit, z_score = rows.values()
    assert (raw == 255).all(), "20 and more is far above 2.5"
    assert unit.min() > 127, "nothing in [0, 1] is dark"
    assert z_score.min() < 60
    assert "z-score: mean 0.0" in list(rows)[2]
