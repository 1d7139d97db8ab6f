"""What excites the feature maps of a trained network most, layer by layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kerascnn.data import open_dataset
from kerascnn.looking.deconvnet import Stage, adjoint_error, project, stages_of, trace
from kerascnn.looking.first_layers import stretched
from kerascnn.looking.predicting import Predictor
from kerascnn.records import RunRecord

if TYPE_CHECKING:
    from kerascnn.looking.asked import TrainedRuns

STRONGEST = 9
"""Images that a map is judged by. Source: Zeiler and Fergus 2014, figure 2."""
BATCH = 100
GREY = 128


@dataclass(frozen=True)
class Peaks:
    """Where one layer's maps answer most in each image: `values` (n, maps), `places` int (n, maps, 2), row and column."""

    values: np.ndarray
    places: np.ndarray

    def strongest(self, feature_map: int, count: int = STRONGEST) -> np.ndarray:
        """The `count` images that excite the map most, the strongest first."""
        return np.argsort(-self.values[:, feature_map], kind="stable")[:count]

    def liveliest(self, count: int) -> np.ndarray:
        """The `count` maps that their strongest images excite most, in their order."""
        tops = -np.sort(-self.values, axis=0)[:STRONGEST].mean(axis=0)
        return np.sort(np.argsort(-tops, kind="stable")[:count])


@dataclass(frozen=True)
class Field:
    """The pixels that one unit sees: `size` on a side, the first at `start` + place * `step` along each axis."""

    size: int
    start: int
    step: int


def receptive_field(stages: Sequence[Stage]) -> Field:
    """What a unit of the last of `stages` sees."""
    size, start, step = 1, 0, 1
    for stage in stages:
        size += (stage.window - 1) * step
        step *= stage.window
        side = stage.kernel.shape[0]
        size, start = size + (side - 1) * step, start - (side - 1) // 2 * step
    return Field(size, start, step)


def feature_maps(results: TrainedRuns, arm: str, image: int, count: int = 8) -> dict[str, np.ndarray]:
    """Test image number `image`, then each layer's `count` strongest maps of it: uint8 rows for `plots.plot_images`.

    Black is zero, white the map's largest value. Empty where no run of the arm finished.
    """
    rows = {}
    for looker in lookers(results, arm, image + 1)[:1]:
        picture = looker.images[image : image + 1]
        rows["the image"] = picture
        for stage, maps in zip(looker.stages, trace(looker.stages, looker.pixels(picture)).maps, strict=True):
            order = np.argsort(-maps.mean(axis=(0, 1, 2)), kind="stable")[:count]
            shown = np.moveaxis(maps[0][..., np.sort(order)], -1, 0)[..., None]
            rows[f"{stage.name}: {shown.shape[1]} x {shown.shape[2]} values, {len(order)} of {maps.shape[-1]} maps"] = (
                _lit(shown)
            )
    return rows


def strongest_patches(
    results: TrainedRuns, arm: str, layer: int, maps: int = 3, count: int = 4, images: int = 1000
) -> dict[str, np.ndarray]:
    """For some maps of the `layer`-th convolution (from 1): the patches that excite them most, then what did it.

    Each row has `count` patches of different test images, as large as a unit's receptive field, and then each patch's
    projection by the deconvnet, grey where nothing comes back. Empty where no run of the arm finished.
    """
    rows = {}
    for looker in lookers(results, arm, images)[:1]:
        stages = looker.stages[:layer]
        found = looker.peaks()[layer - 1]
        for chosen in found.liveliest(maps):
            pictures = found.strongest(int(chosen), count)
            patches, projections = looker.explain(stages, pictures, found.places[pictures, chosen], int(chosen))
            rows[f"{stages[-1].name}, map {chosen + 1}"] = np.concatenate([patches, stretched(projections)])
    return rows


def class_shares(results: TrainedRuns, arm: str, images: int = 1000) -> dict[str, dict[int, float]]:
    """Layer -> seed -> the share of the most common class among a map's nine strongest images, averaged over its maps.

    Empty where no run of the arm finished.
    """
    shares: dict[str, dict[int, float]] = {}
    for looker in lookers(results, arm, images):
        for stage, peaks in zip(looker.stages, looker.peaks(), strict=True):
            shares.setdefault(stage.name, {})[looker.seed] = one_class_share(peaks, looker.labels)
    return shares


def class_gain(shares: Mapping[str, Mapping[int, float]]) -> dict[int, float]:
    """Seed -> how much more of one class the strongest images are in the last layer than in the first, of `class_shares`."""
    if len(shares) < 2:
        return {}
    first, *_, last = shares.values()
    return {seed: last[seed] - first[seed] for seed in first}


