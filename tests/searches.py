"""A study with searches, for tests that ask an oracle and for those that need none."""

from __future__ import annotations

from typing import Any

from kerascnn.specs import Arm, Budget, Choice, Search, Study, model

BLOCKS = Choice(name="blocks", values=(1, 2, 3, 4, 5))
KERNELS = Choice(name="kernels", values=(16, 32, 64, 128))
KIND = Choice(name="activation", values=("relu", "elu"))


def make_search(oracle: str, **changes: Any) -> Search:
    base = Arm(name="base", label="Base", model=model("models.vgg", blocks=9, padding="same"))
    fields: dict[str, Any] = {"name": oracle, "label": oracle, "oracle": oracle, "base": base}
    return Search(**fields | {"space": (BLOCKS, KERNELS, KIND)} | changes)


def make_study(*searches: Search, **trials: Any) -> Study:
    given = {"trials": 8, "trial_epochs": 4, "trial_images": 500} | trials
    budget = Budget(epochs=20, seeds=1, train_images=2000, **given)
    return Study(
        question="How deep?",
        arms=(Arm(name="plain", label="Plain", model=model("models.vgg")),),
        budgets={"smoke": budget, "quick": budget, "full": budget},
        searches=searches,
    )
