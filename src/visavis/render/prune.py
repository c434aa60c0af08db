"""What can be seen at all: triangles that no head pose and no face ever shows are dropped, the rest is listed by head pose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Any, Final

import numpy as np

from visavis.arkit import COUNT, INDEX
from visavis.render.mesh import I32, Bools, Part, RenderMesh
from visavis.render.plain import plain_screen
from visavis.render.raster import visible
from visavis.types import F32

YAWS_DEG: Final = tuple(range(-42, 43, 6))
PITCHES_DEG: Final = (-18, -9, 0, 9, 18)
PIXELS: Final = 1024
_GAZES: Final = ((0.0, 0.0), (0.45, 0.25), (-0.45, -0.3), (-0.3, 0.0), (0.2, -0.2))
_FACES: Final[tuple[dict[str, float], ...]] = (
    {},
    {"jawOpen": 0.9, "tongueOut": 0.6, "browInnerUp": 1, "eyeWideLeft": 1, "eyeWideRight": 1, "mouthLowerDownLeft": 0.7,
     "mouthLowerDownRight": 0.7, "mouthUpperUpLeft": 0.7, "mouthUpperUpRight": 0.7},
    {"eyeBlinkLeft": 1, "eyeBlinkRight": 1, "mouthSmileLeft": 1, "mouthSmileRight": 1, "mouthUpperUpLeft": 0.6,
     "mouthUpperUpRight": 0.6, "jawOpen": 0.3},
    {"mouthSmileLeft": 1, "mouthSmileRight": 1, "mouthStretchLeft": 1, "mouthStretchRight": 1, "jawOpen": 0.6, "mouthUpperUpLeft": 1,
     "mouthUpperUpRight": 1, "mouthLowerDownLeft": 1, "mouthLowerDownRight": 1},
    {"mouthFunnel": 1, "jawOpen": 0.3, "eyeWideLeft": 0.5, "eyeWideRight": 0.5, "cheekPuff": 0.7},
)  # fmt: skip


def prune(mesh: RenderMesh, *, yaws_deg: Sequence[float] = YAWS_DEG, pitches_deg: Sequence[float] = PITCHES_DEG) -> RenderMesh:
    """The mesh without what nothing shows, its vertices and triangles in order of nearness on the face, with view lists written.

    A view list stands for a cell between four neighbouring head poses and holds what any of them shows with any tried face.
    Head poses outside the grid are still drawn, from all remaining triangles.
    """
    seen: Bools = np.stack([[_seen(mesh, np.radians(yaw), np.radians(pitch)) for pitch in pitches_deg] for yaw in yaws_deg])
    inside = mesh.triangle_part == Part.MOUTH  # which teeth show depends on the lips far more than on the head
    seen[..., inside] |= np.any(seen, axis=(0, 1))[inside]
    cells = seen[1:, 1:] | seen[:-1, 1:] | seen[1:, :-1] | seen[:-1, :-1]
    middles = [[(a + b) / 2 for a, b in zip(s[1:], s[:-1], strict=True)] for s in (yaws_deg, pitches_deg)]
    poses = np.radians(np.array(list(product(*middles)), np.float64)).astype(np.float32)
    kept = np.flatnonzero(cells.any((0, 1)))
    kept = kept[np.argsort(_morton(mesh.positions[mesh.triangles[kept]].mean(1)), kind="stable")]
    views = np.ascontiguousarray(cells.reshape(len(poses), -1)[:, kept])
    return _select(mesh, kept, view_poses=poses, view_visible=views)


def _seen(mesh: RenderMesh, yaw: float, pitch: float) -> Bools:
    """bool [t]: triangles with at least one sample in the picture of some face, and those next to them, for poses in between."""
    found = mesh.sheer.copy() if len(mesh.sheer) else np.zeros(len(mesh.triangles), bool)
    solid = np.flatnonzero(~found)
    for face, gaze in zip(_FACES, _GAZES, strict=True):
        weights = np.zeros(COUNT, np.float32)
        for name, value in face.items():
            weights[INDEX[name]] = value
        screen = plain_screen(mesh, weights, (yaw, pitch, 0.0), gaze, PIXELS)
        ids = visible(screen, mesh.triangles[solid], mesh.two_sided[solid], PIXELS, PIXELS)[1]
        found[solid[np.unique(ids[ids >= 0])]] = True
    near = np.zeros(len(mesh.positions), bool)
    near[mesh.triangles[found]] = True
    return found | near[mesh.triangles].any(1)


def _morton(points: F32) -> I32:
    """Interleaved bits of x and y: neighbours on the face become neighbours in memory."""
    scaled = points[:, :2] - points[:, :2].min(0)
    cells = (scaled / max(float(scaled.max()), 1e-9) * 255).astype(np.int64)
    code = np.zeros(len(points), np.int64)
    for bit in range(8):
        code |= ((cells[:, 0] >> bit) & 1) << (2 * bit) | ((cells[:, 1] >> bit) & 1) << (2 * bit + 1)
    return code.astype(np.int32)


def _select(mesh: RenderMesh, kept: np.typing.NDArray[np.intp], *, view_poses: F32, view_visible: Bools) -> RenderMesh:
    """The triangles `kept`, in that order, and the vertices they, the eyes and the lid lines need."""
    fixed = np.unique(np.concatenate([np.arange(a, b) for a, b in mesh.eye_ranges]))
    used = np.unique(np.concatenate([mesh.triangles[kept].ravel(), mesh.lid_lines.ravel(), fixed]))
    free = np.setdiff1d(used, fixed)
    free = free[np.argsort(_morton(mesh.positions[free]), kind="stable")]
    order = np.concatenate([free, fixed])
    moved = np.full(len(mesh.positions), -1, np.int64)
    moved[order] = np.arange(len(order))
    offsets, indices, deltas = [0], [], []
    for k in range(COUNT):
        part = slice(mesh.shape_offsets[k], mesh.shape_offsets[k + 1])
        at = moved[mesh.shape_indices[part]]
        rank = np.argsort(at, kind="stable")
        rank = rank[at[rank] >= 0]
        indices.append(at[rank])
        deltas.append(mesh.shape_deltas[part][rank])
        offsets.append(offsets[-1] + len(rank))
    by_vertex: dict[str, Any] = {name: np.ascontiguousarray(getattr(mesh, name)[order]) for name in (
        "positions", "part", "facing", "head_weight", "lag_weight", "lid_weight", "albedo", "uv", "specular", "noise_amplitude",
        "tangent", "occlusion")}  # fmt: skip
    by_triangle: dict[str, Any] = {
        n: np.ascontiguousarray(getattr(mesh, n)[kept])
        for n in ("triangle_part", "triangle_group", "two_sided", "sheer")
        if len(getattr(mesh, n))
    }
    if len(mesh.smooth):
        by_vertex["smooth"] = np.unique(mesh.smooth[order], return_inverse=True)[1].astype(np.int32)
    ends = [moved[mesh.eye_ranges[:, 0]], moved[mesh.eye_ranges[:, 1] - 1] + 1]
    return replace(
        mesh, **by_vertex, **by_triangle, triangles=moved[mesh.triangles[kept]].astype(np.int32),
        visibility=np.ascontiguousarray(mesh.visibility[:, order]), shape_offsets=np.array(offsets, np.int64),
        shape_indices=np.concatenate(indices).astype(np.int32), shape_deltas=np.ascontiguousarray(np.concatenate(deltas)),
        eye_ranges=np.stack(ends, 1).astype(np.int32), lid_lines=moved[mesh.lid_lines].astype(np.int32),
        view_poses=view_poses, view_visible=view_visible,
    )  # fmt: skip