def mean_share(shares: Mapping[str, Mapping[int, float]], layer: int) -> float:
    """The mean over seeds of one layer of `class_shares`, counted from 0 or, with -1, from the last; not a number without runs."""
    return float(np.mean(list(list(shares.values())[layer].values()))) if shares else float("nan")


def one_class_share(peaks: Peaks, labels: np.ndarray) -> float:
    """The share of the most common of `labels` among a map's strongest images, averaged over maps that answer at all."""
    alive = np.flatnonzero(peaks.values.max(axis=0) > 0)
    most = [Counter(labels[peaks.strongest(int(one))].tolist()).most_common(1)[0][1] for one in alive]
    return float(np.mean(most)) / min(STRONGEST, len(labels)) if most else float("nan")


def transpose_error(results: TrainedRuns, arm: str, images: int = 2) -> float:
    """The largest `deconvnet.adjoint_error` over the seeds of `arm`: rounding alone where backward is the transpose."""
    errors = [adjoint_error(one.stages, one.pixels(one.images[:images])) for one in lookers(results, arm, images)]
    return max(errors, default=float("nan"))


class Looker:
    """One finished run's stages, and the test images they are asked about."""

    def __init__(self, predictor: Predictor, arm: str, record: RunRecord, images: np.ndarray, labels: np.ndarray):
        self._predictor, self._record, self.seed = predictor, record, record.spec.seed
        self.images, self.labels = images, labels
        self.stages = stages_of(predictor.network(arm, record, images.shape[1:]))

    def pixels(self, images: np.ndarray) -> np.ndarray:
        return self._predictor.pixels(self._record, images)

    def peaks(self) -> list[Peaks]:
        """Of every stage over all images."""
        batches = [self.pixels(self.images[n : n + BATCH]) for n in range(0, len(self.images), BATCH)]
        by_batch = [[peaks_of(maps) for maps in trace(self.stages, batch).maps] for batch in batches]
        return [
            Peaks(np.concatenate([p.values for p in parts]), np.concatenate([p.places for p in parts]))
            for parts in zip(*by_batch, strict=True)
        ]

    def explain(
        self, stages: Sequence[Stage], pictures: np.ndarray, places: np.ndarray, feature_map: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """What the units at `places` see in `pictures`, uint8, and the projection of each one's value, float."""
        images = self.images[pictures]
        seen = trace(stages, self.pixels(images))
        alone = np.zeros_like(seen.maps[-1])
        units = (np.arange(len(images)), places[:, 0], places[:, 1], feature_map)
        alone[units] = seen.maps[-1][units]
        projections = project(stages, seen.switches, alone)
        field = receptive_field(stages)
        return crop(images, places, field, fill=GREY), crop(projections, places, field, fill=0)


def crop(images: np.ndarray, places: np.ndarray, field: Field, fill: float) -> np.ndarray:
    """What a unit at `places[n]` sees of image n: (n, size, size, channels), `fill` where it looks beyond the border."""
    margin = field.size
    around = ((0, 0), (margin, margin), (margin, margin), (0, 0))
    padded = np.pad(images, around, constant_values=fill)
    starts = field.start + places * field.step + margin
    corners = zip(padded, starts, strict=True)
    return np.stack([one[row : row + field.size, left : left + field.size] for one, (row, left) in corners])


def peaks_of(maps: np.ndarray) -> Peaks:
    """Where `maps` (n, height, width, maps) answer most in each image."""
    count, height, width, channels = maps.shape
    flat = maps.reshape(count, height * width, channels)
    places = np.stack(np.unravel_index(flat.argmax(axis=1), (height, width)), axis=-1)
    return Peaks(flat.max(axis=1), places)


def _lit(maps: np.ndarray) -> np.ndarray:
    """uint8: black is zero, white the largest value of each map."""
    peaks = np.maximum(maps.max(axis=(1, 2, 3), keepdims=True), 1e-12)
    return np.rint(255 * maps / peaks).astype(np.uint8)


def lookers(results: TrainedRuns, arm: str, images: int = 100) -> list[Looker]:
    """One for each seed of `arm` that finished, over the first `images` test images."""
    data = open_dataset(results.dataset.content)
    pictures, labels = np.asarray(data.test_images[:images]), np.asarray(data.test_labels[:images])
    predictor = Predictor(results)
    (runs,) = results.select(arm)
    finished = list(runs.finished.values())
    return [Looker(predictor, arm, record, pictures, labels) for record in finished]
