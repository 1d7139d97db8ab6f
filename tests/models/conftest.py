"""TensorFlow as a worker has it: one thread, quiet. Must be said before it is imported."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

os.environ.update(TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1", TF_CPP_MIN_LOG_LEVEL="3")


@pytest.fixture
def mixed_bfloat16() -> Iterator[None]:
    """Layers compute in bfloat16 while the test runs."""
    import keras

    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy(policy)
