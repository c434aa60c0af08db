# mypy: disable-error-code="no-untyped-def, no-untyped-call"
"""From samples to colours: each distinct surface in a pixel is shaded once (a fragment) and weighted by the samples it covers.

A band's fragments are first listed by kind of surface, then interpolated into columns, then shaded column by column: loops without
branches over many fragments, which the compiler turns into vector code.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from visavis.render.kernel import inlined, kernel
from visavis.render.lanes import mix_rows
from visavis.render.light import ROW

KINDS: Final = 4
SURFACE, STRAND, MOUTH, EYE = range(KINDS)
"""Kinds of shading: skin and cloth, hair and lashes and brows, mouth, eyes."""
SAME_DEPTH: Final = 0.010
"""Samples of one group whose inverse depths differ by less than this share are one surface."""
TONES: Final = 4096
TONE_SCALE: Final = 2047.0
"""The tone table is indexed by sqrt(linear light) times this."""
_f = np.float32
_ONE = _f(1.0)


@inlined
def _emit(kind_of, t, x, y, weight, counts, triangle, place, share):
    kind = kind_of[t]
    n = counts[kind]
    triangle[kind, n] = t
    place[kind, n] = (y << 16) | x
    share[kind, n] = weight
    counts[kind] = n + 1


@kernel
def list_fragments(depth, ids, rows, columns, kind_of, group_of, counts, triangle, place, share):
    """Splits a band's samples (four a pixel) into fragments by kind.

    depth float32, ids int32 flat [>= rows * columns * 16]; kind_of uint8 [t], group_of int16 [t]. Written: counts int64 [KINDS];
    triangle int32, place int32 (pixel row << 16 | column, in the band), share float32 [KINDS, >= pixels * 4].
    """
    counts[:] = 0
    for r in range(rows):
        for c in range(columns):
            base = (r * columns + c) * 16
            for p in range(4):
                o = base + 4 * p
                t0, t1, t2, t3 = ids[o], ids[o + 1], ids[o + 2], ids[o + 3]
                x, y = 2 * c + (p & 1), 2 * r + (p >> 1)
                if t0 == t1 and t0 == t2 and t0 == t3:
                    if t0 >= 0:
                        _emit(kind_of, t0, x, y, _ONE, counts, triangle, place, share)
                    continue
                g0 = group_of[t0] if t0 >= 0 else -1
                g1 = group_of[t1] if t1 >= 0 else -2
                g2 = group_of[t2] if t2 >= 0 else -3
                g3 = group_of[t3] if t3 >= 0 else -4
                z0, z1, z2, z3 = depth[o], depth[o + 1], depth[o + 2], depth[o + 3]
                e = _f(SAME_DEPTH) * max(z0, z1, z2, z3)
                w0 = w1 = w2 = w3 = _f(0.25)
                if g1 == g0 and abs(z1 - z0) <= e:
                    w0, w1 = w0 + w1, _f(0)
                if g2 == g0 and abs(z2 - z0) <= e:
                    w0, w2 = w0 + w2, _f(0)
                if g3 == g0 and abs(z3 - z0) <= e:
                    w0, w3 = w0 + w3, _f(0)
                if w1 > 0 and w2 > 0 and g2 == g1 and abs(z2 - z1) <= e:
                    w1, w2 = w1 + w2, _f(0)
                if w1 > 0 and w3 > 0 and g3 == g1 and abs(z3 - z1) <= e:
                    w1, w3 = w1 + w3, _f(0)
                if w2 > 0 and w3 > 0 and g3 == g2 and abs(z3 - z2) <= e:
                    w2, w3 = w2 + w3, _f(0)
                if t0 >= 0:
                    _emit(kind_of, t0, x, y, w0, counts, triangle, place, share)
                if w1 > 0 and t1 >= 0:
                    _emit(kind_of, t1, x, y, w1, counts, triangle, place, share)
                if w2 > 0 and t2 >= 0:
                    _emit(kind_of, t2, x, y, w2, counts, triangle, place, share)
                if w3 > 0 and t3 >= 0:
                    _emit(kind_of, t3, x, y, w3, counts, triangle, place, share)


@kernel
def interpolate(count, triangle, place, row0, triangles, planes, rows, columns):
    """Perspective-correct rows of `count` fragments as columns float32 [>= ROW * stride], stride = len(columns) // ROW.

    planes float32 [t, 12] from `raster.draw_band_4`; row0: the band's first pixel row. Weights are kept inside the triangle.
    """
    stride = columns.shape[0] // ROW
    for n in range(count):
        t, q = triangle[n], place[n]
        x, y = _f(q & 0xFFFF) + _f(0.5), _f(row0 + (q >> 16)) + _f(0.5)
        a = max(planes[t, 0] + planes[t, 1] * x + planes[t, 2] * y, _f(0))
        b = max(planes[t, 3] + planes[t, 4] * x + planes[t, 5] * y, _f(0))
        c = max(planes[t, 6] + planes[t, 7] * x + planes[t, 8] * y, _f(0))
        s = _ONE / (a + b + c + _f(1e-20))
        mix_rows(rows, (triangles[t, 0], triangles[t, 1], triangles[t, 2]), (a * s, b * s, c * s), columns, n, stride)


@inlined
def _tile(u, v):
    """Texel of the periodic 256 x 256 tile at u, v."""
    i = np.int32(u * _f(256) + _f(1 << 20)) & 255
    j = np.int32(v * _f(256) + _f(1 << 20)) & 255
    return j * 256 + i


@inlined
def _tone(light):
    return np.int32(min(np.sqrt(max(light, _f(0))) * _f(TONE_SCALE), _f(TONES - 1)))


@kernel
def shade_surface(count, columns, lobes, noise, half, key, tones):
    """Skin, cloth and mouth. lobes: strength of the 32nd-power, 8th-power and 64th-power highlight and of the pores' relief.

    noise float32 [65536, 4]; half float32 [3] the mean half vector; key float32 [3] the highlight's colour. Written: tones int32
    [3, >= count], indices into the tone table.
    """
    m = columns.shape[0] // ROW
    for n in range(count):
        am = columns[5 * m + n]
        q = _tile(columns[3 * m + n], columns[4 * m + n])
        pore = am * noise[q, 0]
        du, dv = am * noise[q, 1], am * noise[q, 2]
        bump = du * half[0] + dv * half[1]
        # the relieved normal is made unit again as if it pointed along the half vector: only there does the highlight show
        h = max(columns[6 * m + n] + bump, _f(0)) / np.sqrt(max(_ONE + _f(2) * bump + du * du + dv * dv, _f(0.1)))
        h2 = h * h
        h4 = h2 * h2
        h8 = h4 * h4
        h32 = h8 * h8 * h8 * h8
        s = (lobes[0] * h32 + lobes[1] * h8 + lobes[2] * h32 * h32) * columns[7 * m + n]
        tones[0, n] = _tone(columns[n] * (_ONE + _f(0.55) * pore) + s * key[0])
        tones[1, n] = _tone(columns[m + n] * (_ONE + _f(0.90) * pore) + s * key[1])
        tones[2, n] = _tone(columns[2 * m + n] * (_ONE + _f(0.90) * pore) + s * key[2])


@kernel
def shade_strands(count, columns, noise, tones):
    """Hair, lashes, brows: two highlights along the strand, shifted by strand noise (after Kajiya and Kay, and Marschner et al.)."""
    m = columns.shape[0] // ROW
    for n in range(count):
        strand = noise[_tile(columns[3 * m + n], columns[4 * m + n]), 3]
        th, gloss = columns[6 * m + n], columns[7 * m + n]
        ta, tb = th + _f(0.10) + _f(0.16) * strand, th - _f(0.14) + _f(0.22) * strand
        a, b = max(_ONE - ta * ta, _f(0)), max(_ONE - tb * tb, _f(0))
        a2, b2 = a * a, b * b
        a4, b4 = a2 * a2, b2 * b2
        a8, b8 = a4 * a4, b4 * b4
        a32 = a8 * a8 * a8 * a8 * gloss
        shine = (_ONE + columns[5 * m + n] * strand) * (_ONE + _f(2) * b8 * gloss)
        tones[0, n] = _tone(columns[n] * shine + _f(0.30) * a32)
        tones[1, n] = _tone(columns[m + n] * shine + _f(0.27) * a32)
        tones[2, n] = _tone(columns[2 * m + n] * shine + _f(0.24) * a32)


@inlined
def _window(x, y, cx, cy, steep):
    """The soft picture of a rectangular light at cx, cy on the eye."""
    return max(_f(0), _ONE - abs(x - cx) * steep) * max(_f(0), _ONE - abs(y - cy) * steep)


@kernel
def shade_eyes(count, place, row0, columns, iris, pupil, view, half, tones):
    """Eyes: painted iris with a pupil of variable size, wet highlight, reflected windows.

    iris float32 [s, s, 3]; pupil float32 [3]: iris radius, painted pupil radius, wanted pupil radius; view float32 [3]: centre x, y and
    1 / focal length in pixels; half float32 [3] unit half vector of the key light.
    """
    m, last = columns.shape[0] // ROW, _f(iris.shape[0] - 1)
    for n in range(count):
        u, v = columns[3 * m + n], columns[4 * m + n]
        radius = np.sqrt(u * u + v * v) + _f(1e-6)
        if radius < pupil[0]:
            inner = radius * pupil[1] / pupil[2]
            outer = pupil[0] - (pupil[0] - radius) * (pupil[0] - pupil[1]) / (pupil[0] - pupil[2])
            k = (inner if radius < pupil[2] else outer) / radius
            u, v = u * k, v * k
        tx = min(max((_f(0.5) + _f(0.5) * u) * last, _f(0)), last - _f(0.001))
        ty = min(max((_f(0.5) - _f(0.5) * v) * last, _f(0)), last - _f(0.001))
        i, j = int(tx), int(ty)
        fx, fy = tx - _f(i), ty - _f(j)
        nx, ny, gloss = columns[5 * m + n], columns[6 * m + n], columns[7 * m + n]
        nz = np.sqrt(max(_ONE - nx * nx - ny * ny, _f(0)))
        vx = (view[0] - _f(place[n] & 0xFFFF) - _f(0.5)) * view[2]
        vy = (_f(row0 + (place[n] >> 16)) + _f(0.5) - view[1]) * view[2]
        iv = _ONE / np.sqrt(_ONE + vx * vx + vy * vy)
        vx, vy = vx * iv, vy * iv
        ndv = max(_f(0), nx * vx + ny * vy + nz * iv)
        h = max(_f(0), nx * half[0] + ny * half[1] + nz * half[2])
        for _ in range(9):
            h = h * h
        f = _ONE - ndv
        rx, ry = _f(2) * ndv * nx - vx, _f(2) * ndv * ny - vy
        box = min(_ONE, _window(rx, ry, _f(-0.32), _f(0.26), _f(4.2)) * _f(5)) * _f(3.2)
        shine = (
            h * _f(0.5) + box + _window(rx, ry, _f(0.36), _f(-0.30), _f(6)) * _f(0.6) + f * f * f * f * f * _f(0.25)
        ) * gloss
        for c in range(3):
            top = iris[j, i, c] * (_ONE - fx) + iris[j, i + 1, c] * fx
            low = iris[j + 1, i, c] * (_ONE - fx) + iris[j + 1, i + 1, c] * fx
            tones[c, n] = _tone(columns[c * m + n] * (top * (_ONE - fy) + low * fy) + shine)


@kernel
def add_fragments(count, place, share, tones, table, colour):
    """colour float32 [4, rows, width] gains each fragment's encoded colour (0 to 255) and share."""
    for n in range(count):
        x, y, w = place[n] & 0xFFFF, place[n] >> 16, share[n]
        colour[0, y, x] += w * table[tones[0, n]]
        colour[1, y, x] += w * table[tones[1, n]]
        colour[2, y, x] += w * table[tones[2, n]]
        colour[3, y, x] += w


def tone_table(exposure: float) -> np.typing.NDArray[np.float32]:
    """float32 [TONES]: a filmic curve and the sRGB encoding, 0 to 255, over sqrt(linear light) * TONE_SCALE."""
    x = (np.arange(TONES) / TONE_SCALE) ** 2 * exposure
    y = np.clip(x * (2.2 * x + 0.12) / (x * (1.95 * x + 0.62) + 0.16), 0, 1)
    encoded = np.where(y < 0.0031308, 12.92 * y, 1.055 * np.maximum(y, 1e-9) ** (1 / 2.4) - 0.055)
    return (255 * encoded).astype(np.float32)
