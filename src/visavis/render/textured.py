# mypy: disable-error-code="no-untyped-def, no-untyped-call"
"""Shading with textures: surfaces and eyes that bring pictures of their own, and what is blended over them by a texture's alpha."""

from __future__ import annotations

from typing import Final

import numpy as np

from visavis.render.kernel import inlined, kernel
from visavis.render.light import ROW
from visavis.render.mesh import RenderMesh
from visavis.render.shade import CHUNK, KINDS, tone_index, wet_shine

KIND_BITS: Final = KINDS.bit_length() - 1
SHEER_BIAS: Final = 2e-4
"""A sheer triangle this share of its depth behind a solid one still lies on it."""
_f = np.float32
_ONE = _f(1.0)


def texture_table(mesh: RenderMesh) -> np.typing.NDArray[np.int64]:
    """int64 [q, 3]: first texel, height and width of each texture."""
    sizes = mesh.texture_sizes.astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(sizes.prod(1))])[:-1]
    return np.ascontiguousarray(np.column_stack([starts, sizes]).reshape(-1, 3))


@inlined
def _mixed(texels, a, b, c, d, fx, fy, channel):
    """One channel between four texels, 0 to 1."""
    top = _f(texels[a, channel]) * (_ONE - fx) + _f(texels[b, channel]) * fx
    low = _f(texels[c, channel]) * (_ONE - fx) + _f(texels[d, channel]) * fx
    return (top * (_ONE - fy) + low * fy) * _f(1 / 255)


@inlined
def sample(texels, start, high, wide, u, v):
    """Linear r, g, b, then alpha, gloss and the highlight's shift of a repeating texture at u, v."""
    x, y = (u - np.floor(u)) * _f(wide) - _f(0.5), (v - np.floor(v)) * _f(high) - _f(0.5)
    x, y = x + _f(wide) * _f(x < 0), y + _f(high) * _f(y < 0)
    i, j = min(int(x), wide - 1), min(int(y), high - 1)
    fx, fy = x - _f(i), y - _f(j)
    i1, j1 = (i + 1) % wide, (j + 1) % high
    a, b, c, d = start + j * wide + i, start + j * wide + i1, start + j1 * wide + i, start + j1 * wide + i1
    red, green, blue = (_mixed(texels, a, b, c, d, fx, fy, 0), _mixed(texels, a, b, c, d, fx, fy, 1),
                        _mixed(texels, a, b, c, d, fx, fy, 2))  # fmt: skip
    shift = _f(2) * _mixed(texels, a, b, c, d, fx, fy, 5) - _f(256 / 255)
    return (red * red, green * green, blue * blue, _mixed(texels, a, b, c, d, fx, fy, 3),
            _mixed(texels, a, b, c, d, fx, fy, 4), shift)  # fmt: skip


@inlined
def _highlight(cosine, lobes):
    h = min(max(cosine, _f(0)), _ONE)
    h2 = h * h
    h4 = h2 * h2
    h8 = h4 * h4
    h32 = h8 * h8 * h8 * h8
    return lobes[0] * h32 + lobes[1] * h8 + lobes[2] * h32 * h32


@kernel
def shade_textured(count, listed, surfaces, columns, pictures, lobes, key):
    """Surfaces with a texture: columns 0 to 2 become indices into the tone table.

    listed uint32 triangles of the fragments; surfaces uint32 [t + 1]; pictures: texels uint8 [x, 8], table int64 [q, 3]
    (`texture_table`), group_texture int16 [g]; lobes, key as in `shade.shade_surface`.
    """
    texels, table, group_texture = pictures
    for n in range(count):
        at = (n >> 4) * CHUNK + (n & 15)
        q = group_texture[surfaces[listed[n]] >> KIND_BITS]
        red, green, blue, _, gloss, shift = sample(
            texels, table[q, 0], table[q, 1], table[q, 2], columns[at + 48], columns[at + 64]
        )
        s = _highlight(columns[at + 96] + shift, lobes) * columns[at + 112] * gloss
        columns[at] = tone_index(columns[at] * red + s * key[0])
        columns[at + 16] = tone_index(columns[at + 16] * green + s * key[1])
        columns[at + 32] = tone_index(columns[at + 32] * blue + s * key[2])


