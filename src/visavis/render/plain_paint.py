"""The plain twin of the pixel kernels, in numpy: visibility sample by sample, then every sample shaded by itself."""

from __future__ import annotations

from typing import Any

import numpy as np

from visavis.render.mesh import I32
from visavis.render.plain_textured import SAMPLES, plain_sheer, plain_texel, plain_textured
from visavis.render.shade import EYE, KINDS, MOUTH, SAME_DEPTH, STRAND, TEXTURED, TEXTURED_EYE, TONE_SCALE, TONES
from visavis.types import F32, U8


def plain_samples(screen: F32, triangles: I32, two_sided: U8, width: int, height: int) -> tuple[I32, F32]:
    """int32 [h, w, 4]: the nearest triangle at each of a pixel's four samples, -1 for none, and its inverse depth."""
    ids = np.full((height, width, 4), -1, np.int32)
    depth = np.zeros((height, width, 4))
    corners = screen[triangles].astype(np.float64)
    for t, ((x0, y0, z0), (x1, y1, z1), (x2, y2, z2)) in enumerate(corners):
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if area == 0 or (area > 0 and not two_sided[t]) or min(z0, z1, z2) <= 0:
            continue
        left, right = max(int(min(x0, x1, x2)), 0), min(int(max(x0, x1, x2)) + 1, width)
        top, bottom = max(int(min(y0, y1, y2)), 0), min(int(max(y0, y1, y2)) + 1, height)
        if left >= right or top >= bottom:
            continue
        y, x = np.mgrid[top:bottom, left:right]
        for s, (dx, dy) in enumerate(SAMPLES):
            px, py = x + dx, y + dy
            a = ((x1 - px) * (y2 - py) - (x2 - px) * (y1 - py)) / area
            b = ((x2 - px) * (y0 - py) - (x0 - px) * (y2 - py)) / area
            c = 1 - a - b
            z = a * z0 + b * z1 + c * z2
            here = depth[top:bottom, left:right, s]
            wins = (a >= 0) & (b >= 0) & (c >= 0) & (z > here)
            here[wins] = z[wins]
            ids[top:bottom, left:right, s][wins] = t
    return ids, depth.astype(np.float32)


def plain_merge(ids: I32, depth: F32, surfaces: I32) -> I32:
    """int32 [h, w, 4]: each sample's triangle, or that of an earlier sample of its pixel with the same surface and depth."""
    kind = surfaces[ids]  # the last entry, reached by -1, is no triangle's
    slack = SAME_DEPTH * depth.max(2)
    source = np.broadcast_to(np.arange(4), ids.shape).copy()
    for i, j in ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)):
        alone = (source[..., i] == i) & (source[..., j] == j)
        same = (kind[..., i] == kind[..., j]) & (np.abs(depth[..., i] - depth[..., j]) <= slack)
        source[..., j][alone & same] = i
    merged: I32 = np.take_along_axis(ids, source, 2)
    return merged


def plain_interpolate(triangle: I32, x: F32, y: F32, screen: F32, triangles: I32, rows: F32) -> F32:
    """[n, 8]: the perspective-correct mean of the corners' rows of n triangles at pixel centres x, y; weights kept inside."""
    corners = screen[triangles[triangle]].astype(np.float64)
    (x0, y0), (x1, y1), (x2, y2) = (corners[:, k, :2].T for k in range(3))
    area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
    a = ((x1 - x) * (y2 - y) - (x2 - x) * (y1 - y)) / area
    b = ((x2 - x) * (y0 - y) - (x0 - x) * (y2 - y)) / area
    weights = np.maximum(np.stack([a, b, 1 - a - b], 1), 0) * corners[:, :, 2]
    weights /= weights.sum(1, keepdims=True) + 1e-20
    mixed: F32 = np.einsum("nk,nkq->nq", weights, rows[triangles[triangle]].astype(np.float64))
    return mixed


def plain_paint(geometry: tuple[Any, ...], looks: tuple[Any, ...], two_sided: U8, background: F32) -> F32:
    """float32 [h, w, 3] 0 to 255, what `paint.paint` makes of the same arguments, before rounding."""
    screen, triangles, _, _, _, rows, surfaces, sheer_starts, sheer_listed = geometry
    _, high, wide = background.shape
    sheer = sheer_listed[: sheer_starts[-1]]
    corners = triangles.astype(np.int32)
    if len(sheer):
        corners[np.unique(sheer)] = 0  # a triangle without area is drawn nowhere
    ids, depth = plain_samples(screen, corners, two_sided, wide, high)
    ids = plain_merge(ids, depth, surfaces)
    y, x, s = np.nonzero(ids >= 0)
    triangle = ids[y, x, s]
    columns = plain_interpolate(triangle, x + 0.5, y + 0.5, screen, triangles, rows)
    kind = surfaces[triangle] % KINDS
    linear = np.zeros((len(x), 3))
    for k in range(KINDS):
        of = kind == k
        if of.any():
            linear[of] = _shade(k, columns[of], x[of], y[of], looks, surfaces[triangle[of]])
    index = np.minimum(np.sqrt(np.maximum(linear, 0)) * TONE_SCALE, TONES - 1).astype(np.int64)
    colour = np.zeros((*ids.shape, 4))
    colour[y, x, s] = np.c_[looks[7][index], np.ones(len(x))]
    over = colour.mean(2)
    if len(sheer):
        plain_sheer(geometry, looks, depth, over)
    mean: F32 = (over[..., :3] + (1 - over[..., 3:]) * background.transpose(1, 2, 0)).astype(np.float32)
    return mean


