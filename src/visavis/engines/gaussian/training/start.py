"""Where training starts: splats on the tracked surface, and on the hull of what the cameras see beyond it, coloured from the pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.engines.gaussian.features import looks_of
from visavis.splats.bind import LEAST_AREA_M2, nearest_triangle, rest_frames, to_local
from visavis.splats.cage import cells_of, tetrahedron_of, with_cage
from visavis.splats.capture import Capture, View
from visavis.splats.cloud import quaternion_of
from visavis.splats.driver import Driver, PosedDriver
from visavis.types import F32, U8

VOXEL_M: Final = 0.005
CELL_M: Final = 0.025
"""Side of a cage's cells."""
REACH_M: Final = 0.11
"""The hull is looked for so far around the tracked surface."""
SKIN_M: Final = 0.006
"""What lies nearer to the surface hangs on it, not on a cage."""
TRAILS_M: Final = (0.02, 0.06)
"""Hair that hangs lower than the eyes trails the head, the more the farther it is from the skin."""
TRAIL: Final = 0.4
HEAD, HAIR, GARMENT = 0, 1, 2
LAYERS: Final = ("head", "hair", "garment", "body")


@dataclass(frozen=True, slots=True, eq=False)
class Start:
    """n initial splats on a driver with cages: parents int32 [n], layers uint8 [n], places, turns, log_scales in the parents' frames, and
    colours float32 [n, 3] 0 to 1.
    """

    driver: Driver
    parents: npt.NDArray[np.int32]
    layers: U8
    places: F32
    turns: F32
    log_scales: F32
    colours: F32