@kernel
def shade_textured_eyes(count, listed, places, row0, surfaces, columns, pictures, view, half):
    """Eyeballs with a texture, wet as painted ones are (`shade.shade_eyes`)."""
    texels, table, group_texture = pictures
    for n in range(count):
        at = (n >> 4) * CHUNK + (n & 15)
        q = group_texture[surfaces[listed[n]] >> KIND_BITS]
        red, green, blue, _, gloss, _ = sample(
            texels, table[q, 0], table[q, 1], table[q, 2], columns[at + 48], columns[at + 64]
        )
        x, y = _f(places[n] & 0xFFFF) + _f(0.5), _f(row0 + (places[n] >> 16)) + _f(0.5)
        s = wet_shine(columns[at + 80], columns[at + 96], x, y, view, half) * columns[at + 112] * gloss
        columns[at] = tone_index(columns[at] * red + s)
        columns[at + 16] = tone_index(columns[at + 16] * green + s)
        columns[at + 32] = tone_index(columns[at + 32] * blue + s)


@inlined
def _inside(v0, v1, v2):
    return v0 >= 0 and v1 >= 0 and v2 >= 0


@kernel
def blend_sheer(listed, geometry, row0, rows, columns, depth, pictures, lobes, key, table, colour):
    """Lays the listed triangles, furthest first, over a band: colour float32 [rows, w, 4], encoded, and its coverage in the fourth.

    geometry: screen, triangles, rows of the vertices, surfaces. depth float32 flat, the solid triangles' inverse depths in
    `columns` blocks across as `raster.draw_band_4` left them; row0: the band's first pixel row, of `rows`.
    """
    screen, triangles, looks, surfaces = geometry
    texels, sizes, group_texture = pictures
    wide = min(colour.shape[1], 2 * columns)
    mean = np.empty(ROW, np.float32)
    for n in range(listed.shape[0]):
        t = listed[n]
        i, j, k = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        x0, y0, z0 = screen[i, 0], screen[i, 1] - _f(row0), screen[i, 2]
        x1, y1, z1 = screen[j, 0], screen[j, 1] - _f(row0), screen[j, 2]
        x2, y2, z2 = screen[k, 0], screen[k, 1] - _f(row0), screen[k, 2]
        inv = _ONE / ((x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0))
        a0, b0, a1, b1 = (y1 - y2) * inv, (x2 - x1) * inv, (y2 - y0) * inv, (x0 - x2) * inv
        c0, c1 = -(a0 * x1 + b0 * y1), -(a1 * x2 + b1 * y2)
        left, right = max(int(min(x0, x1, x2)), 0), min(int(max(x0, x1, x2)) + 1, wide)
        top, bottom = max(int(min(y0, y1, y2)), 0), min(int(max(y0, y1, y2)) + 1, rows)
        q = group_texture[surfaces[t] >> KIND_BITS]
        for y in range(top, bottom):
            for x in range(left, right):
                lane = ((y >> 1) * columns + (x >> 1)) * 16 + (y & 1) * 8 + (x & 1) * 4
                cover = _f(0)
                for s in range(4):
                    px, py = (
                        _f(x) + _f(0.125) + _f(0.5) * _f(s & 1) + _f(0.25) * _f(s >> 1),
                        _f(y) + _f(0.25) + _f(0.5) * _f(s >> 1),
                    )
                    v0, v1 = a0 * px + b0 * py + c0, a1 * px + b1 * py + c1
                    v2 = _ONE - v0 - v1
                    if _inside(v0, v1, v2) and (v0 * z0 + v1 * z1 + v2 * z2) * _f(1 + SHEER_BIAS) >= depth[lane + s]:
                        cover += _f(0.25)
                if cover == 0:
                    continue
                px, py = _f(x) + _f(0.5), _f(y) + _f(0.5)
                v0, v1 = a0 * px + b0 * py + c0, a1 * px + b1 * py + c1
                w0, w1, w2 = max(v0, _f(0)) * z0, max(v1, _f(0)) * z1, max(_ONE - v0 - v1, _f(0)) * z2
                scale = _ONE / (w0 + w1 + w2 + _f(1e-20))
                for c in range(ROW):
                    mean[c] = (w0 * looks[i, c] + w1 * looks[j, c] + w2 * looks[k, c]) * scale
                red, green, blue, alpha, gloss, shift = sample(texels, sizes[q, 0], sizes[q, 1], sizes[q, 2], mean[3], mean[4])
                s = _highlight(mean[6] + shift, lobes) * mean[7] * gloss
                w = cover * min(alpha + s, _ONE)
                for c in range(3):
                    own = red if c == 0 else (green if c == 1 else blue)
                    shown = table[int(tone_index(mean[c] * own + s * key[c]))]
                    colour[y, x, c] += w * (shown - colour[y, x, c])
                colour[y, x, 3] += w * (_ONE - colour[y, x, 3])
