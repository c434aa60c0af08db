# mypy: disable-error-code="no-untyped-def, no-untyped-call"
"""Drawing splats on the CPU: projected, sorted by depth once, listed by tile, blended front to back over sixteen lanes.

After 3D Gaussian Splatting (Kerbl et al., SIGGRAPH 2023) with the opacity-aware extents of Speedy-Splat (Hanson et al., 2025). The plain
twin is `plain.py`. Pixel (0, 0) has its middle at (0.5, 0.5).
"""

from __future__ import annotations

import numpy as np

from visavis.render.kernel import inlined, kernel
from visavis.splats.constants import AREA, BLUR_PIXELS2, EDGE, LEAST_ALPHA, NEAR_M, TILE
from visavis.splats.lanes import blend_four, blend_three

_f = np.float32
_u = np.uint64
_ZERO, _ONE, _HALF = _f(0), _f(1), _f(0.5)
MOST_PIXELS2 = _f(1e12)
"""What is larger on the screen is left out: beyond, float32 overflows, and fast arithmetic must never meet what is no number."""
OPAQUE = _f(0.02)
"""A tile is finished when none of its pixels lets more than this through."""
CHECKED = 8
"""It is looked at after every so many splats."""
BUCKETS = 65_536
PACKED = 16
U, V, A, B, C, O, RED, GREEN, BLUE, DEPTH, LEAST, TOP, BOTTOM = range(13)  # noqa: E741 - columns of a packed splat
KEPT_U, KEPT_V, KEPT_A, KEPT_B, KEPT_C, KEPT_Z = range(6)


@kernel
def project(parents, places, covariances, opacities, seen, camera, size, screen, box):
    """screen float32 [n, 6]: x, y in pixels, the coefficients a, b, c of the exponent a dx^2 + b dx dy + c dy^2, depth.
    box int16 [n, 4]: first and last column and row; a last column before the first where the splat is not seen.

    parents int32 [n]; places float32 [n, 3] and covariances float32 [n, 6] (xx xy xz yy yz zz) in the parents' frames;
    seen float32 [p, 12] from `frames.view_frames`; camera float32 [16]; size int64 [2] width, height.
    """
    fx, fy, cx, cy = camera[12], camera[13], camera[14], camera[15]
    width, height = size[0], size[1]
    edge_x, edge_y = EDGE * _HALF * _f(width) / fx, EDGE * _HALF * _f(height) / fy
    for i in range(parents.shape[0]):
        box[i, 0], box[i, 1] = 0, -1
        o = opacities[i]
        p = parents[i]
        x, y, z = places[i, 0], places[i, 1], places[i, 2]
        depth = seen[p, 6] * x + seen[p, 7] * y + seen[p, 8] * z + seen[p, 11]
        if depth < NEAR_M or o <= LEAST_ALPHA:
            continue
        near = _ONE / depth
        sx = (seen[p, 0] * x + seen[p, 1] * y + seen[p, 2] * z + seen[p, 9]) * near
        sy = (seen[p, 3] * x + seen[p, 4] * y + seen[p, 5] * z + seen[p, 10]) * near
        tx, ty = max(-edge_x, min(edge_x, sx)), max(-edge_y, min(edge_y, sy))
        kx, ky = fx * near, fy * near
        p0, q0 = kx * (seen[p, 0] - tx * seen[p, 6]), ky * (seen[p, 3] - ty * seen[p, 6])
        p1, q1 = kx * (seen[p, 1] - tx * seen[p, 7]), ky * (seen[p, 4] - ty * seen[p, 7])
        p2, q2 = kx * (seen[p, 2] - tx * seen[p, 8]), ky * (seen[p, 5] - ty * seen[p, 8])
        s00, s01, s02 = covariances[i, 0], covariances[i, 1], covariances[i, 2]
        s11, s12, s22 = covariances[i, 3], covariances[i, 4], covariances[i, 5]
        a0, a1, a2 = s00 * p0 + s01 * p1 + s02 * p2, s01 * p0 + s11 * p1 + s12 * p2, s02 * p0 + s12 * p1 + s22 * p2
        xx = p0 * a0 + p1 * a1 + p2 * a2 + BLUR_PIXELS2
        xy = q0 * a0 + q1 * a1 + q2 * a2
        b0, b1, b2 = s00 * q0 + s01 * q1 + s02 * q2, s01 * q0 + s11 * q1 + s12 * q2, s02 * q0 + s12 * q1 + s22 * q2
        yy = q0 * b0 + q1 * b1 + q2 * b2 + BLUR_PIXELS2
        if xx > MOST_PIXELS2 or yy > MOST_PIXELS2:
            continue
        det = xx * yy - xy * xy
        if det <= _ZERO:
            continue
        u, v = fx * sx + cx - _HALF, fy * sy + cy - _HALF
        reach = _f(2) * np.log(o / LEAST_ALPHA)
        rx, ry = np.sqrt(reach * xx), np.sqrt(reach * yy)
        if u + rx < _ZERO or v + ry < _ZERO or u - rx > _f(width - 1) or v - ry > _f(height - 1):
            continue
        first_x, last_x = int(np.ceil(max(u - rx, _ZERO))), int(min(u + rx, _f(width - 1)))
        first_y, last_y = int(np.ceil(max(v - ry, _ZERO))), int(min(v + ry, _f(height - 1)))
        if last_y < first_y or last_x < first_x:
            continue
        box[i, 0], box[i, 1], box[i, 2], box[i, 3] = first_x, last_x, first_y, last_y
        inverse = _ONE / det
        screen[i, 0], screen[i, 1] = u, v
        screen[i, 2], screen[i, 3], screen[i, 4] = -_HALF * yy * inverse, xy * inverse, -_HALF * xx * inverse
        screen[i, 5] = depth


