"""Loading Keras in a worker, and how long that took: whichever task comes first does it."""

from __future__ import annotations

from typing import Any

from kerascnn import framework
from kerascnn.costs import busy_seconds

_seconds: list[float] = []


def load_timed() -> Any:
    """Keras, loaded as `framework.load_keras` does, without what no run asks for; the first time is measured."""
    began = busy_seconds()
    with framework.without_pastimes():
        keras = framework.load_keras()
    _seconds.append(busy_seconds() - began)
    return keras


def seconds_of_loading() -> float:
    """What the first `load_timed` of this process took; 0 before it."""
    return _seconds[0] if _seconds else 0.0
