"""Cages: a volume of space cut into tetrahedra whose corners follow the nearest of the surface, so that what lies in it bends with them."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations
from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.splats.driver import Driver
from visavis.types import F32

I32 = npt.NDArray[np.int32]
NEIGHBOURS: Final = 6


def cells_of(points: npt.NDArray[np.floating], side_m: float) -> npt.NDArray[np.int64]:
    """The grid cells [m, 3], each once, in which points lie."""
    return np.unique(np.floor(np.asarray(points, np.float64) / side_m).astype(np.int64), axis=0)


def with_cage(
    driver: Driver, cells: npt.NDArray[np.int64], side_m: float, *, lag: npt.NDArray[np.floating] | float = 0.0
) -> Driver:
    """The driver with a tetrahedron-filled cell of the grid for each of `cells`, six a cell, without gaps between neighbours.

    A corner follows the head as the nearest points of the surface do; `lag`, 0 to 1, of each cell or all, is the share that trails.
    """
    from scipy.spatial import cKDTree

    corner_steps = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)], np.int64)
    corners = (cells[:, None] + corner_steps[None]).reshape(-1, 3)
    nodes, back = np.unique(corners, axis=0, return_inverse=True)
    back = back.reshape(len(cells), 8)
    tetrahedra = np.concatenate([back[:, _path(order)] for order in permutations(range(3))])
    places = nodes * side_m
    surface = np.unique(driver.triangles)
    distance, near = cKDTree(driver.points[surface]).query(places, NEIGHBOURS)
    weight = 1 / (distance + 1e-4) ** 2
    sum_ = driver.follow[surface].sum(1)
    follows = (sum_[near] * weight).sum(1) / weight.sum(1)
    trailing = np.zeros(len(nodes))
    counts = np.zeros(len(nodes))
    np.add.at(trailing, back.ravel(), np.repeat(np.broadcast_to(np.asarray(lag, float), len(cells)), 8))
    np.add.at(counts, back.ravel(), 1)
    trailing /= counts
    follow = np.stack([follows * (1 - trailing), follows * trailing], 1)
    return replace(
        driver, points=np.concatenate([driver.points, places.astype(np.float32)]),
        tetrahedra=np.concatenate([driver.tetrahedra, (tetrahedra + len(driver.points)).astype(np.int32)]),
        follow=np.concatenate([driver.follow, follow.astype(np.float32)]),
    )  # fmt: skip


def _path(order: tuple[int, ...]) -> list[int]:
    """Corner numbers of the tetrahedron along one of the six shortest paths through a cube (Kuhn's subdivision)."""
    at, path = np.zeros(3, int), [0]
    for axis in order:
        at[axis] = 1
        path.append(int(4 * at[0] + 2 * at[1] + at[2]))
    return path


def tetrahedron_of(points: F32, cells: npt.NDArray[np.int64], side_m: float) -> I32:
    """int32 [n]: which tetrahedron of `with_cage(…, cells, …)` (counted from its first) holds each point; -1 for those in no cell."""
    at = np.asarray(points, np.float64) / side_m
    cell = np.floor(at).astype(np.int64)
    inside = at - cell
    index = {tuple(c): i for i, c in enumerate(cells.tolist())}
    found = np.array([index.get(tuple(c), -1) for c in cell.tolist()], np.int64)
    order = np.argsort(-inside, axis=1, kind="stable")
    which = {order_: n for n, order_ in enumerate(permutations(range(3)))}
    path = np.array([which[tuple(o)] for o in order.tolist()], np.int64)
    return np.where(found >= 0, path * len(cells) + found, -1).astype(np.int32)
