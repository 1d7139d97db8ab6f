"""Which kernels are slow in bfloat16, and for which numbers of channels? Batch Normalization and depthwise convolutions.

    python benchmarks/kernels_by_channels.py

Forward and backward on one thread, the best of nine; a ratio above 1 says that float32, with both casts, is faster.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any

os.environ.update(TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1", TF_CPP_MIN_LOG_LEVEL="3")

import tensorflow as tf

MAPS = (32, 16, 16)
"""Images, height and width."""

CHANNELS = (6, 8, 12, 16, 24, 32, 48, 64)


def normalise(images: Any) -> Any:
    ones = tf.ones(images.shape[-1])
    return tf.compat.v1.nn.fused_batch_norm(images, ones, 0 * ones, is_training=True)[0]


def convolve_each(strides: int) -> Callable[[Any], Any]:
    def convolve(images: Any) -> Any:
        kernel = tf.ones((3, 3, images.shape[-1], 1), images.dtype)
        return tf.nn.depthwise_conv2d(images, kernel, [1, strides, strides, 1], "SAME")

    return convolve


def in_float32(operation: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda images: tf.cast(operation(tf.cast(images, tf.float32)), images.dtype)


def milliseconds(operation: Callable[[Any], Any], channels: int) -> float:
    images = tf.cast(tf.random.stateless_normal((*MAPS, channels), [1, 2]), tf.bfloat16)

    @tf.function
    def step(images: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(images)
            outputs = operation(images)
        return tape.gradient(outputs, images, output_gradients=outputs)

    step(images)
    taken = []
    for _ in range(9):
        started = time.perf_counter()
        step(images).numpy()
        taken.append(time.perf_counter() - started)
    return 1000 * min(taken)


def main() -> None:
    operations = {
        "Batch Normalization": normalise,
        "depthwise 3 x 3": convolve_each(1),
        "depthwise 3 x 3, stride 2": convolve_each(2),
    }
    print("| Operation | Channels | bfloat16, ms | float32, ms | ratio |\n|---|---:|---:|---:|---:|")
    for name, operation in operations.items():
        for channels in CHANNELS:
            narrow, wide = milliseconds(operation, channels), milliseconds(in_float32(operation), channels)
            print(f"| {name} | {channels} | {narrow:.2f} | {wide:.2f} | {narrow / wide:.1f} |", flush=True)


if __name__ == "__main__":
    main()
