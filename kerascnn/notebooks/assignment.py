"""What the pipeline tells a notebook that it executes."""

from __future__ import annotations

from typing import Any

import msgspec

from kerascnn.identity import Origin
from kerascnn.records import DatasetInfo
from kerascnn.specs import Spec

VARIABLE = "KERASCNN_SESSION"
"""Names the file with the assignment to the kernel; without it a notebook runs by hand."""


class Assignment(Spec, frozen=True, kw_only=True):
    """The experiment, its data, its parameters and its store; `origin`: where the pipeline found the runs, None for this machine.

    `seeds`: arm -> how many seeds it has, for those that have more than at the first look. `freshness` goes into the result. `staging`: the folder that it is published to, known once the notebook is executed.
    """

    experiment: str
    notebook: str
    store: str
    dataset: DatasetInfo
    parameters: dict[str, Any]
    changed_parameters: dict[str, Any]
    study_digest: str
    freshness: str
    seeds: dict[str, int] = msgspec.field(default_factory=dict)
    origin: Origin | None = None
    staging: str = ""
