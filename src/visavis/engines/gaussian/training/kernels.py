# mypy: disable-error-code="no-untyped-def, no-untyped-call"
"""What training does to each splat: its look for one view and expression, the way back, and Adam's step."""

from __future__ import annotations

import numpy as np

from visavis.render.kernel import kernel

_f = np.float32
_FIRST = _f(0.48860251)


@kernel
def look_along(parents, frames, places, eye, harmonic):
    """harmonic float32 [n, 3]: the three harmonics of degree 1 at the direction from the eye to each splat, in its parent's frame."""
    for i in range(parents.shape[0]):
        p = parents[i]
        x, y, z = places[i, 0], places[i, 1], places[i, 2]
        dx = frames[p, 0] * x + frames[p, 1] * y + frames[p, 2] * z + frames[p, 9] - eye[0]
        dy = frames[p, 3] * x + frames[p, 4] * y + frames[p, 5] * z + frames[p, 10] - eye[1]
        dz = frames[p, 6] * x + frames[p, 7] * y + frames[p, 8] * z + frames[p, 11] - eye[2]
        lx = frames[p, 0] * dx + frames[p, 3] * dy + frames[p, 6] * dz
        ly = frames[p, 1] * dx + frames[p, 4] * dy + frames[p, 7] * dz
        lz = frames[p, 2] * dx + frames[p, 5] * dy + frames[p, 8] * dz
        s = _FIRST / np.sqrt(lx * lx + ly * ly + lz * lz + _f(1e-30))
        harmonic[i, 0], harmonic[i, 1], harmonic[i, 2] = -s * ly, s * lz, -s * lx


@kernel
def express(places, colours, sh, bases, amounts, harmonic, out_places, out_small, out_colours):
    """What a splat is in one expression, from one side: base values plus amounts [k] times bases [n, k, 9], plus harmonics."""
    gain = np.empty(9, np.float32)
    for i in range(places.shape[0]):
        gain[:] = _f(0)
        for k in range(amounts.shape[0]):
            for c in range(9):
                gain[c] += amounts[k] * bases[i, k, c]
        for c in range(3):
            out_places[i, c] = places[i, c] + gain[c]
            out_small[i, c] = gain[3 + c]
            light = harmonic[i, 0] * sh[i, 0, c] + harmonic[i, 1] * sh[i, 1, c] + harmonic[i, 2] * sh[i, 2, c]
            out_colours[i, c] = max(colours[i, c] + gain[6 + c] + light, _f(0))


@kernel
def step_bases(bases, amounts, g_places, g_small, g_colours, v_places, v_small, v_colours, rates, reach, keep, bases_used):
    """One step of the bases, each value's gradient divided by the running size of its own kind's; `keep` < 1 draws them to nothing.

    rates float32 [3] for places, turns and colours; reach float32 [n] scales the places'. Splats without a gradient stay.
    """
    tiny = _f(1e-20)
    for i in range(bases.shape[0]):
        if g_colours[i, 0] == 0 and g_colours[i, 1] == 0 and g_places[i, 0] == 0:
            continue
        for c in range(3):
            a = rates[0] * reach[i] * g_places[i, c] / (np.sqrt(v_places[i, c]) + tiny)
            b = rates[1] * g_small[i, c] / (np.sqrt(v_small[i, c]) + tiny)
            d = rates[2] * g_colours[i, c] / (np.sqrt(v_colours[i, c]) + tiny)
            a, b, d = min(max(a, -rates[0]), rates[0]), min(max(b, -rates[1]), rates[1]), min(max(d, -rates[2]), rates[2])
            for k in range(bases_used):
                bases[i, k, c] = keep * bases[i, k, c] - a * amounts[k]
                bases[i, k, 3 + c] = keep * bases[i, k, 3 + c] - b * amounts[k]
                bases[i, k, 6 + c] = keep * bases[i, k, 6 + c] - d * amounts[k]


@kernel
def adam(values, gradient, first, second, rates, step):
    """Adam on rows: values, gradient, first, second [n, w]; rates float32 [n] a row; step counts from 1."""
    b1, b2 = _f(0.9), _f(0.999)
    c1, c2 = _f(1) - b1**step, _f(1) - b2**step
    for i in range(values.shape[0]):
        for c in range(values.shape[1]):
            g = gradient[i, c]
            m = b1 * first[i, c] + (_f(1) - b1) * g
            v = b2 * second[i, c] + (_f(1) - b2) * g * g
            first[i, c], second[i, c] = m, v
            values[i, c] -= rates[i] * (m / c1) / (np.sqrt(v / c2) + _f(1e-15))


@kernel
def running_square(square, gradient, step):
    """square [n, 3] becomes the running mean of gradient^2, bias left in."""
    b2 = _f(0.999)
    for i in range(square.shape[0]):
        for c in range(3):
            square[i, c] = b2 * square[i, c] + (_f(1) - b2) * gradient[i, c] * gradient[i, c]


@kernel
def lay_over(rgba, background, out):
    """out float32 [h, w, 3], 0 to 1: uint8 [h, w, 4] with straight alpha over background [3]."""
    s = _f(1 / 255)
    for y in range(rgba.shape[0]):
        for x in range(rgba.shape[1]):
            alpha = rgba[y, x, 3] * s
            for c in range(3):
                out[y, x, c] = rgba[y, x, c] * s * alpha + (_f(1) - alpha) * background[c]


@kernel
def similar(mx, my, xx, yy, xy, to_mean, to_square, to_product):
    """From window means of x, y, x^2, y^2, xy (flat): derivatives of SSIM on the means of x, x^2 and xy. Returns the mean SSIM."""
    total = 0.0
    for i in range(mx.shape[0]):
        a, b = mx[i], my[i]
        a1, b1 = 2 * a * b + _f(1e-4), a * a + b * b + _f(1e-4)
        a2, b2 = 2 * (xy[i] - a * b) + _f(9e-4), xx[i] - a * a + yy[i] - b * b + _f(9e-4)
        inverse = _f(1) / (b1 * b2)
        s = a1 * a2 * inverse
        total += s
        on_square, on_product = -s / b2, 2 * a1 * inverse
        to_square[i], to_product[i] = on_square, on_product
        to_mean[i] = 2 * b * a2 * inverse - 2 * a * s / b1 - 2 * a * on_square - b * on_product
    return total / mx.shape[0]


@kernel
def loss_gradient(x, y, to_mean, to_square, to_product, flat, share, out):
    """out [h, w, 3] of a part of the picture: (1 - share) * sign(x - y) less share times SSIM's derivative, all times `flat`."""
    total = 0.0
    for r in range(x.shape[0]):
        for q in range(x.shape[1]):
            for c in range(3):
                d = x[r, q, c] - y[r, q, c]
                total += abs(d)
                sign = _f(1) if d > 0 else (_f(-1) if d < 0 else _f(0))
                ssim = to_mean[r, q, c] + 2 * x[r, q, c] * to_square[r, q, c] + y[r, q, c] * to_product[r, q, c]
                out[r, q, c] = flat * ((_f(1) - share) * sign - share * ssim)
    return total / x.size
