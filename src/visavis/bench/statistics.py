"""How many measurements become one figure: percentiles, and a slope with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and 95th percentile of `n` measurements, in the unit of the figure's name."""

    p50: float
    p95: float
    n: int


def spread(values: Sequence[float]) -> Spread | None:
    """Linear-interpolated percentiles; None where nothing was measured."""
    if not values:
        return None
    p50, p95 = np.percentile(np.asarray(values, np.float64), [50, 95])
    return Spread(float(p50), float(p95), len(values))


def signed_spread(values: Sequence[float]) -> Spread | None:
    """Of a figure whose sign has a meaning: the signed median, and the 95th percentile of its size."""
    sizes = spread([abs(value) for value in values])
    return Spread(float(np.median(np.asarray(values))), sizes.p95, sizes.n) if sizes else None


@dataclass(frozen=True, slots=True)
class Slope:
    """Change of y with x, and its 95 % interval."""

    value: float
    low: float
    high: float


def slope(x: Sequence[float], y: Sequence[float], *, blocks: int = 30) -> Slope | None:
    """Least squares over the means of `blocks` stretches of x, so that neighbouring errors that go together do not narrow the
    interval (Student's t over the blocks). None where fewer than 5 blocks hold a measurement.
    """
    from scipy import stats

    at, values = _block_means(np.asarray(x, np.float64), np.asarray(y, np.float64), blocks)
    if len(at) < 5:
        return None
    fit = stats.linregress(at, values)
    margin = float(stats.t.ppf(0.975, len(at) - 2)) * float(fit.stderr)
    return Slope(float(fit.slope), float(fit.slope) - margin, float(fit.slope) + margin)


def _block_means(
    x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], blocks: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    if not len(x):
        return x, y
    edges = np.linspace(x.min(), np.nextafter(x.max(), np.inf), blocks + 1)
    of = np.clip(np.searchsorted(edges, x, side="right") - 1, 0, blocks - 1)
    used = np.unique(of)
    return np.array([x[of == b].mean() for b in used]), np.array([y[of == b].mean() for b in used])
