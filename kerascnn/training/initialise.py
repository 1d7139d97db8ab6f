"""Weights from a run's seed: one named stream for each layer and variable."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from kerascnn.training.streams import stream_seed


def leaf_layers(model: keras.Model) -> list[keras.layers.Layer]:
    """The layers that hold variables or compute something themselves, nested models opened, in order."""
    leaves: list[keras.layers.Layer] = []
    for layer in model.layers:
        leaves += leaf_layers(layer) if isinstance(layer, keras.Model) else [layer]
    return leaves


def initialise(model: keras.Model, seed: int) -> bool:
    """Draw every weight anew from the streams of `seed`; the model is as if just built.

    False: some variable has no initialiser of its own (`<name>_initializer` of its layer), so the
    caller must build a fresh model under a fixed global seed instead.
    """
    known = True
    for layer in leaf_layers(model):
        for variable in layer.variables:
            known = _initialise_variable(layer, variable, seed) and known
    return known


def _initialise_variable(layer: Any, variable: Any, seed: int) -> bool:
    if variable.name == "seed_generator_state":
        variable.assign([stream_seed(seed, "dropout", layer.name), 0])
        return True
    initialiser = getattr(layer, f"{variable.name}_initializer", None)
    if initialiser is None:
        return False
    config = initialiser.get_config()
    if "seed" in config:
        config["seed"] = stream_seed(seed, "initialisation", layer.name, variable.name)
    fresh = type(initialiser).from_config(config)
    variable.assign(fresh(variable.shape, dtype=variable.dtype))
    return True


def named_weights(model: keras.Model) -> dict[str, np.ndarray]:
    """Variable path (`conv1/kernel`) -> float32 array, in a fixed order; generator states left out."""
    variables = [v for v in model.variables if v.name != "seed_generator_state"]
    return {variable.path: np.asarray(variable) for variable in variables}
