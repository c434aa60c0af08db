"""A mouth that is open in the picture: its lips' colours without what is seen between them, and what is seen there kept apart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.engines.portrait.fields import smooth_step
from visavis.engines.portrait.openings import INNER_LOWER, INNER_UPPER, Margins, Upright, margins_of
from visavis.engines.portrait.still import Still
from visavis.types import U8

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]

OPEN_M: Final = 0.0022
"""Lips further apart than this show teeth or the dark between them."""
RADIUS: Final = 3
CONTACT: Final = np.array([0.13, 0.24, 0.24])
CONTACT_M: Final = 0.0006
"""Lips that meet throw a little shade on each other: so much of red, green and blue, so far."""


@dataclass(frozen=True, slots=True, eq=False)
class OwnMouth:
    """sheet uint8 [h, w, 3] the picture around its mouth · corner int32 [2] px of the sheet's first · shown: whether it is open there."""

    sheet: U8
    corner: I32
    shown: bool


def take_mouth(still: Still) -> tuple[Still, OwnMouth]:
    """The still with its lips healed where they were apart, and its own mouth as it was."""
    import cv2

    upright = Upright(still)
    lines = margins_of(still, upright, INNER_UPPER, INNER_LOWER)
    ring = upright.back(np.concatenate([lines.upper, lines.lower[::-1]]))
    reach = 0.3 * lines.width
    low = np.clip(np.floor(ring.min(0) - reach).astype(int), 0, still.side - 2)
    high = np.clip(np.ceil(ring.max(0) + reach).astype(int), 2, still.side)
    sheet = still.rgb[low[1] : high[1], low[0] : high[0]].copy()
    tall, shown = _tall(lines), lips_apart(still)
    own = OwnMouth(sheet, low.astype(np.int32), shown)
    if not shown:
        return still, own
    mask = np.zeros((still.side, still.side), np.uint8)
    cv2.fillPoly(mask, [np.round(ring * 16).astype(np.int32)], 255, shift=4)
    for corner in upright.back(np.stack([lines.upper[0], lines.upper[-1]])):
        cv2.circle(mask, (round(float(corner[0])), round(float(corner[1]))), max(round(0.42 * tall), 2), 255, -1)
    size = 2 * max(round(0.12 * tall), 1) + 1
    wide = cv2.dilate(mask, np.ones((size, size), np.uint8))
    healed = still.rgb.copy()
    area = (slice(low[1], high[1]), slice(low[0], high[0]))
    filled = cv2.inpaint(sheet, np.ascontiguousarray(wide[area]), RADIUS, cv2.INPAINT_TELEA)
    healed[area] = np.clip(filled * _contact(still, ring - low, sheet.shape[:2]) + 0.5, 0, 255)
    return replace(still, rgb=healed), own


def lips_apart(still: Still) -> bool:
    """Whether the picture shows what is between the lips."""
    return _tall(margins_of(still, Upright(still), INNER_UPPER, INNER_LOWER)) > OPEN_M * still.px_per_m


def _tall(lines: Margins) -> float:
    return float(np.median((lines.lower - lines.upper)[2:-2, 1]))


def _contact(still: Still, ring: F64, shape: tuple[int, ...]) -> F64:
    """What is left of the light on lips [h, w, 3] that will meet along their inner edges."""
    import cv2

    outside = np.full(shape, 255, np.uint8)
    cv2.fillPoly(outside, [np.round(ring * 16).astype(np.int32)], 0, shift=4)
    away = cv2.distanceTransform(outside, cv2.DIST_L2, 5) / (CONTACT_M * still.px_per_m)
    y, x = np.mgrid[0 : shape[0], 0 : shape[1]]
    middle, half = ring.mean(0), np.linalg.norm(np.ptp(ring, axis=0)) / 2
    inner = smooth_step((0.92 - np.hypot(x - middle[0], y - middle[1]) / half) / 0.25)
    return np.asarray(1 - CONTACT * (inner * np.exp(-(away**2)))[..., None])
