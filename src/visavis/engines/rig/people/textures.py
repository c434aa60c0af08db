"""The noise tile that every surface draws its fine grain from."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

F64 = npt.NDArray[np.float64]
SIZE = 256


def noise_tile(seed: int) -> F64:
    """Periodic [256, 256, 4]: pores -1 to 1, their slope in u and v, strand noise -1 to 1 (long in v)."""
    rng = np.random.default_rng(seed)

    def blurred(across: float, along: float) -> F64:
        field = gaussian_filter(rng.normal(size=(SIZE, SIZE)), (along, across), mode="wrap")
        return np.asarray((field - field.mean()) / field.std())

    pores = np.tanh(0.55 * blurred(1.3, 1.3) + 0.45 * blurred(3.5, 3.5) + 0.3 * blurred(10, 10))
    slope_u = (np.roll(pores, -1, 1) - np.roll(pores, 1, 1)) * 0.9
    slope_v = (np.roll(pores, 1, 0) - np.roll(pores, -1, 0)) * 0.9
    strands = np.tanh(0.8 * (0.62 * blurred(1.1, 40) + 0.55 * blurred(2.6, 50) + 0.45 * blurred(7, 60)))
    return np.stack([pores, slope_u, slope_v, strands], -1)
