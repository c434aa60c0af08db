# mypy: disable-error-code="no-untyped-def, no-untyped-call, call-arg, var-annotated"
"""The pixels of a portrait: turned and projected vertices, openings at four samples a pixel, and the picture put together as I420."""

from __future__ import annotations

import numpy as np

from visavis.render.kernel import inlined, kernel

_f = np.float32
_ONE = _f(1.0)


@kernel
def turn_project(points, follow, turn, shift, pivot, camera, rates, screen, depth):
    """Vertices turned about the pivot by their share of an angle, moved and projected.

    points float32 [v, 3] metres, camera space; follow float32 [v]; turn float32 [4]: axis and angle; shift float32 [3] metres;
    camera float32 [4]: px per metre, centre x, y, distance in metres; rates float32 [2]: what is left of turn and shift at follow 0.
    Written: screen float32 [v, 2] px, depth float32 [v].
    """
    ax, ay, az, angle = turn[0], turn[1], turn[2], turn[3]
    known = _f(-9)
    cos, sin = _ONE, _f(0)
    for i in range(points.shape[0]):
        w = rates[0] + (_ONE - rates[0]) * follow[i]
        if w != known:
            known = w
            cos, sin = _f(np.cos(angle * w)), _f(np.sin(angle * w))
        m = rates[1] + (_ONE - rates[1]) * follow[i]
        x, y, z = points[i, 0] - pivot[0], points[i, 1] - pivot[1], points[i, 2] - pivot[2]
        along = (ax * x + ay * y + az * z) * (_ONE - cos)
        rx = x * cos + (ay * z - az * y) * sin + ax * along + pivot[0] + m * shift[0]
        ry = y * cos + (az * x - ax * z) * sin + ay * along + pivot[1] + m * shift[1]
        rz = z * cos + (ax * y - ay * x) * sin + az * along + pivot[2] + m * shift[2]
        scale = camera[0] * camera[3] / (camera[3] - rz)
        screen[i, 0] = camera[1] + scale * rx
        screen[i, 1] = camera[2] - scale * ry
        depth[i] = rz


@inlined
def _sample(picture, u, v, c):
    """Channel c of uint8 [h, w, n] between its pixels; u, v lie inside."""
    i, j = int(u), int(v)
    fu, fv = u - _f(i), v - _f(j)
    top = _f(picture[j, i, c]) * (_ONE - fu) + _f(picture[j, i + 1, c]) * fu
    low = _f(picture[j + 1, i, c]) * (_ONE - fu) + _f(picture[j + 1, i + 1, c]) * fu
    return top * (_ONE - fv) + low * fv


@inlined
def _within(value, size):
    """Clamped so that the next pixel exists."""
    return min(max(value, _f(0)), _f(size) - _f(1.001))


@kernel
def look_up(ids, uv, sheet, corner, colours):
    """colours float32 [h, w, 3]: the sheet uint8 [sh, sw, 3] at uv float32 [h, w, 2] (px of the picture) where ids int32 [h, w] >= 0.

    corner float32 [2]: the picture's pixel of the sheet's first.
    """
    for y in range(ids.shape[0]):
        for x in range(ids.shape[1]):
            if ids[y, x] >= 0:
                u = _within(uv[y, x, 0] - corner[0], sheet.shape[1])
                v = _within(uv[y, x, 1] - corner[1], sheet.shape[0])
                for c in range(3):
                    colours[y, x, c] = _sample(sheet, u, v, c)


@kernel
def shade_depths(hole, near, above, warmth, dark, ids, colours):
    """Inside the mouth: darker near the lips and under the upper one.

    hole uint8 [h, w]; near, above float32 [h, w]: the hole blurred, and the same from further up; warmth, dark float32 [3];
    colours float32 [h, w, 3] of what was drawn where ids >= 0, changed in place.
    """
    for y in range(hole.shape[0]):
        for x in range(hole.shape[1]):
            if hole[y, x] == 0 and ids[y, x] >= 0:
                continue
            light = min(max(_f(0.42) + _f(0.75) * _f(0.5) * (near[y, x] + above[y, x]), _f(0.05)), _ONE)
            for c in range(3):
                value = colours[y, x, c] if ids[y, x] >= 0 else dark[c]
                colours[y, x, c] = value * light ** warmth[c]


