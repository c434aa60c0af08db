# mypy: disable-error-code="no-untyped-def, no-untyped-call"
"""Light at the vertices: soft shadow from baked visibility, wrapped diffuse, skin's reddened shade; what the pixels need later.

Each vertex gets a row of eight numbers, interpolated over the triangle (`shade` reads them):
  SKIN, CLOTH, MOUTH  r, g, b, u, v, noise amplitude, normal . half vector, strength of the highlight
  HAIR, FINE          r, g, b, u, v, noise amplitude, tangent . half vector, strength of the highlight
  EYE                 r, g, b, u, v, normal x, normal y, strength of the highlight
rgb is light that leaves diffusely, linear, rim sheen included.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from visavis.render.kernel import inlined, kernel

ROW: Final = 8
CONE: Final = 4
"""Baked directions that one light blends."""
SHADE_EYE_PER_M: Final = 110.0
"""How fast the upper lid's shadow fades down the eyeball."""
_f = np.float32
_ONE = _f(1.0)


@kernel
def soft_shadow(visibility, nearest, blend, out):
    """out float32 [lights, m] 0 to 1: the baked visibility around each light.

    visibility uint8 [d, v] with v >= m; nearest int64 [lights, 4] its rows; blend float32 [lights, 4] their shares, summing to 1.
    """
    for n in range(out.shape[0]):
        v0, v1 = visibility[nearest[n, 0]], visibility[nearest[n, 1]]
        v2, v3 = visibility[nearest[n, 2]], visibility[nearest[n, 3]]
        s = _f(1 / 255)
        w0, w1, w2, w3 = blend[n, 0] * s, blend[n, 1] * s, blend[n, 2] * s, blend[n, 3] * s
        for i in range(out.shape[1]):
            out[n, i] = w0 * _f(v0[i]) + w1 * _f(v1[i]) + w2 * _f(v2[i]) + w3 * _f(v3[i])


@inlined
def _wrap(cosine, reach):
    """Diffuse light that reaches `reach` beyond the edge of the lit side, softened towards it."""
    y = max((cosine + reach) / (_ONE + reach), _f(0))
    return y * (_f(0.65) + _f(0.35) * y * (_f(3) - _f(2) * y))


@kernel
def light_surface(span, skin, posed, turned, facing, occlusion, shadow, lids, blink, looks, wrap, set_, rows):
    """Skin (skin = 1: shade turns red) and cloth (0), vertices span[0] to span[1].

    looks float32 [v, 8]: albedo rgb, specular, u, v, noise amplitude, 0. set_ float32 [6, 6]: see `prepare.light_set`.
    """
    for i in range(span[0], span[1]):
        nx, ny, nz = turned[i, 0], turned[i, 1], turned[i, 2]
        vx, vy, vz = set_[5, 0] - posed[i, 0], set_[5, 1] - posed[i, 1], set_[5, 2] - posed[i, 2]
        iv = _ONE / np.sqrt(vx * vx + vy * vy + vz * vz)
        vx, vy, vz = vx * iv, vy * iv, vz * iv
        ndv = nx * vx + ny * vy + nz * vz
        flip = _f(-1) if facing[i] > 0 and ndv < 0 else _f(1)
        nx, ny, nz, ndv = nx * flip, ny * flip, nz * flip, max(ndv * flip, _f(0))
        lid = lids[i, 0] * blink[0] + lids[i, 1] * blink[1]
        a = occlusion[i]
        a = a + max(_f(0.85) - a, _f(0)) * lid
        up = _f(0.5) + _f(0.5) * ny
        tint = skin * _f(0.5)
        r = (set_[3, 0] * up + set_[4, 0] * (_ONE - up)) * (a + tint * (np.sqrt(a) - a))
        g = (set_[3, 1] * up + set_[4, 1] * (_ONE - up)) * a
        b = (set_[3, 2] * up + set_[4, 2] * (_ONE - up)) * (a + skin * _f(0.4) * (a * a - a))
        key = _f(0)
        for n in range(3):
            d = nx * set_[n, 0] + ny * set_[n, 1] + nz * set_[n, 2]
            s = shadow[n, i]
            key = s if n == 0 else key
            s = s + max(_f(0.9) - s, _f(0)) * lid
            r += set_[n, 3] * _wrap(d, wrap[0]) * (s + skin * _f(0.45) * (np.sqrt(s) - s))
            g += set_[n, 4] * _wrap(d, wrap[1]) * (s + skin * _f(0.1) * (s * s - s))
            b += set_[n, 5] * _wrap(d, wrap[2]) * (s + skin * _f(0.25) * (s * s - s))
        hx, hy, hz = set_[0, 0] + vx, set_[0, 1] + vy, set_[0, 2] + vz
        ndh = (nx * hx + ny * hy + nz * hz) / np.sqrt(hx * hx + hy * hy + hz * hz)
        gloss = looks[i, 3] * (_f(0.25) + _f(0.75) * key) * min(_ONE, a * _f(1.4))
        f = _ONE - ndv
        f2 = f * f
        rim = max(_f(0), nx * set_[2, 0] + ny * set_[2, 1] + nz * set_[2, 2]) * f2 * f * gloss
        rows[i, 0] = r * looks[i, 0] + rim * set_[2, 3]
        rows[i, 1] = g * looks[i, 1] + rim * set_[2, 4]
        rows[i, 2] = b * looks[i, 2] + rim * set_[2, 5]
        rows[i, 6] = ndh
        rows[i, 7] = gloss * (_ONE + _f(3) * f2 * f2 * f)


