"""The plain twin of `textured`, in numpy: textures read between their texels, sheer triangles laid over the picture one by one."""

from __future__ import annotations

from typing import Any

import numpy as np

from visavis.render.shade import KINDS, TONE_SCALE, TONES
from visavis.render.textured import SHEER_BIAS
from visavis.types import F32

SAMPLES = ((0.125, 0.25), (0.625, 0.25), (0.375, 0.75), (0.875, 0.75))


def plain_texel(pictures: tuple[Any, ...], texture: np.typing.NDArray[np.integer], u: F32, v: F32) -> F32:
    """[n, 6]: linear r, g, b, alpha, gloss and the highlight's shift of n points, each in its own repeating texture."""
    texels, table, _ = pictures
    start, high, wide = table[texture].T
    x, y = (u % 1) * wide - 0.5, (v % 1) * high - 0.5
    i, j = np.floor(x).astype(int), np.floor(y).astype(int)
    fx, fy = (x - i)[:, None], (y - j)[:, None]

    def at(column: np.typing.NDArray[np.integer], row: np.typing.NDArray[np.integer]) -> F32:
        value: F32 = np.asarray(texels[start + (row % high) * wide + column % wide, :6], np.float64)
        return value

    mixed: F32 = (at(i, j) * (1 - fx) + at(i + 1, j) * fx) * (1 - fy) + (at(i, j + 1) * (1 - fx) + at(i + 1, j + 1) * fx) * fy
    mixed[:, :3] = (mixed[:, :3] / 255) ** 2
    mixed[:, 3:5] /= 255
    mixed[:, 5] = (2 * mixed[:, 5] - 256) / 255
    return mixed


def plain_textured(columns: F32, picture: F32, lobes: F32, key: F32) -> F32:
    """Linear light [n, 3] of surfaces with a texture; picture [n, 6] from `plain_texel`."""
    lit: F32 = columns[:, :3] * picture[:, :3] + (_shine(columns, picture, lobes)[:, None] * key)
    return lit


def _shine(columns: F32, picture: F32, lobes: F32) -> F32:
    h = np.clip(columns[:, 6] + picture[:, 5], 0, 1)
    shine: F32 = (lobes[0] * h**32 + lobes[1] * h**8 + lobes[2] * h**64) * columns[:, 7] * picture[:, 4]
    return shine


def plain_sheer(geometry: tuple[Any, ...], looks: tuple[Any, ...], depth: F32, colour: F32) -> None:
    """Lays the sheer triangles of a picture, furthest first, over colour [h, w, 4]; depth [h, w, 4] of the solid ones' samples."""
    screen, triangles, _, _, _, rows, surfaces, starts, listed = geometry
    lobes, tints, tones, pictures = looks[5][0], looks[6][0], looks[7], looks[8]
    sheer = np.unique(listed[: starts[-1]])
    near = screen[triangles[sheer], 2].sum(1)
    high, wide = colour.shape[:2]
    y, x = np.mgrid[0:high, 0:wide].astype(float)
    for t in sheer[np.argsort(near, kind="stable")]:
        corners, z = screen[triangles[t], :2].astype(float), screen[triangles[t], 2].astype(float)
        system = np.linalg.inv(np.vstack([corners.T, np.ones(3)]))

        def shares(dx: float, dy: float, system: F32 = system) -> F32:
            found: F32 = np.stack([x + dx, y + dy, np.ones_like(x)], -1) @ system.T
            return found

        cover = np.zeros((high, wide))
        for s, (dx, dy) in enumerate(SAMPLES):
            inside = shares(dx, dy)
            cover += 0.25 * ((inside >= 0).all(-1) & ((inside @ z) * (1 + SHEER_BIAS) >= depth[..., s]))
        at = cover > 0
        if not at.any():
            continue
        weights = np.maximum(shares(0.5, 0.5)[at], 0) * z
        columns = (weights / (weights.sum(1, keepdims=True) + 1e-20)) @ rows[triangles[t]].astype(float)
        texture = pictures[2][np.full(at.sum(), surfaces[t] // KINDS)]
        picture = plain_texel(pictures, texture, columns[:, 3], columns[:, 4])
        linear = plain_textured(columns, picture, lobes, tints)
        shown = tones[np.minimum(np.sqrt(np.maximum(linear, 0)) * TONE_SCALE, TONES - 1).astype(int)]
        w = (cover[at] * np.minimum(picture[:, 3] + _shine(columns, picture, lobes), 1))[:, None]
        colour[at] += w * (np.c_[shown, np.ones(len(shown))] - colour[at])
