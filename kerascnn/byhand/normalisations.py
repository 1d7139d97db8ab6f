"""The four normalisations by hand, in NumPy, and which of them look at the other images of a batch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from kerascnn.byhand.normalisation import EPSILON, normalise_batch


def normalise_layer(activations: np.ndarray) -> np.ndarray:
    """Each image by the mean and variance over its own height, width and channels.

    activations: float (n, height, width, channels). Source: Ba, Kiros and Hinton 2016, equation 3.
    """
    return normalise_group(activations, groups=1)


def normalise_group(activations: np.ndarray, groups: int = 8) -> np.ndarray:
    """Each image by the mean and variance over height, width and a group of neighbouring channels.

    activations: float (n, height, width, channels), channels a multiple of `groups`. Source: Wu and He 2018, equation 7.
    """
    grouped = activations.reshape(*activations.shape[:-1], groups, -1)
    mean, variance = (of(grouped, axis=(1, 2, 4), keepdims=True) for of in (np.mean, np.var))
    return ((grouped - mean) / np.sqrt(variance + EPSILON)).reshape(activations.shape)


def normalise_local_response(activations: np.ndarray, radius: int = 2) -> np.ndarray:
    """Each value by the squares in the channels up to `radius` away, at its own position, with AlexNet's constants.

    Source: Krizhevsky, Sutskever and Hinton 2012, section 3.3.
    """
    padding = [(0, 0)] * (activations.ndim - 1) + [(radius, radius)]
    squares = np.pad(activations.astype(np.float64) ** 2, padding)
    channels = activations.shape[-1]
    near = np.asarray([squares[..., shift : shift + channels] for shift in range(2 * radius + 1)]).sum(axis=0)
    return activations / (2.0 + 1e-4 * near) ** 0.75


NORMALISATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "batch": lambda activations: normalise_batch(activations)[0],
    "layer": normalise_layer,
    "group": normalise_group,
    "local-response": normalise_local_response,
}
"""Name -> normalisation without learnt scale and shift."""


def batch_dependence(kind: str, images: int, seed: int = 1, *, positions: int = 8) -> float:
    """How much an image's normalised activations change, at most, when the rest of its batch is exchanged.

    Normal activations (images, positions, positions, 16) of which the first image stays and the others are drawn anew; one
    position is a dense layer. In standard deviations of the activations; `kind` is a name in `NORMALISATIONS`.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    first, others, exchanged = (
        random.standard_normal((count, positions, positions, 16)) + random.standard_normal((count, 1, 1, 16))
        for count in (1, images - 1, images - 1)
    )
    answers = [NORMALISATIONS[kind](np.concatenate([first, rest]))[0] for rest in (others, exchanged)]
    return float(np.abs(answers[0] - answers[1]).max())


def response_spread(seed: int = 1) -> float:
    """How far local response normalisation is, at most, from a division by the constant 2 ** 0.75: a share of the value.

    Standard normal activations (32, 8, 8, 16): what a net has in its layers whose input has unit variance.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    activations = random.standard_normal((32, 8, 8, 16))
    return float(np.abs(normalise_local_response(activations) / activations * 2.0**0.75 - 1.0).max())
