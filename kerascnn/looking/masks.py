"""How well predicted masks fit: their overlap with the true ones, and their borders.

Masks are uint8 or bool (n, height, width), 1 on the object. In plain NumPy: what the runs said about their test images
lies in the store.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from kerascnn.data import Dataset, open_dataset
from kerascnn.looking.strips import Strip
from kerascnn.records import RunRecord

if TYPE_CHECKING:
    from kerascnn.looking.asked import TrainedRuns

Measure = Callable[[np.ndarray, np.ndarray], np.ndarray]

OBJECT, BACKGROUND, MISSED, EXTRA = (255, 255, 255), (40, 40, 40), (230, 120, 20), (60, 140, 230)
"""Colours of a predicted mask: right on the object, right beside it, object that was missed, background taken for object."""


def overlaps(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Intersection over union of each pair of masks: float64 (n,), in [0, 1]; 1 where both are empty.

    Source: Jaccard 1912; as region similarity, Perazzi et al. 2016, on the choice of metrics.
    """
    found, there = predicted.astype(bool), truth.astype(bool)
    shared, either = (found & there).sum(axis=(1, 2)), (found | there).sum(axis=(1, 2))
    return np.where(either > 0, shared / np.maximum(either, 1), 1.0)


def border_scores(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """F-score of each predicted border, F = 2PR / (P + R): float64 (n,), in [0, 1].

    P is the share of the predicted border's pixels that are on the true border or next to it (up, down, left, right), R the
    share of the true border's that the predicted one comes as near. 1 where both masks are empty, 0 where one is.
    Source: Martin, Fowlkes and Malik 2004, section 3; as contour accuracy, Perazzi et al. 2016, on the choice of metrics.
    """
    found, there = borders(predicted), borders(truth)
    precision, recall = _share_near(found, there), _share_near(there, found)
    scores = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return np.where(found.any(axis=(1, 2)) | there.any(axis=(1, 2)), scores, 1.0)


def borders(masks: np.ndarray) -> np.ndarray:
    """The pixels of the object that have a pixel of the background above, below, left or right of them: bool.

    What lies beyond the image is no background: an object that the image cuts off has no border there.
    """
    inside = masks.astype(bool)
    return inside & _spread(~inside)


def mask_overlap(results: TrainedRuns, *arms: str) -> dict[str, dict[int, float]]:
    """Arm -> seed -> mean overlap on the run's test images; for `Results.measure("mask_overlap", ...)`."""
    return _by_run(results, arms, overlaps)


def border_f(results: TrainedRuns, *arms: str) -> dict[str, dict[int, float]]:
    """Arm -> seed -> mean F-score of the borders; for `Results.measure("border_f", ...)`."""
    return _by_run(results, arms, border_scores)


def object_share(results: TrainedRuns, arm: str) -> float:
    """The share of the test images' pixels that is on the object; not a number where the arm has no run."""
    for runs in results.select(arm):
        for seed, record in runs.records.items():
            return float(_masks(results, arm, seed, record)[1].mean())
    return float("nan")


def mask_strip(results: TrainedRuns, *arms: str, images: int = 4) -> Strip:
    """The first test images, their masks, and what the first seed of each arm made of them, errors coloured."""
    pictures: dict[str, np.ndarray] = {}
    captions: dict[str, list[str]] = {}
    for runs in results.select(*arms):
        for seed, record in list(runs.records.items())[:1]:
            predicted, truth = (masks[:images] for masks in _masks(results, runs.arm.name, seed, record))
            if not pictures:
                shown = results.predictions(runs.arm.name, seed)["positions"][:images]
                pictures["test image"] = np.asarray(_dataset(record).test_images[shown])
                pictures["its mask"] = colour_errors(truth, truth)
            scores = zip(overlaps(predicted, truth), border_scores(predicted, truth), strict=True)
            pictures[runs.arm.label] = colour_errors(predicted, truth)
            captions[runs.arm.label] = [f"overlap {100 * fit:.0f} %\nborder {100 * edge:.0f} %" for fit, edge in scores]
    return Strip(pictures, captions)


def colour_errors(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """The predicted masks as pictures, uint8 (n, height, width, 3), with what was missed and what is too much in colour."""
    colours = np.array([BACKGROUND, EXTRA, MISSED, OBJECT], np.uint8)
    return colours[2 * truth.astype(int) + predicted.astype(int)]


def _by_run(results: TrainedRuns, arms: tuple[str, ...], measure: Measure) -> dict[str, dict[int, float]]:
    """The mean of `measure` over the test images of every run; arms that the profile lacks are empty."""
    return {
        runs.arm.name: {
            seed: float(measure(*_masks(results, runs.arm.name, seed, record)).mean())
            for seed, record in runs.records.items()
        }
        for runs in results.select(*arms)
    }


def _masks(results: TrainedRuns, arm: str, seed: int, record: RunRecord) -> tuple[np.ndarray, np.ndarray]:
    """The masks that a run predicted for its test images, and the true ones."""
    stored = results.predictions(arm, seed)
    _, masks = _dataset(record).masks()
    truth = masks[stored["positions"]]
    return np.unpackbits(stored["masks"], axis=-1, count=truth.shape[-1]), truth


def _dataset(record: RunRecord) -> Dataset:
    return open_dataset(record.spec.data.content)


def _spread(pixels: np.ndarray) -> np.ndarray:
    """Each pixel that is set, and the four next to it."""
    wide = np.pad(pixels, ((0, 0), (1, 1), (1, 1)))
    beside = wide[:, :-2, 1:-1] | wide[:, 2:, 1:-1] | wide[:, 1:-1, :-2] | wide[:, 1:-1, 2:]
    return pixels | beside


def _share_near(pixels: np.ndarray, others: np.ndarray) -> np.ndarray:
    """For each image the share of `pixels` that are among `others` or next to one of them; 0 where there are none."""
    near = (pixels & _spread(others)).sum(axis=(1, 2))
    return near / np.maximum(pixels.sum(axis=(1, 2)), 1)
