"""The notebook of a new experiment, and a net beside it: text that keeps the contract from its first line on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kerascnn.notebooks.contract import Notebook
from kerascnn.specs.seeds import FRESH_SEEDS

OF_THE_ARM = {"learning_rate": "optimiser=OptimiserSpec(learning_rate=value)"}
"""What is no argument of a model but of the arm, and how it is written there."""
OF_THE_ARM |= {name: f"{name}=value" for name in ("batch_size", "normalisation", "epochs")}
NET_TAKES = ("activation", "width", "kernel_size")
"""Arguments of the net that is written beside the notebook."""
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


@dataclass(frozen=True)
class Draft:
    """What a new experiment is about.

    The arms differ in `differs` (an argument of `builder`, or one of `OF_THE_ARM`), which takes each of `values`; the
    claim says that the last of them is better than the first by at least `smallest_effect`, a fraction of the images.
    """

    name: str
    title: str
    question: str
    claim: str
    builder: str
    differs: str
    values: tuple[Any, ...]
    smallest_effect: float = 0.02
    epochs: int = 4
    images: int = 5000
    seeds: int = 3

    def notebook(self, folder: Path) -> Notebook:
        """The notebook as it would lie in `folder`."""
        number = self.name.partition("_")[0]
        cells = [_cell(f"{number}-{place:02d}", *cell) for place, cell in enumerate(self._cells())]
        return Notebook(
            folder / f"{self.name}.ipynb", {"cells": cells, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}
        )

    @property
    def short_name(self) -> str:
        """The name without its number."""
        return self.name.partition("_")[2]

    @property
    def points(self) -> str:
        return f"{100 * self.smallest_effect:g}"

    def _times(self, factor: int) -> int:
        """So many times the seeds, as far as there are any."""
        return min(factor * self.seeds, FRESH_SEEDS - 1)

    def _cells(self) -> list[tuple[str, str]]:
        """Kind or tag, and text, of every cell."""
        return [
            ("markdown", self._introduction()),
            ("parameters", PARAMETERS.format(differs=self.differs, values=_spelled(list(self.values)))),
            ("markdown", "## The study"),
            ("study", self._study()),
            ("markdown", "## The runs"),
            ("code", RUN),
            ("markdown", "## Learning\n\nAccuracy on the validation images after every epoch, one line for each seed."),
            ("code", 'results.show(plots.plot_curves(results.arms, "val_accuracy", chance=results.chance))'),
            ("markdown", "## All results"),
            ("code", 'results.show(plots.plot_finals(results.arms, "test_accuracy"))'),
            ("markdown", FOUND),
            ("markdown", TRY.format(name=self.short_name)),
            ("code", PUBLISH),
        ]

    def _introduction(self) -> str:
        values = ", ".join(f"{value}" for value in self.values)
        return INTRODUCTION.format(
            title=self.title,
            question=self.question,
            claim=self.claim,
            differs=self.differs,
            values=values,
            points=self.points,
        )

    def _study(self) -> str:
        inside = f"{self.differs}=value" if self.differs not in OF_THE_ARM else ""
        arguments = ", ".join(filter(None, [json.dumps(self.builder), inside]))
        further = OF_THE_ARM.get(self.differs)
        names = [
            "Arm",
            "Budget",
            "Comparison",
            *(["OptimiserSpec"] if self.differs == "learning_rate" else []),
            "Study",
        ]
        return STUDY.format(
            names=", ".join(names),
            differs=self.differs,
            label=self.differs.replace("_", " "),
            model=f"model({arguments})",
            further=f"        {further},\n" if further else "",
            claim=_spelled(self.claim),
            question=_spelled(self.question),
            smallest_effect=self.smallest_effect,
            epochs=self.epochs,
            long_epochs=5 * self.epochs,
            images=self.images,
            seeds=self.seeds,
            most_seeds=self._times(4),
            more_seeds=self._times(2),
            most_in_full=self._times(8),
        )


def net_source(draft: Draft) -> str:
    """The module with a net of the user's own, to be changed."""
    return NET.format(name=draft.name)


