"""The network of a ModelSpec, in a given precision, checked."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras

from kerascnn.errors import UsageError, near_match
from kerascnn.models import load_builder, locate_builder
from kerascnn.models.own_modules import explain_missing
from kerascnn.specs import ModelSpec


def build_model(
    spec: ModelSpec,
    image_shape: tuple[int, int, int],
    classes: int,
    *,
    precision: str,
    search_path: Path,
    label_shape: tuple[int, ...] = (),
    afresh: bool = False,
) -> keras.Model:
    """The untrained network of `spec`, computing in `precision` with float32 variables.

    `label_shape`: the shape of one image's labels, (height, width) where every pixel has one. `afresh`: import a
    user's modules anew.

    Raises: UsageError when the builder does not take the arguments or gives no functional model.
    """
    builder = load_builder(spec.builder, search_path, afresh=afresh)
    _check_arguments(spec, builder)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16" if precision == "bfloat16" else "float32")
    try:
        network = _call(builder, spec, image_shape, classes, search_path)
    finally:
        keras.config.set_dtype_policy(policy)
    if not isinstance(network, keras.Model) or not getattr(network, "inputs", None):
        raise UsageError(
            f"Model {spec.builder!r} must give a functional keras.Model. Received: {type(network).__name__}."
        )
    if nested := [layer.name for layer in network.layers if isinstance(layer, keras.Model)]:
        raise UsageError(
            f"Model {spec.builder!r} must have no model as a layer: it could not be looked into. Received: {nested[0]!r}."
        )
    if network.output_shape != (None, *label_shape, classes):
        wanted = ", ".join(map(str, ("n", *label_shape, classes)))
        raise UsageError(f"Model {spec.builder!r} must give logits ({wanted}). Received: {network.output_shape}.")
    return network


def _call(
    builder: Callable[..., Any], spec: ModelSpec, image_shape: tuple[int, int, int], classes: int, search_path: Path
) -> Any:
    try:
        return builder(image_shape, classes, **spec.arguments)
    except ModuleNotFoundError as err:  # an import inside the function
        module, _ = locate_builder(spec.builder)
        raise UsageError(explain_missing(err, module, search_path, spec.builder)) from err


def _check_arguments(spec: ModelSpec, builder: Callable[..., Any]) -> None:
    signature = inspect.signature(builder)
    if any(p.kind is p.VAR_KEYWORD for p in signature.parameters.values()):
        return
    known = list(signature.parameters)[2:]
    for name in spec.arguments:
        if name not in known:
            raise UsageError(f"Model {spec.builder!r} has no argument {name!r}. {near_match(name, known)}")
