"""The layers by hand against Keras' own on random cases: the one module of this room that loads Keras.

It runs in a notebook's kernel. Nothing that plans, renders or trains imports it. Keras computes on the CPU: graphics
processors may round the factors of a float32 product to ten bits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np

from kerascnn.byhand.cases import Agreement, Case, Draw, NumberFormat
from kerascnn.byhand.checks import GRID
from kerascnn.byhand.convolution import convolve, convolve_backward
from kerascnn.byhand.counting import count_parameters
from kerascnn.byhand.normalisation import EPSILON, normalise, normalise_backward
from kerascnn.byhand.pooling import PoolKind, pool, pool_backward
from kerascnn.byhand.sliding import output_size
from kerascnn.errors import UsageError
from kerascnn.framework import load_keras

Arrays = tuple[np.ndarray, ...]
Pair = tuple[float, float]
"""The largest difference of a case, forward and backward."""

WINDOWS, CHANNELS, MAPS = tuple(product((1, 2, 3, 5), repeat=2)), (1, 3, 16), (1, 4, 32)
"""Grid for the numbers of parameters."""


def compare_all(cases: int, seed: int = 1, number_format: NumberFormat = "float32") -> tuple[Agreement, ...]:
    """Convolution, max pooling, average pooling and Batch Normalization, each on `cases` random cases.

    Raises: UsageError for no cases, or a number format that there is not.
    """
    if cases < 1:
        raise UsageError(f"A comparison needs one case or more. Received: cases={cases}.")
    kinds: dict[str, Callable[[Draw, int], Pair]] = {
        "convolution": _convolution,
        "max pooling": lambda draw, number: _pooling(draw, number, "max"),
        "average pooling": lambda draw, number: _pooling(draw, number, "average"),
        "batch normalisation": _normalisation,
    }
    return tuple(_compare(what, compare, cases, seed, number_format) for what, compare in kinds.items())


def size_mismatches() -> int:
    """For how many of `checks.GRID` Keras' output size is not floor((n + 2p - k) / s) + 1, along either axis."""
    keras = load_keras()
    return sum(
        keras.layers.Conv2D(1, window, stride).compute_output_shape((None, *[size + 2 * padding] * 2, 1))[1:3]
        != (output_size(size, window, stride, padding),) * 2
        for size, window, stride, padding in GRID
    )


def parameter_mismatches() -> int:
    """For how many layers of a grid of windows, channels and maps Keras counts other than (k k C_in + 1) C_out."""
    keras = load_keras()
    failures = 0
    for window, channels, maps in product(WINDOWS, CHANNELS, MAPS):
        layer = keras.layers.Conv2D(maps, window)
        layer.build((None, 32, 32, channels))
        failures += layer.count_params() != count_parameters(window, channels, maps)
    return failures


def wrong_channels_accepted(channels: int = 3, others: Sequence[int] = (1, 2, 4, 16)) -> int:
    """How often a convolution made for `channels` takes images of another number of them, Keras' or ours."""
    return sum(bool(says is None) for other in others for says in channel_errors(channels, other).values())


def channel_errors(channels: int = 3, other: int = 1) -> dict[str, str | None]:
    """What Keras and what `convolve` says to images of `other` channels, given a kernel for `channels`.

    None for whoever says nothing.
    """
    layer = load_keras().layers.Conv2D(4, 5, name="convolution")
    layer.build((None, 32, 32, channels))
    images, kernel = np.zeros((1, 32, 32, other), np.float32), np.zeros((5, 5, channels, 4))
    return {
        "Keras": _complaint(ValueError, lambda: layer(images)),
        "by hand": _complaint(UsageError, lambda: convolve(images, kernel)),
    }


def _complaint(kind: type[Exception], call: Callable[[], object]) -> str | None:
    try:
        call()
    except kind as err:
        return str(err)
    return None


def _compare(
    what: str, compare: Callable[[Draw, int], Pair], cases: int, seed: int, number_format: NumberFormat
) -> Agreement:
    draw = Draw.of(seed, what, number_format)
    forward, backward = zip(*(compare(draw, number) for number in range(cases)), strict=True)
    return Agreement(what, forward, backward)


