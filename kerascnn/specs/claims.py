"""Claims as data: what somebody says, and the contrast of arms that can bear it out or not.

A claim names a metric of single runs (`METRICS`) and the arms it compares. Seeds pair the arms; the
judgement itself is made by `kerascnn.stats` when the report is rendered.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import ClassVar, Generic, Literal, ParamSpec, TypeVar, get_args

from kerascnn.errors import UsageError
from kerascnn.specs.base import Spec

P = ParamSpec("P")
Answer = TypeVar("Answer")

NUMBER = "number"
"""What stands for the metric of a claim that is about a number of the notebook's own."""

METRICS = {
    "test_accuracy": "share of test images classified correctly",
    "test_log_odds": "log odds of a right answer on the test images, ln(right / wrong), a half added to both counts",
    "test_loss": "cross-entropy on the test images, nats",
    "val_accuracy": "share of validation images classified correctly after the last epoch",
    "train_accuracy": "share of training images classified correctly, inference mode",
    "generalisation_gap": "training minus test accuracy",
    "gradient_ratio_log10": "log10 of first-layer over last-layer gradient norm at initialisation",
    "gradient_factor_log10": "log10 of the gradient's mean factor per layer towards the input, at initialisation",
    "gradient_bend_log10": "log10 of the largest factor between a layer's gradient and the one that a constant factor per layer gives it, at initialisation",
    "signal_ratio_log10": "log10 of last-layer over first-layer activation std across examples, at initialisation",
    "variance_factor": "mean factor per layer of the activation variance across examples, at initialisation",
    "mean_square_factor": "mean factor per layer of the activations' mean square, at initialisation",
    "parameters": "number of trainable and moving parameters",
    "parameters_log2": "log2 of the number of parameters: a difference of 1 is a factor of two",
    "multiply_adds": "multiply-adds of the kernels in one image's forward pass",
    "multiply_adds_log2": "log2 of the multiply-adds: a difference of 1 is a factor of two",
    "training_seconds": "seconds inside training steps",
    "stability": "share of test images that keep their predicted class when the image is changed",
    "other_size_accuracy": "share of test images classified correctly at another image size, without new training",
    "aliasing": "share of the first layer's response to test images that is too fast for the layer's stride",
    "edge_gain": "how far the patches that excite a first map most change in one direction only, minus the same of patches drawn blindly",
    "class_gain": "share of one class among the images that excite a map most, last layer minus first",
    "mask_overlap": "intersection over union of predicted and true mask, mean over test images",
    "changed_by_batch": "share of test images with another predicted class by batch statistics than by moving averages",
    "batch_statistics_gain": "accuracy by batch statistics minus accuracy by moving averages, on the same test images",
    "border_f": "F-score of the predicted border's pixels, at most one pixel off, mean over test images",
}
"""Every metric of a single run that a claim may name, with its meaning and unit."""

NOTEBOOK_METRICS = frozenset(
    {
        "stability",
        "other_size_accuracy",
        "aliasing",
        "edge_gain",
        "class_gain",
        "changed_by_batch",
        "batch_statistics_gain",
        "mask_overlap",
        "border_f",
    }
)
"""Metrics that are in no run's record: a notebook measures them from trained weights or stored answers
(`Results.measure`)."""


Speaker = Literal["notes", "paper", "suite"]
"""Whose sentence a claim is: the course notes', a paper's, or one that this suite (or the user) adds."""


class ClaimBase(Spec, frozen=True, kw_only=True, tag_field="kind"):
    """`name` identifies the claim on its page; `says` is the sentence, `speaker` whose it is: the course notes', a
    paper's, or this suite's own.

    `source` cites the place: a paper's sentence must give author, year and section. `reason` says why an effect of the
    smallest size would matter. With `judged_in="full"` smaller profiles list the claim and do not train for it, because they could not
    decide it.
    """

    of_runs: ClassVar[bool] = True
    """Whether runs decide it; a number that the notebook published does where they do not."""

    name: str
    says: str
    speaker: Speaker = "suite"
    source: str = ""
    reason: str = ""
    judged_in: Literal["every", "full"] = "every"

    def __post_init__(self) -> None:
        if self.speaker == "paper" and not self.source:
            raise UsageError(
                f'The claim {self.name!r} has speaker="paper", so it must say which: `source` is empty. '
                'Give author, year and section, such as source="He et al. 2015, section 2.2".'
            )

    def is_judged_in(self, profile: str) -> bool:
        """Whether runs of `profile` can judge the claim."""
        return self.judged_in == "every" or profile == self.judged_in

    def arm_names(self) -> tuple[str, ...]:
        """The arms this claim needs, in the order it names them."""
        return ()

    def pair(self) -> tuple[str, str] | None:
        """The arm and its baseline, where the claim is about the two and nothing else."""
        return None

    def number_name(self) -> str:
        """The published number that decides this claim, where runs do not."""
        return ""

    def effect_per(self) -> str:
        """The word of the unit that an effect is counted by, where it is a change per unit."""
        return ""


class Comparison(ClaimBase, frozen=True, kw_only=True, tag="comparison"):
    """`arm` beats `baseline` by at least `smallest_effect` (in the metric's unit)."""

    arm: str
    baseline: str
    smallest_effect: float
    metric: str = "test_accuracy"
    direction: Literal["higher", "lower"] = "higher"

    def arm_names(self) -> tuple[str, ...]:
        return (self.arm, self.baseline)

    def pair(self) -> tuple[str, str]:
        return (self.arm, self.baseline)