def _cell(identity: str, kind: str, source: str) -> dict[str, Any]:
    if kind == "markdown":
        return {"cell_type": "markdown", "id": identity, "metadata": {}, "source": source}
    metadata = {} if kind == "code" else {"tags": [kind]}
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": identity,
        "metadata": metadata,
        "outputs": [],
        "source": source,
    }


def _spelled(value: Any) -> str:
    """A JSON value as Python writes it, texts in double quotes."""
    if isinstance(value, list):
        return f"[{', '.join(map(_spelled, value))}]"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


INTRODUCTION = """\
# {title}

**The question.** {question}

**The idea.** Write here, in three or four sentences, why the answer should be yes. A formula may stand between dollar
signs: $y = w\\,x + b$.

**The claim.** {claim}

**How the experiment isolates it.** The arms differ in `{differs}` alone: {values}. For each seed they see the same images in
the same order and start from the same random numbers. So a difference between them comes from `{differs}` or from chance,
and several seeds tell the two apart.

**What to expect.** Write your prediction here before you run anything. A difference of less than {points} points would not
matter."""

PARAMETERS = """\
profile = "quick"  # how much to spend: smoke, quick or full
seeds = None  # number of seeds of every arm; None takes the profile's
most_seeds = None  # how many the arms of open claims may get; None takes the profile's (set by --until-decided)
values = {values}  # the values of {differs}: one arm for each, the baseline first"""

STUDY = """\
from kerascnn import {names}, model

arms = [
    Arm(
        name=f"{differs}-{{value}}",
        label=f"{label} {{value}}",
        model={model},
{further}    )
    for value in values
]
claims = [
    Comparison(
        name="last-beats-first",
        says={claim},
        arm=arms[-1].name,
        baseline=arms[0].name,
        smallest_effect={smallest_effect},
    ),
]
study = Study(
    question={question},
    arms=arms,
    claims=claims,
    profile=profile,
    seeds=seeds,
    most_seeds=most_seeds,
    budgets={{
        "smoke": Budget(epochs=1, seeds=1, train_images=320, val_images=200, test_images=200, arms="pairs"),
        "quick": Budget(epochs={epochs}, seeds={seeds}, most_seeds={most_seeds}, train_images={images}, arms="all"),
        "full": Budget(epochs={long_epochs}, seeds={more_seeds}, most_seeds={most_in_full}, val_images=None, test_images=None, arms="all"),
    }},
)"""

RUN = """\
from kerascnn import plots

results = study.run()
results.table("test_accuracy", "train_accuracy").groupby("arm", sort=False).mean(numeric_only=True)"""

FOUND = """\
## What was found

The verdict is computed from the numbers when the report is rendered. Write here what you learned from it. If it says "cannot
tell", more seeds may decide."""

TRY = """\
## Try it yourself

- Does the answer hold on other pictures? Predict it first. `python pipeline.py run {name} --data embedded`"""

PUBLISH = """\
first, last = arms[0], arms[-1]
results.publish(
    takeaways=[
        f"With {first.label} the net gets {{{first.name}:test_accuracy}} of the test images right, "
        f"with {last.label} {{{last.name}:test_accuracy}}.",
        "The difference is {last-beats-first:effect}: {last-beats-first:verdict}.",
    ]
)"""

NET = '''\
"""The net of {name}. Change it as you like: the next `all` trains again what it changes, and nothing else."""

import keras


def net(image_shape, classes, activation="relu", width=16, kernel_size=3):
    """Two convolutions with pooling, then one number for each class: the logits, without softmax."""
    inputs = features = keras.Input(image_shape)
    for maps in (width, 2 * width):
        features = keras.layers.Conv2D(maps, kernel_size, padding="same", activation=activation)(features)
        features = keras.layers.MaxPooling2D(2)(features)
    features = keras.layers.Flatten()(features)
    return keras.Model(inputs, keras.layers.Dense(classes, name="logits")(features))
'''
