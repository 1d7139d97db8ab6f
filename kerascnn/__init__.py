"""Check the claims of a CNN lesson on your own machine: runs, verdicts and a report.

What a notebook needs is here; none of it loads TensorFlow.
"""

from kerascnn.specs import (
    Arm,
    Budget,
    Choice,
    Comparison,
    Equivalence,
    Identity,
    Interaction,
    NonInferiority,
    OptimiserSpec,
    RateGrid,
    ScheduleSpec,
    Search,
    Study,
    Threshold,
    Trend,
    model,
)

__version__ = "0.1.0"

__all__ = [
    "Arm",
    "Budget",
    "Choice",
    "Comparison",
    "Equivalence",
    "Identity",
    "Interaction",
    "NonInferiority",
    "OptimiserSpec",
    "RateGrid",
    "ScheduleSpec",
    "Search",
    "Study",
    "Threshold",
    "Trend",
    "model",
]
