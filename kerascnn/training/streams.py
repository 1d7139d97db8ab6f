"""Named streams of random numbers, all drawn from a run's one seed.

Arms of a pair share every stream whose name they share: the same initial noise for layers of the same
name and shape, the same order of images, the same training subset.
"""

from __future__ import annotations

import hashlib

import numpy as np


def stream_seed(seed: int, *names: str) -> int:
    """A 31-bit seed for the stream `names` of the run's `seed`; independent streams for unlike names."""
    digest = hashlib.sha256("/".join([str(seed), *names]).encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def generator(seed: int, *names: str) -> np.random.Generator:
    """A NumPy generator for the stream `names` of the run's `seed`."""
    return np.random.Generator(np.random.PCG64(stream_seed(seed, *names)))
