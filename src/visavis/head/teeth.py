"""Two proper rows of teeth with gums, modelled here because the data's helpers are boxes. Sizes of teeth: mean adult crowns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from visavis.head import lips
from visavis.head.canonical import CanonicalHead
from visavis.head.subdivision import grid_triangles

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]

UPPER_MM: Final = ((8.6, 10.2), (6.7, 8.9), (7.7, 9.9), (7.1, 8.4), (6.9, 7.8), (10.0, 7.2))
LOWER_MM: Final = ((5.4, 8.6), (5.9, 8.8), (6.9, 9.8), (7.0, 8.4), (7.1, 7.8), (10.8, 7.2))
"""Width and height of the crowns from the middle outwards. Source: Wheeler's Dental Anatomy, rounded."""
ARCH_PER_M: Final = 29.0
"""The rows follow z = front - ARCH_PER_M x², a dental arch in metres."""
BEHIND_LIP_M: Final = -0.0006
"""The necks of the upper crowns stand this far in front of the inside of the lip; their curve reaches a little into it."""
LOWER_BACK_M: Final = 0.0042
LOWER_LEAN: Final = 0.72
"""The lower row stands this far behind the upper one, and its roots lean back by this much of their depth, under the chin's groove."""
COLUMNS: Final = 6
ROWS: Final = 5


@dataclass(frozen=True, slots=True, eq=False)
class TeethRow:
    """One row with its gum. n vertices.

    vertices [n, 3] metres · triangles int32 [t, 3] · gum bool [n]
    height [n] 0 at the gum to 1 at the edge · across [n] -1 to 1 over a tooth · back [n] 0 at the middle to 1 behind
    binding [n, c] sparse over the cage, or None for the upper row, which is fixed to the skull
    """

    vertices: F64
    triangles: I32
    gum: npt.NDArray[np.bool_]
    height: F64
    across: F64
    back: F64
    binding: sp.csr_matrix | None


