"""The rest of the person as a relief: a grid over the picture with the depth of hair, ears, neck and shoulders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.engines.portrait.fields import membrane, smooth_step
from visavis.engines.portrait.openings import MARGINS
from visavis.engines.portrait.still import Still
from visavis.engines.portrait.surface import Surface
from visavis.render.spans import SpanBuffers, draw_spans
from visavis.types import F32

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]

CELLS: Final = 64
"""Grid cells across the picture."""
BEYOND: Final = 3
"""The grid goes on so many cells beyond the picture, with the colours of its border: shoulders that sway show no edge."""
MIDDLE_M: Final = (0.0, -0.010, -0.085)
"""The middle of the head, on which its outline lies."""
INNER: Final = 0.55
"""Where this much of a cell is face, it has the face's own depth."""
EDGE_M: Final = 0.05
"""From the face's outline the silhouette runs to the head's middle depth over this."""
CHIN, BROW = 152, 9


@dataclass(frozen=True, slots=True, eq=False)
class Relief:
    """g grid vertices: camera [g, 3], deltas [52, g, 3], follow [g] 1 head to 0 shoulders, uv [g, 2] px, triangles [t, 3];
    pivot [3] camera space. `blend_rim` has hung the face's rim on it.
    """

    camera: F64
    deltas: F64
    follow: F64
    uv: F64
    triangles: I32
    face_follow: F64
    pivot: F64


@dataclass(frozen=True, slots=True, eq=False)
class _Grid:
    px: F64
    across: int

    @property
    def shape(self) -> tuple[int, int]:
        return self.across, self.across


def raise_relief(still: Still, surface: Surface, pivot: F64) -> Relief:
    """Depth, motion and follow of the grid, for a head that turns about a point [3] of it.

    The face's rim is blended into it so that no seam shows (written to `surface`).
    """
    cell = still.side / CELLS
    line = np.arange(-BEYOND, CELLS + BEYOND + 1) * cell - 0.5
    columns, rows = np.meshgrid(line, line)
    grid = _Grid(np.stack([columns, rows], -1).reshape(-1, 2), len(line))
    under = _what_lies_under(still, surface)
    at = np.clip(np.round(grid.px), 0, still.side - 1).astype(int)
    within = ((grid.px > -1) & (grid.px < still.side)).all(1)
    triangle = np.where(within, under.ids[at[:, 1], at[:, 0]], -1)
    share = np.where(triangle >= 0, under.out[at[:, 1], at[:, 0], 0], 0)
    corners, weights = _barycentric(surface, triangle, grid.px)
    turned_up = still.pose.rotation[:2, 1] / np.linalg.norm(still.pose.rotation[:2, 1])
    chin, brow = surface.marks[CHIN], surface.marks[BROW]
    face_height = float((brow - chin)[:2] @ turned_up)
    depth = _depth(still, surface, grid, under, triangle, share, corners, weights, chin, turned_up, face_height)
    deltas = _motion(still, surface, grid, triangle, share, corners, weights)
    camera = still.pose.unproject(grid.px, depth)
    below = -(camera[:, :2] - chin[:2]) @ turned_up
    follow = 1 - smooth_step((below + 0.10 * face_height) / (0.95 * face_height))
    face_follow = _blend_rim(still, surface, grid, cell, depth, deltas, follow)
    n = np.arange(grid.across**2).reshape(grid.shape)
    a, b, c, d = n[:-1, :-1].ravel(), n[:-1, 1:].ravel(), n[1:, :-1].ravel(), n[1:, 1:].ravel()
    triangles = np.concatenate([np.c_[a, b, c], np.c_[b, d, c]]).astype(np.int32)
    return Relief(camera, deltas, follow, grid.px, triangles, face_follow, still.pose.rotation @ pivot)


def _what_lies_under(still: Still, surface: Surface) -> SpanBuffers:
    """share, depth and inside of the skin that each pixel of the picture shows."""
    at = SpanBuffers(still.side, still.side, 3)
    rows = np.c_[surface.share, surface.camera[:, 2], surface.inside].astype(np.float32)
    depth: F32 = surface.camera[:, 2].astype(np.float32)
    draw_spans(surface.px.astype(np.float32), depth, surface.covering, rows, at.box, at.out, at.nearest, at.ids)
    return at


def _barycentric(surface: Surface, triangle: npt.NDArray[np.integer], px: F64) -> tuple[I32, F64]:
    corners = surface.covering[np.maximum(triangle, 0)]
    a, b, c = (surface.px[corners[:, i]] for i in range(3))
    system = np.stack([b - a, c - a], -1)
    none = triangle < 0
    system[none] = np.eye(2)
    shares = np.linalg.solve(system, (px - a)[..., None])[..., 0]
    weights = np.c_[1 - shares.sum(1), shares]
    weights[none] = 0
    return corners, weights


