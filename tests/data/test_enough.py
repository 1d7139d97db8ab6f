"""A set that is too small is said in one sentence, before anything is trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny_sets as tiny

from kerascnn.data import check_enough, lacking, load_dataset
from kerascnn.errors import DataError
from kerascnn.records import DatasetInfo
from kerascnn.specs import DataSpec, ModelSpec, TrainSpec

INFO = DatasetInfo(
    name="pets",
    title="Pets",
    content="0" * 64,
    image_shape=(32, 32, 3),
    class_names=("cat", "dog"),
    train_images=70,
    test_images=10,
    source="folders of pictures, pets",
)


def spec(batch_size: int, **data: object) -> TrainSpec:
    where = DataSpec(content=INFO.content, **data)  # type: ignore[arg-type]
    return TrainSpec(data=where, model=ModelSpec(builder="models.lenet"), epochs=1, seed=1, batch_size=batch_size)


def test_a_set_with_a_batch_of_training_images_is_large_enough() -> None:
    assert lacking(INFO, [spec(63), spec(8)]) == ""


def test_a_set_without_a_batch_is_said_with_its_numbers() -> None:
    with pytest.raises(
        DataError, match=r"a batch of 64 .* Received: 63: Pets has 70 training images \(7 of them for val"
    ):
        check_enough(INFO, [spec(8), spec(64)])


def test_the_images_that_a_study_takes_count_not_those_that_there_are() -> None:
    assert "a batch of 64" in lacking(INFO, [spec(64, train_images=32, validation_share=0.0)])


@pytest.mark.parametrize("share", [0.0, 0.005])
def test_a_set_without_an_image_for_validation_is_refused(share: float) -> None:
    assert "images for validation and for testing" in lacking(INFO, [spec(8, validation_share=share)])


def test_a_class_without_test_images_is_said_whenever_the_set_is_loaded(tmp_path: Path, messages: list[str]) -> None:
    file = tiny.write_npz(tmp_path / "things.npz", y_test=np.zeros(tiny.TEST_IMAGES, np.uint8))
    for _ in range(2):
        messages.clear()
        load_dataset(str(file), report=messages.append)
        assert messages[-1] == "The test part has no images of class 1, class 2, class 3, class 4, class 5 and more."