@kernel
def depth_order(screen, box, counts, order):
    """order int32 [n]: the splats that are seen, nearest first, by a counting sort over inverse depth. Returns how many."""
    low, high = _f(1e30), _ZERO
    for i in range(box.shape[0]):
        if box[i, 1] >= box[i, 0]:
            z = screen[i, 5]
            low, high = min(low, z), max(high, z)
    scale = _f(BUCKETS - 1) / max(_ONE / low - _ONE / high, _f(1e-12)) if high > _ZERO else _ZERO
    far = _ONE / low if high > _ZERO else _ZERO
    counts[:] = 0
    for i in range(box.shape[0]):
        if box[i, 1] >= box[i, 0]:
            counts[min(int((far - _ONE / screen[i, 5]) * scale), BUCKETS - 1) + 1] += 1
    for k in range(BUCKETS):
        counts[k + 1] += counts[k]
    total = counts[BUCKETS]
    for i in range(box.shape[0]):
        if box[i, 1] >= box[i, 0]:
            k = min(int((far - _ONE / screen[i, 5]) * scale), BUCKETS - 1)
            order[counts[k]] = i
            counts[k] += 1
    return total


@kernel
def pack(order, count, screen, box, opacities, colours, packed):
    """packed float32 [>= count, 16]: what blending reads of each splat, nearest first. colours float32 [n, 3]."""
    for j in range(count):
        i = order[j]
        for c in range(5):
            packed[j, c] = screen[i, c]
        o = opacities[i]
        packed[j, O] = o
        packed[j, RED], packed[j, GREEN], packed[j, BLUE] = colours[i, 0], colours[i, 1], colours[i, 2]
        packed[j, DEPTH] = screen[i, 5]
        packed[j, LEAST] = np.log(LEAST_ALPHA / o)
        packed[j, TOP], packed[j, BOTTOM] = _f(box[i, 2]), _f(box[i, 3])


