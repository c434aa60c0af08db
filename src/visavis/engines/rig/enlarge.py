"""I420 pictures drawn small and shown large."""

from __future__ import annotations

import cv2

from visavis.types import U8


def planes(i420: U8) -> tuple[U8, U8, U8]:
    """Y [h, w], U and V [h / 2, w / 2] of I420 [h * 3 // 2, w], both sides even: views, not copies."""
    height, width = i420.shape[0] * 2 // 3, i420.shape[1]
    chroma = i420[height:].reshape(2, height // 2, width // 2)
    return i420[:height], chroma[0], chroma[1]


def enlarge(small: U8, out: U8) -> None:
    """`out` is filled with `small`, both I420."""
    for source, target in zip(planes(small), planes(out), strict=True):
        cv2.resize(source, target.shape[::-1], dst=target, interpolation=cv2.INTER_CUBIC)


def mix_in(other: U8, share: float, out: U8) -> None:
    """`out` becomes `share` of `other` and the rest of itself."""
    cv2.addWeighted(other, share, out, 1 - share, 0, dst=out)
