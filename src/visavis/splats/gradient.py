# mypy: disable-error-code="no-untyped-def, no-untyped-call"
"""The rasteriser's derivative: from a gradient on the picture to gradients on what each splat is made of.

Forward it is `raster` up to the tile lists; blending keeps the picture and where each tile ended. Backward every tile is replayed front to
back: what lies behind a splat is the picture less what has been blended so far, so one number a pixel (gradient times colour) is enough.
Sums go into a slot that belongs to one pair of splat and tile alone; the slots of a splat lie side by side and are then added up.

Kernels take float32, with the fast exponential, or float64, with the exact one, for checks against finite differences.
"""

from __future__ import annotations

import math

import numpy as np
from numba import types
from numba.extending import overload

from visavis.render.kernel import inlined, kernel
from visavis.splats.constants import AREA, EDGE, LEAST_ALPHA, MOST_ALPHA, TILE
from visavis.splats.raster import BLUE, BOTTOM, GREEN, RED, TOP, A, B, C, O, U, V

_u = np.uint64
SUMS = 9
"""Of a pair: q, q dx, q dy, q dx^2, q dx dy, q dy^2 with q the gradient on the exponent; gradients on red, green, blue."""
STOP = 2e-3
"""Training ends a tile later than drawing does."""


def exponential(power):
    return math.exp(power)


@overload(exponential, inline="always")
def _exponential(power):
    if power == types.float32:

        def fast(power):
            e = max(power, np.float32(-8)) * np.float32(0.125)
            e = np.float32(1) + e * (np.float32(1) + e * (np.float32(0.5) + e * (np.float32(1 / 6) + e * (
                np.float32(1 / 24) + e * np.float32(1 / 120)))))  # fmt: skip
            e = e * e
            e = e * e
            return e * e

        return fast

    def exact(power):
        return math.exp(power)

    return exact


@kernel
def shape_up(turns, small, log_scales, covariances):
    """covariances [n, 6] of unit-free quaternions [n, 4], then turned by small [n, 3] radians, and log scales [n, 3]."""
    axes = np.empty((3, 3), turns.dtype)
    for i in range(turns.shape[0]):
        _axes(turns, small, log_scales, i, axes)
        n = 0
        for r in range(3):
            for c in range(r, 3):
                covariances[i, n] = axes[r, 0] * axes[c, 0] + axes[r, 1] * axes[c, 1] + axes[r, 2] * axes[c, 2]
                n += 1


@inlined
def _axes(turns, small, log_scales, i, axes):
    """axes [3, 3] = R(small) R(turn) diag(scale)."""
    w, x, y, z = turns[i, 0], turns[i, 1], turns[i, 2], turns[i, 3]
    s = 1 / np.sqrt(w * w + x * x + y * y + z * z)
    w, x, y, z = w * s, x * s, y * s, z * s
    sx, sy, sz = np.exp(log_scales[i, 0]), np.exp(log_scales[i, 1]), np.exp(log_scales[i, 2])
    axes[0, 0], axes[0, 1], axes[0, 2] = (1 - 2 * (y * y + z * z)) * sx, 2 * (x * y - w * z) * sy, 2 * (x * z + w * y) * sz
    axes[1, 0], axes[1, 1], axes[1, 2] = 2 * (x * y + w * z) * sx, (1 - 2 * (x * x + z * z)) * sy, 2 * (y * z - w * x) * sz
    axes[2, 0], axes[2, 1], axes[2, 2] = 2 * (x * z - w * y) * sx, 2 * (y * z + w * x) * sy, (1 - 2 * (x * x + y * y)) * sz
    hx, hy, hz = small[i, 0] / 2, small[i, 1] / 2, small[i, 2] / 2
    if hx != 0 or hy != 0 or hz != 0:
        d = 2 / (1 + hx * hx + hy * hy + hz * hz)
        for c in range(3):
            a, b, e = axes[0, c], axes[1, c], axes[2, c]
            ux, uy, uz = hy * e - hz * b, hz * a - hx * e, hx * b - hy * a
            axes[0, c] = a + d * (ux + hy * uz - hz * uy)
            axes[1, c] = b + d * (uy + hz * ux - hx * uz)
            axes[2, c] = e + d * (uz + hx * uy - hy * ux)


