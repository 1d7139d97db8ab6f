"""What can be asked for: runs, studies and the claims they judge.

Every spec is immutable and has one canonical form (`Spec.canonical_json`): keys sorted, fields at
their default left out, so that a field added later keeps the keys of earlier runs.
"""

from kerascnn.specs.arms import Arm, RateGrid, model
from kerascnn.specs.base import Spec
from kerascnn.specs.budget import Budget, Profile
from kerascnn.specs.claims import (
    METRICS,
    NOTEBOOK_METRICS,
    ByKind,
    Claim,
    Comparison,
    Equivalence,
    Identity,
    Interaction,
    NonInferiority,
    Threshold,
    Trend,
    is_measured_by_notebook,
)
from kerascnn.specs.run import (
    Augmentation,
    DataSpec,
    ModelSpec,
    Normalisation,
    OptimiserSpec,
    Precision,
    ScheduleSpec,
    Task,
    TrainSpec,
)
from kerascnn.specs.search import Choice, Proposals, ProposedTrial, Search
from kerascnn.specs.study import Study, Wanted

__all__ = [
    "METRICS",
    "NOTEBOOK_METRICS",
    "Arm",
    "Augmentation",
    "Budget",
    "ByKind",
    "Choice",
    "Claim",
    "Comparison",
    "DataSpec",
    "Equivalence",
    "Identity",
    "Interaction",
    "ModelSpec",
    "NonInferiority",
    "Normalisation",
    "OptimiserSpec",
    "Precision",
    "Profile",
    "Proposals",
    "ProposedTrial",
    "RateGrid",
    "ScheduleSpec",
    "Search",
    "Spec",
    "Study",
    "Task",
    "Threshold",
    "TrainSpec",
    "Trend",
    "Wanted",
    "is_measured_by_notebook",
    "model",
]