def start_from(capture: Capture, count: int, rng: np.random.Generator) -> Start:
    """`count` splats, a little more than half of them on the surface."""
    calm = _calmest(capture)
    views = [v for v in capture.views["train"] if v.timestep == calm]
    pictures = [v.load() for v in views]
    driver = capture.driver
    face = capture.faces[calm]
    weights, looks, head = looks_of(face)
    moved = PosedDriver(driver)
    moved.pose(weights, looks, head, head)
    surface = _on_surface(driver, count * 11 // 20, rng)
    hull, out = _hull(moved.points[np.unique(driver.triangles)], views, pictures)
    _, far = nearest_triangle(hull, driver)
    kept = far > SKIN_M
    hull, out, far = hull[kept], out[kept], far[kept]
    cells = cells_of(hull, CELL_M)
    centres = (cells + 0.5) * CELL_M
    _, distance = nearest_triangle(centres, driver)
    hangs = np.clip((distance - TRAILS_M[0]) / (TRAILS_M[1] - TRAILS_M[0]), 0, 1) * (centres[:, 1] < 0)
    caged = with_cage(driver, cells, CELL_M, lag=TRAIL * hangs)
    chosen = rng.choice(
        len(hull), min(count - len(surface[0]), 4 * len(hull)), replace=4 * len(hull) < count or len(hull) < count
    )
    around = hull[chosen] + rng.uniform(-0.5, 0.5, (len(chosen), 3)) * VOXEL_M
    tetra = tetrahedron_of(around.astype(np.float32), cells, CELL_M)
    inside = tetra >= 0
    around, normals_around, tetra = around[inside], out[chosen][inside], tetra[inside]
    follows = driver.follow[driver.triangles].sum(2).mean(1)
    hang_on = nearest_triangle(around, driver)[0]
    layers = np.concatenate([np.full(len(surface[0]), HEAD), np.where(follows[hang_on] > 0.5, HAIR, GARMENT)]).astype(np.uint8)
    parents = np.concatenate([surface[0], tetra + len(driver.triangles)]).astype(np.int32)
    positions = np.concatenate([surface[1], around]).astype(np.float32)
    normals = np.concatenate([surface[2], normals_around])
    turns, log_scales = _discs(positions, normals)
    places, local, log_local = to_local(rest_frames(caged), parents, positions, turns, log_scales)
    return Start(caged, parents, layers, places, local, log_local, _colours(positions, normals, views, pictures))


def _calmest(capture: Capture) -> int:
    """The training moment whose face and head are nearest to rest."""
    moments = sorted({v.timestep for v in capture.views["train"]})
    unrest = [float(capture.faces[m].weights.sum() + 10 * np.abs(capture.faces[m].head_rotation).sum()) for m in moments]
    return moments[int(np.argmin(unrest))]


def _on_surface(
    driver: Driver, count: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Parents, positions and normals of points on the triangles; small triangles, where a face is detailed, get more than their area."""
    corners = driver.points[driver.triangles].astype(np.float64)
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(across, axis=1) / 2
    share = np.where(area > LEAST_AREA_M2, np.sqrt(area * np.median(area)) + area, 0)
    parents = rng.choice(len(share), count, p=share / share.sum()).astype(np.int32)
    bary = rng.dirichlet((1, 1, 1), count)
    positions = np.einsum("nk,nkc->nc", bary, corners[parents])
    normals = across[parents] / np.maximum(np.linalg.norm(across[parents], axis=1, keepdims=True), 1e-15)
    return parents, positions, normals


def _hull(surface: F32, views: list[View], pictures: list[U8]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The skin of the visual hull: middles of voxels [m, 3] that every camera sees covered, with their outward normals."""
    low, high = surface.min(0) - REACH_M, surface.max(0) + REACH_M
    axes = [np.arange(np.floor(a / VOXEL_M), np.ceil(b / VOXEL_M)) for a, b in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), -1)
    middles = ((grid + 0.5) * VOXEL_M).reshape(-1, 3).astype(np.float32)
    full, seen = np.ones(len(middles), bool), np.zeros(len(middles), np.int32)
    for view, picture in zip(views, pictures, strict=True):
        at = view.camera.project(middles)
        x, y = np.floor(at[:, 0]).astype(int), np.floor(at[:, 1]).astype(int)
        inside = (at[:, 2] > 0) & (x >= 0) & (y >= 0) & (x < view.camera.width) & (y < view.camera.height)
        full[inside] &= picture[y[inside], x[inside], 3] > 127
        seen += inside
    full &= seen >= max(2, len(views) // 4)
    solid = full.reshape(grid.shape[:3])
    padded = np.pad(solid, 1)
    slope = np.stack([np.roll(padded, 1, a).astype(int) - np.roll(padded, -1, a) for a in range(3)], -1)[1:-1, 1:-1, 1:-1]
    edge = solid & ~np.logical_and.reduce([np.roll(padded, s, a)[1:-1, 1:-1, 1:-1] for a in range(3) for s in (1, -1)])
    normals = slope[edge].astype(np.float64)
    normals[~normals.any(1)] = (0, 0, 1)  # as thin as a voxel
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return middles.reshape(*grid.shape[:3], 3)[edge].astype(np.float64), normals / np.maximum(length, 1e-9)


def _discs(positions: F32, normals: npt.NDArray[np.float64]) -> tuple[F32, F32]:
    """Turns and log scales of flat discs that meet their neighbours; the second local axis is the normal."""
    from scipy.spatial import cKDTree

    apart = cKDTree(positions).query(positions, 4)[0][:, 1:].mean(1).clip(3e-4, 8e-3)
    helper = np.where(np.abs(normals[:, :1]) < 0.9, [[1.0, 0, 0]], [[0, 1.0, 0]])
    first = np.cross(normals, helper)
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    frame = np.stack([first, normals, np.cross(first, normals)], 2)
    log_scales = np.log(np.stack([0.6 * apart, 0.15 * apart, 0.6 * apart], 1))
    return quaternion_of(frame).astype(np.float32), log_scales.astype(np.float32)


def _colours(positions: F32, normals: npt.NDArray[np.float64], views: list[View], pictures: list[U8]) -> F32:
    """The mean of what the views that face a point see there."""
    total, weight = np.full((len(positions), 3), 0.5 * 1e-3), np.full(len(positions), 1e-3)
    for view, picture in zip(views, pictures, strict=True):
        at = view.camera.project(positions)
        x, y = np.floor(at[:, 0]).astype(int), np.floor(at[:, 1]).astype(int)
        ok = (at[:, 2] > 0) & (x >= 0) & (y >= 0) & (x < view.camera.width) & (y < view.camera.height)
        towards = view.camera.position - positions
        facing = (towards * normals).sum(1) / np.linalg.norm(towards, axis=1)
        texel = picture[np.where(ok, y, 0), np.where(ok, x, 0)]
        share = ok * (texel[:, 3] > 230) * np.clip(facing - 0.2, 0, 1) ** 2
        total += share[:, None] * texel[:, :3] / 255
        weight += share
    return np.asarray(total / weight[:, None], np.float32)
