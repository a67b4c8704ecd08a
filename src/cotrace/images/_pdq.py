"""PDQ: the perceptual hash of a picture, 256 bits, and how much there is in the picture to be told by.

Source: Facebook 2019, "The TMK+PDQF video-hashing algorithm and the PDQ image-hashing algorithm"; the steps and
constants are those of its reference code (github.com/facebook/ThreatExchange, pdq/), computed in double precision.

    brightness → blurred twice in rows and columns (a tent) → 64 × 64 → quality
    64 × 64 → cosine transform, its lowest 16 × 16 without the constant → 1 where above the median
"""

import numpy as np
from numpy.typing import NDArray

SIDE = 64           # of the small picture, pixels
LOW = 16            # frequencies a side
SMALLEST = 5        # pixels a side, below which the reference gives no hash
PASSES = 2          # of the box blur: two make a tent
STEPS = 90          # differences between neighbours that make one point of quality (of the reference, by experiment)

_COSINES = np.sqrt(2 / SIDE) * np.cos(np.pi / 2 / SIDE * np.outer(np.arange(1, LOW + 1), 2 * np.arange(SIDE) + 1))


def pdq(brightness: NDArray[np.floating]) -> tuple[str, int]:
    """The hash as 64 hexadecimal digits, and the quality, 0–100.

    Args:
        brightness: [row, column], 0–255; at least SMALLEST pixels a side.
    """
    small = _small(np.asarray(brightness, dtype=np.float64))
    low = _COSINES @ small @ _COSINES.T
    median = np.partition(low.ravel(), LOW * LOW // 2 - 1)[LOW * LOW // 2 - 1]
    bits = sum(1 << place for place in np.flatnonzero(low.ravel() > median).tolist())
    return f"{bits:064x}", quality(small)


def quality(small: NDArray[np.float64]) -> int:
    """How much neighbours differ, in whole hundredths of the range: what is flat says nothing."""
    steps = sum(int(np.abs(np.trunc(np.diff(small, axis=axis) * 100 / 255)).sum()) for axis in (0, 1))
    return min(100, steps // STEPS)


def _small(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    rows, columns = picture.shape
    if (rows, columns) != (SIDE, SIDE):
        for _ in range(PASSES):
            picture = _blurred(_blurred(picture.T, _window(columns)).T, _window(rows))
    middle = (np.arange(SIDE) + 0.5) / SIDE
    return picture[np.ix_((middle * rows).astype(int), (middle * columns).astype(int))]


def _window(length: int) -> int:
    """Half a block a pass, rounded up."""
    return -(-length // (2 * SIDE))


def _blurred(picture: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    """The mean of `window` rows around each row; at the edges of those there are."""
    rows = len(picture)
    after = (window + 2) // 2
    first = np.maximum(np.arange(rows) - (window - after), 0)
    last = np.minimum(np.arange(rows) + after, rows)
    sums = np.concatenate([np.zeros((1, picture.shape[1])), np.cumsum(picture, axis=0)])
    return (sums[last] - sums[first]) / (last - first)[:, None]
