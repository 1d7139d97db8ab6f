"""What the normalisation of the input does to pictures, and to a trained net's answers when the light changes.

A shift (a, b) turns every pixel x, in grey levels 0..255, into a * x + b: another contrast and another brightness.
Standardising an image by its own mean and standard deviation undoes it exactly, for with Y = aX + b and a > 0
mean(Y) = a mean(X) + b and std(Y) = a std(X). Only rounding and clipping to 0..255 leave a trace.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kerascnn.errors import UsageError
from kerascnn.looking.inputs import Inputs
from kerascnn.looking.predicting import Predictor
from kerascnn.looking.strips import Strip
from kerascnn.records import ArmRuns
from kerascnn.specs import Arm, Normalisation

if TYPE_CHECKING:
    from kerascnn.looking.asked import TrainedRuns

Shift = tuple[float, float]
"""(a, b): contrast factor and brightness in grey levels."""
CLIPPING = (False, True)
"""Whether pixels are rounded and clipped: first as computed, then as a file would hold them."""
SHOWN_RANGE = 2.5
"""Normalised values from minus to plus this are shown from black to white."""


@dataclass(frozen=True)
class Invariance:
    """How often one arm's answers stay the same under each shift.

    `exact`, `clipped`: float64 (seeds, shifts), shares in [0, 1]; of the shifted values as computed, and of what an image
    file would hold, rounded and clipped to 0..255. Runs that diverged answer nothing and are left out.
    """

    arm: Arm
    shifts: tuple[Shift, ...]
    seeds: tuple[int, ...]
    exact: np.ndarray
    clipped: np.ndarray

    @property
    def shift_names(self) -> tuple[str, ...]:
        """Each shift as a formula, such as "0.5x + 40"."""
        return tuple(map(shift_name, self.shifts))


def shift_name(shift: Sequence[float]) -> str:
    """The shift as a formula in x."""
    contrast, brightness = shift
    scaled = "x" if contrast == 1 else f"{contrast:g}x"
    return scaled if brightness == 0 else f"{scaled} {'+' if brightness > 0 else '−'} {abs(brightness):g}"


def shift_pixels(images: np.ndarray, shift: Sequence[float], *, clip: bool) -> np.ndarray:
    """a * x + b of uint8 `images`: float32 as computed, or uint8, rounded and clipped. Raises: UsageError for a <= 0."""
    contrast, brightness = shift
    if contrast <= 0:
        raise UsageError(f"A shift's contrast factor must be positive. Received: {contrast:g}.")
    shifted = images.astype(np.float64) * contrast + brightness
    return np.clip(np.rint(shifted), 0, 255).astype(np.uint8) if clip else shifted.astype(np.float32)


def measure_invariance(
    results: TrainedRuns, arms: Sequence[str], shifts: Sequence[Sequence[float]], images: int = 300
) -> list[Invariance]:
    """The share of `images` test images whose predicted class each shift leaves the same, for every run of `arms`."""
    predictor = _predictor(results)
    pictures = predictor.inputs.test_images(images)
    pairs = [(float(contrast), float(brightness)) for contrast, brightness in shifts]
    return [_measure_arm(predictor, runs, pictures, pairs) for runs in results.select(*arms)]


def input_change(
    results: TrainedRuns, normalisation: Normalisation, shifts: Sequence[Sequence[float]], images: int
) -> float:
    """The largest change of a normalised value that any of `shifts` makes, without clipping."""
    inputs = Inputs(results.dataset.content)
    pictures = inputs.test_images(images)
    plain = inputs.normalised(pictures, normalisation)
    return max(
        float(np.abs(inputs.normalised(shift_pixels(pictures, shift, clip=False), normalisation) - plain).max())
        for shift in shifts
    )


def mean_share(found: Sequence[Invariance], arm: str, condition: str) -> float:
    """The mean over seeds and shifts of `exact` or `clipped`; not a number where the arm has no run that answers."""
    shares: np.ndarray = next(getattr(one, condition) for one in found if one.arm.name == arm)
    return float(shares.mean()) if shares.size else float("nan")


def answer_strip(results: TrainedRuns, arms: Sequence[str], shifts: Sequence[Sequence[float]], image: int) -> Strip:
    """Test image number `image` under every shift, clipped, with the class that the first seed of each arm answers."""
    predictor = _predictor(results)
    picture = predictor.inputs.dataset.test_images[image : image + 1]
    shown = np.concatenate([picture, *(shift_pixels(picture, shift, clip=True) for shift in shifts)])
    names = ["x", *map(shift_name, shifts)]
    lines = [[name] for name in names]
    for runs in results.select(*arms):
        for record in list(runs.finished.values())[:1]:
            answers = predictor.predict(runs.arm.name, record, shown)
            for line, answer in zip(lines, answers, strict=True):
                line.append(f"{runs.arm.name}: {results.dataset.class_names[answer]}")
    truth = results.dataset.class_names[predictor.inputs.dataset.test_labels[image]]
    label = f"One image ({truth}) under every shift, rounded and clipped to 0..255, and what the nets answer"
    return Strip({label: shown}, {label: ["\n".join(line) for line in lines]})


def normalised_pictures(results: TrainedRuns, kinds: Sequence[Normalisation], images: int = 8) -> dict[str, np.ndarray]:
    """Test images as the net gets them under each of `kinds`, on one scale: black is -2.5, white is +2.5.

    Each row is named by its kind with the mean and the standard deviation of its values.
    """
    inputs = Inputs(results.dataset.content)
    pictures = inputs.test_images(images)
    rows = {}
    for kind in kinds:
        values = inputs.normalised(pictures, kind)
        shown = np.clip(127.5 + 127.5 * values / SHOWN_RANGE, 0, 255)
        rows[f"{kind}: mean {values.mean():.2f}, standard deviation {values.std():.2f}"] = np.rint(shown).astype(
            np.uint8
        )
    return rows


def _predictor(results: TrainedRuns) -> Predictor:
    """In float32: narrower numbers would round the same picture in another light otherwise."""
    return Predictor(results, precision="float32")


def _measure_arm(predictor: Predictor, runs: ArmRuns, pictures: np.ndarray, shifts: Sequence[Shift]) -> Invariance:
    trained = runs.finished
    shares = np.zeros((len(CLIPPING), len(trained), len(shifts)))
    for row, record in enumerate(trained.values()):
        plain = predictor.predict(runs.arm.name, record, pictures)
        for condition, clip in enumerate(CLIPPING):
            for place, shift in enumerate(shifts):
                answers = predictor.predict(runs.arm.name, record, shift_pixels(pictures, shift, clip=clip))
                shares[condition, row, place] = np.mean(answers == plain)
    return Invariance(runs.arm, tuple(shifts), tuple(trained), *shares)