@kernel
def gather_samples(picture, skin_ids, skin_rows, hole, colours, box, ids, uv, tint, amount, over):
    """From four samples a pixel to pixels, where a pixel is partly open or the skin under it jumps: a closed lid's edge, a lip's.

    picture uint8 [s, s, 4]; skin_ids int32 [2h, 2w], skin_rows float32 [2h, 2w, 3]: the face at the samples,
    u, v and how far it is stretched lid; hole uint8 [2h, 2w];
    colours float32 [2h, 2w, 3] seen in it; box int32 [4]: x, y, w, h in the picture; ids int32 [s, s], uv float32 [s, s, 2] of whole
    pixels, for samples that are neither; tint float32 [3], amount: what stretched lids are mixed with, how much.
    Written: over float32 [h, w, 4]: colour, and 1 where it counts, else 0.
    """
    x0, y0 = box[0], box[1]
    side = picture.shape[0]
    for y in range(box[3]):
        for x in range(box[2]):
            opened = 0
            lid = _f(0)
            low_u = low_v = _f(1e9)
            high_u = high_v = _f(-1e9)
            for s in range(4):
                j, i = 2 * y + (s >> 1), 2 * x + (s & 1)
                if hole[j, i] != 0:
                    opened += 1
                elif skin_ids[j, i] >= 0:
                    u, v = skin_rows[j, i, 0], skin_rows[j, i, 1]
                    lid = max(lid, skin_rows[j, i, 2])
                    low_u, high_u = min(low_u, u), max(high_u, u)
                    low_v, high_v = min(low_v, v), max(high_v, v)
            over[y, x, 3] = _f(0)
            plain = opened == 0 and lid * amount < _f(0.01)
            if (plain and max(high_u - low_u, high_v - low_v) < _f(1.6)) or ids[y0 + y, x0 + x] < 0:
                continue
            over[y, x, 3] = _ONE
            for c in range(3):
                over[y, x, c] = _f(0)
            for s in range(4):
                j, i = 2 * y + (s >> 1), 2 * x + (s & 1)
                if hole[j, i] != 0:
                    for c in range(3):
                        over[y, x, c] += _f(0.25) * colours[j, i, c]
                else:
                    u, v = uv[y0 + y, x0 + x, 0], uv[y0 + y, x0 + x, 1]
                    mix = _f(0)
                    if skin_ids[j, i] >= 0:
                        u, v = skin_rows[j, i, 0], skin_rows[j, i, 1]
                        mix = skin_rows[j, i, 2] * amount
                    u, v = _within(u, side), _within(v, side)
                    for c in range(3):
                        over[y, x, c] += _f(0.25) * (_sample(picture, u, v, c) * (_ONE - mix) + tint[c] * mix)


@kernel
def mix_own(hole, sheet, corner, ids, uv, box, share, colours):
    """Between lips that are parted much as in the picture: what the picture shows there, by `share`.

    sheet uint8 [sh, sw, 3] with the picture's pixel of its first at corner float32 [2]; ids int32 [s, s] and uv float32 [s, s, 2] of the
    picture's relief; hole uint8 [2h, 2w] and colours float32 [2h, 2w, 3] at four samples a pixel; box int32 [4] of the samples.
    """
    for y in range(hole.shape[0]):
        for x in range(hole.shape[1]):
            if hole[y, x] == 0:
                continue
            j, i = (box[1] + y) >> 1, (box[0] + x) >> 1
            if ids[j, i] < 0:
                continue
            u = uv[j, i, 0] - corner[0] + _f(0.5) * _f((box[0] + x) & 1) - _f(0.25)
            v = uv[j, i, 1] - corner[1] + _f(0.5) * _f((box[1] + y) & 1) - _f(0.25)
            u, v = _within(u, sheet.shape[1]), _within(v, sheet.shape[0])
            for c in range(3):
                colours[y, x, c] += share * (_sample(sheet, u, v, c) - colours[y, x, c])