@kernel
def light_strands(span, posed, turned, facing, occlusion, shadow, tangents, follow, head, looks, wrap, set_, rows):
    """Hair, lashes and brows, vertices span[0] to span[1]; tangents float32 [v, 3] at rest, turned here by head [3, 3] and follow."""
    for i in range(span[0], span[1]):
        nx, ny, nz = turned[i, 0], turned[i, 1], turned[i, 2]
        vx, vy, vz = set_[5, 0] - posed[i, 0], set_[5, 1] - posed[i, 1], set_[5, 2] - posed[i, 2]
        iv = _ONE / np.sqrt(vx * vx + vy * vy + vz * vz)
        vx, vy, vz = vx * iv, vy * iv, vz * iv
        flip = _f(-1) if facing[i] > 0 and nx * vx + ny * vy + nz * vz < 0 else _f(1)
        nx, ny, nz = nx * flip, ny * flip, nz * flip
        a = occlusion[i]
        up = _f(0.5) + _f(0.5) * ny
        r = (set_[3, 0] * up + set_[4, 0] * (_ONE - up)) * a
        g = (set_[3, 1] * up + set_[4, 1] * (_ONE - up)) * a
        b = (set_[3, 2] * up + set_[4, 2] * (_ONE - up)) * a
        for n in range(3):
            d = nx * set_[n, 0] + ny * set_[n, 1] + nz * set_[n, 2]
            s = shadow[n, i]
            r += set_[n, 3] * _wrap(d, wrap[0]) * s
            g += set_[n, 4] * _wrap(d, wrap[1]) * s
            b += set_[n, 5] * _wrap(d, wrap[2]) * s
        hx, hy, hz = set_[0, 0] + vx, set_[0, 1] + vy, set_[0, 2] + vz
        x, y, z = tangents[i, 0], tangents[i, 1], tangents[i, 2]
        m = follow[i, 0] + follow[i, 1]
        tx = x + m * (head[0, 0] * x + head[0, 1] * y + head[0, 2] * z - x)
        ty = y + m * (head[1, 0] * x + head[1, 1] * y + head[1, 2] * z - y)
        tz = z + m * (head[2, 0] * x + head[2, 1] * y + head[2, 2] * z - z)
        rows[i, 0] = r * looks[i, 0]
        rows[i, 1] = g * looks[i, 1]
        rows[i, 2] = b * looks[i, 2]
        rows[i, 6] = (tx * hx + ty * hy + tz * hz) / np.sqrt(hx * hx + hy * hy + hz * hz)
        rows[i, 7] = looks[i, 3] * (_f(0.15) + _f(0.85) * shadow[0, i]) * a


