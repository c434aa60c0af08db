"""Where faces are: BlazeFace over the whole picture and over overlapping parts of it, so that small faces are found too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.landmarks.networks import DETECTOR_SIDE, Networks
from visavis.types import F32, U8

MIN_SCORE: Final = 0.5
OVERLAP: Final = 0.3
"""Boxes that share more than this of their union are one face."""
PART_SHARES: Final = (1.0, 0.5, 0.25)
"""Sides of the squares that are searched, as shares of the picture's longer side."""
MIN_PART_PX: Final = 160
CELLS: Final = ((16, 2), (8, 6))


@dataclass(frozen=True, slots=True, eq=False)
class Detection:
    """score 0 to 1 · centre and size float32 [2] px · keys float32 [6, 2] px: right eye, left eye, nose, mouth, right and left ear.

    Right and left are the person's own.
    """

    score: float
    centre: F32
    size: F32
    keys: F32

    @property
    def area(self) -> float:
        return float(self.size[0] * self.size[1])


def detect_faces(networks: Networks, rgb: U8) -> list[Detection]:
    """Every face in uint8 [h, w, 3], largest first."""
    found: list[Detection] = []
    for left, top, side in _squares(rgb.shape[1], rgb.shape[0]):
        found += _detect_in(networks, rgb, left, top, side)
    kept: list[Detection] = []
    for one in sorted(found, key=lambda d: -d.score):
        if all(_shared(one, other) <= OVERLAP for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda d: -d.area)


def _squares(width: int, height: int) -> Iterator[tuple[float, float, float]]:
    """Left, top and side in pixels; they may reach beyond the picture, where it is black."""
    longer = max(width, height)
    for share in PART_SHARES:
        side = longer * share
        if share < 1 and side < MIN_PART_PX:
            return
        for top in _starts(height, side):
            for left in _starts(width, side):
                yield left, top, side


def _starts(extent: int, side: float) -> list[float]:
    if extent <= side:
        return [(extent - side) / 2]
    steps = int(np.ceil((extent - side) / (0.5 * side)))
    return [float(x) for x in np.linspace(0, extent - side, steps + 1)]


def _detect_in(networks: Networks, rgb: U8, left: float, top: float, side: float) -> list[Detection]:
    import cv2

    scale = DETECTOR_SIDE / side
    if scale < 0.5:  # a warp of its own would skip pixels
        factor = max(1, int(0.5 / scale))
        x0, y0 = max(int(left), 0), max(int(top), 0)
        part = rgb[y0 : int(top + side) + 1, x0 : int(left + side) + 1]
        shape = max(part.shape[1] // factor, 1), max(part.shape[0] // factor, 1)
        rgb = np.asarray(cv2.resize(part, shape, interpolation=cv2.INTER_AREA), np.uint8)
        map_left, map_top, map_scale = (left - x0) / factor, (top - y0) / factor, scale * factor
    else:
        map_left, map_top, map_scale = left, top, scale
    matrix = np.array([[map_scale, 0, -map_left * map_scale], [0, map_scale, -map_top * map_scale]], np.float32)
    crop = cv2.warpAffine(rgb, matrix, (DETECTOR_SIDE, DETECTOR_SIDE), flags=cv2.INTER_LINEAR)
    boxes, scores = networks.detect(np.asarray(crop, np.uint8))
    corner = np.array([left, top], np.float32)
    out = []
    for i in np.flatnonzero(scores >= MIN_SCORE):
        anchor = _anchors()[i]
        centre, size = boxes[i, :2] / DETECTOR_SIDE + anchor, boxes[i, 2:4] / DETECTOR_SIDE
        keys = boxes[i, 4:].reshape(6, 2) / DETECTOR_SIDE + anchor
        if (size > 0).all() and np.isfinite(size).all():
            out.append(
                Detection(float(scores[i]), *(_f32(v) for v in (centre * side + corner, size * side, keys * side + corner)))
            )
    return out


def _f32(values: npt.ArrayLike) -> F32:
    return np.asarray(values, np.float32)


def _shared(a: Detection, b: Detection) -> float:
    low = np.maximum(a.centre - a.size / 2, b.centre - b.size / 2)
    high = np.minimum(a.centre + a.size / 2, b.centre + b.size / 2)
    common = float(np.prod(np.maximum(high - low, 0)))
    return max(common / (a.area + b.area - common), common / min(a.area, b.area) - 0.35)


@lru_cache(maxsize=1)
def _anchors() -> F32:
    rows = [
        ((x + 0.5) / cells, (y + 0.5) / cells)
        for cells, each in CELLS
        for y in range(cells)
        for x in range(cells)
        for _ in range(each)
    ]
    return np.array(rows, np.float32)