@kernel
def list_tiles(order, count, box, packed, tiles_x, starts, pair_tile, pair_splat, listed):
    """listed uint32: tile after tile its splats (as ranks), nearest first; starts int32 [tiles + 1] divides it.

    A row of tiles takes only those between the ellipse's ends in it. Returns how many pairs there are; where that is more than the
    arrays hold, nothing is listed and the caller comes again with larger ones.
    """
    starts[:] = 0
    room = pair_tile.shape[0]
    n = 0
    for j in range(count):
        i = order[j]
        u, v = packed[j, U], packed[j, V]
        a, b, c, least = packed[j, A], packed[j, B], packed[j, C], packed[j, LEAST]
        x0, x1 = box[i, 0], box[i, 1]
        first_row, last_row = box[i, 2] // TILE, box[i, 3] // TILE
        one = x0 // TILE == x1 // TILE
        if not one:
            det = _f(4) * a * c - b * b
            tip = np.sqrt(max(_f(4) * c * least, _ZERO) / det) if det > _ZERO else _f(1e9)  # half the ellipse's width
            tip_y = -b / (_f(2) * c) * tip  # height of its right end over the middle
        for ty in range(first_row, last_row + 1):
            first, last = x0 // TILE, x1 // TILE
            if not one:
                low, high = _f(ty * TILE) - v, _f(ty * TILE + TILE - 1) - v
                right = tip if low <= tip_y <= high else _end(a, b, c, least, min(max(tip_y, low), high), _ONE)
                left = -tip if low <= -tip_y <= high else _end(a, b, c, least, min(max(-tip_y, low), high), -_ONE)
                if right < left:
                    continue
                first = max(first, int(max(u + left, _ZERO)) // TILE)
                last = min(last, int(max(u + right, _ZERO)) // TILE)
            for tx in range(first, last + 1):
                t = ty * tiles_x + tx
                if n < room:
                    pair_tile[n], pair_splat[n] = t, j
                    starts[t + 1] += 1
                n += 1
    if n > room:
        return n
    for t in range(starts.shape[0] - 1):
        starts[t + 1] += starts[t]
    for k in range(n):
        t = pair_tile[k]
        listed[starts[t]] = pair_splat[k]
        starts[t] += 1
    for t in range(starts.shape[0] - 1, 0, -1):
        starts[t] = starts[t - 1]
    starts[0] = 0
    return n


@inlined
def _end(a, b, c, least, dy, side):
    """The ellipse's end to one side at a height over its middle; beyond all where it is not cut there."""
    under = b * b * dy * dy - _f(4) * a * (c * dy * dy - least)
    if under < _ZERO:
        return -side * _f(1e9)
    return (-b * dy - side * np.sqrt(under)) / (_f(2) * a)


@inlined
def blend_tile(first, past, listed, packed, x0, y0, with_depth, room):
    """room float32 [5 * 256]: transmittance, red, green, blue of a tile's pixels, and where wanted depth times weight."""
    for p in range(AREA):
        room[_u(p)] = _ONE
    for p in range(AREA, (5 if with_depth else 4) * AREA):
        room[_u(p)] = _ZERO
    for k in range(first, past):
        j = listed[k]
        u, v = _f(x0) - packed[j, U], packed[j, V]
        a, b, c, o, least = packed[j, A], packed[j, B], packed[j, C], packed[j, O], packed[j, LEAST]
        red, green, blue, depth = packed[j, RED], packed[j, GREEN], packed[j, BLUE], packed[j, DEPTH]
        quarter = _ONE / (_f(4) * a)
        for y in range(max(y0, int(packed[j, TOP])), min(y0 + TILE - 1, int(packed[j, BOTTOM])) + 1):
            dy = _f(y) - v
            slope, level = b * dy, c * dy * dy
            if level - slope * slope * quarter < least:
                continue
            row = (y - y0) * TILE
            if with_depth:
                blend_four(room, row, (u, a, slope, level, o), (red, green, blue, depth))
            else:
                blend_three(room, row, (u, a, slope, level, o), (red, green, blue))
        if (k - first) % CHECKED == CHECKED - 1:
            most = _ZERO
            for p in range(AREA):
                most = max(most, room[_u(p)])
            if most < OPAQUE:
                break


@kernel
def paint_i420(first_row, past_row, tiles_x, starts, listed, packed, background, room, i420):
    """Tile rows [first_row, past_row) of i420 uint8 [h * 3 // 2, w] (BT.601, limited range) over background float32 [3, h, w] 0 to 255.

    Packed colours are 0 to 255. Chroma is the mean of 2 x 2 pixels.
    """
    width, height = i420.shape[1], i420.shape[0] * 2 // 3
    half = width // 2
    flat = i420.reshape(-1)
    for ty in range(first_row, past_row):
        for tx in range(tiles_x):
            x0, y0 = tx * TILE, ty * TILE
            t = ty * tiles_x + tx
            blend_tile(starts[t], starts[t + 1], listed, packed, x0, y0, False, room)
            x1, y1 = min(x0 + TILE, width), min(y0 + TILE, height)
            for y in range(y0, y1):
                for x in range(x0, x1):
                    at = (y - y0) * TILE + x - x0
                    through = room[at]
                    red = min(max(room[at + AREA] + through * background[0, y, x], _ZERO), _f(255))
                    green = min(max(room[at + 2 * AREA] + through * background[1, y, x], _ZERO), _f(255))
                    blue = min(max(room[at + 3 * AREA] + through * background[2, y, x], _ZERO), _f(255))
                    room[at + AREA], room[at + 2 * AREA], room[at + 3 * AREA] = red, green, blue
                    i420[y, x] = np.uint8(_f(16.5) + _f(0.256788) * red + _f(0.504129) * green + _f(0.097906) * blue)
            for y in range(y0, y1, 2):
                for x in range(x0, x1, 2):
                    at = (y - y0) * TILE + x - x0 + AREA
                    red = room[at] + room[at + 1] + room[at + TILE] + room[at + TILE + 1]
                    at += AREA
                    green = room[at] + room[at + 1] + room[at + TILE] + room[at + TILE + 1]
                    at += AREA
                    blue = room[at] + room[at + 1] + room[at + TILE] + room[at + TILE + 1]
                    to = width * height + (y // 2) * half + x // 2
                    flat[to] = np.uint8(_f(128.5) - _f(0.148223 / 4) * red - _f(0.290993 / 4) * green + _f(0.439216 / 4) * blue)
                    flat[to + half * (height // 2)] = np.uint8(
                        _f(128.5) + _f(0.439216 / 4) * red - _f(0.367788 / 4) * green - _f(0.071427 / 4) * blue
                    )


@kernel
def paint_planes(first_row, past_row, tiles_x, starts, listed, packed, room, planes):
    """Tile rows of planes float32 [h, w, 5]: red, green, blue over black (premultiplied), alpha, depth (0 where nothing is)."""
    height, width = planes.shape[0], planes.shape[1]
    for ty in range(first_row, past_row):
        for tx in range(tiles_x):
            x0, y0 = tx * TILE, ty * TILE
            t = ty * tiles_x + tx
            blend_tile(starts[t], starts[t + 1], listed, packed, x0, y0, True, room)
            for y in range(y0, min(y0 + TILE, height)):
                for x in range(x0, min(x0 + TILE, width)):
                    at = (y - y0) * TILE + x - x0
                    alpha = _ONE - room[at]
                    for c in range(3):
                        planes[y, x, c] = room[at + (c + 1) * AREA]
                    planes[y, x, 3] = alpha
                    planes[y, x, 4] = room[at + 4 * AREA] / max(alpha, _f(1e-6))