@kernel
def light_mouth(span, open_, posed, turned, facing, occlusion, looks, wrap, set_, rows):
    """Teeth, gums, tongue: as bright as the mouth is open (0 to 1), vertices span[0] to span[1]."""
    for i in range(span[0], span[1]):
        nx, ny, nz = turned[i, 0], turned[i, 1], turned[i, 2]
        vx, vy, vz = set_[5, 0] - posed[i, 0], set_[5, 1] - posed[i, 1], set_[5, 2] - posed[i, 2]
        iv = _ONE / np.sqrt(vx * vx + vy * vy + vz * vz)
        vx, vy, vz = vx * iv, vy * iv, vz * iv
        ndv = nx * vx + ny * vy + nz * vz
        flip = _f(-1) if facing[i] > 0 and ndv < 0 else _f(1)
        nx, ny, nz, ndv = nx * flip, ny * flip, nz * flip, max(ndv * flip, _f(0))
        a = occlusion[i] * open_
        up = _f(0.5) + _f(0.5) * ny
        r = (set_[3, 0] * up + set_[4, 0] * (_ONE - up)) * (_f(0.5) * a + _f(0.5) * np.sqrt(a))
        g = (set_[3, 1] * up + set_[4, 1] * (_ONE - up)) * a
        b = (set_[3, 2] * up + set_[4, 2] * (_ONE - up)) * a * (_f(0.6) + _f(0.4) * a)
        for n in range(3):
            d = nx * set_[n, 0] + ny * set_[n, 1] + nz * set_[n, 2]
            r += set_[n, 3] * _wrap(d, wrap[0]) * a
            g += set_[n, 4] * _wrap(d, wrap[1]) * a
            b += set_[n, 5] * _wrap(d, wrap[2]) * a
        hx, hy, hz = set_[0, 0] + vx, set_[0, 1] + vy, set_[0, 2] + vz
        gloss = looks[i, 3] * a
        f = _ONE - ndv
        sheen = f * f * f * f * f * _f(0.1) * gloss
        rows[i, 0] = r * looks[i, 0] + sheen
        rows[i, 1] = g * looks[i, 1] + sheen
        rows[i, 2] = b * looks[i, 2] + sheen
        rows[i, 6] = (nx * hx + ny * hy + nz * hz) / np.sqrt(hx * hx + hy * hy + hz * hz)
        rows[i, 7] = gloss


@kernel
def light_eye(span, lid, rest, turned, looks, wrap, set_, rows):
    """One eyeball under its upper lid, vertices span[0] to span[1].

    rest float32 [v, 3]: the vertices before the head turns. lid float32 [18]: x where the lid line begins and ends, then its height
    at 16 even steps between, in the same frame and unit (metres).
    """
    x0, across = lid[0], _ONE / (lid[1] - lid[0])
    for i in range(span[0], span[1]):
        along = (rest[i, 0] - x0) * across
        step = min(max(along * _f(15), _f(0)), _f(14.99))
        j = int(step)
        part = step - _f(j)
        height = lid[2 + j] * (_ONE - part) + lid[3 + j] * part
        t = min(max((height - rest[i, 1]) * _f(SHADE_EYE_PER_M) + _f(0.12), _f(0)), _ONE)
        corner = min(_ONE, min(along, _ONE - along) * _f(5) + _f(0.35))
        a = max((_f(0.30) + _f(0.70) * t * (_f(2) - t)) * corner, _f(0))
        nx, ny, nz = turned[i, 0], turned[i, 1], turned[i, 2]
        up = _f(0.5) + _f(0.5) * ny
        for c in range(3):
            light = (set_[3, c] * up + set_[4, c] * (_ONE - up)) * a
            for n in range(3):
                d = nx * set_[n, 0] + ny * set_[n, 1] + nz * set_[n, 2]
                light += set_[n, 3 + c] * _wrap(d, wrap[c]) * a
            rows[i, c] = light * looks[i, c]
        rows[i, 5] = nx
        rows[i, 6] = ny
        rows[i, 7] = looks[i, 3] * min(_ONE, a * _f(2))
