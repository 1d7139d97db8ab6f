"""What a network ends in: logits, for the loss applies the softmax itself.

Behind a softmax or sigmoid of its own the loss would apply a second one and the net would train badly without a word.
A `log_softmax` at the end is harmless: softmax leaves it as it is. A tanh or ReLU at the end bounds the logits, which
may be somebody's question; such a net is trained.
"""

from __future__ import annotations

import re
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from kerascnn.errors import UsageError
from kerascnn.models import BUILDERS

PROBABILITIES = {"softmax", "sigmoid", "hard_sigmoid", "sparse_sigmoid", "sparsemax", "hard_softmax"}
"""Activation functions, by Keras' names, whose values are probabilities."""

LAYERS_PASSED = (
    "Reshape", "Flatten", "Permute", "Identity", "Dropout", "SpatialDropout1D", "SpatialDropout2D", "ActivityRegularization",
    "Cropping2D", "UpSampling2D", "Transpose", "Squeeze", "ExpandDims", "Cast",
)  # fmt: skip
"""Layers and operations that move values and compute none."""
OPERATIONS_PASSED = {
    "Identity", "Reshape", "Squeeze", "ExpandDims", "Cast", "Transpose", "StopGradient", "EnsureShape", "StridedSlice", "Snapshot",
}  # fmt: skip
"""The same in TensorFlow's graph."""
OPERATIONS_REFUSED = {"Softmax", "Sigmoid"}

SCALES = (1.0, 30.0)
PROBED_IMAGES = 4
TOLERANCE = 1e-3


def refuse_probabilities(model: keras.Model, builder: str) -> None:
    """Raises: UsageError where the untrained float32 `model` gives probabilities instead of logits.

    A user's own network is traced and asked too, which takes a moment; a test does so for those of this package.
    """
    found = _named_head(model) or (None if builder in BUILDERS else unnamed_head(model))
    if found:
        raise UsageError(
            f"Model {builder!r} must end in logits: the loss applies the softmax itself. Received: {found}. "
            "Leave that activation out."
        )


def _named_head(model: keras.Model) -> str | None:
    """The last layer that computes, where its name or activation says that it gives probabilities."""
    layer = _last_layer(model)
    if layer is None:
        return None
    kind = type(layer).__name__
    activation = getattr(getattr(layer, "activation", None), "__name__", None)
    operation = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).lower()
    name = activation if activation in PROBABILITIES else operation
    return f"the last layer {layer.name!r} ({kind}) ends in {name}" if name in PROBABILITIES else None


def _last_layer(model: keras.Model) -> Any:
    tensor = model.outputs[0]
    while (history := getattr(tensor, "_keras_history", None)) is not None:
        layer = history.operation
        passed = type(layer).__name__ in LAYERS_PASSED
        linear = type(layer).__name__ == "Activation" and layer.activation.__name__ == "linear"
        inputs = layer._inbound_nodes[history.node_index].input_tensors
        if not (passed or linear) or not inputs:
            return layer
        tensor = inputs[0]
    return None


def unnamed_head(model: keras.Model) -> str | None:
    """What gives probabilities at the end of `model` though no layer is called so; None where nothing does."""
    answer = tf.function(lambda images: model(images, training=False), autograph=False)
    traced = answer.get_concrete_function(tf.TensorSpec(model.inputs[0].shape, tf.float32))
    return _hidden_head(model, traced) or _measured_head(model, traced)


def _hidden_head(model: keras.Model, traced: Any) -> str | None:
    """The softmax or sigmoid that a custom layer, a Lambda or a function of its own ends in: the graph shows it."""
    operation = traced.graph.outputs[0].op
    while operation.type in OPERATIONS_PASSED and operation.inputs:
        operation = operation.inputs[0].op
    if operation.type not in OPERATIONS_REFUSED:
        return None
    layer = _last_layer(model)
    return f"the last layer {layer.name!r} ({type(layer).__name__}) computes a {operation.type.lower()}"


def _measured_head(model: keras.Model, traced: Any) -> str | None:
    """Probabilities by their numbers: for random images at every scale they are in [0, 1] and sum to one."""
    random = np.random.Generator(np.random.PCG64(1))
    images = random.normal(size=(PROBED_IMAGES, *model.inputs[0].shape[1:])).astype(np.float32)
    for scale in SCALES:
        outputs = np.asarray(traced(tf.constant(images * np.float32(scale))), np.float64)
        inside = (outputs >= -TOLERANCE).all() and (outputs <= 1 + TOLERANCE).all()
        if not (inside and (np.abs(outputs.sum(axis=-1) - 1) <= TOLERANCE).all()):
            return None
    return f"for random images the outputs of layer {_last_layer(model).name!r} are in [0, 1] and sum to one"
