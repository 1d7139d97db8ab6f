"""How much faster does the pipeline train the suite's runs than plain Keras notebooks would?

    python benchmarks/suite_against_keras.py --data PATH     # about twelve minutes

A fixed list of quick runs, trained twice in this one run: one after the other by `model.fit` (float32, Keras' own layers, all cores, validation after
each epoch, a test score), and by the pipeline's workers into an empty store, start-up included on both sides. Prints the ratio.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SEEDS = (1, 2, 3, 4, 5)


def make_study() -> Any:
    """Arms as they stand in experiments 03, 04 and 07, with the five seeds of their quick profile."""
    from kerascnn import Arm, Budget, OptimiserSpec, Study, model

    sgd = OptimiserSpec(name="sgd", learning_rate=0.01, momentum=0.9)
    nets: dict[str, tuple[Any, dict[str, Any]]] = {
        "lenet": (model("models.lenet", activation="sigmoid"), {"batch_size": 32}),
        "sigmoid-6": (model("models.cheap", depth=6, activation="sigmoid"), {}),
        "relu-10": (model("models.cheap", depth=10), {}),
        "he-20": (model("models.cheap", depth=20, initialiser="he_uniform"), {"optimiser": sgd}),
        "sigmoid-bn": (model("models.cheap", depth=10, activation="sigmoid", normalisation="batch"), {}),
        "unit-bn": (model("models.deep", depth=6, normalisation="batch"), {"normalisation": "unit"}),
    }
    arms = [Arm(name=name, label=name, model=net, **more) for name, (net, more) in nets.items()]
    budget = Budget(epochs=4, seeds=len(SEEDS), train_images=5000, arms="all")
    return Study(question="?", arms=arms, budgets={"smoke": budget, "quick": budget, "full": budget})


def train_plainly(data: str) -> None:
    """Every run by `model.fit`, as a notebook would."""
    import keras
    import numpy as np

    from kerascnn.data import load_dataset
    from kerascnn.specs import ModelSpec
    from kerascnn.specs.setting import Setting
    from kerascnn.training.build import build_model
    from kerascnn.training.splits import split_images

    dataset = load_dataset(data)
    setting = Setting(content=dataset.info.content, train_images=dataset.info.train_images, precision="float32")
    for spec in make_study().grid(setting).values():
        split = split_images(dataset.train_labels, dataset.test_labels, spec.data, spec.seed)
        images = dataset.train_images[split.train].astype(np.float32)
        mean, std = images.mean((0, 1, 2)), images.std((0, 1, 2))
        scale = (lambda x: x / 255) if spec.normalisation == "unit" else (lambda x, m=mean, s=std: (x - m) / s)
        arguments = dict(spec.model.arguments)
        if arguments.get("normalisation") == "batch":
            arguments["normalisation"] = "keras-batch"
        network = build_model(
            ModelSpec(builder=spec.model.builder, arguments=arguments),
            dataset.info.image_shape,
            len(dataset.info.class_names),
            precision="float32",
            search_path=Path(),
        )
        rate = spec.optimiser.learning_rate
        adam = spec.optimiser.name == "adam"
        network.compile(
            keras.optimizers.Adam(rate) if adam else keras.optimizers.SGD(rate, spec.optimiser.momentum),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            metrics=["accuracy"],
        )
        val = scale(dataset.train_images[split.val].astype(np.float32)), dataset.train_labels[split.val]
        labels = dataset.train_labels[split.train]
        network.fit(scale(images), labels, spec.batch_size, spec.epochs, verbose=0, validation_data=val)
        test = scale(dataset.test_images[split.test].astype(np.float32))
        network.evaluate(test, dataset.test_labels[split.test], verbose=0)


def train_by_pipeline(data: str) -> None:
    """The same runs by the workers, into an empty store."""
    from kerascnn.data import load_dataset
    from kerascnn.notebooks.inside.session import train_missing
    from kerascnn.places import experiments_folder
    from kerascnn.planning.settle import open_ledger
    from kerascnn.store import Store

    study, dataset = make_study(), load_dataset(data)
    with tempfile.TemporaryDirectory() as folder:
        ledger = open_ledger(study, dataset.info, Store(Path(folder)), experiments_folder(), None, retry_failures=True)
        train_missing(study, ledger, dataset.info)
        missing = study.next_specs(ledger)
    assert not missing, f"{len(missing)} runs failed"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default="embedded")
    parser.add_argument("--work", choices=["plain", "pipeline"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        (train_plainly if options.work == "plain" else train_by_pipeline)(options.data)
        return
    seconds = {}
    for way in ("pipeline", "plain"):
        started = time.perf_counter()
        command = [sys.executable, __file__, "--work", way, "--data", options.data]
        subprocess.run(command, check=True, env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"}, stderr=subprocess.DEVNULL)
        seconds[way] = time.perf_counter() - started
    print(f"plain Keras {seconds['plain']:.0f} s, pipeline {seconds['pipeline']:.0f} s")
    print(f"ratio {seconds['plain'] / seconds['pipeline']:.2f}")


if __name__ == "__main__":
    main()