class Trend(ClaimBase, frozen=True, kw_only=True, tag="trend"):
    """The metric moves in `direction` over `arms`, ordered by `values` (their place on the axis).

    `smallest_effect` is a change per unit of `values`; `unit` is that unit's word, such as "layer".
    """

    arms: tuple[str, ...]
    values: tuple[float, ...]
    unit: str = "unit"
    smallest_effect: float
    metric: str = "test_accuracy"
    direction: Literal["higher", "lower"] = "higher"

    def arm_names(self) -> tuple[str, ...]:
        return tuple(self.arms)

    def effect_per(self) -> str:
        return self.unit


class Equivalence(ClaimBase, frozen=True, kw_only=True, tag="equivalence"):
    """`arm` and `baseline` differ by less than `smallest_effect`."""

    arm: str
    baseline: str
    smallest_effect: float
    metric: str = "test_accuracy"

    def arm_names(self) -> tuple[str, ...]:
        return (self.arm, self.baseline)

    def pair(self) -> tuple[str, str]:
        return (self.arm, self.baseline)


class NonInferiority(ClaimBase, frozen=True, kw_only=True, tag="non-inferiority"):
    """`arm` is at least as good as `baseline`: worse by less than `smallest_effect` (in the metric's unit), or better."""

    arm: str
    baseline: str
    smallest_effect: float
    metric: str = "test_accuracy"
    direction: Literal["higher", "lower"] = "higher"

    def arm_names(self) -> tuple[str, ...]:
        return (self.arm, self.baseline)

    def pair(self) -> tuple[str, str]:
        return (self.arm, self.baseline)


class Threshold(ClaimBase, frozen=True, kw_only=True, tag="threshold"):
    """The metric of `arm` lies `relation` `value`; "chance" is the accuracy of guessing on the arm's data.

    `over_chance` moves that line up: with 0.05 it lies five points above guessing, whatever the number of classes.
    `above` claims a distance of at least `smallest_effect`. `below` claims that the metric is at most `value`:
    that is the line already, and `smallest_effect` only its tolerance.
    """

    arm: str
    relation: Literal["above", "below"]
    value: float | Literal["chance"]
    over_chance: float = 0.0
    smallest_effect: float = 0.0
    metric: str = "test_accuracy"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.over_chance and self.value != "chance":
            raise UsageError(
                f'`over_chance` of the claim {self.name!r} goes with value="chance". Received: value={self.value!r}.'
            )

    def arm_names(self) -> tuple[str, ...]:
        return (self.arm,)


class Interaction(ClaimBase, frozen=True, kw_only=True, tag="interaction"):
    """(arm - baseline) exceeds (other_arm - other_baseline) by at least `smallest_effect`."""

    arm: str
    baseline: str
    other_arm: str
    other_baseline: str
    smallest_effect: float
    metric: str = "test_accuracy"
    direction: Literal["higher", "lower"] = "higher"

    def arm_names(self) -> tuple[str, ...]:
        return (self.arm, self.baseline, self.other_arm, self.other_baseline)


class Identity(ClaimBase, frozen=True, kw_only=True, tag="identity"):
    """The published number `number` equals `expected` within `tolerance`: arithmetic, no seeds."""

    of_runs: ClassVar[bool] = False

    number: str
    expected: float
    tolerance: float

    def number_name(self) -> str:
        return self.number

    @property
    def metric(self) -> str:
        """No metric of runs: a number of the notebook's own."""
        return NUMBER

    @property
    def smallest_effect(self) -> float:
        """What the number may be off by."""
        return self.tolerance


Claim = Comparison | Trend | Equivalence | NonInferiority | Threshold | Interaction | Identity
"""Every kind of claim: whoever adds one adds it here, then a function to each `ByKind` that lacks it, then its words (`KIND_WORDS`)."""

KINDS: tuple[type[ClaimBase], ...] = get_args(Claim)
NUMBER_KINDS = tuple(kind for kind in KINDS if not kind.of_runs)


class ByKind(Generic[P, Answer]):
    """What a room says about a claim, by one function for each kind of claim. `kinds` are those that it must know."""

    def __init__(self, kinds: Collection[type[ClaimBase]] = KINDS) -> None:
        self.kinds = tuple(kinds)
        self._functions: dict[type[ClaimBase], Callable[..., Answer]] = {}

    def of(self, *kinds: type[ClaimBase]) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
        """Make the decorated function the one for `kinds`."""

        def register(function: Callable[..., Answer]) -> Callable[..., Answer]:
            self._functions |= dict.fromkeys(kinds, function)
            return function

        return register

    def __call__(self, claim: ClaimBase, *args: P.args, **kwargs: P.kwargs) -> Answer:
        return self._functions[type(claim)](claim, *args, **kwargs)

    def missing(self) -> list[str]:
        """The kinds that it must know and does not."""
        return [kind.__name__ for kind in self.kinds if kind not in self._functions]


def is_measured_by_notebook(claim: Claim) -> bool:
    """Whether the claim is about a metric that no run's record has."""
    return claim.metric in NOTEBOOK_METRICS
