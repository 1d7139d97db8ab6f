"""Layers by hand and Keras' own agree on random cases; and a mistake would show."""

from __future__ import annotations

import numpy as np
import pytest

from kerascnn.byhand import against_keras, largest_differences
from kerascnn.byhand.against_keras import channel_errors, compare_all, parameter_mismatches, size_mismatches
from kerascnn.byhand.cases import Agreement, Draw
from kerascnn.byhand.pooling import pool
from kerascnn.byhand.sliding import same_padding
from kerascnn.errors import UsageError
from kerascnn.framework import load_keras


def test_random_cases_are_the_same_for_the_same_seed_and_fit_their_windows() -> None:
    first, again, other = (
        [Draw.of(seed, "convolution", "float32").case(2, padding=lambda window: 0)] for seed in (1, 1, 2)
    )
    assert first == again != other
    draw = Draw.of(3, "convolution", "float32")
    drawn = [draw.case(1 + number % 3, padding=lambda window: 1) for number in range(300)]
    assert {case.axes for case in drawn} == {1, 2, 3}
    assert any(case.is_same for case in drawn)
    assert any(len(set(case.sliding.window)) > 1 for case in drawn), "not square"
    assert any(size % 2 == 0 for case in drawn for size in case.sliding.window), "even"
    assert all(w <= n for case in drawn for w, n in zip(case.sliding.window, case.shape[1:], strict=False))


def test_numbers_drawn_are_held_exactly_by_the_number_format() -> None:
    values = Draw.of(1, "x", "float32").normal((100,))
    assert (values == values.astype(np.float32)).all()


def test_numbers_for_pooling_are_no_near_ties() -> None:
    values = np.sort(Draw.of(1, "x", "float32").apart((6, 8, 8, 8, 6)), axis=None)
    assert np.diff(values).min() > 1e-5
    assert (values[0], values[-1]) == (-2.0, 2.0)


def test_both_poolings_are_put_together() -> None:
    found = largest_differences(
        [Agreement("max pooling", (1.0, 2.0), (0.0, 5.0)), Agreement("average pooling", (3.0,), (4.0,))]
    )
    assert found == {"pooling_forward": 3.0, "pooling_backward": 5.0}


@pytest.mark.parametrize(
    ("options", "says"), [({"cases": 0}, "one case or more"), ({"cases": 1, "number_format": "float16"}, "float16")]
)
def test_a_comparison_of_nothing_is_refused(options, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        compare_all(**options)


@pytest.mark.slow
@pytest.mark.parametrize(("number_format", "tolerance"), [("float32", 1e-5), ("float64", 1e-12)])
def test_by_hand_and_keras_agree_forward_and_backward(number_format, tolerance: float) -> None:
    found = largest_differences(compare_all(60, seed=8, number_format=number_format))
    assert len(found) == 6
    assert max(found.values()) < tolerance, found


@pytest.mark.slow
def test_a_wrong_gradient_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    right = against_keras.convolve_backward

    def transposed(*arguments):
        images, kernel, bias = right(*arguments)
        return images, kernel[::-1], bias

    monkeypatch.setattr(against_keras, "convolve_backward", transposed)
    assert largest_differences(compare_all(6))["convolution_backward"] > 1e-2


@pytest.mark.slow
def test_keras_has_the_sizes_and_the_parameters_of_the_formulas() -> None:
    assert size_mismatches() == 0
    assert parameter_mismatches() == 0


@pytest.mark.slow
def test_both_refuse_images_with_another_number_of_channels_and_take_the_right_one() -> None:
    refused = channel_errors(channels=3, other=1)
    assert "expected axis -1 of input shape to have value 3" in str(refused["Keras"])
    assert "made for 3" in str(refused["by hand"])
    assert channel_errors(channels=3, other=3) == {"Keras": None, "by hand": None}
    assert against_keras.wrong_channels_accepted() == 0


@pytest.mark.slow
def test_three_dimensional_layers_differ_where_no_case_is_drawn() -> None:
    """Once TensorFlow keeps to its documentation, such cases can be drawn as well."""
    layers = load_keras().layers
    line = np.arange(4, dtype=np.float32)
    flat = layers.MaxPooling2D((1, 2), (1, 4), "same")(line.reshape(1, 1, 4, 1)).numpy().ravel().tolist()
    solid = layers.MaxPooling3D((1, 1, 2), (1, 1, 4), "same")(line.reshape(1, 1, 1, 4, 1)).numpy().ravel().tolist()
    ours = pool(line.reshape(1, 4, 1), (2,), (4,), (same_padding(4, 2, 4),), "max").ravel().tolist()
    assert (flat, solid, ours) == ([1.0], [2.0], [1.0])


def test_no_case_of_three_axes_is_padded_as_same_where_its_windows_do_not_meet() -> None:
    draw = Draw.of(4, "max pooling", "float32")
    drawn = [draw.case(3, padding=lambda window: 0) for _ in range(300)]
    gaps = [any(s > w for s, w in zip(case.sliding.stride, case.sliding.window, strict=True)) for case in drawn]
    assert any(gaps)
    assert not any(case.is_same for case, has_gap in zip(drawn, gaps, strict=True) if has_gap)
    assert any(case.is_same for case, has_gap in zip(drawn, gaps, strict=True) if not has_gap)
