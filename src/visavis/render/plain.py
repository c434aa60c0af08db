"""The plain twin: what the kernels do, in numpy, written to be read. Slow; the tests hold the kernels to it."""

from __future__ import annotations

import numpy as np

from visavis.render.mesh import RenderMesh
from visavis.render.prepare import rotation
from visavis.types import F32


def plain_shape(mesh: RenderMesh, weights: F32, looks: F32) -> F32:
    """float32 [v, 3] metres: the face at `weights` [52], its eyes turned by `looks` [2, 2] yaw and pitch."""
    shape = mesh.positions.copy()
    for k in np.flatnonzero(weights):
        entries = slice(mesh.shape_offsets[k], mesh.shape_offsets[k + 1])
        shape[mesh.shape_indices[entries]] += weights[k] * mesh.shape_deltas[entries]
    for eye, (first, past) in enumerate(mesh.eye_ranges):
        turn = rotation(float(looks[eye][0]), float(looks[eye][1]), 0.0)
        shape[first:past] = mesh.eye_centres[eye] + mesh.eye_rest[eye] @ turn.T
    return shape


def plain_pose(mesh: RenderMesh, weights: F32, head: tuple[float, float, float], gaze: tuple[float, float], pixels: int) -> F32:
    """float32 [v, 3] screen: x, y in pixels of a square picture, inverse depth; nothing lags behind the head."""
    shape = plain_shape(mesh, weights, np.array([gaze, gaze], np.float32))
    follow = np.maximum(mesh.head_weight, mesh.lag_weight)[:, None]
    away = shape - mesh.pivot
    posed = mesh.pivot + away + follow * (away @ rotation(*head).T - away)
    return project(mesh, posed, pixels, pixels)


def project(mesh: RenderMesh, posed: F32, width: int, height: int) -> F32:
    """float32 [v, 3]: x, y in pixels and inverse depth, seen by the mesh's own camera."""
    focal = height / 2 / mesh.half_height_m * mesh.distance_m
    offset = posed - mesh.look_at
    near = 1 / (mesh.distance_m - offset[:, 2])
    x, y = width / 2 + focal * offset[:, 0] * near, height / 2 - focal * offset[:, 1] * near
    return np.stack([x, y, near], 1).astype(np.float32)
