# mypy: disable-error-code="no-untyped-def, no-untyped-call"
"""Finished pixels: a band's colours over the background, as I420 (BT.601, limited range), RGB or RGBA."""

from __future__ import annotations

import numpy as np

from visavis.render.kernel import kernel
from visavis.types import F32, U8

_f = np.float32
_ONE = _f(1.0)


@kernel
def write_i420(colour, background, row0, rows, i420):
    """Pixel rows [row0, row0 + rows) of i420 uint8 [h * 3 // 2, w]; chroma is the mean of 2 x 2 pixels.

    colour float32 [>= rows, w, 4] (`shade.add_fragments`); background float32 [3, h, w] 0 to 255.
    """
    width, height = i420.shape[1], i420.shape[0] * 2 // 3
    half = width // 2
    for r in range(rows):
        y = row0 + r
        for x in range(width):
            gap = _ONE - colour[r, x, 3]
            red = colour[r, x, 0] + gap * background[0, y, x]
            green = colour[r, x, 1] + gap * background[1, y, x]
            blue = colour[r, x, 2] + gap * background[2, y, x]
            colour[r, x, 0], colour[r, x, 1], colour[r, x, 2] = red, green, blue
            i420[y, x] = np.uint8(_f(16.5) + _f(0.256788) * red + _f(0.504129) * green + _f(0.097906) * blue)
    flat = i420.reshape(-1)
    for r in range(0, rows, 2):
        u0 = width * height + (row0 + r) // 2 * half
        v0 = u0 + half * (height // 2)
        for x in range(half):
            red = colour[r, 2 * x, 0] + colour[r, 2 * x + 1, 0] + colour[r + 1, 2 * x, 0] + colour[r + 1, 2 * x + 1, 0]
            green = colour[r, 2 * x, 1] + colour[r, 2 * x + 1, 1] + colour[r + 1, 2 * x, 1] + colour[r + 1, 2 * x + 1, 1]
            blue = colour[r, 2 * x, 2] + colour[r, 2 * x + 1, 2] + colour[r + 1, 2 * x, 2] + colour[r + 1, 2 * x + 1, 2]
            flat[u0 + x] = np.uint8(_f(128.5) - _f(0.148223 / 4) * red - _f(0.290993 / 4) * green + _f(0.439216 / 4) * blue)
            flat[v0 + x] = np.uint8(_f(128.5) + _f(0.439216 / 4) * red - _f(0.367788 / 4) * green - _f(0.071427 / 4) * blue)


@kernel
def write_rgb(colour, background, row0, rows, picture):
    """Pixel rows of picture uint8 [h, w, 3] over the background, or [h, w, 4] with straight alpha and no background."""
    clear = picture.shape[2] == 4
    for r in range(rows):
        for x in range(picture.shape[1]):
            alpha = colour[r, x, 3]
            if clear:
                k = _ONE / max(alpha, _f(1e-6))
                for c in range(3):
                    picture[row0 + r, x, c] = np.uint8(min(colour[r, x, c] * k + _f(0.5), _f(255)))
                picture[row0 + r, x, 3] = np.uint8(min(alpha * _f(255) + _f(0.5), _f(255)))
            else:
                for c in range(3):
                    value = colour[r, x, c] + (_ONE - alpha) * background[c, row0 + r, x]
                    picture[row0 + r, x, c] = np.uint8(min(value + _f(0.5), _f(255)))


def studio(colours: F32, width: int, height: int) -> F32:
    """A quiet background, float32 [3, h, w] 0 to 255: colours [2, 3] at the centre and in the corners, with grain against banding."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    distance = np.hypot((x / width - 0.5) * 1.1 * width / height, y / height - 0.45)
    share = np.clip(distance / 0.75, 0, 1) ** 1.4
    grain = np.random.default_rng(0).normal(0, 0.6, (height, width))
    backdrop: F32 = (
        (colours[0][:, None, None] * (1 - share) + colours[1][:, None, None] * share + grain).clip(0, 255).astype(np.float32)
    )
    return backdrop


def rgb_from_i420(i420: U8) -> U8:
    """uint8 [h, w, 3], chroma repeated: for looking at what was drawn."""
    height, width = i420.shape[0] * 2 // 3, i420.shape[1]
    luma = (i420[:height].astype(np.float32) - 16) * 1.164384
    u, v = i420[height:].reshape(2, height // 2, width // 2).astype(np.float32) - 128
    u, v = (np.repeat(np.repeat(c, 2, 0), 2, 1) for c in (u, v))
    rgb = np.stack([luma + 1.596027 * v, luma - 0.391762 * u - 0.812968 * v, luma + 2.017232 * u], -1)
    return (rgb + 0.5).clip(0, 255).astype(np.uint8)
