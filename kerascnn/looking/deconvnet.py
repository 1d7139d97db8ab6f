"""Back from a feature map to the pixels that excited it: the deconvnet of Zeiler and Fergus.

Forward, each stage is (max pooling,) convolution, ReLU. Backward, each step is answered by its counterpart: the ReLU by a
ReLU, the convolution by its transpose, and pooling by putting every value where the largest one came from, which the
*switches* recorded on the way.
Source: Zeiler and Fergus 2014, section 2.1 and figure 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kerascnn.byhand.convolution import convolve, convolve_backward
from kerascnn.byhand.sliding import same_padding
from kerascnn.errors import UsageError


@dataclass(frozen=True)
class Stage:
    """A convolution with stride 1 and "same" padding, and its ReLU; before it max pooling over `window` x `window` (1: none).

    `kernel` (size, size, channels, maps), `bias` (maps,).
    """

    name: str
    kernel: np.ndarray
    bias: np.ndarray
    window: int = 1


@dataclass(frozen=True)
class Trace:
    """What a pass through the stages left: of every stage its maps (n, height, width, maps) and its pooling's switches.

    Switches are int (n, height, width, channels): which value of the window won, counted row by row. None: no pooling.
    """

    maps: tuple[np.ndarray, ...]
    switches: tuple[np.ndarray | None, ...]


def stages_of(network: Any) -> tuple[Stage, ...]:
    """The convolutions of a Keras network up to the first layer that is neither convolution, ReLU nor max pooling.

    Raises: UsageError where that leaves none, or a convolution or pooling is of another kind than `Stage` describes.
    """
    stages: list[Stage] = []
    window = 1
    for layer in network.layers[1:]:
        kind = type(layer).__name__
        if kind == "MaxPooling2D":
            window *= _window(layer)
        elif kind == "Conv2D":
            stages.append(_stage(layer, window))
            window = 1
        elif not _is_relu(layer):
            break
    if not stages:
        raise UsageError(
            f"A deconvnet needs a network that begins with convolutions, ReLU and max pooling. Received: {network.name!r}."
        )
    return tuple(stages)


def _window(layer: Any) -> int:
    if layer.pool_size[0] == layer.pool_size[1] == layer.strides[0] == layer.strides[1]:
        return int(layer.pool_size[0])
    raise UsageError(
        f"Switches need square windows that do not overlap. Received: {layer.name!r} with windows of {layer.pool_size} "
        f"in steps of {layer.strides}. Look into a network with 2 x 2 max pooling."
    )


def _stage(layer: Any, window: int) -> Stage:
    if layer.padding != "same" or tuple(layer.strides) != (1, 1):
        raise UsageError(
            f'A stage\'s convolution must have stride 1 and "same" padding. Received: {layer.name!r} with stride '
            f"{layer.strides} and {layer.padding!r} padding."
        )
    kernel, *bias = (np.asarray(value, np.float64) for value in layer.get_weights())
    return Stage(layer.name, kernel, bias[0] if bias else np.zeros(kernel.shape[-1]), window)


def _is_relu(layer: Any) -> bool:
    return type(layer).__name__ == "ReLU" or getattr(getattr(layer, "activation", None), "__name__", "") == "relu"


def trace(stages: Sequence[Stage], images: np.ndarray) -> Trace:
    """What `stages` make of normalised `images` (n, height, width, channels)."""
    values, maps, switches = images, [], []
    for stage in stages:
        chosen = find_switches(values, stage.window) if stage.window > 1 else None
        values = np.maximum(_through(stage, values, chosen) + stage.bias, 0)
        maps.append(values)
        switches.append(chosen)
    return Trace(tuple(maps), tuple(switches))


def project(
    stages: Sequence[Stage], switches: Sequence[np.ndarray | None], values: np.ndarray, *, rectify: bool = True
) -> np.ndarray:
    """`values`, maps of the last of `stages`, carried back to the pixels: float64 (n, height, width, channels).

    Without `rectify` this is exactly the transpose of `pass_forward` with the same switches.
    """
    for stage, chosen in reversed(list(zip(stages, switches, strict=True))):
        if rectify:
            values = np.maximum(values, 0)
        values = _back_through(stage, values)
        if chosen is not None:
            values = unpool(values, chosen, stage.window)
    return values


def pass_forward(stages: Sequence[Stage], switches: Sequence[np.ndarray | None], images: np.ndarray) -> np.ndarray:
    """The linear part of the pass: kernels without biases and ReLU, and pooling that takes what the switches say."""
    for stage, chosen in zip(stages, switches, strict=True):
        images = _through(stage, images, chosen)
    return images


def adjoint_error(stages: Sequence[Stage], images: np.ndarray, seed: int = 0) -> float:
    """How far <A x, y> is from <x, A' y>, relative to |A x| |y|, for random x and y and the switches of `images`.

    A is the linear pass through `stages`, A' the backward projection without rectification: the error of a true
    transpose is rounding alone.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    switches = trace(stages, images).switches
    pixels = random.standard_normal(images.shape)
    forward = pass_forward(stages, switches, pixels)
    values = random.standard_normal(forward.shape)
    backward = project(stages, switches, values, rectify=False)
    apart = abs(float(np.vdot(forward, values) - np.vdot(pixels, backward)))
    return apart / float(np.linalg.norm(forward) * np.linalg.norm(values))


def find_switches(maps: np.ndarray, window: int) -> np.ndarray:
    """Which value of every window is the largest (the first of equals): int (n, height', width', channels)."""
    return _windows(maps, window).argmax(axis=-1)


def select(maps: np.ndarray, switches: np.ndarray, window: int) -> np.ndarray:
    """The value of every window that its switch names: (n, height', width', channels)."""
    return np.take_along_axis(_windows(maps, window), switches[..., None], axis=-1)[..., 0]


def unpool(values: np.ndarray, switches: np.ndarray, window: int) -> np.ndarray:
    """Every value at the place that its switch names, zero everywhere else: (n, height' * window, width' * window, channels)."""
    count, height, width, channels = values.shape
    spread = np.zeros((*values.shape, window * window))
    np.put_along_axis(spread, switches[..., None], values[..., None], axis=-1)
    spread = spread.reshape(count, height, width, channels, window, window)
    return spread.transpose(0, 1, 4, 2, 5, 3).reshape(count, height * window, width * window, channels)


def _windows(maps: np.ndarray, window: int) -> np.ndarray:
    """(n, height', width', channels, window * window) of maps whose sides are multiples of `window`."""
    count, height, width, channels = maps.shape
    if height % window or width % window:
        raise UsageError(f"Maps of {height} x {width} are not cut into windows of {window} x {window} without a rest.")
    parts = maps.reshape(count, height // window, window, width // window, window, channels)
    return parts.transpose(0, 1, 3, 5, 2, 4).reshape(count, height // window, width // window, channels, window**2)


def _through(stage: Stage, values: np.ndarray, chosen: np.ndarray | None) -> np.ndarray:
    if chosen is not None:
        values = select(values, chosen, stage.window)
    return convolve(values, stage.kernel, padding=_padding(stage))


def _back_through(stage: Stage, values: np.ndarray) -> np.ndarray:
    images = np.zeros((*values.shape[:-1], stage.kernel.shape[2]))
    return convolve_backward(images, stage.kernel, values, padding=_padding(stage))[0]


def _padding(stage: Stage) -> list[tuple[int, int]]:
    return [same_padding(size, size) for size in stage.kernel.shape[:2]]
