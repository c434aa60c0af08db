# mypy: disable-error-code="no-untyped-def, no-untyped-call, call-arg, var-annotated"
"""From samples to colours: each distinct surface in a pixel is shaded once (a fragment) and weighted by the samples it covers.

A band's fragments are first listed by kind of surface, then interpolated into columns, then shaded column by column: loops without
branches over many fragments, which the compiler turns into vector code.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from visavis.render.kernel import inlined, kernel
from visavis.render.lanes import block_masks, mix_fragment, turn_chunk
from visavis.render.light import ROW
from visavis.types import F32

KINDS: Final = 8
"""A power of two, so that a triangle's kind is its surface's lowest bits."""
CHUNK: Final = 16 * (ROW + 1)
"""Floats that hold 16 fragments: eight interpolated columns and one of grain."""
SURFACE, STRAND, MOUTH, EYE, TEXTURED, TEXTURED_EYE = range(6)
"""Kinds of shading: skin and cloth, hair and lashes and brows, mouth, eyes; any part with a texture, eyes with one (`textured`)."""
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


@inlined
def _tile(u, v):
    """Texel of the periodic 256 x 256 tile at u, v."""
    i = np.int32(u * _f(256) + _f(1 << 20)) & np.int32(255)
    j = np.int32(v * _f(256) + _f(1 << 20)) & np.int32(255)
    return np.uint32(j * np.int32(256) + i)


@kernel
def interpolate(count, listed, places, row0, triangles, planes, rows, grain, columns):
    """Perspective-correct rows of `count` fragments, and the noise tile where they lie, in chunks of 16 fragments.

    listed, places from `list_fragments`; planes float32 [t, 12] from `raster.draw_band_4`; row0: the band's first pixel row; grain
    float32 [65536] from `grain_table`. Written: columns float32 [chunks * CHUNK]; column q of fragment n is at
    n // 16 * CHUNK + q * 16 + n % 16; columns 0 to 7 are the vertices' rows, 8 the grain.
    """
    for chunk in range((count + 15) // 16):
        at = np.uint64(chunk * CHUNK)
        for m in range(min(16, count - 16 * chunk)):
            n = np.uint64(16 * chunk + m)
            t, q = listed[n], places[n]
            x, y = _f(q & np.uint32(0xFFFF)) + _f(0.5), _f(row0 + (q >> np.uint32(16))) + _f(0.5)
            mix_fragment(
                planes, t, x, y, (triangles[t, 0], triangles[t, 1], triangles[t, 2]), rows, columns, at + np.uint64(8 * m)
            )
            texel = _tile(columns[at + np.uint64(8 * m + 3)], columns[at + np.uint64(8 * m + 4)])
            columns[at + np.uint64(128 + m)] = grain[texel]
        turn_chunk(columns, at)


@inlined
def _grain(bits, channel):
    """Channel 0 to 3 of a packed texel, -1 to 1."""
    return _f(np.int32(bits << np.int32(24 - 8 * channel)) >> np.int32(24)) * _f(1 / 127)


@inlined
def tone_index(light):
    """Index into the tone table, as a float."""
    return min(np.sqrt(max(light, _f(0))) * _f(TONE_SCALE), _f(TONES - 1))


@kernel
def shade_surface(count, columns, lobes, key):
    """Skin, cloth and mouth: columns 0 to 2 become indices into the tone table.

    lobes float32 [3]: strength of the highlights of power 32, 8 and 64; key float32 [3]: their colour.
    """
    key0, key1, key2 = key[0], key[1], key[2]
    lobe0, lobe1, lobe2 = lobes[0], lobes[1], lobes[2]
    for chunk in range((count + 15) // 16):
        f = columns[chunk * CHUNK : (chunk + 1) * CHUNK]
        bits = f.view(np.int32)
        for n in range(16):
            am, texel = f[80 + n], bits[128 + n]
            pore, bump, relief = am * _grain(texel, 0), am * _grain(texel, 1), am * am * _grain(texel, 2)
            # the relieved normal is made unit again as if it pointed along the half vector: only there does the highlight show
            h = max(f[96 + n] + bump, _f(0)) / np.sqrt(max(_ONE + _f(2) * bump + relief, _f(0.1)))
            h2 = h * h
            h4 = h2 * h2
            h8 = h4 * h4
            h16 = h8 * h8
            h32 = h16 * h16
            s = (lobe0 * h32 + lobe1 * h8 + lobe2 * h32 * h32) * f[112 + n]
            f[n] = tone_index(f[n] * (_ONE + _f(0.55) * pore) + s * key0)
            f[16 + n] = tone_index(f[16 + n] * (_ONE + _f(0.90) * pore) + s * key1)
            f[32 + n] = tone_index(f[32 + n] * (_ONE + _f(0.90) * pore) + s * key2)


@kernel
def shade_strands(count, columns):
    """Hair, lashes, brows: two highlights along the strand, shifted by strand noise (after Kajiya and Kay, and Marschner et al.)."""
    for chunk in range((count + 15) // 16):
        f = columns[chunk * CHUNK : (chunk + 1) * CHUNK]
        bits = f.view(np.int32)
        for n in range(16):
            strand = _grain(bits[128 + n], 3)
            th, gloss = f[96 + n], f[112 + n]
            ta, tb = th + _f(0.10) + _f(0.16) * strand, th - _f(0.14) + _f(0.22) * strand
            a, b = max(_ONE - ta * ta, _f(0)), max(_ONE - tb * tb, _f(0))
            a2, b2 = a * a, b * b
            a4, b4 = a2 * a2, b2 * b2
            a8, b8 = a4 * a4, b4 * b4
            a16 = a8 * a8
            a32 = a16 * a16 * gloss
            shine = (_ONE + f[80 + n] * strand) * (_ONE + _f(2) * b8 * gloss)
            f[n] = tone_index(f[n] * shine + _f(0.30) * a32)
            f[16 + n] = tone_index(f[16 + n] * shine + _f(0.27) * a32)
            f[32 + n] = tone_index(f[32 + n] * shine + _f(0.24) * a32)


@inlined
def _window(x, y, cx, cy, steep):
    """The soft picture of a rectangular light at cx, cy on the eye."""
    return max(_f(0), _ONE - abs(x - cx) * steep) * max(_f(0), _ONE - abs(y - cy) * steep)


@inlined
def wet_shine(nx, ny, x, y, view, half):
    """What a wet eye reflects at pixel x, y: the key light, two windows, and the room at grazing angles."""
    nz = np.sqrt(max(_ONE - nx * nx - ny * ny, _f(0)))
    vx, vy = (view[0] - x) * view[2], (y - view[1]) * view[2]
    iv = _ONE / np.sqrt(_ONE + vx * vx + vy * vy)
    vx, vy = vx * iv, vy * iv
    ndv = max(_f(0), nx * vx + ny * vy + nz * iv)
    h = max(_f(0), nx * half[0] + ny * half[1] + nz * half[2])
    for _ in range(9):
        h = h * h
    f = _ONE - ndv
    rx, ry = _f(2) * ndv * nx - vx, _f(2) * ndv * ny - vy
    box = min(_ONE, _window(rx, ry, _f(-0.32), _f(0.26), _f(4.2)) * _f(5)) * _f(3.2)
    return h * _f(0.5) + box + _window(rx, ry, _f(0.36), _f(-0.30), _f(6)) * _f(0.6) + f * f * f * f * f * _f(0.25)


@kernel
def shade_eyes(count, places, row0, columns, iris, pupil, view, half):
    """Eyes: painted iris with a pupil of variable size, wet highlight, reflected windows.

    iris float32 [s, s, 3]; pupil float32 [3]: iris radius, painted pupil radius, wanted pupil radius; view float32 [3]: centre x, y and
    1 / focal length in pixels; half float32 [3] unit half vector of the key light.
    """
    last = _f(iris.shape[0] - 1)
    for n in range(count):
        at = (n >> 4) * CHUNK + (n & 15)
        u, v = columns[at + 48], columns[at + 64]
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
        x, y = _f(places[n] & 0xFFFF) + _f(0.5), _f(row0 + (places[n] >> 16)) + _f(0.5)
        shine = wet_shine(columns[at + 80], columns[at + 96], x, y, view, half) * columns[at + 112]
        for c in range(3):
            top = iris[j, i, c] * (_ONE - fx) + iris[j, i + 1, c] * fx
            low = iris[j + 1, i, c] * (_ONE - fx) + iris[j + 1, i + 1, c] * fx
            columns[at + 16 * c] = tone_index(columns[at + 16 * c] * (top * (_ONE - fy) + low * fy) + shine)


@kernel
def add_fragments(count, places, shares, columns, table, colour):
    """colour float32 [rows, width, 4] gains each fragment's encoded colour (0 to 255) and share."""
    for n in range(count):
        at = np.uint64((n >> 4) * CHUNK + (n & 15))
        x, y, w = places[n] & 0xFFFF, places[n] >> 16, shares[n]
        colour[y, x, 0] += w * table[np.uint32(np.int32(columns[at + np.uint64(0)]) & np.int32(TONES - 1))]
        colour[y, x, 1] += w * table[np.uint32(np.int32(columns[at + np.uint64(16)]) & np.int32(TONES - 1))]
        colour[y, x, 2] += w * table[np.uint32(np.int32(columns[at + np.uint64(32)]) & np.int32(TONES - 1))]
        colour[y, x, 3] += w


def grain_table(noise: F32, half: F32) -> F32:
    """float32 [65536] whose bits are four signed bytes, -127 to 127: pores, relief along the half vector, its square, strands.

    noise float32 [256, 256, 4] as in RenderMesh; half float32 [3] unit.
    """
    pores, du, dv, strands = noise.reshape(-1, 4).T
    channels = np.stack([pores, du * half[0] + dv * half[1], du * du + dv * dv, strands], 1)
    signed = np.round(channels.clip(-1, 1) * 127).astype(np.int8)
    return np.ascontiguousarray(signed).view(np.float32).ravel()


def tone_table(exposure: float) -> F32:
    """float32 [TONES]: a filmic curve and the sRGB encoding, 0 to 255, over sqrt(linear light) * TONE_SCALE."""
    x = (np.arange(TONES) / TONE_SCALE) ** 2 * exposure
    y = np.clip(x * (2.2 * x + 0.12) / (x * (1.95 * x + 0.62) + 0.16), 0, 1)
    encoded = np.where(y < 0.0031308, 12.92 * y, 1.055 * np.maximum(y, 1e-9) ** (1 / 2.4) - 0.055)
    return (255 * encoded).astype(np.float32)
