"""TensorFlow as a worker has it: one thread, quiet. Must be said before it is imported."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

os.environ.update(TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1", TF_CPP_MIN_LOG_LEVEL="3")

if TYPE_CHECKING:
    from kerascnn.data import Dataset
    from kerascnn.training.run import Workshop


@pytest.fixture(scope="session")
def dataset() -> Dataset:
    """The tiny data set."""
    from tiny_runs import make_dataset

    return make_dataset()


@pytest.fixture(scope="session")
def warm() -> Workshop:
    """A workshop that all tests share, as a warm worker's runs do."""
    from kerascnn.training.run import Workshop

    return Workshop()
