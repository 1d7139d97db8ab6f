"""Weights from a run's seed: one named stream for each layer and variable; what a builder set stays as it is."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import keras
import numpy as np

from kerascnn.training.streams import stream_seed

STATE = "seed_generator_state"
"""The name of the variables that are states of random generators."""


def leaf_layers(model: keras.Model) -> list[keras.layers.Layer]:
    """The layers that hold variables or compute something themselves, nested models opened, in order."""
    leaves: list[keras.layers.Layer] = []
    for layer in model.layers:
        leaves += leaf_layers(layer) if isinstance(layer, keras.Model) else [layer]
    return leaves


class _Owned(NamedTuple):
    """A variable, the layer that made it, and the names of its stream."""

    variable: Any
    owner: Any
    names: tuple[str, ...]

    @property
    def initialiser(self) -> Any:
        """What drew it first: `<name>_initializer` of its layer, None where there is none."""
        return getattr(self.owner, f"{self.variable.name}_initializer", None)


def _owned_variables(model: keras.Model) -> Iterator[_Owned]:
    for layer in leaf_layers(model):
        owners = {id(v): part for part in layer._flatten_layers() for v in part.variables}  # the innermost comes last
        for variable in layer.variables:
            owner = owners[id(variable)]
            # The layers inside a layer may all have the same name: the path tells them apart.
            yield _Owned(variable, owner, (layer.name, variable.name if owner is layer else variable.path))


@contextmanager
def noting_assignments() -> Iterator[dict[int, Any]]:
    """Inside, every Keras variable that is assigned a value is noted: id -> variable."""
    assigned: dict[int, Any] = {}
    original = keras.Variable.assign

    def assign(variable: Any, value: Any) -> Any:
        assigned[id(variable)] = variable
        return original(variable, value)

    keras.Variable.assign = assign
    try:
        yield assigned
    finally:
        keras.Variable.assign = original


def weights_set_by_builder(model: keras.Model, assigned: Collection[int] = ()) -> dict[int, np.ndarray]:
    """id -> value of each variable of the newly built `model` that is not what its initialiser drew.

    `assigned` are the ids of variables that were assigned a value while it was built. They decide where an
    initialiser draws something else each time.
    """
    return {
        id(owned.variable): np.asarray(owned.variable) for owned in _owned_variables(model) if _is_set(owned, assigned)
    }


def _is_set(owned: _Owned, assigned: Collection[int]) -> bool:
    variable, initialiser = owned.variable, owned.initialiser
    if variable.name == STATE or initialiser is None:
        return False
    first = _draw(initialiser, variable)
    if _are_equal(np.asarray(variable), first):
        return False
    return id(variable) in assigned or _are_equal(first, _draw(initialiser, variable))


def initialise(model: keras.Model, seed: int, kept: Mapping[int, np.ndarray] | None = None) -> bool:
    """Draw every weight anew from the streams of `seed`, but for those `kept`; the model is as if just built.

    False: some variable was set by the builder, or has no initialiser of its own (`<name>_initializer` of its layer)
    that draws the same for the same seed. It stays as it was built: the caller must build a fresh model under a fixed
    global seed for the next run.
    """
    known, seen = not kept, set()
    for owned in _owned_variables(model):
        seen.add(id(owned.variable))
        if kept and id(owned.variable) in kept:
            owned.variable.assign(kept[id(owned.variable)])
        else:
            known = _initialise_variable(owned, seed) and known
    return known and all(id(variable) in seen for variable in model.variables)


def _initialise_variable(owned: _Owned, seed: int) -> bool:
    variable, initialiser = owned.variable, owned.initialiser
    if variable.name == STATE:
        names = owned.names[:1] if owned.names[1] == STATE else owned.names
        variable.assign([stream_seed(seed, "dropout", *names), 0])
        return True
    if initialiser is None:
        return False
    config = initialiser.get_config() if hasattr(initialiser, "get_config") else {}
    if "seed" in config:
        config["seed"] = stream_seed(seed, "initialisation", *owned.names)
        initialiser = type(initialiser).from_config(config)
    elif not _are_equal(_draw(initialiser, variable), _draw(initialiser, variable)):
        return False
    variable.assign(initialiser(variable.shape, dtype=variable.dtype))
    return True


def _draw(initialiser: Any, variable: Any) -> np.ndarray:
    return np.asarray(initialiser(variable.shape, dtype=variable.dtype))


def _are_equal(first: np.ndarray, second: np.ndarray) -> bool:
    return np.array_equal(first, second, equal_nan=True)


def named_weights(model: keras.Model) -> dict[str, np.ndarray]:
    """Variable path (`conv1/kernel`) -> float32 array, in a fixed order; generator states left out."""
    variables = [v for v in model.variables if v.name != STATE]
    return {variable.path: np.asarray(variable) for variable in variables}
