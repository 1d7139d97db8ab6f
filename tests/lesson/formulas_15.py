"""Seeing inside: the way back to the pixels, waves that a stride cannot carry, and edges."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.testing import assert_allclose
from stating import Checks, draws

from kerascnn.byhand import convolve
from kerascnn.looking.deconvnet import Stage, project, trace, unpool
from kerascnn.looking.edges import coherence, structure_tensors
from kerascnn.looking.spectrum import nyquist

CHECKS = Checks()


def matrix_of(linear: Callable[[np.ndarray], np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """The matrix of a linear map of arrays of `shape`, from what it makes of each unit array."""
    units = np.eye(int(np.prod(shape))).reshape(-1, 1, *shape)
    return np.stack([linear(unit).ravel() for unit in units], axis=1)


def relu(values: np.ndarray) -> np.ndarray:
    return np.maximum(values, 0)


@CHECKS.of(
    r"\hat x = A_1^\top\, U_1\, \mathrm{relu}\bigl(A_2^\top\, U_2\, \mathrm{relu}(\dots A_l^\top\, \mathrm{relu}(y))\bigr)"
)
def back_to_the_pixels() -> None:
    random = draws()
    kernels = [random.standard_normal((3, 3, *sizes)) for sizes in ((1, 2), (2, 3), (3, 2))]
    windows = (1, 2, 2)  # pooling before the second convolution and before the third
    stages = [Stage("conv", kernel, np.zeros(kernel.shape[-1]), w) for kernel, w in zip(kernels, windows, strict=True)]
    passed = trace(stages, random.standard_normal((1, 8, 8, 1)))
    y = random.standard_normal(passed.maps[-1].shape)
    sizes = [(8, 8, 1), (4, 4, 2), (2, 2, 3)]  # what each convolution gets
    A1, A2, A3 = (
        matrix_of(lambda maps, kernel=kernel: convolve(maps, kernel, padding=1), size)
        for kernel, size in zip(kernels, sizes, strict=True)
    )
    U1, U2 = (
        matrix_of(lambda maps, chosen=chosen: unpool(maps, chosen, 2), size)
        for chosen, size in zip(passed.switches[1:], sizes[1:], strict=True)
    )
    said = A1.T @ U1 @ relu(A2.T @ U2 @ relu(A3.T @ relu(y.ravel())))
    assert_allclose(project(stages, passed.switches, y).ravel(), said, atol=1e-9)
    assert np.abs(said).max() > 0.1


@CHECKS.of(r"f_{max} = \frac{1}{2s} \text{ cycles per pixel (Nyquist);}")
def fastest_wave() -> None:
    pixels = np.arange(240)
    for s in (1, 2, 4):
        limit = 1 / (2 * s)
        assert nyquist(s) == limit
        seen = pixels[::s]
        carried = {
            frequency: np.argmax(np.abs(np.fft.rfft(np.sin(2 * np.pi * frequency * seen)))) / len(pixels)
            for frequency in (0.3 * limit, 0.9 * limit, 1.1 * limit, 1.3 * limit)
        }
        for frequency, found in carried.items():
            is_carried = frequency < limit
            assert np.isclose(found, frequency) == is_carried
            if not is_carried:  # folded back, it looks like a slower one
                assert_allclose(found, 2 * limit - frequency)


def slopes_of(patch: np.ndarray) -> list[np.ndarray]:
    """Down and to the right, between each four neighbouring pixels."""
    found = []
    for row, column in np.ndindex(patch.shape[0] - 1, patch.shape[1] - 1):
        four = patch[row : row + 2, column : column + 2]
        found.append(np.array([four[1].mean() - four[0].mean(), four[:, 1].mean() - four[:, 0].mean()]))
    return found


@CHECKS.of(r"\sum g\,g^\top")
def slopes() -> None:
    patch = draws().uniform(0, 255, (7, 7))
    said = sum(np.outer(g, g) for g in slopes_of(patch))
    assert_allclose(structure_tensors(patch[None, ..., None])[0], said)


@CHECKS.of(r"c = \frac{\lambda_1 - \lambda_2}{\lambda_1 + \lambda_2}")
def edges() -> None:
    rows, columns = np.mgrid[:7, :7].astype(float)
    edge, spot = rows + 2 * columns, (rows - 3) ** 2 + (columns - 3) ** 2
    for patch, expected in ((draws().uniform(0, 255, (7, 7)), None), (edge, 1.0), (spot, 0.0)):
        tensor = structure_tensors(patch[None, ..., None])[0]
        smaller, larger = np.linalg.eigvalsh(tensor)
        c = (larger - smaller) / (larger + smaller)
        assert_allclose(coherence(tensor), c, atol=1e-9)
        assert expected is None or np.isclose(c, expected)
