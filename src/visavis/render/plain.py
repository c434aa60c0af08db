"""The plain twin of the vertex kernels: what they do, in numpy, written to be read. Slow; the tests hold the kernels to it."""

from __future__ import annotations

import numpy as np

from visavis.render.light import SHADE_EYE_PER_M
from visavis.render.mesh import Part, RenderMesh
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


def plain_pose(shape: F32, follow: F32, pivot: F32, head: F32, lag: F32) -> F32:
    """float32 [v, 3]: `shape` after the head [4, 3] (rotation rows, translation) and what lags behind it, by follow [v, 2]."""
    away = shape - pivot
    moved = away.copy()
    for share, motion in ((follow[:, :1], head), (follow[:, 1:], lag)):
        moved += share * (away @ motion[:3].T + motion[3] - away)
    return (moved + pivot).astype(np.float32)


def plain_screen(
    mesh: RenderMesh, weights: F32, head: tuple[float, float, float], gaze: tuple[float, float], pixels: int
) -> F32:
    """float32 [v, 3] screen of a square picture; nothing lags behind the head."""
    shape = plain_shape(mesh, weights, np.array([gaze, gaze], np.float32))
    motion = np.vstack([rotation(*head), np.zeros(3, np.float32)])
    follow = np.stack([np.maximum(mesh.head_weight, mesh.lag_weight), np.zeros_like(mesh.head_weight)], 1)
    return plain_project(mesh, plain_pose(shape, follow, mesh.pivot, motion, motion), pixels, pixels)


def plain_project(mesh: RenderMesh, posed: F32, width: int, height: int) -> F32:
    """float32 [v, 3]: x, y in pixels and inverse depth, seen by the mesh's own camera."""
    focal = height / 2 / mesh.half_height_m * mesh.distance_m
    offset = posed - mesh.look_at
    near = 1 / (mesh.distance_m - offset[:, 2])
    x, y = width / 2 + focal * offset[:, 0] * near, height / 2 - focal * offset[:, 1] * near
    return np.stack([x, y, near], 1).astype(np.float32)


def plain_wrap(cosine: F32, reach: F32) -> F32:
    """Wrapped diffuse light of one cosine [n] for the three colours, [n, 3]."""
    y = np.maximum((cosine[:, None] + reach) / (1 + reach), 0)
    lit: F32 = y * (0.65 + 0.35 * y * (3 - 2 * y))
    return lit


def plain_rows(
    part: Part, posed: F32, normals: F32, facing: F32, occlusion: F32, shadow: F32, looks: F32, wrap: F32, set_: F32, *,
    lid: F32, opening: float = 1.0, tangents: F32 | None = None,
) -> F32:  # fmt: skip
    """float32 [n, 8] as the `light_*` kernels write them, for n vertices of one part other than EYE; u, v, noise are copied from looks.

    shadow float32 [3, n]; lid float32 [n]: how closed the lid over each vertex is; tangents float32 [n, 3] already turned.
    """
    view = set_[5, :3] - posed
    view /= np.linalg.norm(view, axis=1, keepdims=True)
    ndv = (normals * view).sum(1)
    flip = np.where((facing > 0) & (ndv < 0), -1.0, 1.0)
    n, ndv = normals * flip[:, None], np.maximum(ndv * flip, 0)
    a = occlusion * (opening if part == Part.MOUTH else 1.0)
    if part in {Part.SKIN, Part.CLOTH}:
        a = a + np.maximum(0.85 - a, 0) * lid
    red = part in {Part.SKIN, Part.MOUTH}
    open_ = np.stack([0.5 * (a + np.sqrt(a)), a, a * (0.6 + 0.4 * a)] if red else [a, a, a], 1)
    up = (0.5 + 0.5 * n[:, 1])[:, None]
    light = (set_[3, :3] * up + set_[4, :3] * (1 - up)) * open_
    for k in range(3):
        s = a if part == Part.MOUTH else shadow[k]
        if part in {Part.SKIN, Part.CLOTH}:
            s = s + np.maximum(0.9 - s, 0) * lid
        tinted = [0.55 * s + 0.45 * np.sqrt(s), s * (0.9 + 0.1 * s), s * (0.75 + 0.25 * s)] if part == Part.SKIN else [s, s, s]
        light = light + set_[k, 3:] * plain_wrap(n @ set_[k, :3], wrap) * np.stack(tinted, 1)
    half = set_[0, :3] + view
    half /= np.linalg.norm(half, axis=1, keepdims=True)
    rows = np.zeros((len(posed), 8))
    rows[:, :3] = light * looks[:, :3]
    rows[:, 3:6] = looks[:, 4:7]
    rows[:, 6] = (n * half).sum(1)
    fresnel = (1 - ndv) ** 5
    match part:
        case Part.HAIR | Part.FINE:
            assert tangents is not None
            rows[:, 6] = (tangents * half).sum(1)
            rows[:, 7] = looks[:, 3] * (0.15 + 0.85 * shadow[0]) * a
        case Part.MOUTH:
            rows[:, 7] = looks[:, 3] * a
            rows[:, :3] += (0.1 * fresnel * rows[:, 7])[:, None]
        case _:
            gloss = looks[:, 3] * (0.25 + 0.75 * shadow[0]) * np.minimum(1, a * 1.4)
            rim = np.maximum(n @ set_[2, :3], 0) * (1 - ndv) ** 3 * gloss
            rows[:, :3] += rim[:, None] * set_[2, 3:]
            rows[:, 7] = gloss * (1 + 3 * fresnel)
    return rows.astype(np.float32)


def plain_eye_rows(rest: F32, normals: F32, lid: F32, looks: F32, wrap: F32, set_: F32) -> F32:
    """float32 [n, 8] as `light.light_eye` writes them; rest float32 [n, 3] before the head turns, lid float32 [18]."""
    along = (rest[:, 0] - lid[0]) / (lid[1] - lid[0])
    height = np.interp(along * 15, np.arange(16), lid[2:])
    t = np.clip((height - rest[:, 1]) * SHADE_EYE_PER_M + 0.12, 0, 1)
    corner = np.minimum(1, np.minimum(along, 1 - along) * 5 + 0.35)
    a = np.maximum((0.30 + 0.70 * t * (2 - t)) * corner, 0)[:, None]
    up = (0.5 + 0.5 * normals[:, 1])[:, None]
    light = (set_[3, :3] * up + set_[4, :3] * (1 - up)) * a
    for k in range(3):
        light = light + set_[k, 3:] * plain_wrap(normals @ set_[k, :3], wrap) * a
    rows = np.zeros((len(rest), 8))
    rows[:, :3] = light * looks[:, :3]
    rows[:, 3:5] = looks[:, 4:6]
    rows[:, 5:7] = normals[:, :2]
    rows[:, 7] = looks[:, 3] * np.minimum(1, a[:, 0] * 2)
    return rows.astype(np.float32)