def _convolution(draw: Draw, number: int) -> Pair:
    """One case; 1-D, 2-D and 3-D in turn."""
    axes = 1 + number % 3
    case = draw.case(axes, padding=lambda window: int(draw.random.integers(window)))
    sliding, shape = case.sliding, (*case.sliding.window, case.shape[-1], case.maps)
    images, bias = draw.normal(case.shape), draw.normal((case.maps,))
    kernel = draw.normal(shape, 1.0 / np.sqrt(np.prod(shape[:-1])))
    maps = convolve(images, kernel, bias, sliding.stride, sliding.padding)
    upstream = draw.upstream(maps.shape)
    layer = _layer(f"Conv{axes}D", draw, case.maps, sliding.window, strides=sliding.stride, padding=_word(case))
    gradients = convolve_backward(images, kernel, upstream, sliding.stride, sliding.padding)
    theirs = _run(layer, images, upstream, (kernel, bias), before=_padding_layer(case, draw))
    return _pair((maps, *gradients), theirs)


def _pooling(draw: Draw, number: int, kind: PoolKind) -> Pair:
    """One case; TensorFlow has no 3-D pooling in float64, so that is left out there.

    No two values are nearly equal: of equal ones the first wins here. In TensorFlow's 3-D max pooling all win that lie within
    1e-5 of the largest.
    """
    axes = 1 + number % (3 if draw.number_format == "float32" else 2)
    case = draw.case(axes, padding=lambda window: 0)
    sliding, images = case.sliding, draw.apart(case.shape)
    options = (sliding.window, sliding.stride, sliding.padding, kind)
    maps = pool(images, *options)
    upstream = draw.upstream(maps.shape)
    layer = _layer(f"{kind.capitalize()}Pooling{axes}D", draw, sliding.window, sliding.stride, padding=_word(case))
    return _pair((maps, pool_backward(images, upstream, *options)), _run(layer, images, upstream))


def _normalisation(draw: Draw, number: int) -> Pair:
    """One case: every channel has a scale and an offset of its own, the offset seldom beyond two scales.

    Keras multiplies before it subtracts the mean, so an offset of 30 scales costs float32 two more digits; and its sums
    over all places lose digits as they grow longer.
    """
    axes = 1 + number % 3
    shape = (*(int(size) for size in draw.random.integers(3, 6, size=axes + 1)), int(draw.random.integers(1, 9)))
    scales = draw.random.uniform(1.0, 3.0, shape[-1])
    images = (draw.normal(shape) * scales + draw.normal(shape[-1:])).astype(draw.number_format).astype(np.float64)
    gamma, beta, upstream = draw.normal(shape[-1:]), draw.normal(shape[-1:]), draw.upstream(shape)
    layer = _layer("BatchNormalization", draw, epsilon=EPSILON)
    ours = (normalise(images, gamma, beta), *normalise_backward(images, gamma, upstream))
    return _pair(ours, _run(layer, images, upstream, (gamma, beta), training=True))


def _word(case: Case) -> str:
    return "same" if case.is_same else "valid"


def _padding_layer(case: Case, draw: Draw) -> Any:
    """Keras' zeros around the images, where the case has its own number of them."""
    if case.is_same:
        return None
    padding = case.sliding.padding[0] if case.axes == 1 else case.sliding.padding
    return _layer(f"ZeroPadding{case.axes}D", draw, padding)


def _layer(kind: str, draw: Draw, *arguments: Any, **options: Any) -> Any:
    return getattr(load_keras().layers, kind)(*arguments, dtype=draw.number_format, **options)


def _run(
    layer: Any, images: np.ndarray, upstream: np.ndarray, weights: Arrays = (), before: Any = None, **call: Any
) -> Arrays:
    """Keras' output, then its gradients for the images and for every weight that is trained."""
    import tensorflow as tf

    with tf.device("/CPU:0"):
        inputs = tf.constant(images, layer.dtype)
        layer.build((before or layer).compute_output_shape(inputs.shape) if before else inputs.shape)
        for variable, value in zip(layer.trainable_variables, weights, strict=True):
            variable.assign(value)
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = layer(before(inputs) if before else inputs, **call)
        sources = [inputs, *(variable.value for variable in layer.trainable_variables)]
        gradients = tape.gradient(outputs, sources, tf.constant(upstream, layer.dtype))
    return tuple(array.numpy() for array in (outputs, *gradients))


def _pair(ours: Arrays, theirs: Arrays) -> Pair:
    """The largest difference of the outputs, and that of all gradients."""
    forward, *backward = (float(np.abs(a - b).max()) for a, b in zip(ours, theirs, strict=True))
    return forward, max(backward)
