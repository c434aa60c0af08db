"""Hanging splats on a driver: from world values to values in their parents' frames, and back."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.splats.cloud import matrices_of, quaternion_of, quaternion_product
from visavis.splats.driver import Driver, PosedDriver
from visavis.types import F32

I32 = npt.NDArray[np.int32]
CANDIDATES: Final = 12
LEAST_AREA_M2: Final = 1e-10
"""A smaller triangle has no frame to hang anything on."""


def rest_frames(driver: Driver) -> F32:
    """float32 [p, 12]: the frames of the face at rest."""
    zero = np.zeros(6, np.float32)
    return PosedDriver(driver).pose(np.zeros(52, np.float32), np.zeros((2, 2), np.float32), zero, zero).copy()


def nearest_triangle(points: npt.NDArray[np.floating], driver: Driver) -> tuple[I32, F32]:
    """Which triangle at rest is nearest to each point, int32 [n], and how far, float32 [n] metres."""
    from scipy.spatial import cKDTree

    corners = driver.points[driver.triangles].astype(np.float64)
    spread = np.flatnonzero(triangle_areas(corners) > LEAST_AREA_M2)
    count = min(CANDIDATES, len(spread))
    _, near = cKDTree(corners[spread].mean(1)).query(points, count)
    near = spread[near.reshape(len(points), count)]
    best, chosen = np.full(len(points), np.inf), np.zeros(len(points), np.int32)
    for k in range(count):
        distance = _distance(np.asarray(points, np.float64), corners[near[:, k]])
        closer = distance < best
        best[closer], chosen[closer] = distance[closer], near[closer, k]
    return chosen, best.astype(np.float32)


def triangle_areas(corners: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """[t] of triangles [t, 3, 3]."""
    return np.asarray(np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1) / 2)


def _distance(points: npt.NDArray[np.float64], corners: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """From points [n, 3] to triangles [n, 3, 3]."""
    a, b, c = corners[:, 0], corners[:, 1], corners[:, 2]
    across = np.cross(b - a, c - a)
    normal = across / np.maximum(np.linalg.norm(across, axis=1, keepdims=True), 1e-15)
    plane = np.abs(((points - a) * normal).sum(1))
    inside = np.ones(len(points), bool)
    edge = np.full(len(points), np.inf)
    for start, end in ((a, b), (b, c), (c, a)):
        along = end - start
        inside &= (np.cross(along, points - start) * normal).sum(1) >= 0
        share = np.clip(((points - start) * along).sum(1) / np.maximum((along**2).sum(1), 1e-15), 0, 1)
        edge = np.minimum(edge, np.linalg.norm(points - start - share[:, None] * along, axis=1))
    return np.where(inside, plane, edge)


def to_local(frames: F32, parents: I32, positions: F32, rotations: F32, log_scales: F32) -> tuple[F32, F32, F32]:
    """Places, rotations and log scales in the parents' frames (similarities: triangles, or tetrahedra at rest)."""
    linear, origin, size, turn = _parts(frames, parents)
    places = np.linalg.solve(linear, (positions - origin)[..., None])[..., 0]
    back = turn * np.array([1, -1, -1, -1])
    local = quaternion_product(back, rotations)
    return places.astype(np.float32), local.astype(np.float32), (log_scales - np.log(size)[:, None]).astype(np.float32)


def to_world(frames: F32, parents: I32, places: F32, rotations: F32, log_scales: F32) -> tuple[F32, F32, F32]:
    """The inverse of `to_local`; of a sheared frame the nearest rotation and its mean size."""
    linear, origin, size, turn = _parts(frames, parents)
    positions = np.einsum("nij,nj->ni", linear, places) + origin
    return (positions.astype(np.float32), quaternion_product(turn, rotations).astype(np.float32),
            (log_scales + np.log(size)[:, None]).astype(np.float32))  # fmt: skip


def _parts(
    frames: F32, parents: I32
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    rows = frames.astype(np.float64)
    linear = rows[:, :9].reshape(-1, 3, 3)
    left, spread, right = np.linalg.svd(linear)
    left[:, :, 2] *= np.sign(np.linalg.det(left @ right))[:, None]
    turn = quaternion_of(left @ right)
    return linear[parents], rows[parents, 9:], np.cbrt(spread.prod(1))[parents], turn[parents]


def local_axes(rotations: F32, log_scales: F32) -> npt.NDArray[np.float64]:
    """float64 [n, 3, 3]: the square root of each covariance, axes as columns."""
    return np.asarray(matrices_of(rotations) * np.exp(log_scales.astype(np.float64))[:, None, :])
