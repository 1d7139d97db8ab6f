"""How hard is the embedded data set? Test accuracy from a linear classifier to a good convolutional network.

    python benchmarks/embedded_difficulty.py            # everything: about half an hour on one idle core
    python benchmarks/embedded_difficulty.py --only linear mlp lenet --budgets short --seeds 0 1

Prints one Markdown table. The set's difficulty was frozen against this table, before any effect of the lesson was measured on it:
linear < MLP < LeNet < six convolutions < the best recipe, the MLP under .5, the best recipe above .9.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras import layers

from kerascnn.data import embedded
from kerascnn.models.layers import FastBatchNormalization

BATCH = 64
SHAPE = (32, 32, 3)


@dataclass(frozen=True)
class Budget:
    """How many training images are seen how often; `best_epochs` is for the best recipe, the slowest."""

    images: int
    epochs: int
    best_epochs: int


BUDGETS = {"short": Budget(5_000, 5, 5), "long": Budget(20_000, 15, 12)}


def build_linear() -> list[Any]:
    return [layers.Flatten()]


def build_mlp() -> list[Any]:
    return [layers.Flatten(), layers.Dense(512, "relu")]


def build_lenet() -> list[Any]:
    convolutions = [
        layers.Conv2D(6, 5, activation="relu", padding="same"),
        layers.MaxPooling2D(),
        layers.Conv2D(16, 5, activation="relu"),
        layers.MaxPooling2D(),
    ]
    return [*convolutions, layers.Flatten(), layers.Dense(120, "relu"), layers.Dense(84, "relu")]


def build_deep(per_block: tuple[int, int, int]) -> list[Any]:
    """3 x 3 convolutions with ReLU in three blocks of 16, 32, 64 channels, each closed by max pooling; He initialisation."""
    stack: list[Any] = []
    for filters, count in zip((16, 32, 64), per_block, strict=True):
        for _ in range(count):
            stack.append(layers.Conv2D(filters, 3, padding="same", activation="relu", kernel_initializer="he_normal"))
        stack.append(layers.MaxPooling2D())
    return [*stack, layers.Flatten()]


def build_best() -> list[Any]:
    """Two 3 x 3 convolutions with Batch Normalization in each of three blocks of 32, 64, 128 channels."""
    stack: list[Any] = []
    for filters in (32, 64, 128):
        for _ in range(2):
            stack += [
                layers.Conv2D(filters, 3, padding="same", use_bias=False, kernel_initializer="he_normal"),
                FastBatchNormalization(),
                layers.ReLU(),
            ]
        stack.append(layers.MaxPooling2D())
    return [*stack, layers.GlobalAveragePooling2D(), layers.Dropout(0.2, seed=3)]


MODELS: dict[str, Callable[[], list[Any]]] = {
    "linear": build_linear,
    "mlp": build_mlp,
    "lenet": build_lenet,
    "deep6": lambda: build_deep((2, 2, 2)),
    "deep10": lambda: build_deep((3, 3, 4)),
    "best": build_best,
}


def standardise(data: embedded.EmbeddedImages) -> tuple[Any, Any]:
    """Both splits' images as float32, z-scored by the training images' channel means and standard deviations."""
    mean, std = data.train_images.mean((0, 1, 2)), data.train_images.std((0, 1, 2))
    train, test = ((images - mean) / std for images in (data.train_images, data.test_images))
    return train.astype("float32"), test.astype("float32")


def build_optimiser(name: str, steps: int) -> Any:
    """Adam at 1e-3; the best recipe starts higher and follows a cosine to zero."""
    if name != "best":
        return keras.optimizers.Adam(1e-3)
    return keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(2e-3, steps))


def augment(images: Any, generator: np.random.Generator) -> Any:
    """Each image flipped across and up by chance and shifted by up to 3 pixels each way, over reflected borders."""
    padded = np.pad(images, ((0, 0), (3, 3), (3, 3), (0, 0)), mode="reflect")
    moved = np.empty_like(images)
    for index, (down, across) in enumerate(generator.integers(0, 7, (len(images), 2))):
        flip_down, flip_across = generator.integers(0, 2, 2) * 2 - 1
        moved[index] = padded[index, down : down + 32, across : across + 32][::flip_down, ::flip_across]
    return moved


def train_model(name: str, budget: Budget, seed: int, data: embedded.EmbeddedImages) -> tuple[Any, int]:
    """The trained model and the epochs it was trained for; the best recipe sees every image anew in each epoch."""
    keras.utils.set_random_seed(seed)
    train, _ = standardise(data)
    epochs = budget.best_epochs if name == "best" else budget.epochs
    model = keras.Sequential([keras.Input(SHAPE), *MODELS[name](), layers.Dense(10, dtype="float32")])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimiser = build_optimiser(name, epochs * -(-len(train) // BATCH))
    model.compile(optimiser, loss, metrics=["accuracy"], steps_per_execution=16)
    if name != "best":
        model.fit(train, data.train_labels, batch_size=BATCH, epochs=epochs, verbose=0)
        return model, epochs
    generator = np.random.default_rng(seed)
    for epoch in range(epochs):
        seen = augment(train, generator)
        model.fit(seen, data.train_labels, batch_size=BATCH, initial_epoch=epoch, epochs=epoch + 1, verbose=0)
    return model, epochs


def measure_rows(names: list[str], budgets: list[str], seeds: list[int], variant: str) -> Iterator[str]:
    """Table rows, one a trained model."""
    for budget_name in budgets:
        budget = BUDGETS[budget_name]
        data = embedded.generate(budget.images, variant=variant)
        _, test = standardise(data)
        for name in names:
            for seed in seeds:
                start = time.perf_counter()
                model, epochs = train_model(name, budget, seed, data)
                loss, accuracy = model.evaluate(test, data.test_labels, batch_size=500, verbose=0)
                seconds = time.perf_counter() - start
                cells = (budget.images, name, f"{model.count_params():,}", epochs, seed, f"{accuracy:.3f}")
                yield f"| {' | '.join(map(str, cells))} | {loss:.3f} | {seconds:.0f} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--budgets", nargs="+", choices=BUDGETS, default=list(BUDGETS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--variant", default="standard")
    parser.add_argument("--precision", default="mixed_bfloat16", choices=("mixed_bfloat16", "float32"))
    options = parser.parse_args()
    keras.mixed_precision.set_global_policy(options.precision)
    print("| train images | model | parameters | epochs | seed | test_accuracy | test_loss | seconds |")
    print("|---:|---|---:|---:|---:|---:|---:|---:|")
    for row in measure_rows(options.only, options.budgets, options.seeds, options.variant):
        print(row, flush=True)


if __name__ == "__main__":
    main()
