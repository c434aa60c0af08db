"""Baked light: how much of the sky each vertex sees around each direction, found with orthographic depth maps from all sides."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from visavis.render.mesh import I32, Bools, Part, RenderMesh
from visavis.render.prepare import unit_normals
from visavis.render.raster import depth_map
from visavis.types import F32, U8

DIRECTIONS: Final = 192
MAP_PIXELS: Final = 1024
LIFT_M: Final = 0.0018
"""Vertices are lifted off their own surface by this, along the normal."""
SLACK_M: Final = 0.0012
CONE_COSINE: Final = 0.80
"""Visibility is averaged over directions nearer than this: a large light's soft shadow."""


@dataclass(frozen=True, slots=True, eq=False)
class Baked:
    """directions float32 [d, 3]; visibility uint8 [d, v] 0 to 255, averaged over a cone; occlusion float32 [v], cosine-weighted."""

    directions: F32
    visibility: U8
    occlusion: F32


def sphere_directions(count: int) -> F32:
    """float32 [count, 3] unit vectors spread evenly over the sphere (a Fibonacci spiral)."""
    n = np.arange(count) + 0.5
    polar, turn = np.arccos(1 - 2 * n / count), np.pi * (1 + 5**0.5) * n
    return np.stack([np.cos(turn) * np.sin(polar), np.cos(polar), np.sin(turn) * np.sin(polar)], 1).astype(np.float32)


def bake_visibility(
    positions: F32, triangles: I32, normals: F32, casters: Bools, *, directions: int = DIRECTIONS, scale: float = 1.0
) -> Baked:
    """positions, normals float32 [v, 3]; triangles int32 [t, 3]; casters bool [t] marks the triangles that throw shadows.

    `scale` multiplies the metre-sized slacks where the mesh is not in metres.
    """
    sky = sphere_directions(directions)
    middle = (positions.min(0) + positions.max(0)) / 2
    extent = float(np.linalg.norm(positions - middle, axis=1).max()) * 1.02
    lifted = positions + normals * np.float32(LIFT_M * scale)
    listed = np.ascontiguousarray(triangles[casters])
    seen = np.zeros((directions, len(positions)), np.float32)
    for n, towards in enumerate(sky):
        across = np.cross(towards, [0, 1, 0] if abs(towards[1]) < 0.9 else [1, 0, 0])
        across /= np.linalg.norm(across)
        frame = np.stack([across, np.cross(towards, across), towards]).astype(np.float32)
        depth = depth_map(_flat(positions, middle, frame, extent), listed, MAP_PIXELS, MAP_PIXELS)
        x, y, near = _flat(lifted, middle, frame, extent).T
        column, row = (np.clip(a.astype(int), 0, MAP_PIXELS - 1) for a in (x, y))
        seen[n] = (depth[row, column] <= near + SLACK_M * scale) & (normals @ towards > -0.15)
    cosines = np.maximum(normals @ sky.T, 0)
    occlusion = (cosines * seen.T).sum(1) / (cosines.sum(1) + 1e-6)
    cone = np.maximum(sky @ sky.T - CONE_COSINE, 0)
    soft = (cone / cone.sum(1, keepdims=True)) @ seen
    return Baked(sky, np.round(soft * 255).astype(np.uint8), occlusion.astype(np.float32))


def bake(mesh: RenderMesh) -> RenderMesh:
    """The mesh with its light baked. Skin, hair and cloth throw shadows; lashes and brows, which do not, see the whole sky."""
    casters = ~np.isin(mesh.triangle_part, (Part.EYE, Part.FINE, Part.MOUTH))
    if len(mesh.sheer):
        casters &= ~mesh.sheer
    normals = unit_normals(mesh.positions, mesh.triangles, mesh.smooth if len(mesh.smooth) else None)
    baked = bake_visibility(mesh.positions, mesh.triangles, normals, casters)
    baked.visibility[:, mesh.part == Part.FINE] = 255
    return replace(mesh, directions=baked.directions, visibility=baked.visibility, occlusion=np.clip(baked.occlusion, 0, 1))


def _flat(positions: F32, middle: F32, frame: F32, extent: float) -> F32:
    """Orthographic [v, 3]: x, y in pixels of the map, and nearness in metres, positive."""
    turned = (positions - middle) @ frame.T
    flat = np.empty(turned.shape, np.float32)
    flat[:, :2] = (turned[:, :2] / extent + 1) * (MAP_PIXELS / 2)
    flat[:, 2] = turned[:, 2] + 1.1 * extent
    return flat
