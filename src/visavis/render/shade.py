# mypy: disable-error-code="no-untyped-def, no-untyped-call"
"""From samples to colours: each distinct surface in a pixel is shaded once (a fragment) and weighted by the samples it covers.

A band's fragments are first listed by kind of surface, then interpolated into columns, then shaded column by column: loops without
branches over many fragments, which the compiler turns into vector code.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from visavis.render.kernel import inlined, kernel
from visavis.render.lanes import block_masks, mix_rows
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
def _emit(surface_of, t, place, weight, counts, triangles, places, shares):
    kind = surface_of[t] & np.uint32(KINDS - 1)
    n = counts[kind]
    triangles[kind, n] = t
    places[kind, n] = place
    shares[kind, n] = weight
    counts[kind] = n + np.uint32(1)


@inlined
def _same(s, t, depth_s, depth_t, slack):
    return s == t and abs(depth_s - depth_t) <= slack


@kernel
def list_fragments(depth, ids, rows, columns, surface_of, counts, triangles, places, shares):
    """Splits a band's samples (four a pixel) into fragments by kind.

    depth float32, ids int32 flat [>= rows * columns * 16]; surface_of uint32 [t + 1]: group * KINDS + kind, the last for no triangle.
    Written: counts uint32 [KINDS]; triangles, places uint32 (pixel row << 16 | column, in the band), shares float32
    [KINDS, >= pixels * 4].
    """
    counts[:] = 0
    none = surface_of[surface_of.shape[0] - 1]
    for r in range(rows):
        for c in range(columns):
            base = (r * columns + c) * 16
            masks = block_masks(ids, base)
            if masks & 0xFFFF == 0xFFFF:
                continue
            for p in range(4):
                o = base + 4 * p
                pixel = masks >> (4 * p)
                place = np.uint32(((2 * r + (p >> 1)) << 16) | (2 * c + (p & 1)))
                if (pixel >> 16) & 15 == 15:
                    if pixel & 1 == 0:
                        _emit(surface_of, np.uint32(ids[o]), place, _ONE, counts, triangles, places, shares)
                    continue
                t0, t1, t2, t3 = ids[o], ids[o + 1], ids[o + 2], ids[o + 3]
                z0, z1, z2, z3 = depth[o], depth[o + 1], depth[o + 2], depth[o + 3]
                e = _f(SAME_DEPTH) * max(z0, z1, z2, z3)
                g0 = surface_of[np.uint32(t0)] if t0 >= 0 else none
                g1 = surface_of[np.uint32(t1)] if t1 >= 0 else none
                g2 = surface_of[np.uint32(t2)] if t2 >= 0 else none
                g3 = surface_of[np.uint32(t3)] if t3 >= 0 else none
                if pixel & 15 == 0 and g0 == g1 and g0 == g2 and g0 == g3 and max(z0, z1, z2, z3) - min(z0, z1, z2, z3) <= e:
                    _emit(surface_of, np.uint32(t0), place, _ONE, counts, triangles, places, shares)
                    continue
                w0 = w1 = w2 = w3 = _f(0.25)
                if _same(g0, g1, z0, z1, e):
                    w0, w1 = w0 + w1, _f(0)
                if _same(g0, g2, z0, z2, e):
                    w0, w2 = w0 + w2, _f(0)
                if _same(g0, g3, z0, z3, e):
                    w0, w3 = w0 + w3, _f(0)
                if w1 > 0 and w2 > 0 and _same(g1, g2, z1, z2, e):
                    w1, w2 = w1 + w2, _f(0)
                if w1 > 0 and w3 > 0 and _same(g1, g3, z1, z3, e):
                    w1, w3 = w1 + w3, _f(0)
                if w2 > 0 and w3 > 0 and _same(g2, g3, z2, z3, e):
                    w2, w3 = w2 + w3, _f(0)
                if t0 >= 0:
                    _emit(surface_of, np.uint32(t0), place, w0, counts, triangles, places, shares)
                if w1 > 0 and t1 >= 0:
                    _emit(surface_of, np.uint32(t1), place, w1, counts, triangles, places, shares)
                if w2 > 0 and t2 >= 0:
                    _emit(surface_of, np.uint32(t2), place, w2, counts, triangles, places, shares)
                if w3 > 0 and t3 >= 0:
                    _emit(surface_of, np.uint32(t3), place, w3, counts, triangles, places, shares)


@kernel
def interpolate(count, listed, places, row0, triangles, planes, rows, columns):
    """Perspective-correct rows of `count` fragments as columns float32 [ROW, >= count].

    listed, places from `list_fragments`; planes float32 [t, 12] from `raster.draw_band_4`; row0: the band's first pixel row. Weights
    are kept inside the triangle.
    """
    stride = columns.shape[1]
    for n in range(count):
        t, q = listed[n], places[n]
        x, y = _f(q & 0xFFFF) + _f(0.5), _f(row0 + (q >> 16)) + _f(0.5)
        a = max(planes[t, 0] + planes[t, 1] * x + planes[t, 2] * y, _f(0))
        b = max(planes[t, 3] + planes[t, 4] * x + planes[t, 5] * y, _f(0))
        c = max(planes[t, 6] + planes[t, 7] * x + planes[t, 8] * y, _f(0))
        s = _ONE / (a + b + c + _f(1e-20))
        mix_rows(rows, (triangles[t, 0], triangles[t, 1], triangles[t, 2]), (a * s, b * s, c * s), columns, n, stride)


@inlined
def _tile(u, v):
    """Texel of the periodic 256 x 256 tile at u, v."""
    i = np.int32(u * _f(256) + _f(1 << 20)) & np.int32(255)
    j = np.int32(v * _f(256) + _f(1 << 20)) & np.int32(255)
    return np.uint32(j * np.int32(256) + i)


@inlined
def _tone(light):
    return np.int32(min(np.sqrt(max(light, _f(0))) * _f(TONE_SCALE), _f(TONES - 1)))


@kernel
def shade_surface(count, columns, lobes, noise, half, key, tones):
    """Skin, cloth and mouth. lobes: strength of the highlights of power 32, 8 and 64.

    noise float32 [3, 65536]; half float32 [3] the mean half vector; key float32 [3] the highlight's colour. Written: tones int32
    [3, >= count], indices into the tone table.
    """
    n0, n1, n2 = noise[0], noise[1], noise[2]
    red, green, blue, us, vs, ams, hs, gloss = (
        columns[0], columns[1], columns[2], columns[3], columns[4], columns[5], columns[6], columns[7])  # fmt: skip
    out0, out1, out2 = tones[0], tones[1], tones[2]
    half0, half1, key0, key1, key2 = half[0], half[1], key[0], key[1], key[2]
    lobe0, lobe1, lobe2 = lobes[0], lobes[1], lobes[2]
    for n in range(count):
        am = ams[n]
        q = _tile(us[n], vs[n])
        pore, du, dv = am * n0[q], am * n1[q], am * n2[q]
        bump = du * half0 + dv * half1
        # the relieved normal is made unit again as if it pointed along the half vector: only there does the highlight show
        h = max(hs[n] + bump, _f(0)) / np.sqrt(max(_ONE + _f(2) * bump + du * du + dv * dv, _f(0.1)))
        h2 = h * h
        h4 = h2 * h2
        h8 = h4 * h4
        h16 = h8 * h8
        h32 = h16 * h16
        s = (lobe0 * h32 + lobe1 * h8 + lobe2 * h32 * h32) * gloss[n]
        out0[n] = _tone(red[n] * (_ONE + _f(0.55) * pore) + s * key0)
        out1[n] = _tone(green[n] * (_ONE + _f(0.90) * pore) + s * key1)
        out2[n] = _tone(blue[n] * (_ONE + _f(0.90) * pore) + s * key2)


@kernel
def shade_strands(count, columns, strand_noise, tones):
    """Hair, lashes, brows: two highlights along the strand, shifted by strand noise (after Kajiya and Kay, and Marschner et al.).

    strand_noise float32 [65536]; the rest as in `shade_surface`.
    """
    red, green, blue, us, vs, ams, ts, shines = (
        columns[0], columns[1], columns[2], columns[3], columns[4], columns[5], columns[6], columns[7])  # fmt: skip
    out0, out1, out2 = tones[0], tones[1], tones[2]
    for n in range(count):
        strand = strand_noise[_tile(us[n], vs[n])]
        th, gloss = ts[n], shines[n]
        ta, tb = th + _f(0.10) + _f(0.16) * strand, th - _f(0.14) + _f(0.22) * strand
        a, b = max(_ONE - ta * ta, _f(0)), max(_ONE - tb * tb, _f(0))
        a2, b2 = a * a, b * b
        a4, b4 = a2 * a2, b2 * b2
        a8, b8 = a4 * a4, b4 * b4
        a16 = a8 * a8
        a32 = a16 * a16 * gloss
        shine = (_ONE + ams[n] * strand) * (_ONE + _f(2) * b8 * gloss)
        out0[n] = _tone(red[n] * shine + _f(0.30) * a32)
        out1[n] = _tone(green[n] * shine + _f(0.27) * a32)
        out2[n] = _tone(blue[n] * shine + _f(0.24) * a32)


@inlined
def _window(x, y, cx, cy, steep):
    """The soft picture of a rectangular light at cx, cy on the eye."""
    return max(_f(0), _ONE - abs(x - cx) * steep) * max(_f(0), _ONE - abs(y - cy) * steep)


@kernel
def shade_eyes(count, places, row0, columns, iris, pupil, view, half, tones):
    """Eyes: painted iris with a pupil of variable size, wet highlight, reflected windows.

    iris float32 [s, s, 3]; pupil float32 [3]: iris radius, painted pupil radius, wanted pupil radius; view float32 [3]: centre x, y and
    1 / focal length in pixels; half float32 [3] unit half vector of the key light.
    """
    last = _f(iris.shape[0] - 1)
    for n in range(count):
        u, v = columns[3, n], columns[4, n]
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
        nx, ny, gloss = columns[5, n], columns[6, n], columns[7, n]
        nz = np.sqrt(max(_ONE - nx * nx - ny * ny, _f(0)))
        vx = (view[0] - _f(places[n] & 0xFFFF) - _f(0.5)) * view[2]
        vy = (_f(row0 + (places[n] >> 16)) + _f(0.5) - view[1]) * view[2]
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
            tones[c, n] = _tone(columns[c, n] * (top * (_ONE - fy) + low * fy) + shine)


@kernel
def add_fragments(count, places, shares, tones, table, colour):
    """colour float32 [rows, width, 4] gains each fragment's encoded colour (0 to 255) and share."""
    for n in range(count):
        x, y, w = places[n] & 0xFFFF, places[n] >> 16, shares[n]
        colour[y, x, 0] += w * table[np.uint32(tones[0, n])]
        colour[y, x, 1] += w * table[np.uint32(tones[1, n])]
        colour[y, x, 2] += w * table[np.uint32(tones[2, n])]
        colour[y, x, 3] += w


def tone_table(exposure: float) -> np.typing.NDArray[np.float32]:
    """float32 [TONES]: a filmic curve and the sRGB encoding, 0 to 255, over sqrt(linear light) * TONE_SCALE."""
    x = (np.arange(TONES) / TONE_SCALE) ** 2 * exposure
    y = np.clip(x * (2.2 * x + 0.12) / (x * (1.95 * x + 0.62) + 0.16), 0, 1)
    encoded = np.where(y < 0.0031308, 12.92 * y, 1.055 * np.maximum(y, 1e-9) ** (1 / 2.4) - 0.055)
    return (255 * encoded).astype(np.float32)
