"""The learning rate of every step, against values computed by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tiny_runs import make_spec

from kerascnn.specs import OptimiserSpec, ScheduleSpec
from kerascnn.training.run import learning_rates


def rates(epochs: int, steps_per_epoch: int, peak: float = 1.0, **schedule: Any) -> np.ndarray:
    """The rates of a run with this schedule."""
    spec = make_spec(epochs=epochs, optimiser=OptimiserSpec(learning_rate=peak), schedule=ScheduleSpec(**schedule))
    return learning_rates(spec, steps_per_epoch)


def test_a_constant_rate_is_constant() -> None:
    found = rates(2, 3, peak=0.25)
    assert found.dtype == np.float32
    assert found.tolist() == [0.25] * 6


def test_the_cosine_falls_from_the_peak_towards_zero() -> None:
    np.testing.assert_allclose(
        rates(2, 2, kind="cosine"), [1.0, (1 + 0.5**0.5) / 2, 0.5, (1 - 0.5**0.5) / 2], rtol=1e-6
    )


def test_the_cosine_ends_at_its_final_share_of_the_peak() -> None:
    found = rates(2, 2, peak=2.0, kind="cosine", final_share=0.5)
    np.testing.assert_allclose(found[[0, 2]], [2.0, 1.5], rtol=1e-6)
    np.testing.assert_allclose(rates(1, 1000, kind="cosine", final_share=0.1)[-1], 0.1, atol=1e-4)


def test_the_warm_up_rises_in_equal_steps_to_the_peak() -> None:
    np.testing.assert_allclose(rates(3, 4, warmup_epochs=1), [0.25, 0.5, 0.75, 1.0] + [1.0] * 8)


def test_half_an_epoch_of_warm_up_is_half_the_steps() -> None:
    np.testing.assert_allclose(rates(1, 8, warmup_epochs=0.5), [0.25, 0.5, 0.75, 1.0] + [1.0] * 4)


def test_the_cosine_starts_when_the_warm_up_is_over() -> None:
    found = rates(2, 2, kind="cosine", warmup_epochs=1)
    np.testing.assert_allclose(found, [0.5, 1.0, 1.0, 0.5], rtol=1e-6)


@pytest.mark.parametrize("warmup", [3, 50])
def test_a_warm_up_longer_than_the_run_never_goes_over_the_peak(warmup: int) -> None:
    found = rates(2, 3, kind="cosine", warmup_epochs=warmup)
    assert (np.diff(found) > 0).all()
    assert found.max() < 1.0