def model_teeth(head: CanonicalHead, cage: F64) -> tuple[TeethRow, TeethRow]:
    """The upper and the lower row for a sealed cage [c, 3] metres, set behind its lips."""
    surface = head.skin @ cage
    upper, lower = lips.lip_sides(head)
    line, _ = lips.seam(surface, np.flatnonzero(upper), np.flatnonzero(lower))
    middle = line[len(line) // 2]
    half_width = np.abs(line[:, 0]).max()
    scale = half_width / 0.0208
    inside = (head.masks["inside-mouth"] > 0.6) & (np.abs(surface[:, 0]) < 0.002)
    wall = surface[inside & (surface[:, 1] > middle[1] + 0.001) & (surface[:, 1] < middle[1] + 0.008), 2].max()
    front = wall + BEHIND_LIP_M
    edge = middle[1] - 0.0026 * scale
    rows = []
    for is_upper in (True, False):
        row = _crowns(UPPER_MM if is_upper else LOWER_MM, is_upper=is_upper, scale=scale)
        offset = np.array(
            [0.0, edge if is_upper else edge + 0.0020 * scale, front if is_upper else front - LOWER_BACK_M * scale]
        )
        lean = 0.0 if is_upper else LOWER_LEAN
        vertices = row.vertices + offset + np.array([0, 0, lean]) * np.minimum(row.vertices[:, 1:2], 0)
        binding = None if is_upper else _rigid_binding(vertices, cage, head.groups["lower_teeth"])
        rows.append(TeethRow(vertices, row.triangles, row.gum, row.height, row.across, row.back, binding))
    return rows[0], rows[1]


def _crowns(sizes_mm: tuple[tuple[float, float], ...], *, is_upper: bool, scale: float) -> TeethRow:
    """A row with its biting edge at y = 0 and its front at z = 0."""
    total = sum(width for width, _ in sizes_mm) * 1e-3 * scale
    xs = np.linspace(0, total, 600)
    depth = -ARCH_PER_M / scale * xs**2
    length = np.r_[0, np.cumsum(np.hypot(np.diff(xs), np.diff(depth)))]
    pieces: list[tuple[F64, I32, F64, F64, F64]] = []
    start, position = 0, 0.0
    for width, height in sizes_mm:
        w, h = width * 1e-3 * scale, height * 1e-3 * scale
        for side in (1.0, -1.0):
            across = np.linspace(-1, 1, COLUMNS)[:, None]
            down = np.linspace(0, 1, ROWS)[None]
            narrow = 1 - 0.07 * (1 - down) ** 1.6
            along = position + w / 2 + across * (w / 2 * 1.0) * narrow
            x = np.interp(along, length, xs)
            z = -ARCH_PER_M / scale * x**2
            slope = 2 * ARCH_PER_M / scale * x
            normal = np.stack([slope, np.ones_like(slope)], -1) / np.sqrt(1 + slope**2)[..., None]
            bulge = 0.0022 * scale * (1 - np.abs(across) ** 2.6) * (1 - 0.5 * np.abs(2 * down - 0.9) ** 2.5)
            corner = 0.0011 * scale * np.abs(across) ** 3 * down**3
            y = h * (1 - down) + corner
            grid = np.stack([side * (x + bulge * normal[..., 0]), (y if is_upper else -y), z + bulge * normal[..., 1]], -1)
            triangles = grid_triangles(COLUMNS, ROWS) + start
            pieces.append((grid.reshape(-1, 3), triangles, np.broadcast_to(down, y.shape).ravel(),
                           np.broadcast_to(across, y.shape).ravel(), np.full(y.size, position / total)))  # fmt: skip
            start += y.size
        position += w
    gum = _gum(sizes_mm, is_upper=is_upper, scale=scale)
    pieces.append((gum, grid_triangles(49, 5) + start, np.zeros(len(gum)), np.zeros(len(gum)), np.abs(gum[:, 0]) / total))
    stacked = [np.concatenate(column) for column in zip(*pieces, strict=True)]
    is_gum = np.arange(len(stacked[0])) >= start
    return TeethRow(stacked[0], stacked[1].astype(np.int32), is_gum, stacked[2], stacked[3], stacked[4], None)


def _gum(sizes_mm: tuple[tuple[float, float], ...], *, is_upper: bool, scale: float) -> F64:
    """A band that covers the necks of the teeth, scalloped between them."""
    widths = np.array([width for width, _ in sizes_mm]) * 1e-3 * scale
    heights = np.array([height for _, height in sizes_mm]) * 1e-3 * scale
    reach = np.linspace(-0.86, 0.86, 49) * widths.sum()
    x = (reach / np.sqrt(1 + (reach * ARCH_PER_M / scale) ** 2))[:, None]
    up = np.linspace(0, 1, 5)[None]
    centres = np.cumsum(widths) - widths / 2
    neck = np.interp(np.abs(reach), centres, heights)[:, None]
    edges = np.r_[0, np.cumsum(widths)]
    from_edge = (np.abs(np.abs(reach)[:, None] - edges).min(1) / widths.mean())[:, None]
    y = (
        neck
        - 0.0016 * scale * np.clip(1 - from_edge * 2.4, 0, 1)
        + (0.008 if is_upper else 0.006) * scale * up
        - 0.0006 * scale
    )
    z = (
        -ARCH_PER_M / scale * x**2
        + 0.0016 * scale * np.sin(up * np.pi * 0.55)
        - (0.003 if is_upper else 0.008) * scale * up**1.5
        + 0.0004 * scale
    )
    x, y, z = np.broadcast_arrays(x, y if is_upper else -y, z)
    return np.stack([x, y, z], -1).reshape(-1, 3)


def _rigid_binding(vertices: F64, cage: F64, group: I32) -> sp.csr_matrix:
    """Weights [n, c] that carry the affine motion of a group of cage vertices to other points, without its dents."""
    anchors = cage[group]
    centre = anchors.mean(0)
    coordinates = np.c_[(vertices - centre) * 100, np.ones(len(vertices))]
    weights = coordinates @ np.linalg.pinv(np.c_[(anchors - centre) * 100, np.ones(len(anchors))])
    rows, columns = np.repeat(np.arange(len(vertices)), len(group)), np.tile(group, len(vertices))
    return sp.csr_matrix((weights.ravel(), (rows, columns)), (len(vertices), len(cage)))
