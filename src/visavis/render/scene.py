# mypy: disable-error-code="no-untyped-def, no-untyped-call"
"""Any mesh from any camera: colour with smooth edges, depth and triangle numbers. Colours stay as given: no tone curve, no encoding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from visavis.render.camera import Camera
from visavis.render.kernel import kernel
from visavis.render.lanes import LANES
from visavis.render.mesh import I32
from visavis.render.prepare import unit_normals
from visavis.render.raster import cull, draw_band_4, visible
from visavis.types import F32

_f = np.float32


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """What a mesh looks like. v vertices; all colours float32, in whatever space the caller works in.

    colours [v, 3] or [v, 4] at the vertices (white if None; the fourth is ignored); uv [v, 2], 0 to 1, v up, and texture [h, w, 3]
    multiply them. normals [v, 3] (from the triangles if None) and lights [n, 6], unit direction towards the light and rgb, with
    ambient rgb [3]; without lights the colours are drawn as they are. two_sided draws both faces of every triangle.
    """

    colours: F32 | None = None
    uv: F32 | None = None
    texture: F32 | None = None
    normals: F32 | None = None
    lights: F32 | None = None
    ambient: tuple[float, float, float] = (0.0, 0.0, 0.0)
    two_sided: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """colour float32 [h, w, 3] over black and alpha float32 [h, w], smooth at edges (four samples a pixel); at each pixel's centre:
    depth float32 [h, w] metres along the view (inf: nothing) and triangle int32 [h, w] (-1: nothing).
    """

    colour: F32
    alpha: F32
    depth: F32
    triangle: I32


def render_mesh(positions: F32, triangles: I32, camera: Camera, surface: Surface | None = None) -> Drawn:
    """positions float32 [v, 3], triangles int32 [t, 3] counter-clockwise from outside.

    A triangle that reaches behind the camera is left out.
    """
    surface = surface or Surface()
    assert positions.shape[1:] == triangles.shape[1:] == (3,), (positions.shape, triangles.shape)
    screen = camera.project(positions.astype(np.float32))
    two_sided = np.full(len(triangles), surface.two_sided)
    rows = _lit_rows(positions, triangles, camera, surface)
    corners = triangles.astype(np.uint32)
    wide, high = -(-camera.width // 2), -(-camera.height // 2)
    chosen = np.arange(len(triangles), dtype=np.uint32)
    first, last = np.empty(len(triangles), np.int32), np.empty(len(triangles), np.int32)
    cull(screen, corners, two_sided, chosen, 2 * wide, 2 * high, first, last)
    depth, ids = np.empty(wide * high * LANES, np.float32), np.empty(wide * high * LANES, np.int32)
    planes = np.empty((len(triangles), 12), np.float32)
    draw_band_4(screen, corners, chosen[first >= 0], 0, high, wide, depth, ids, planes)
    colour = np.zeros((2 * high, 2 * wide, 4), np.float32)
    texture = np.ones((1, 1, 3), np.float32) if surface.texture is None else np.ascontiguousarray(surface.texture, np.float32)
    shade_plainly(ids, wide, corners, planes, rows, texture, colour)
    colour = colour[: camera.height, : camera.width]
    near, triangle = visible(screen, triangles, two_sided, camera.width, camera.height)
    far = np.where(near > 0, 1 / np.where(near > 0, near, 1), np.inf).astype(np.float32)
    return Drawn(np.ascontiguousarray(colour[..., :3]), np.ascontiguousarray(colour[..., 3]), far, triangle)


def _lit_rows(positions: F32, triangles: I32, camera: Camera, surface: Surface) -> F32:
    """float32 [v, 8]: lit rgb, u, v and three zeros."""
    rows = np.zeros((len(positions), 8), np.float32)
    rows[:, :3] = 1 if surface.colours is None else surface.colours[:, :3]
    if surface.lights is not None:
        normals = unit_normals(positions, triangles) if surface.normals is None else surface.normals
        if surface.two_sided:
            away = np.einsum("vc,vc->v", normals, camera.position - positions) < 0
            normals = np.where(away[:, None], -normals, normals)
        light = np.array(surface.ambient) + np.maximum(normals @ surface.lights[:, :3].T, 0) @ surface.lights[:, 3:]
        rows[:, :3] *= light
    if surface.uv is not None:
        rows[:, 3:5] = surface.uv
    return rows


@kernel
def shade_plainly(ids, wide, triangles, planes, rows, texture, colour):
    """colour float32 [h, w, 4], zero before, gains a quarter of each sample's rgb and coverage.

    ids, planes from `raster.draw_band_4` over the whole picture, `wide` blocks across; rows float32 [v, 8]: rgb, u, v, -, -, -;
    texture float32 [th, tw, 3], read between its texels.
    """
    tall, broad = texture.shape[0], texture.shape[1]
    for y in range(colour.shape[0]):
        for x in range(colour.shape[1]):
            at = ((y >> 1) * wide + (x >> 1)) * 16 + (y & 1) * 8 + (x & 1) * 4
            for s in range(4):
                if ids[at + s] < 0:
                    continue
                t = np.uint32(ids[at + s])
                px, py = _f(x) + _f(0.5), _f(y) + _f(0.5)
                a = max(planes[t, 0] + planes[t, 4] * px + planes[t, 8] * py, _f(0))
                b = max(planes[t, 1] + planes[t, 5] * px + planes[t, 9] * py, _f(0))
                c = max(planes[t, 2] + planes[t, 6] * px + planes[t, 10] * py, _f(0))
                scale = _f(1) / (a + b + c + _f(1e-20))
                a, b, c = a * scale, b * scale, c * scale
                i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
                u = a * rows[i, 3] + b * rows[j, 3] + c * rows[k, 3]
                v = a * rows[i, 4] + b * rows[j, 4] + c * rows[k, 4]
                tx = min(max(u * _f(broad) - _f(0.5), _f(0)), _f(broad - 1))
                ty = min(max((_f(1) - v) * _f(tall) - _f(0.5), _f(0)), _f(tall - 1))
                m, n = int(tx), int(ty)
                m1, n1 = min(m + 1, broad - 1), min(n + 1, tall - 1)
                fx, fy = tx - _f(m), ty - _f(n)
                for q in range(3):
                    top = texture[n, m, q] * (_f(1) - fx) + texture[n, m1, q] * fx
                    low = texture[n1, m, q] * (_f(1) - fx) + texture[n1, m1, q] * fx
                    value = a * rows[i, q] + b * rows[j, q] + c * rows[k, q]
                    colour[y, x, q] += _f(0.25) * value * (top * (_f(1) - fy) + low * fy)
                colour[y, x, 3] += _f(0.25)