@kernel
def give_slots(pair_tile, pair_splat, pairs, count, starts, cursor, slots, first):
    """slots int32: beside `listed`, the pair's number; first int32 [count + 1]: where each rank's pairs begin."""
    for t in range(cursor.shape[0]):
        cursor[t] = starts[t]
    rank = 0
    for k in range(pairs):
        t = pair_tile[k]
        slots[cursor[t]] = k
        cursor[t] += 1
        while rank <= pair_splat[k]:
            first[rank] = k
            rank += 1
    for r in range(rank, count + 1):
        first[r] = pairs


@kernel
def blend_forward(tiles_x, starts, listed, packed, background, room, picture, used):
    """picture [h, w, 3] over background [3]; used int32 [tiles]: where each tile's list ended. room [6 * 256]."""
    height, width = picture.shape[0], picture.shape[1]
    one, zero = packed.dtype.type(1), packed.dtype.type(0)
    top, least = packed.dtype.type(MOST_ALPHA), packed.dtype.type(LEAST_ALPHA)
    for p in range(AREA):
        room[4 * AREA + p], room[5 * AREA + p] = packed.dtype.type(p % TILE), packed.dtype.type(p // TILE)
    for t in range(used.shape[0]):
        x0, y0 = (t % tiles_x) * TILE, (t // tiles_x) * TILE
        for p in range(AREA):
            room[p] = one
        for p in range(AREA, 4 * AREA):
            room[p] = zero
        end = starts[t + 1]
        for k in range(starts[t], starts[t + 1]):
            j = listed[k]
            u, v = packed[j, U] - packed.dtype.type(x0), packed[j, V] - packed.dtype.type(y0)
            a, b, c, o = packed[j, A], packed[j, B], packed[j, C], packed[j, O]
            red, green, blue = packed[j, RED], packed[j, GREEN], packed[j, BLUE]
            low, high = max(int(packed[j, TOP]) - y0, 0) * TILE, min(int(packed[j, BOTTOM]) - y0 + 1, TILE) * TILE
            for lane in range(low, high):
                at = _u(lane)
                dx, dy = room[at + _u(4 * AREA)] - u, room[at + _u(5 * AREA)] - v
                alpha = min(o * exponential(dx * (a * dx + b * dy) + c * dy * dy), top)
                alpha = alpha if alpha >= least else zero
                through = room[at]
                weight = alpha * through
                room[at] = through - weight
                room[at + _u(AREA)] += weight * red
                room[at + _u(2 * AREA)] += weight * green
                room[at + _u(3 * AREA)] += weight * blue
            if (k - starts[t]) % 16 == 15:
                most = zero
                for lane in range(AREA):
                    most = max(most, room[_u(lane)])
                if most < STOP:
                    end = k + 1
                    break
        used[t] = end
        for y in range(y0, min(y0 + TILE, height)):
            for x in range(x0, min(x0 + TILE, width)):
                p = (y - y0) * TILE + x - x0
                for ch in range(3):
                    picture[y, x, ch] = room[p + (ch + 1) * AREA] + room[p] * background[ch]


@kernel
def blend_backward(tiles_x, starts, used, listed, slots, packed, picture, gradient, room, sums):
    """sums [pairs, 9] from gradient [h, w, 3] on the picture. room [7 * 256]."""
    height, width = picture.shape[0], picture.shape[1]
    one, zero = packed.dtype.type(1), packed.dtype.type(0)
    top, least = packed.dtype.type(MOST_ALPHA), packed.dtype.type(LEAST_ALPHA)
    for p in range(AREA):
        room[5 * AREA + p], room[6 * AREA + p] = packed.dtype.type(p % TILE), packed.dtype.type(p // TILE)
    for t in range(used.shape[0]):
        x0, y0 = (t % tiles_x) * TILE, (t // tiles_x) * TILE
        for p in range(5 * AREA):
            room[p] = zero
        for y in range(y0, min(y0 + TILE, height)):
            for x in range(x0, min(x0 + TILE, width)):
                p = (y - y0) * TILE + x - x0
                room[p] = one
                for ch in range(3):
                    room[p + AREA] += gradient[y, x, ch] * picture[y, x, ch]
                    room[p + (2 + ch) * AREA] = gradient[y, x, ch]
        for k in range(used[t], starts[t + 1]):
            for s in range(SUMS):
                sums[slots[k], s] = zero
        for k in range(starts[t], used[t]):
            j = listed[k]
            u, v = packed[j, U] - packed.dtype.type(x0), packed[j, V] - packed.dtype.type(y0)
            a, b, c, o = packed[j, A], packed[j, B], packed[j, C], packed[j, O]
            red, green, blue = packed[j, RED], packed[j, GREEN], packed[j, BLUE]
            low, high = max(int(packed[j, TOP]) - y0, 0) * TILE, min(int(packed[j, BOTTOM]) - y0 + 1, TILE) * TILE
            s0 = sx = sy = sxx = sxy = syy = gr = gg = gb = zero
            for lane in range(low, high):
                at = _u(lane)
                dx, dy = room[at + _u(5 * AREA)] - u, room[at + _u(6 * AREA)] - v
                raw = o * exponential(dx * (a * dx + b * dy) + c * dy * dy)
                alpha = min(raw, top)
                alpha = alpha if alpha >= least else zero
                through = room[at]
                weight = alpha * through
                g0, g1, g2 = room[at + _u(2 * AREA)], room[at + _u(3 * AREA)], room[at + _u(4 * AREA)]
                own = weight * (g0 * red + g1 * green + g2 * blue)
                behind = room[at + _u(AREA)] - own
                room[at + _u(AREA)] = behind
                room[at] = through - weight
                q = own - alpha * behind / (one - alpha)
                q = q if raw <= top else zero
                qx, qy = q * dx, q * dy
                s0 += q
                sx += qx
                sy += qy
                sxx += qx * dx
                sxy += qx * dy
                syy += qy * dy
                gr += weight * g0
                gg += weight * g1
                gb += weight * g2
            k_ = slots[k]
            sums[k_, 0], sums[k_, 1], sums[k_, 2] = s0, sx, sy
            sums[k_, 3], sums[k_, 4], sums[k_, 5] = sxx, sxy, syy
            sums[k_, 6], sums[k_, 7], sums[k_, 8] = gr, gg, gb


@kernel
def project_backward(order, count, first, sums, screen, opacities, parents, places, turns, small, log_scales, seen, camera, size,
                     g_places, g_turns, g_small, g_scales, g_logits, g_colours, pull):  # fmt: skip
    """Gradients on each splat's values, zero for those not drawn; pull [n]: the length of the gradient on its place on the screen."""
    for g in (g_places, g_turns, g_small, g_scales, g_colours):
        g[:] = 0
    g_logits[:] = 0
    pull[:] = 0
    one = places.dtype.type(1)
    edge_x, edge_y = EDGE * size[0] / (2 * camera[12]), EDGE * size[1] / (2 * camera[13])
    axes, rows, flat = np.empty((3, 3), places.dtype), np.empty((2, 3), places.dtype), np.empty((2, 3), places.dtype)
    d_flat, d_rows, d_axes = np.empty((2, 3), places.dtype), np.empty((2, 3), places.dtype), np.empty((3, 3), places.dtype)
    total = np.empty(SUMS, places.dtype)
    for rank in range(count):
        i = order[rank]
        p = parents[i]
        total[:] = 0
        for k in range(first[rank], first[rank + 1]):
            for s in range(SUMS):
                total[s] += sums[k, s]
        g_colours[i, 0], g_colours[i, 1], g_colours[i, 2] = total[6], total[7], total[8]
        g_logits[i] = total[0] * (one - opacities[i])
        # the inverse covariance [[e, f], [f, h]] from the exponent's coefficients
        e, f, h = -2 * screen[i, 2], -screen[i, 3], -2 * screen[i, 4]
        du, dv = e * total[1] + f * total[2], f * total[1] + h * total[2]
        pull[i] = np.sqrt(du * du + dv * dv)
        # on the covariance: inverse G inverse / 2, G the second moments of q
        m00, m01, m11 = total[3], total[4], total[5]
        n00, n01 = e * m00 + f * m01, e * m01 + f * m11
        n10, n11 = f * m00 + h * m01, f * m01 + h * m11
        c00, c01, c11 = (n00 * e + n01 * f) / 2, (n00 * f + n01 * h) / 2, (n10 * f + n11 * h) / 2
        _axes(turns, small, log_scales, i, axes)
        x, y, z = places[i, 0], places[i, 1], places[i, 2]
        near = one / (seen[p, 6] * x + seen[p, 7] * y + seen[p, 8] * z + seen[p, 11])
        sx = (seen[p, 0] * x + seen[p, 1] * y + seen[p, 2] * z + seen[p, 9]) * near
        sy = (seen[p, 3] * x + seen[p, 4] * y + seen[p, 5] * z + seen[p, 10]) * near
        tx, ty = max(-edge_x, min(edge_x, sx)), max(-edge_y, min(edge_y, sy))
        kx, ky = camera[12] * near, camera[13] * near
        for c in range(3):
            rows[0, c] = kx * (seen[p, c] - tx * seen[p, 6 + c])
            rows[1, c] = ky * (seen[p, 3 + c] - ty * seen[p, 6 + c])
        for r in range(2):
            for c in range(3):
                flat[r, c] = rows[r, 0] * axes[0, c] + rows[r, 1] * axes[1, c] + rows[r, 2] * axes[2, c]
        for c in range(3):
            d_flat[0, c] = 2 * (c00 * flat[0, c] + c01 * flat[1, c])
            d_flat[1, c] = 2 * (c01 * flat[0, c] + c11 * flat[1, c])
        for r in range(3):
            for c in range(3):
                d_axes[r, c] = rows[0, r] * d_flat[0, c] + rows[1, r] * d_flat[1, c]
        d_near = d_tx = d_ty = 0.0 * one
        for r in range(2):
            for c in range(3):
                d_rows[r, c] = d_flat[r, 0] * axes[c, 0] + d_flat[r, 1] * axes[c, 1] + d_flat[r, 2] * axes[c, 2]
        for c in range(3):
            d_near += (d_rows[0, c] * rows[0, c] + d_rows[1, c] * rows[1, c]) / near
            d_tx -= d_rows[0, c] * kx * seen[p, 6 + c]
            d_ty -= d_rows[1, c] * ky * seen[p, 6 + c]
        d_sx, d_sy = camera[12] * du, camera[13] * dv
        d_sx += d_tx if sx == tx else 0.0 * one
        d_sy += d_ty if sy == ty else 0.0 * one
        d_depth = -near * near * d_near - near * (d_sx * sx + d_sy * sy)
        for c in range(3):
            g_places[i, c] = near * (d_sx * seen[p, c] + d_sy * seen[p, 3 + c]) + d_depth * seen[p, 6 + c]
            for k in range(3):  # cross products of the axes with their gradients: a small turn
                a, b = (k + 1) % 3, (k + 2) % 3
                g_small[i, k] += axes[a, c] * d_axes[b, c] - axes[b, c] * d_axes[a, c]
            g_scales[i, c] = axes[0, c] * d_axes[0, c] + axes[1, c] * d_axes[1, c] + axes[2, c] * d_axes[2, c]
        _turn_gradient(turns, i, g_small[i, 0], g_small[i, 1], g_small[i, 2], g_turns)


@inlined
def _turn_gradient(turns, i, gx, gy, gz, g_turns):
    """From the gradient on a small turn on the left to that on the quaternion: d/dq = 2 (0, g) q, over its length squared."""
    w, x, y, z = turns[i, 0], turns[i, 1], turns[i, 2], turns[i, 3]
    s = 2 / (w * w + x * x + y * y + z * z)
    g_turns[i, 0] = s * (-gx * x - gy * y - gz * z)
    g_turns[i, 1] = s * (gx * w + gy * z - gz * y)
    g_turns[i, 2] = s * (-gx * z + gy * w + gz * x)
    g_turns[i, 3] = s * (gx * y - gy * x + gz * w)
