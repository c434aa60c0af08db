"""The eyeballs behind the lids: the picture's own iris and white, completed where lids hide them, movable by a smooth warp."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.engines.portrait.fields import smooth_step
from visavis.engines.portrait.openings import MARGINS
from visavis.engines.portrait.still import Still
from visavis.engines.portrait.surface import Surface
from visavis.render.spans import SpanBuffers, draw_spans
from visavis.types import F32, U8

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]

UNDER: Final = ((348, 329, 253, 252), (119, 100, 23, 22))
OVER: Final = ((442, 443, 444), (222, 223, 224))
"""Landmarks under the eye and under the brow; left and right of the person."""
LID_SHADE: Final = 0.94
POINTS: Final = 13
"""Warp points along each side of an eye's patch."""
WHITE: Final = np.array([200.0, 195.0, 190.0])


@dataclass(frozen=True, slots=True, eq=False)
class EyePatch:
    """sheet uint8 [h, w, 3] and the picture's pixel of its corner [2] · camera [p, 3], uv [p, 2] px of the picture, warp [p] 1 at the iris,
    0 at the corners · triangles [t, 3] · radius_px of the iris · ball_m radius of the eyeball.
    """

    sheet: U8
    corner: I32
    camera: F64
    uv: F64
    warp: F64
    triangles: I32
    radius_px: float


def lift_eyes(still: Still, surface: Surface, depth: tuple[float, float]) -> tuple[EyePatch, EyePatch]:
    """Left and right eye of the person; depth: camera z of each, metres."""
    bare = _bare_of_skin(still, surface)
    return _lift(still, 0, depth[0], bare), _lift(still, 1, depth[1], bare)


def lid_colour(still: Still, eye: int) -> F64:
    """Colour [3] of a closed lid, 0 to 255: between the skin under the eye and that under the brow, shaded a little."""
    colours = []
    for marks in (UNDER[eye], OVER[eye]):
        at = np.clip(np.round(still.face.points[list(marks), :2]).astype(int), 2, still.side - 3)
        patches = [still.rgb[y - 2 : y + 3, x - 2 : x + 3].reshape(-1, 3) for x, y in at]
        colours.append(np.median(np.concatenate(patches), axis=0))
    under, over = colours
    return np.asarray(LID_SHADE * np.maximum(0.5 * (under + over), 0.8 * under), float)


def _bare_of_skin(still: Still, surface: Surface) -> npt.NDArray[np.bool_]:
    """Pixels [s, s] that the face's mesh leaves open in the picture as it is."""
    at = SpanBuffers(still.side, still.side, 1)
    depth: F32 = surface.camera[:, 2].astype(np.float32)
    rows = np.zeros((len(depth), 1), np.float32)
    draw_spans(surface.px.astype(np.float32), depth, surface.triangles, rows, at.box, at.out, at.nearest, at.ids)
    return at.ids < 0


def _lift(still: Still, eye: int, depth: float, bare: npt.NDArray[np.bool_]) -> EyePatch:
    upper, lower = MARGINS[eye]
    ring = still.face.points[[*upper, *lower[::-1]], :2].astype(float)
    iris = still.face.irises[eye].astype(float)
    centre, radius = iris[0], float(np.linalg.norm(iris[1:] - iris[0], axis=1).mean())
    width = float(np.ptp(ring[:, 0]))
    low = np.floor([ring[:, 0].min() - 0.5 * width, ring[:, 1].mean() - 0.7 * width]).astype(int)
    high = np.ceil([ring[:, 0].max() + 0.5 * width, ring[:, 1].mean() + 0.7 * width]).astype(int)
    low, high = np.clip(low, 0, still.side - 2), np.clip(high, 2, still.side)
    sheet = _complete(
        still.rgb[low[1] : high[1], low[0] : high[0]],
        ring - low,
        centre - low,
        radius,
        bare[low[1] : high[1], low[0] : high[0]],
    )
    x, y = np.meshgrid(np.linspace(low[0], high[0] - 1, POINTS), np.linspace(low[1], high[1] - 1, POINTS))
    uv = np.stack([x, y], -1).reshape(-1, 2)
    away = (uv - centre) / (np.array([0.42, 0.5]) * width)
    n = np.arange(POINTS**2).reshape(POINTS, POINTS)
    a, b, c, d = n[:-1, :-1].ravel(), n[:-1, 1:].ravel(), n[1:, :-1].ravel(), n[1:, 1:].ravel()
    triangles = np.concatenate([np.c_[a, b, c], np.c_[b, d, c]]).astype(np.int32)
    camera = still.pose.unproject(uv, np.full(len(uv), depth))
    return EyePatch(sheet, low.astype(np.int32), camera, uv, np.exp(-(away**2).sum(1)), triangles, radius)


def _complete(crop: U8, ring: F64, centre: F64, radius: float, bare: npt.NDArray[np.bool_]) -> U8:
    """The eyeball as it goes on under the lids: rings of the iris from what is seen of them, white darkening towards the corners."""
    import cv2

    height, width = crop.shape[:2]
    polygon = np.zeros((height, width), np.uint8)
    cv2.fillPoly(polygon, [np.round(ring * 16).astype(np.int32)], 255, shift=4)
    inside = cv2.erode(polygon, np.ones((3, 3), np.uint8)) > 0
    y, x = np.mgrid[0:height, 0:width]
    away = np.hypot(x - centre[0], y - centre[1])
    seen: F32 = crop.astype(np.float32)
    white = inside & (away > 1.12 * radius)
    colour = np.percentile(seen[white], 60, axis=0) if white.sum() > 6 else WHITE * seen.mean() / 128
    ball = np.broadcast_to(colour, crop.shape) * (1 - 0.35 * smooth_step((away - 1.2 * radius) / (2.0 * radius)))[..., None]
    rings = _rings(seen, inside, away, max(int(radius * 1.15) + 1, 3))
    iris = np.stack([np.interp(away, np.arange(len(rings)), rings[:, c]) for c in range(3)], -1)
    disc = smooth_step((1.12 * radius - away) / (0.22 * radius))[..., None]
    ball = ball * (1 - disc) + iris * disc
    # what the mesh leaves open shows the picture itself, also where the seen margin and the mesh's do not quite agree
    reach = cv2.dilate(polygon, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * max(round(0.5 * radius), 2) + 1,) * 2)) > 0
    shown = ((bare & reach) | inside).astype(np.uint8)
    shown = cv2.dilate(shown, np.ones((3, 3), np.uint8)).astype(np.float32)
    keep = np.clip(cv2.GaussianBlur(shown, (0, 0), 0.9) * 1.6, 0, 1)[..., None]
    return np.asarray(np.clip(ball * (1 - keep) + seen * keep + 0.5, 0, 255), np.uint8)


def _rings(seen: F32, inside: npt.NDArray[np.bool_], away: F64, count: int) -> F64:
    """Median colour of each pixel-wide ring of the iris, from what is visible of it."""
    rings = np.zeros((count, 3))
    last = np.array([30.0, 25.0, 20.0])
    for i in range(count):
        at = inside & (np.abs(away - i) < 0.8)
        if at.sum() >= 2:
            last = np.median(seen[at], axis=0)
        rings[i] = last
    return rings
