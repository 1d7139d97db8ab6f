"""Whether what excites the maps of a first layer is an edge: a place where the picture changes in one direction only.

The structure tensor of a patch adds up, over its pixels and channels, the products of the two derivatives. Its larger
eigenvalue is the change across the strongest direction, its smaller one that along it. Their *coherence*,
(larger - smaller) / (larger + smaller), is 1 where a patch changes in one direction only, as across a straight edge, and
0 where it changes alike in both, as at a spot or in noise, or not at all.
Source: Bigün and Granlund 1987 (the tensor and its two eigenvalues); Di Zenzo 1986 (several channels).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kerascnn.looking.deconvnet import trace
from kerascnn.looking.patches import BATCH, STRONGEST, Field, Looker, Peaks, crop, lookers, peaks_of, receptive_field

if TYPE_CHECKING:
    from kerascnn.looking.asked import TrainedRuns

DRAWS = 20
"""Sets of patches drawn blindly beside every map: their mean is what no choice gives."""


def edge_gains(shares: dict[str, dict[int, tuple[float, float]]]) -> dict[str, dict[int, float]]:
    """Arm -> seed -> coherence of the strongest patches minus that of blind ones; for `Results.measure("edge_gain", ...)`."""
    return {
        arm: {seed: strongest - blind for seed, (strongest, blind) in by_seed.items()}
        for arm, by_seed in shares.items()
    }


def edge_shares(results: TrainedRuns, *arms: str, images: int = 1000) -> dict[str, dict[int, tuple[float, float]]]:
    """Arm -> seed -> the mean `common_coherence` over the first layer's maps: of a map's strongest patches, and of blind ones.

    The patches are what a unit sees of nine different test images, wholly inside them: beyond the border there are zeros, and the
    jump to them would be an edge. Blind patches are of the same images, at places drawn at random.
    """
    return {arm: {one.seed: _shares(one) for one in lookers(results, arm, images)} for arm in arms}


def mean_shares(shares: dict[str, dict[int, tuple[float, float]]], arm: str) -> tuple[float, float]:
    """The means over the seeds of `arm` of `edge_shares`; not numbers without runs."""
    pairs = list(shares.get(arm, {}).values())
    strongest, blind = np.mean(pairs, axis=0) if pairs else (np.nan, np.nan)
    return float(strongest), float(blind)


def structure_tensors(patches: np.ndarray) -> np.ndarray:
    """float64 (n, 2, 2) of `patches` (n, height, width, channels), from the derivatives between each four neighbouring pixels."""
    values = patches.astype(np.float64)
    down, right = np.diff(values, axis=1), np.diff(values, axis=2)
    slopes = np.stack([down[:, :, 1:] + down[:, :, :-1], right[:, 1:] + right[:, :-1]], axis=-1) / 2
    return np.einsum("nhwci,nhwcj->nij", slopes, slopes)


def coherence(tensors: np.ndarray) -> np.ndarray:
    """Of structure tensors (..., 2, 2): float64 (...), in [0, 1]; 0 where nothing changes."""
    first, second, mixed = tensors[..., 0, 0], tensors[..., 1, 1], tensors[..., 0, 1]
    apart, both = np.hypot(first - second, 2 * mixed), first + second
    return np.divide(apart, both, out=np.zeros_like(both), where=both > 0)


def common_coherence(patches: np.ndarray) -> float:
    """The coherence of all `patches` (n, height, width, channels) taken as one: high where their edges run the same way."""
    return float(coherence(structure_tensors(patches).sum(axis=0)))


def _shares(looker: Looker) -> tuple[float, float]:
    """The strongest patches' and the blind ones' coherence, averaged over the maps that answer at all."""
    stages = looker.stages[:1]
    field = receptive_field(stages)
    found = _strongest_inside(looker, field)
    alive = np.flatnonzero(found.values.max(axis=0) > 0)
    random = np.random.Generator(np.random.PCG64(looker.seed))
    pairs = [_of_map(looker.images, found, int(one), field, random) for one in alive]
    strongest, blind = np.mean(pairs, axis=0) if pairs else (np.nan, np.nan)
    return float(strongest), float(blind)


def _strongest_inside(looker: Looker, field: Field) -> Peaks:
    """Where the first layer's maps answer most in each image, of the places whose field lies inside it."""
    rows, columns = (_inside(field, side) for side in looker.images.shape[1:3])
    starts = range(0, len(looker.images), BATCH)
    maps = [trace(looker.stages[:1], looker.pixels(looker.images[n : n + BATCH])).maps[0] for n in starts]
    found = peaks_of(np.concatenate([one[:, rows][:, :, columns] for one in maps]))
    return Peaks(found.values, found.places + np.array([rows[0], columns[0]]))


def _inside(field: Field, side: int) -> np.ndarray:
    """The places along an axis of `side` pixels whose field lies inside the image."""
    starts = field.start + np.arange(side // field.step) * field.step
    return np.flatnonzero((starts >= 0) & (starts + field.size <= side))


def _of_map(
    images: np.ndarray, found: Peaks, feature_map: int, field: Field, random: np.random.Generator
) -> tuple[float, float]:
    chosen = found.strongest(feature_map, STRONGEST)
    pictures = images[chosen]
    strongest = common_coherence(crop(pictures, found.places[chosen, feature_map], field, fill=0))
    rows, columns = (_inside(field, side) for side in images.shape[1:3])
    blind = []
    for _ in range(DRAWS):
        places = np.stack([random.choice(rows, len(chosen)), random.choice(columns, len(chosen))], axis=-1)
        blind.append(common_coherence(crop(pictures, places, field, fill=0)))
    return strongest, float(np.mean(blind))
