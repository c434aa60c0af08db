"""What `kernels` computes, in plain numpy: slow, and written to be read. The tests compare the two."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from visavis.types import F32, U8

F64 = npt.NDArray[np.float64]
JUMP_PX = 1.6
I32 = npt.NDArray[np.int32]


def turn_project(points: F32, follow: F32, turn: F32, shift: F32, pivot: F32, camera: F32, rates: F32) -> tuple[F64, F64]:
    """screen [v, 2] px and depth [v]; see `kernels.turn_project`."""
    angle = float(turn[3]) * (rates[0] + (1 - rates[0]) * follow.astype(float))
    axis = turn[:3].astype(float)
    p = points.astype(float) - pivot
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    turned = p * cos + np.cross(axis, p) * sin + axis * (p @ axis)[:, None] * (1 - cos) + pivot
    turned += (rates[1] + (1 - rates[1]) * follow.astype(float))[:, None] * shift
    scale = camera[0] * camera[3] / (camera[3] - turned[:, 2])
    return np.stack([camera[1] + scale * turned[:, 0], camera[2] - scale * turned[:, 1]], -1), turned[:, 2]


def sample(picture: U8, uv: npt.NDArray[np.floating]) -> F64:
    """Bilinear colours [..., c] at uv [..., 2], clamped to the picture."""
    height, width = picture.shape[:2]
    u, v = np.clip(uv[..., 0], 0, width - 1.001), np.clip(uv[..., 1], 0, height - 1.001)
    i, j = u.astype(int), v.astype(int)
    fu, fv = (u - i)[..., None], (v - j)[..., None]
    top = picture[j, i] * (1 - fu) + picture[j, i + 1] * fu
    low = picture[j + 1, i] * (1 - fu) + picture[j + 1, i + 1] * fu
    return np.asarray(top * (1 - fv) + low * fv)


def shade_depths(hole: U8, near: F32, above: F32, warmth: F32, dark: F32, ids: I32, colours: F32) -> F64:
    light = np.clip(0.42 + 0.375 * (near + above), 0.05, 1)[..., None] ** warmth
    seen = np.where((ids >= 0)[..., None], colours, dark)
    untouched = (hole == 0) & (ids >= 0)
    return np.where(untouched[..., None], colours, seen * light)


def shade_ball(hole: U8, near: F32, strength: float, colours: F32) -> F64:
    light = np.where(hole != 0, 1 - strength * (1 - near), 1.0)
    return np.asarray(colours * light[..., None])


def mix_own(hole: U8, sheet: U8, corner: F32, ids: I32, uv: F32, box: I32, share: float, colours: F32) -> F64:
    y, x = np.mgrid[0 : hole.shape[0], 0 : hole.shape[1]]
    j, i = (box[1] + y) >> 1, (box[0] + x) >> 1
    offset = np.stack([0.5 * ((box[0] + x) & 1), 0.5 * ((box[1] + y) & 1)], -1) - 0.25
    shown = sample(sheet, uv[j, i] - corner + offset)
    there = ((hole != 0) & (ids[j, i] >= 0))[..., None]
    return np.where(there, colours + share * (shown - colours), colours)


def gather_samples(
    picture: U8, skin_ids: I32, skin_rows: F32, hole: U8, colours: F32, box: I32, ids: I32, uv: F32, tint: F32, amount: float
) -> F64:
    """over [h, w, 4]."""
    x0, y0, width, height = (int(v) for v in box)

    def quads(a: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """[2h, 2w, ...] as [h, w, 4, ...]."""
        rest = a.shape[2:]
        return a.reshape(height, 2, width, 2, *rest).swapaxes(1, 2).reshape(height, width, 4, *rest)

    opened, skin = quads(hole) != 0, quads(skin_ids) >= 0
    whole_uv = uv[y0 : y0 + height, x0 : x0 + width]
    known = (skin & ~opened)[..., None]
    skin_at, lid = quads(skin_rows)[..., :2], quads(skin_rows)[..., 2] * amount
    spread = np.where(known, skin_at, -1e9).max(2) - np.where(known, skin_at, 1e9).min(2)
    counts = (opened.any(2) | (spread.max(-1) >= JUMP_PX) | (np.where(known[..., 0], lid, 0).max(2) >= 0.01)) & (
        ids[y0 : y0 + height, x0 : x0 + width] >= 0
    )
    colour = sample(picture[..., :3], np.where(skin[..., None], skin_at, whole_uv[:, :, None]))
    mix = np.where(skin, lid, 0)[..., None]
    colour = colour * (1 - mix) + tint * mix
    mixed = np.where(opened[..., None], quads(colours), colour).mean(2)
    return np.asarray(np.dstack([mixed, np.ones((height, width))]) * counts[..., None])


def compose(picture: U8, background: U8, ids: I32, uv: F32, over: F32, has_over: U8) -> U8:
    colour = sample(picture, uv)
    alpha = colour[..., 3:] / 255
    share = np.where(has_over != 0, over[..., 3], 0)[..., None]
    person = colour[..., :3] * (1 - share) + over[..., :3] * share
    mixed = np.clip(person * alpha + background * (1 - alpha) + 0.5, 0, 255).astype(np.uint8)
    return np.where((ids >= 0)[..., None], mixed, background)


def to_i420(rgb: U8) -> U8:
    height, width = rgb.shape[:2]
    r, g, b = rgb.astype(float).transpose(2, 0, 1)
    luma = 16 + 0.256788 * r + 0.504129 * g + 0.097906 * b
    small = rgb.astype(float).reshape(height // 2, 2, width // 2, 2, 3).mean((1, 3)).transpose(2, 0, 1)
    u = 128 - 0.148223 * small[0] - 0.290993 * small[1] + 0.439216 * small[2]
    v = 128 + 0.439216 * small[0] - 0.367788 * small[1] - 0.071427 * small[2]
    planes = np.concatenate([luma.ravel(), u.ravel(), v.ravel()])
    return (planes + 0.5).astype(np.uint8).reshape(height * 3 // 2, width)
