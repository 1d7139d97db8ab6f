"""What a ReLU does to a noisy picture: half of the units fall silent, and the others hand their noise on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kerascnn.byhand.convolution import convolve


@dataclass(frozen=True)
class NoisyLayer:
    """A convolution and its ReLU on clean and on noisy pictures.

    `noise_before` and `noise_after` the ReLU: mean squared difference between noisy and clean maps over the variance of the
    clean ones. `silent_share`: how many of the noisy outputs the ReLU sets to zero. `pictures`: row label -> uint8
    `(2, height, width, channels)`, the first picture clean and noisy, and one of its maps before and after.
    """

    noise_before: float
    noise_after: float
    silent_share: float
    pictures: dict[str, np.ndarray]


def relu_on_noise(images: np.ndarray, noise: float = 0.5, maps: int = 16, seed: int = 1) -> NoisyLayer:
    """Send `images` (uint8, `(n, height, width, channels)`) through 3 x 3 kernels drawn from `seed`, and a ReLU.

    `noise` is the standard deviation of what is added, where the pixels of each channel have mean 0 and deviation 1.
    """
    random = np.random.Generator(np.random.PCG64(seed))
    mean, deviation = (measure(images, axis=(0, 1, 2), keepdims=True) for measure in (np.mean, np.std))
    clean = (images - mean) / deviation
    noisy = clean + noise * random.standard_normal(images.shape)
    kernel = random.standard_normal((3, 3, images.shape[-1], maps))
    before = [convolve(each, kernel, padding=1) for each in (clean, noisy)]
    after = [np.maximum(each, 0.0) for each in before]
    return NoisyLayer(
        noise_before=_noise(*before),
        noise_after=_noise(*after),
        silent_share=float((after[1] == 0).mean()),
        pictures={
            "picture, clean and noisy": _visible(
                np.stack([each[0] * deviation[0] + mean[0] for each in (clean, noisy)])
            ),
            "one map before the ReLU": _stretched(np.stack([each[0, ..., :1] for each in before])),
            "the same map after it": _stretched(np.stack([each[0, ..., :1] for each in after])),
        },
    )


def _noise(clean: np.ndarray, noisy: np.ndarray) -> float:
    return float(np.mean((noisy - clean) ** 2) / np.var(clean))


def _visible(pixels: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)


def _stretched(maps: np.ndarray) -> np.ndarray:
    """From black at the lowest value to white at the highest."""
    low, high = maps.min(), maps.max()
    return _visible(255 * (maps - low) / max(high - low, 1e-12))
