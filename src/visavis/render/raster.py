# mypy: disable-error-code="no-untyped-def, no-untyped-call"
"""Visibility: which triangle is nearest at each sample. Depth is inverse distance (larger is nearer, 0 is empty).

The screen is cut into blocks of 2 x 2 units with 16 samples each (`lanes`), and into bands of `BAND` block rows. A frame's triangles
are culled and sorted into bands once; a band is then drawn by itself, so that its samples stay in the core's cache.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from visavis.render.kernel import inlined, kernel
from visavis.render.lanes import EDGE_SLACK, LANES, cover_1, cover_4
from visavis.render.mesh import I32, Bools
from visavis.types import F32

BAND: Final = 8
"""Block rows in a band: 16 rows of pixels with four samples a pixel."""
_f = np.float32
_ONE = _f(1.0)
_FAR = _f(1e9)
_SLACK = _f(EDGE_SLACK)


@kernel
def cull(screen, triangles, two_sided, chosen, width, height, first, last):
    """first, last int32 [c]: the bands that triangle chosen[c] touches, first = -1 where it shows its back, is empty or outside.

    screen float32 [v, 3]: x, y in units and inverse depth (<= 0: behind the camera, its triangles are dropped).
    """
    rows = (height + 1) // 2
    for c in range(chosen.shape[0]):
        t = chosen[c]
        i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        x0, y0, x1, y1, x2, y2 = screen[i, 0], screen[i, 1], screen[j, 0], screen[j, 1], screen[k, 0], screen[k, 1]
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        top, bottom = min(y0, y1, y2), max(y0, y1, y2)
        left, right = min(x0, x1, x2), max(x0, x1, x2)
        near = min(screen[i, 2], screen[j, 2], screen[k, 2])
        hidden = area >= 0 and not two_sided[t]
        if hidden or area == 0 or near <= 0 or bottom <= 0 or top >= height or right <= 0 or left >= width:
            first[c] = -1
        else:
            first[c] = max(0, int(top * _f(0.5))) // BAND
            last[c] = min(rows - 1, int(bottom * _f(0.5))) // BAND


@kernel
def fill_bands(chosen, first, last, starts, listed):
    """starts int32 [bands + 1], listed int32: band b draws listed[starts[b]:starts[b + 1]], in the order of `chosen`.

    Returns the room needed; where `listed` is shorter nothing was written to it.
    """
    bands = starts.shape[0] - 1
    starts[:] = 0
    for c in range(chosen.shape[0]):
        if first[c] >= 0:
            for b in range(first[c], last[c] + 1):
                starts[b + 1] += 1
    for b in range(bands):
        starts[b + 1] += starts[b]
    need = starts[bands]
    if need > listed.shape[0]:
        return need
    cursor = starts[:-1].copy()
    for c in range(chosen.shape[0]):
        if first[c] >= 0:
            for b in range(first[c], last[c] + 1):
                listed[cursor[b]] = chosen[c]
                cursor[b] += 1
    return need


@inlined
def _side(a, b, c, top):
    """The edge a x + b y + c >= 0 within a block row from `top`: where it bounds x from the left and from the right, each with the
    step to the next row; far away on the side where it does not bound.
    """
    bound = -(c + b * top + max(_f(2) * b, _f(0))) / a
    step = _f(-2) * b / a
    if a > 0:
        return bound, step, _FAR, _f(0)
    if a < 0:
        return -_FAR, _f(0), bound, step
    return -_FAR, _f(0), _FAR, _f(0)


@inlined
def _draw_band(cover, screen, triangles, listed, row0, rows, columns, depth, ids, planes):
    depth[: rows * columns * LANES] = _f(0)
    ids[: rows * columns * LANES] = -1
    for q in range(listed.shape[0]):
        t = listed[q]
        i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        x0, y0, z0 = screen[i, 0], screen[i, 1], screen[i, 2]
        x1, y1, z1 = screen[j, 0], screen[j, 1], screen[j, 2]
        x2, y2, z2 = screen[k, 0], screen[k, 1], screen[k, 2]
        inv = _ONE / ((x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0))
        a0, b0 = (y1 - y2) * inv, (x2 - x1) * inv
        a1, b1 = (y2 - y0) * inv, (x0 - x2) * inv
        a2, b2 = (y0 - y1) * inv, (x1 - x0) * inv
        c0, c1, c2 = -(a0 * x1 + b0 * y1), -(a1 * x2 + b1 * y2), -(a2 * x0 + b2 * y0)
        planes[t, 0], planes[t, 1], planes[t, 2] = c0 * z0, c1 * z1, c2 * z2
        planes[t, 4], planes[t, 5], planes[t, 6] = a0 * z0, a1 * z1, a2 * z2
        planes[t, 8], planes[t, 9], planes[t, 10] = b0 * z0, b1 * z1, b2 * z2
        za, zb = a0 * z0 + a1 * z1 + a2 * z2, b0 * z0 + b1 * z1 + b2 * z2
        first = max(row0, int(max(min(y0, y1, y2), _f(0)) * _f(0.5)))
        last = min(row0 + rows - 1, int(max(y0, y1, y2) * _f(0.5)))
        left, right = max(min(x0, x1, x2), _f(0)), max(x0, x1, x2)
        top = _f(2 * first)
        zz = z0 - za * x0 - zb * (y0 - top)
        c0 += _SLACK * (abs(a0) + abs(b0))
        c1 += _SLACK * (abs(a1) + abs(b1))
        c2 += _SLACK * (abs(a2) + abs(b2))
        l0, dl0, r0, dr0 = _side(a0, b0, c0, top)
        l1, dl1, r1, dr1 = _side(a1, b1, c1, top)
        l2, dl2, r2, dr2 = _side(a2, b2, c2, top)
        for r in range(first, last + 1):
            n = _f(r - first)
            ca = int(max(left, l0 + n * dl0, l1 + n * dl1, l2 + n * dl2) * _f(0.5))
            cb = min(int(max(min(right, r0 + n * dr0, r1 + n * dr1, r2 + n * dr2), _f(-2)) * _f(0.5)), columns - 1)
            by, bx = _f(2 * r), _f(2 * ca)
            v0, v1, v2 = c0 + b0 * by + a0 * bx, c1 + b1 * by + a1 * bx, c2 + b2 * by + a2 * bx
            zr = zz + zb * (n + n) + za * bx
            base = ((r - row0) * columns) * LANES
            for c in range(ca, cb + 1):
                m = _f(2 * (c - ca))
                cover(depth, ids, base + c * LANES, t,
                      (v0 + a0 * m, a0, b0, v1 + a1 * m, a1, b1, v2 + a2 * m, a2, b2, zr + za * m, za, zb))  # fmt: skip


@kernel
def draw_band_4(screen, triangles, listed, row0, rows, columns, depth, ids, planes):
    """Four samples a pixel: draws the listed triangles into block rows [row0, row0 + rows) of `columns` blocks.

    triangles uint32 [t, 3], listed uint32. depth float32, ids int32 [>= rows * columns * 16] flat; cleared here (0, -1).
    planes float32 [t, 12]: perspective-correct weights of the three corners and a pad, as value at the origin, slope in x, slope
    in y (four each), for each triangle that was drawn.
    """
    _draw_band(cover_4, screen, triangles, listed, row0, rows, columns, depth, ids, planes)


@kernel
def draw_band_1(screen, triangles, listed, row0, rows, columns, depth, ids, planes):
    """One sample in the middle of each pixel, else as `draw_band_4`; here a unit is two pixels."""
    _draw_band(cover_1, screen, triangles, listed, row0, rows, columns, depth, ids, planes)


def depth_map(screen: F32, triangles: I32, width: int, height: int) -> F32:
    """float32 [height, width]: nearness (screen z, larger is nearer, 0 empty) at each pixel's centre, both faces of each triangle.

    screen float32 [v, 3]: x, y in pixels, z > 0.
    """
    return visible(screen, triangles, np.ones(len(triangles), bool), width, height)[0]


def visible(screen: F32, triangles: I32, two_sided: Bools, width: int, height: int) -> tuple[F32, I32]:
    """Depth float32 and triangle int32 (-1: none), both [height, width], at each pixel's centre."""
    units = screen * np.array([0.5, 0.5, 1], np.float32)
    columns, rows = -(-width // 4), -(-height // 4)
    depth, ids = np.empty(rows * columns * LANES, np.float32), np.empty(rows * columns * LANES, np.int32)
    triangles = triangles.astype(np.uint32)
    chosen = np.arange(len(triangles), dtype=np.uint32)
    first, last = np.empty(len(triangles), np.int32), np.empty(len(triangles), np.int32)
    cull(units, triangles, two_sided, chosen, 2 * columns, 2 * rows, first, last)
    planes = np.empty((len(triangles), 12), np.float32)
    draw_band_1(units, triangles, chosen[first >= 0], 0, rows, columns, depth, ids, planes)
    flat = [np.ascontiguousarray(a.reshape(rows, columns, 4, 4).transpose(0, 2, 1, 3).reshape(rows * 4, columns * 4)[:height, :width])
            for a in (depth, ids)]  # fmt: skip
    return flat[0].astype(np.float32, copy=False), flat[1].astype(np.int32, copy=False)


def pixels_4(samples: np.typing.NDArray[np.generic], rows: int, columns: int) -> np.typing.NDArray[np.generic]:
    """Flat samples of `draw_band_4` as [2 * rows, 2 * columns, 4]: pixel row, pixel column, sample."""
    blocks = samples[: rows * columns * LANES].reshape(rows, columns, 2, 2, 4)
    return blocks.transpose(0, 2, 1, 3, 4).reshape(2 * rows, 2 * columns, 4)
