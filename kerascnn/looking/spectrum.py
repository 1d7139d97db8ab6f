"""What a stride cannot carry: the high frequencies of a first layer's response, which sampling folds into low ones.

A map sampled at every s-th pixel tells waves apart only up to 1 / (2 s) cycles per pixel (Nyquist); a faster wave looks
like a slower one that is not there: aliasing. A ReLU or a bias works on each value alone, so they may as well come
after the sampling, and what is folded is decided by kernels and images.
Source: Zeiler and Fergus 2014, section 4.1: the stride of 4 in AlexNet's first layer, and 2 instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from kerascnn.data import open_dataset
from kerascnn.looking.predicting import Predictor, Shape
from kerascnn.specs import Arm

if TYPE_CHECKING:
    from kerascnn.looking.asked import TrainedRuns
    from kerascnn.records import RunRecord


@dataclass(frozen=True)
class Spectrum:
    """One arm's first layer: `energy` float64 (seeds, frequencies), the share of its response at each of `frequencies`.

    `frequencies` in cycles per pixel, of the faster of the two directions; the shares of a seed sum to one. `limit` is what the
    stride carries, 1 / (2 * stride).
    """

    arm: Arm
    seeds: tuple[int, ...]
    frequencies: np.ndarray
    energy: np.ndarray
    stride: int

    @property
    def limit(self) -> float:
        """Cycles per pixel that the layer's stride can still carry."""
        return nyquist(self.stride)

    def beyond(self, limit: float) -> np.ndarray:
        """float64 (seeds,): the share of the energy at frequencies above `limit` cycles per pixel."""
        return self.energy[:, self.frequencies > limit + 1e-9].sum(axis=1)


class FirstLayer(NamedTuple):
    """`kernel` (height, width, channels, maps) and its stride in pixels."""

    kernel: np.ndarray
    stride: int


def nyquist(stride: int) -> float:
    """The fastest wave that samples `stride` pixels apart can tell, in cycles per pixel."""
    return 1 / (2 * stride)


def response_spectra(results: TrainedRuns, *arms: str, images: int = 1000) -> list[Spectrum]:
    """The spectrum of each arm's first-layer response to the first `images` test images, for every seed that finished."""
    predictor = Predictor(results)
    pictures = np.asarray(open_dataset(results.dataset.content).test_images[:images])
    spectra = []
    for runs in results.select(*arms):
        finished = runs.finished
        layers = [_first_layer(predictor, runs.arm.name, r, results.dataset.image_shape) for r in finished.values()]
        if layers:
            frequencies = frequencies_of(pictures.shape[1:3])
            cross = cross_spectrum(predictor.pixels(next(iter(finished.values())), pictures))
            energy = [by_frequency(response_energy(layer.kernel, cross), frequencies) for layer in layers]
            spectra.append(
                Spectrum(runs.arm, tuple(finished), np.unique(frequencies), np.stack(energy), layers[0].stride)
            )
    return spectra


def aliasing(spectra: list[Spectrum]) -> dict[str, dict[int, float]]:
    """Arm -> seed -> the share of the response beyond what the layer's own stride carries.

    To be handed to `Results.measure("aliasing", ...)`.
    """
    return {one.arm.name: dict(zip(one.seeds, one.beyond(one.limit).tolist(), strict=True)) for one in spectra}


def mean_beyond(spectra: list[Spectrum], arm: str, stride: int) -> float:
    """The mean over seeds of the share of the response of `arm` that any `stride` could not carry, whatever its own is."""
    found = [one.beyond(nyquist(stride)).mean() for one in spectra if one.arm.name == arm]
    return float(found[0]) if found else float("nan")


def cross_spectrum(pixels: np.ndarray) -> np.ndarray:
    """How the channels of normalised `pixels` (n, height, width, channels) go together at each frequency.

    complex128 (height, width, channels, channels), the mean over images of F_c conj(F_d). Each image has its mean taken off
    and fades out towards its border, whose jump would else count as high frequency; the mean itself is no wave.
    """
    height, width = pixels.shape[1:3]
    fade = np.outer(np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1])[..., None]
    waves = np.fft.fft2((pixels - pixels.mean(axis=(1, 2), keepdims=True)) * fade, axes=(1, 2))
    waves[:, 0, 0] = 0
    return np.einsum("nhwc,nhwd->hwcd", waves, waves.conj(), optimize=True) / len(pixels)


def response_energy(kernel: np.ndarray, cross: np.ndarray) -> np.ndarray:
    """float64 (height, width): the energy at each frequency of the maps that `kernel` makes, taken at every pixel, summed over maps."""
    height, width = cross.shape[:2]
    answer = np.fft.fft2(kernel.astype(np.float64), s=(height, width), axes=(0, 1))
    # Nets do not flip their kernels (a cross-correlation), so each factor is the conjugate.
    return np.einsum("hwcm,hwcd,hwdm->hw", answer.conj(), cross, answer, optimize=True).real


def frequencies_of(shape: tuple[int, ...]) -> np.ndarray:
    """float64 (height, width): cycles per pixel of the faster direction at each place of a Fourier transform."""
    rows, columns = (np.abs(np.fft.fftfreq(side)) for side in shape)
    return np.maximum(rows[:, None], columns[None, :])


def by_frequency(energy: np.ndarray, frequencies: np.ndarray) -> np.ndarray:
    """The share of `energy` at each distinct frequency, from low to high."""
    _, places = np.unique(frequencies, return_inverse=True)
    return np.bincount(places.ravel(), energy.ravel()) / energy.sum()


def split_frequencies(results: TrainedRuns, strides: list[int], images: int = 4) -> dict[str, np.ndarray]:
    """Test images, then for each stride what of them it carries, and what it cannot (on grey): uint8 rows of images."""
    pictures = np.asarray(open_dataset(results.dataset.content).test_images[:images])
    rows = {"the images": pictures}
    for stride in strides:
        low = low_pass(pictures, nyquist(stride))
        for name, values in {"carries": low, "cannot carry": pictures - low + 127.5}.items():
            rows[f"what a stride of {stride} {name}"] = np.rint(np.clip(values, 0, 255)).astype(np.uint8)
    return rows


def low_pass(images: np.ndarray, limit: float) -> np.ndarray:
    """float64 `images` without what is faster than `limit` cycles per pixel along rows or columns."""
    kept = frequencies_of(images.shape[1:3]) <= limit + 1e-9
    waves = np.fft.fft2(images.astype(np.float64), axes=(1, 2)) * kept[None, ..., None]
    return np.fft.ifft2(waves, axes=(1, 2)).real


def _first_layer(predictor: Predictor, arm: str, record: RunRecord, shape: Shape) -> FirstLayer:
    network = predictor.network(arm, record, shape)
    first = next(layer for layer in network.layers if type(layer).__name__ == "Conv2D")
    return FirstLayer(np.asarray(first.get_weights()[0]), int(first.strides[0]))