def _shade(kind: int, columns: F32, x: F32, y: F32, looks: tuple[Any, ...], surfaces: I32) -> F32:
    """Linear light [n, 3] of n samples of one kind."""
    grain, iris, pupil, view, half, lobes, tints, _, pictures = looks
    rgb, u, v = columns[:, :3], columns[:, 3], columns[:, 4]
    if kind == EYE:
        return _shade_eye(columns, x, y, iris, pupil, view, half)
    if kind in {TEXTURED, TEXTURED_EYE}:
        picture = plain_texel(pictures, pictures[2][surfaces // KINDS], u, v)
        if kind == TEXTURED:
            return plain_textured(columns, picture, lobes[0], tints[0])
        wet: F32 = rgb * picture[:, :3] + (_wet(columns, x, y, view, half) * columns[:, 7] * picture[:, 4])[:, None]
        return wet
    texel = (np.floor(v * 256).astype(np.int64) & 255) * 256 + (np.floor(u * 256).astype(np.int64) & 255)
    pores, bump, relief, strand = grain.view(np.int8).reshape(-1, 4)[texel].T / 127
    amount, cosine, gloss = columns[:, 5], columns[:, 6], columns[:, 7]
    if kind == STRAND:
        first = np.maximum(1 - (cosine + 0.10 + 0.16 * strand) ** 2, 0) ** 32 * gloss
        second = np.maximum(1 - (cosine - 0.14 + 0.22 * strand) ** 2, 0) ** 8 * gloss
        lit: F32 = rgb * ((1 + amount * strand) * (1 + 2 * second))[:, None] + first[:, None] * np.array([0.30, 0.27, 0.24])
        return lit
    mouth = int(kind == MOUTH)
    length = np.sqrt(np.maximum(1 + 2 * amount * bump + amount * amount * relief, 0.1))
    h = np.maximum(cosine + amount * bump, 0) / length
    shine = (lobes[mouth, 0] * h**32 + lobes[mouth, 1] * h**8 + lobes[mouth, 2] * h**64) * gloss
    surface: F32 = rgb * (1 + np.outer(amount * pores, [0.55, 0.9, 0.9])) + shine[:, None] * tints[mouth]
    return surface


def _shade_eye(columns: F32, x: F32, y: F32, iris: F32, pupil: F32, view: F32, half: F32) -> F32:
    rgb, u, v = columns[:, :3], columns[:, 3], columns[:, 4]
    radius = np.hypot(u, v) + 1e-6
    wanted = np.interp(radius, [0, pupil[2], pupil[0], 2], [0, pupil[1], pupil[0], 2])
    u, v = u * wanted / radius, v * wanted / radius
    last = iris.shape[0] - 1
    tx, ty = (np.clip((0.5 + 0.5 * a) * last, 0, last - 0.001) for a in (u, -v))
    i, j = tx.astype(int), ty.astype(int)
    fx, fy = (tx - i)[:, None], (ty - j)[:, None]
    paint = (iris[j, i] * (1 - fx) + iris[j, i + 1] * fx) * (1 - fy) + (
        iris[j + 1, i] * (1 - fx) + iris[j + 1, i + 1] * fx
    ) * fy
    lit: F32 = rgb * paint + (_wet(columns, x, y, view, half) * columns[:, 7])[:, None]
    return lit


def _wet(columns: F32, x: F32, y: F32, view: F32, half: F32) -> F32:
    """What a wet eye reflects at pixels x, y, [n]."""
    nx, ny = columns[:, 5], columns[:, 6]
    nz = np.sqrt(np.maximum(1 - nx * nx - ny * ny, 0))
    to = np.stack([(view[0] - x - 0.5) * view[2], (y + 0.5 - view[1]) * view[2], np.ones(len(x))], 1)
    to /= np.linalg.norm(to, axis=1, keepdims=True)
    ndv = np.maximum(nx * to[:, 0] + ny * to[:, 1] + nz * to[:, 2], 0)
    spark = np.maximum(nx * half[0] + ny * half[1] + nz * half[2], 0) ** 512
    rx, ry = 2 * ndv * nx - to[:, 0], 2 * ndv * ny - to[:, 1]

    def window(cx: float, cy: float, steep: float) -> F32:
        seen: F32 = np.maximum(1 - np.abs(rx - cx) * steep, 0) * np.maximum(1 - np.abs(ry - cy) * steep, 0)
        return seen

    box = np.minimum(window(-0.32, 0.26, 4.2) * 5, 1) * 3.2 + window(0.36, -0.30, 6) * 0.6
    shine: F32 = spark * 0.5 + box + (1 - ndv) ** 5 * 0.25
    return shine
