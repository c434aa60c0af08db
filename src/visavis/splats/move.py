# mypy: disable-error-code="no-untyped-def, no-untyped-call"
"""Kernels that move a driver's points, and the splats' own values with the expression."""

from __future__ import annotations

import numpy as np

from visavis.render.kernel import kernel

_f = np.float32
_ONE = _f(1)
CHANNELS = 9
"""Of a basis, for each splat: place x, y, z in its parent's frame, turn about x, y, z in radians, red, green, blue of 0 to 255."""


@kernel
def turn_points(first, past, centre, rotation, points):
    """points[first : past] turned about a centre, in place."""
    for i in range(first, past):
        x, y, z = points[i, 0] - centre[0], points[i, 1] - centre[1], points[i, 2] - centre[2]
        for c in range(3):
            points[i, c] = centre[c] + rotation[c, 0] * x + rotation[c, 1] * y + rotation[c, 2] * z


@kernel
def carry(points, follow, pivot, head, lag, out):
    """out [v, 3]: points carried by the head. head, lag float32 [4, 3]: rotation rows and translation, about `pivot`."""
    for i in range(points.shape[0]):
        h, k = follow[i, 0], follow[i, 1]
        rest = _ONE - h - k
        x, y, z = points[i, 0] - pivot[0], points[i, 1] - pivot[1], points[i, 2] - pivot[2]
        out[i, 0] = (rest + h * head[0, 0] + k * lag[0, 0]) * x + (h * head[0, 1] + k * lag[0, 1]) * y \
            + (h * head[0, 2] + k * lag[0, 2]) * z + pivot[0] + h * head[3, 0] + k * lag[3, 0]  # fmt: skip
        out[i, 1] = (h * head[1, 0] + k * lag[1, 0]) * x + (rest + h * head[1, 1] + k * lag[1, 1]) * y \
            + (h * head[1, 2] + k * lag[1, 2]) * z + pivot[1] + h * head[3, 1] + k * lag[3, 1]  # fmt: skip
        out[i, 2] = (h * head[2, 0] + k * lag[2, 0]) * x + (h * head[2, 1] + k * lag[2, 1]) * y \
            + (rest + h * head[2, 2] + k * lag[2, 2]) * z + pivot[2] + h * head[3, 2] + k * lag[3, 2]  # fmt: skip


@kernel
def vary(rows, bases, scales, amounts, places, covariances, colours, out_places, out_covariances, out_colours):
    """The expression-dependent part: rows int32 [m] of the splats gain the sum of amounts [k] times bases int8 [m, k, 9] * scales [k, 9].

    places [n, 3], covariances [n, 6] and colours [n, 3] are at rest; the out arrays hold them already and are written at `rows`.
    """
    step = np.empty((bases.shape[1], CHANNELS), np.float32)
    for k in range(bases.shape[1]):
        for c in range(CHANNELS):
            step[k, c] = amounts[k] * scales[k, c]
    gain = np.empty(CHANNELS, np.float32)
    for j in range(rows.shape[0]):
        i = rows[j]
        gain[:] = _f(0)
        for k in range(bases.shape[1]):
            for c in range(CHANNELS):
                gain[c] += step[k, c] * _f(bases[j, k, c])
        for c in range(3):
            out_places[i, c] = places[i, c] + gain[c]
            out_colours[i, c] = max(colours[i, c] + gain[6 + c], _f(0))
        turn_covariance(covariances[i], gain[3], gain[4], gain[5], out_covariances[i])


@kernel
def turn_covariance(rest, wx, wy, wz, out):
    """out [6] = R S R^T for a small turn: R of the unit quaternion (1, w/2)."""
    hx, hy, hz = _f(0.5) * wx, _f(0.5) * wy, _f(0.5) * wz
    n = _ONE / (_ONE + hx * hx + hy * hy + hz * hz)
    d = _f(2) * n
    r00, r01, r02 = _ONE - d * (hy * hy + hz * hz), d * (hx * hy - hz), d * (hx * hz + hy)
    r10, r11, r12 = d * (hx * hy + hz), _ONE - d * (hx * hx + hz * hz), d * (hy * hz - hx)
    r20, r21, r22 = d * (hx * hz - hy), d * (hy * hz + hx), _ONE - d * (hx * hx + hy * hy)
    a, b, c, e, f, g = rest[0], rest[1], rest[2], rest[3], rest[4], rest[5]
    t00, t01, t02 = r00 * a + r01 * b + r02 * c, r00 * b + r01 * e + r02 * f, r00 * c + r01 * f + r02 * g
    t10, t11, t12 = r10 * a + r11 * b + r12 * c, r10 * b + r11 * e + r12 * f, r10 * c + r11 * f + r12 * g
    t20, t21, t22 = r20 * a + r21 * b + r22 * c, r20 * b + r21 * e + r22 * f, r20 * c + r21 * f + r22 * g
    out[0] = t00 * r00 + t01 * r01 + t02 * r02
    out[1] = t00 * r10 + t01 * r11 + t02 * r12
    out[2] = t00 * r20 + t01 * r21 + t02 * r22
    out[3] = t10 * r10 + t11 * r11 + t12 * r12
    out[4] = t10 * r20 + t11 * r21 + t12 * r22
    out[5] = t20 * r20 + t21 * r21 + t22 * r22


@kernel
def shine(parents, frames, places, eye, sh, base, out):
    """out float32 [n, 3], 0 to 255: base plus harmonics of degree 1, float32 [n, 3, 3] (0 to 255), by the direction from the eye to the
    splat in its parent's frame, so that a highlight turns with the head. eye float32 [3] metres.
    """
    y_, k = _f(0.48860251), 0
    for i in range(parents.shape[0]):
        p = parents[i]
        x, y, z = places[i, 0], places[i, 1], places[i, 2]
        dx = frames[p, 0] * x + frames[p, 1] * y + frames[p, 2] * z + frames[p, 9] - eye[0]
        dy = frames[p, 3] * x + frames[p, 4] * y + frames[p, 5] * z + frames[p, 10] - eye[1]
        dz = frames[p, 6] * x + frames[p, 7] * y + frames[p, 8] * z + frames[p, 11] - eye[2]
        lx = frames[p, 0] * dx + frames[p, 3] * dy + frames[p, 6] * dz
        ly = frames[p, 1] * dx + frames[p, 4] * dy + frames[p, 7] * dz
        lz = frames[p, 2] * dx + frames[p, 5] * dy + frames[p, 8] * dz
        s = y_ / np.sqrt(lx * lx + ly * ly + lz * lz + _f(1e-30))
        for k in range(3):
            out[i, k] = max(base[i, k] + s * (lz * sh[i, 1, k] - ly * sh[i, 0, k] - lx * sh[i, 2, k]), _f(0))