def _depth(
    still: Still, surface: Surface, grid: _Grid, under: SpanBuffers, triangle: npt.NDArray[np.integer], share: F64, corners: I32,
    weights: F64, chin: F64, turned_up: F64, face_height: float,
) -> F64:  # fmt: skip
    """Held at the inner face, the silhouette and the shoulders; smooth between: a step within one cell would saw the jaw line."""
    import cv2

    middle = float((still.pose.rotation @ np.array(MIDDLE_M))[2])
    on = triangle >= 0
    depth = np.where(on, (weights * surface.camera[corners][:, :, 2]).sum(1), middle)
    flat = np.c_[(grid.px[:, 0] - still.pose.centre[0]), still.pose.centre[1] - grid.px[:, 1]] / still.px_per_m
    below = -(flat - chin[:2]) @ turned_up
    inner = on & (share > INNER)
    torso = below > 0.55 * face_height
    person = cv2.distanceTransform((still.mask > 0.5).astype(np.uint8), cv2.DIST_L2, 5)
    at = np.clip(np.round(grid.px), 0, still.side - 1).astype(int)
    edge = (person[at[:, 1], at[:, 0]] < 1) & ~inner
    # where the silhouette is the face's own outline it has the face's depth; only hair further out has the head's middle
    outside = np.ones((still.side, still.side), np.uint8)
    solid = (under.ids >= 0) & (under.out[..., 0] > INNER)
    outside[solid] = 0
    away, label = cv2.distanceTransformWithLabels(outside, cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL)
    nearest = np.zeros(int(label.max()) + 1)
    nearest[label[outside == 0]] = under.out[..., 1][outside == 0]
    run = smooth_step((away[at[:, 1], at[:, 0]] / still.px_per_m - 0.015) / EDGE_M)
    face_depth = np.minimum(nearest[label[at[:, 1], at[:, 0]]], middle + 0.05)
    depth[edge] = (face_depth * (1 - run) + middle * run)[edge]
    depth[torso] = middle
    held = inner | edge | torso
    filled = membrane(held.reshape(grid.shape))(depth[:, None])[:, 0]
    soft = cv2.GaussianBlur(filled.reshape(grid.shape), (0, 0), 1.2).ravel()
    return np.where(inner, filled, soft)


def _motion(
    still: Still, surface: Surface, grid: _Grid, triangle: npt.NDArray[np.integer], share: F64, corners: I32, weights: F64
) -> F64:
    """The face's shapes, running out over a few cells; lids move too sharply for a coarse grid, which only has to fit at the rim."""
    import cv2

    known = (triangle >= 0) & (share > 0.02)
    for upper, lower in MARGINS:
        ring = still.face.points[[*upper, *lower[::-1]], :2].astype(np.float32)
        known &= np.array([cv2.pointPolygonTest(ring, (float(x), float(y)), True) for x, y in grid.px]) < -3
    gathered = np.einsum("nj,knjc->nkc", weights[known], surface.deltas[:, corners[known]])
    values = np.zeros((len(grid.px), gathered.shape[1] * 3))
    values[known] = gathered.reshape(len(gathered), -1)
    filled = membrane(known.reshape(grid.shape), decay_cells=4.0)(values)
    return np.ascontiguousarray(filled.reshape(len(grid.px), -1, 3).transpose(1, 0, 2))


def _blend_rim(still: Still, surface: Surface, grid: _Grid, cell: float, depth: F64, deltas: F64, follow: F64) -> F64:
    """Hangs the face's rim on the grid; returns how far each face vertex follows the head."""
    place = np.clip((surface.px + 0.5) / cell + BEYOND, 0, grid.across - 1.001)
    first = place.astype(int)
    fx, fy = (place - first).T
    number = first[:, 1] * grid.across + first[:, 0]
    # as the grid's two triangles a cell interpolate: a bilinear blend would leave hair-thin seams
    upper = fx + fy <= 1
    w00, w10, w01, w11 = (
        np.where(upper, 1 - fx - fy, 0), np.where(upper, fx, 1 - fy), np.where(upper, fy, 1 - fx), np.where(upper, 0, fx + fy - 1),
    )  # fmt: skip
    corners = ((number, w00), (number + 1, w10), (number + grid.across, w01), (number + grid.across + 1, w11))
    rim = 1 - surface.share
    moved = sum((deltas[:, n] * w[None, :, None] for n, w in corners), np.zeros_like(surface.deltas))
    surface.deltas[:] = surface.deltas * surface.share[None, :, None] + moved * rim[None, :, None]
    z = sum((depth[n] * w for n, w in corners), np.zeros(len(rim)))
    followed = sum((follow[n] * w for n, w in corners), np.zeros(len(rim)))
    surface.camera[:] = still.pose.unproject(surface.px, surface.camera[:, 2] * surface.share + z * rim)
    return np.asarray(surface.share + rim * followed)
