"""Names of the code in the reader's words: fields, claims' kinds, verdicts' looks.

The running text of a page stands in its template."""

from __future__ import annotations

from dataclasses import dataclass

from kerascnn.specs import Comparison, Equivalence, Identity, Interaction, NonInferiority, Threshold, Trend
from kerascnn.specs.claims import ClaimBase, Speaker

FIELD_WORDS = {
    "model.builder": "Model",
    "dataset": "Data set",
    "task": "Task",
    "normalisation": "Input normalisation",
    "augmentation": "Augmentation",
    "optimiser.name": "Optimiser",
    "optimiser.learning_rate": "Learning rate",
    "optimiser.momentum": "Momentum",
    "optimiser.weight_decay": "Weight decay",
    "optimiser.clip_norm": "Gradient clipping (norm)",
    "schedule.kind": "Schedule",
    "schedule.warmup_epochs": "Warm-up (epochs)",
    "schedule.final_share": "Final share of the learning rate",
    "batch_size": "Batch size (images)",
    "epochs": "Epochs",
    "train_images": "Training images",
    "val_images": "Validation images",
    "test_images": "Test images",
    "precision": "Precision",
    "data.content": "Data (SHA-256 of pixels and labels)",
    "data.train_images": "Training images",
    "data.val_images": "Validation images",
    "data.test_images": "Test images",
    "data.validation_share": "Share of training images held out for validation",
    "data.split_seed": "Seed of the validation split",
}


@dataclass(frozen=True)
class KindWords:
    """What a kind of claim is called, and its smallest effect."""

    kind: str
    smallest: str = "Smallest effect of interest"


KIND_WORDS: dict[type[ClaimBase], KindWords] = {
    Comparison: KindWords("comparison of two arms"),
    Trend: KindWords("trend over ordered arms"),
    Equivalence: KindWords("equivalence of two arms"),
    NonInferiority: KindWords("one arm no worse than another", "Margin"),
    Threshold: KindWords("comparison with a fixed value"),
    Interaction: KindWords("difference of two differences"),
    Identity: KindWords("exact arithmetic", "Tolerance"),
}

SPEAKER_WORDS: dict[Speaker, str] = {
    "notes": "The course notes say",
    "paper": "A paper says",
    "suite": "This suite claims",
}
"""Who says a claim, above its sentence."""

STATES = {
    "supported": "supported",
    "contradicted": "contradicted",
    "too small to matter": "small",
    "cannot tell": "unknown",
    "not judged": "waiting",
}
"""A verdict's look."""


def field_words(name: str) -> str:
    """A field of an arm as a table heading."""
    if name in FIELD_WORDS:
        return FIELD_WORDS[name]
    return name.removeprefix("model.arguments.").replace("_", " ").capitalize()


def verdict_state(verdict: str) -> str:
    """The look of a verdict."""
    return STATES[verdict]


def lesson_number(experiment: str) -> str:
    """The number an experiment's name starts with, or nothing."""
    head = experiment.partition("_")[0]
    return head if head.isdigit() else ""
