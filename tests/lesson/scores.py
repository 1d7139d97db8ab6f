"""The log odds of a share of right answers, as two pages use them."""

from __future__ import annotations

import msgspec
from factories import make_record

from kerascnn import metrics

MANY = 10**9
"""So many images that the half which is added to both counts does not matter."""


def log_odds(right: float) -> float:
    """What the suite's metric says of a run with this share of right answers."""
    record = make_record(test_accuracy=right)
    test = msgspec.structs.replace(record.test, images=MANY)
    found = metrics.measure(msgspec.structs.replace(record, test=test), "test_log_odds")
    assert found is not None
    return found
