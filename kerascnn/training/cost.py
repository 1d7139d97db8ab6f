"""What a network costs: parameters, multiply-adds, memory."""

from __future__ import annotations

import resource
import sys
from math import prod
from pathlib import Path

import keras

from kerascnn.training.initialise import leaf_layers

TRANSPOSED = (keras.layers.Conv1DTranspose, keras.layers.Conv2DTranspose, keras.layers.Conv3DTranspose)
"""Layers that spread each input value over a window of the output."""


def count_parameters(model: keras.Model) -> int:
    """Trainable and moving parameters; states of random generators are none."""
    return sum(prod(v.shape) for v in model.variables if v.name != "seed_generator_state")


def count_multiply_adds(model: keras.Model) -> int:
    """Multiply-adds of the kernels in one image's forward pass.

    A kernel is applied once at every output position, that of a transposed convolution at every input position:
    its size times positions. A layer that says `weights_are_shared = False` has a weight for every use. In a grouped
    or depthwise kernel only the weights that exist are counted. Biases, normalisation and activations are not.
    """
    return sum(_layer_multiply_adds(layer) for layer in leaf_layers(model))


def _layer_multiply_adds(layer: keras.layers.Layer) -> int:
    kernels = [v for v in layer.weights if v.name.endswith("kernel")]
    if not kernels:
        return 0
    if not getattr(layer, "weights_are_shared", True):
        return sum(prod(kernel.shape) for kernel in kernels)
    maps = layer.input if isinstance(layer, TRANSPOSED) else layer.output
    return sum(prod(kernel.shape) for kernel in kernels) * prod(maps.shape[1:-1])


def reset_peak_memory() -> None:
    """Start a new peak for this process, where the system can (Linux)."""
    marker = Path("/proc/self/clear_refs")
    if marker.exists():
        try:
            marker.write_text("5")
        except PermissionError:
            return  # a container may forbid it: the peak is then that of the process so far


def peak_memory_bytes() -> int:
    """Largest resident memory of this process since `reset_peak_memory`."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
