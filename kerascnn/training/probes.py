"""What happens inside the layers: signal, gradients, dead and saturated units.

Always in float32: in bfloat16 a vanishing signal drowns in rounding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerascnn.records import LayerProbe, Probe
from kerascnn.training.initialise import leaf_layers
from kerascnn.training.inputs import Affine, normalise
from kerascnn.training.loop import Images

PROBE_IMAGES = 64
KINDS = {
    "Conv2D": "convolution",
    "Dense": "dense",
    "DepthwiseConv2D": "depthwise",
    "LocallyConnected2D": "local",
    "SeparableConv2D": "separable",
}
SATURATED = {"sigmoid": (0.01, 0.99), "tanh": (-0.98, 0.98)}
"""Values beyond these are within 1 % of the function's range from its ends."""


@dataclass(frozen=True)
class Stage:
    """A layer with a kernel and the layer whose output is its activation."""

    layer: keras.layers.Layer
    output: keras.layers.Layer
    activation: str | None


def stages(model: keras.Model) -> list[Stage]:
    """The layers with kernels from input to output, each with the activation that follows it."""
    found: list[Stage] = []
    for layer in leaf_layers(model):
        own = _activation_name(layer)
        if _kernel(layer) is not None:
            found.append(Stage(layer, layer, own))
        elif own and found and found[-1].activation is None:
            found[-1] = Stage(found[-1].layer, layer, own)
    return found


def kernel_values(model: keras.Model) -> dict[str, np.ndarray]:
    """Layer name -> its kernel's values, to compare before and after a step."""
    return {stage.layer.name: np.asarray(_kernel(stage.layer)) for stage in stages(model)}


def update_ratios(before: dict[str, np.ndarray], after: dict[str, np.ndarray]) -> dict[str, float | None]:
    """Layer name -> norm of the kernel's change over the norm of the kernel."""
    return {name: _update_ratio(kernel.astype(np.float64), after[name]) for name, kernel in before.items()}


def _update_ratio(before: np.ndarray, after: np.ndarray) -> float | None:
    with np.errstate(invalid="ignore"):
        return _finite(np.linalg.norm(after - before) / max(float(np.linalg.norm(before)), 1e-30))


def probe(model: keras.Model, data: Images, affine: Affine, *, per_image: bool, moment: Any) -> Probe:
    """Look at every layer of the float32 `model` on `data`, in training mode; its statistics may move."""
    found = stages(model)
    viewer = keras.Model(model.inputs, [*[stage.output.output for stage in found], *model.outputs])
    pixels = normalise(data.images, *affine, per_image=per_image)
    with tf.GradientTape() as tape:
        *activations, logits = viewer(pixels, training=True)
        loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(data.labels, logits))
    gradients = tape.gradient(loss, [_kernel(stage.layer).value for stage in found])
    layers = tuple(map(_look, found, activations, gradients))
    return Probe(moment=moment, loss=_finite(loss), layers=layers)


def _look(stage: Stage, activation: Any, gradient: Any) -> LayerProbe:
    values = activation.numpy().astype(np.float64)
    if not np.isfinite(values).all():
        values = np.full_like(values, np.nan)  # after divergence nothing that is measured here has a meaning
    by_channel = values.reshape(-1, values.shape[-1])
    low, high = SATURATED.get(stage.activation or "", (-math.inf, math.inf))
    return LayerProbe(
        layer=stage.layer.name,
        kind=KINDS.get(type(stage.layer).__name__, type(stage.layer).__name__.lower()),
        activation=stage.activation,
        activation_mean_square=_finite(np.mean(values**2)),
        activation_std=_finite(values.std()),
        activation_std_across_examples=_finite(values.std(axis=0).mean()),
        gradient_norm=_finite(np.linalg.norm(gradient.numpy().astype(np.float64))),
        dead_share=_share(by_channel.max(axis=0) <= 0, values) if stage.activation == "relu" else None,
        saturated_share=_share((values < low) | (values > high), values) if stage.activation in SATURATED else None,
    )


def _share(found: np.ndarray, values: np.ndarray) -> float | None:
    return None if np.isnan(values).any() else float(np.mean(found))


def _kernel(layer: keras.layers.Layer) -> Any:
    kernels = [v for v in layer.trainable_variables if v.name.endswith("kernel")]
    return kernels[-1] if kernels else None


def _activation_name(layer: keras.layers.Layer) -> str | None:
    if isinstance(layer, keras.layers.ReLU):
        return "relu"
    name = getattr(getattr(layer, "activation", None), "__name__", None)
    return None if name == "linear" else name


def _finite(value: Any) -> float | None:
    number = float(value)
    return number if math.isfinite(number) else None