@kernel
def shade_ball(hole, near, strength, colours):
    """An eyeball under a lid that comes down: darker near the lids. near float32 [h, w]: the hole blurred; strength 0 to 1."""
    for y in range(hole.shape[0]):
        for x in range(hole.shape[1]):
            if hole[y, x] != 0:
                light = _ONE - strength * (_ONE - near[y, x])
                for c in range(3):
                    colours[y, x, c] *= light


@kernel
def compose(picture, background, ids, uv, over, has_over, row0, rows, out):
    """The finished picture: rows [row0, row0 + rows) of out uint8 [s, s, 3].

    picture uint8 [s, s, 4]; background uint8 [s, s, 3]; ids int32 [s, s], uv float32 [s, s, 2] px; over float32 [s, s, 4] colour and
    share, read where has_over uint8 [s, s] is not 0.
    """
    width, height = ids.shape[1], ids.shape[0]
    for y in range(row0, row0 + rows):
        for x in range(width):
            if ids[y, x] < 0:
                for c in range(3):
                    out[y, x, c] = background[y, x, c]
                continue
            u, v = _within(uv[y, x, 0], width), _within(uv[y, x, 1], height)
            i, j = int(u), int(v)
            fu, fv = u - _f(i), v - _f(j)
            a, b, c_, d = (_ONE - fu) * (_ONE - fv), fu * (_ONE - fv), (_ONE - fu) * fv, fu * fv
            alpha = (
                _f(picture[j, i, 3]) * a
                + _f(picture[j, i + 1, 3]) * b
                + _f(picture[j + 1, i, 3]) * c_
                + _f(picture[j + 1, i + 1, 3]) * d
            ) * _f(1 / 255)
            open_share = over[y, x, 3] if has_over[y, x] != 0 else _f(0)
            for c in range(3):
                value = (
                    _f(picture[j, i, c]) * a
                    + _f(picture[j, i + 1, c]) * b
                    + _f(picture[j + 1, i, c]) * c_
                    + _f(picture[j + 1, i + 1, c]) * d
                )
                if open_share > 0:
                    value = value * (_ONE - open_share) + over[y, x, c] * open_share
                value = value * alpha + _f(background[y, x, c]) * (_ONE - alpha)
                out[y, x, c] = np.uint8(min(max(value + _f(0.5), _f(0)), _f(255)))


@kernel
def to_i420(rgb, i420):
    """rgb uint8 [h, w, 3], both sides even, as i420 uint8 [h * 3 // 2, w] (BT.601, limited range); chroma is the mean of 2 x 2 pixels."""
    height, width = rgb.shape[0], rgb.shape[1]
    half = width // 2
    flat = i420.reshape(-1)
    for y in range(0, height, 2):
        u0 = width * height + y // 2 * half
        v0 = u0 + half * (height // 2)
        for x in range(half):
            red = green = blue = np.int32(0)
            for s in range(4):
                j, i = y + (s >> 1), 2 * x + (s & 1)
                r, g, b = np.int32(rgb[j, i, 0]), np.int32(rgb[j, i, 1]), np.int32(rgb[j, i, 2])
                i420[j, i] = np.uint8((16829 * r + 33039 * g + 6416 * b + (1 << 15)) // (1 << 16) + 16)
                red += r
                green += g
                blue += b
            flat[u0 + x] = np.uint8((-9714 * red - 19071 * green + 28784 * blue + (1 << 17) + (128 << 18)) // (1 << 18))
            flat[v0 + x] = np.uint8((28784 * red - 24103 * green - 4681 * blue + (1 << 17) + (128 << 18)) // (1 << 18))
