"""Smooth fields over a grid and over scattered points: what the parts of a portrait are blended by."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
import scipy.sparse.linalg as spl

F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def smooth_step(x: npt.ArrayLike) -> F64:
    """0 below 0, 1 above 1, smooth between."""
    t = np.clip(np.asarray(x, float), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def membrane(known: Bools, decay_cells: float | None = None) -> Callable[[F64], F64]:
    """Fills the unknown cells of a grid [h, w] smoothly from the known ones (the Laplace equation).

    With `decay_cells` the field fades to zero over about so many cells (the screened equation). Returns a function from values
    [h * w, c], read where they are known, to filled ones.
    """
    height, width = known.shape
    number = np.arange(height * width).reshape(height, width)
    ends = [(number[:, :-1].ravel(), number[:, 1:].ravel()), (number[:-1].ravel(), number[1:].ravel())]
    rows = np.concatenate([np.concatenate(pair) for pair in ends])
    columns = np.concatenate([np.concatenate(pair[::-1]) for pair in ends])
    links = sp.coo_matrix((np.ones(len(rows)), (rows, columns)), shape=(height * width,) * 2).tocsr()
    leak = 0.0 if decay_cells is None else 1 / decay_cells**2
    laplacian = (sp.diags(np.asarray(links.sum(1)).ravel() + leak) - links).tocsr()
    held = known.ravel()
    factor = spl.splu(laplacian[~held][:, ~held].tocsc())
    coupling = laplacian[~held][:, held]

    def fill(values: F64) -> F64:
        out = np.array(values, float)
        out[~held] = factor.solve(np.ascontiguousarray(-(coupling @ out[held])))
        return out

    return fill


def scattered(sources: F64, wanted: F64, trust: F64, radii: tuple[float, ...], damping: float) -> Callable[[F64], F64]:
    """Gaussian radial functions of several radii, widest first, that take `wanted` [n, c] at `sources` [n, 3].

    trust [n], at most 1; damping is the ridge at full trust. Returns a function from points [m, 3] to values [m, c].
    """
    found: list[tuple[float, F64]] = []
    got = np.zeros_like(wanted)
    for radius in radii:
        system = _gauss(sources, sources, radius)
        weights = np.linalg.solve(system + np.diag(damping / trust), wanted - got)
        got += system @ weights
        found.append((radius, np.asarray(weights, np.float64)))

    def at(points: F64) -> F64:
        parts = (_gauss(points, sources, radius) @ weights for radius, weights in found)
        return np.asarray(sum(parts, np.zeros((len(points), wanted.shape[1]))))

    return at


def _gauss(points: F64, sources: F64, radius: float) -> F64:
    squared = (points**2).sum(1)[:, None] + (sources**2).sum(1)[None] - 2 * points @ sources.T
    return np.asarray(np.exp(-np.maximum(squared, 0) / (2 * radius**2)))
