"""Seals the lips. The data leave a gap of about a millimetre and a half between them at neutral, through which teeth would show."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from visavis.head.canonical import CanonicalHead

F64 = npt.NDArray[np.float64]

PASSES: Final = 6
REACH_M: Final = 0.0085
"""How far from the line between the lips the seal fades out."""
OVERLAP_M: Final = 0.00035
"""The lips press into one another by this much, so that no pixel sees between them."""
CORNER_M: Final = 0.004
"""The seal runs out this far beyond the corners of the mouth."""
DEPTH_M: Final = 0.006
"""Only the front of the lips is sealed; behind it they already touch."""


def lip_sides(head: CanonicalHead) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Which skin vertices belong to the upper and the lower lip, bool [v] each: the lower one goes down with the jaw."""
    drop = (head.skin @ head.shapes.field("jawOpen"))[:, 1]
    lips = head.masks["lips"] > 0.5
    middle = np.median(drop[lips])
    return lips & (drop > middle), lips & (drop <= middle)


def seal(head: CanonicalHead, cage: F64) -> F64:
    """The cage [c, 3] with the lips closed: both move towards the line between them, most at the line, nothing beyond `REACH_M`."""
    upper, lower = lip_sides(head)
    upper_lips, lower_lips = np.flatnonzero(upper), np.flatnonzero(lower)
    jaw = head.shapes.field("jawOpen")[:, 1]
    drop = (head.skin @ head.shapes.field("jawOpen"))[:, 1]
    top, bottom = np.median(drop[upper]), np.median(drop[lower])
    side = np.clip((2 * jaw - top - bottom) / (top - bottom) * 2.0, -1, 1)
    sealed = cage.copy()
    for _ in range(PASSES):
        surface = head.skin @ sealed
        line, gap = seam(surface, upper_lips, lower_lips)
        half = line[-1, 0]
        along = np.interp(sealed[:, 0], line[:, 0], gap) * np.exp(
            -((np.maximum(np.abs(sealed[:, 0]) - half, 0) / CORNER_M) ** 2)
        )
        height = np.interp(sealed[:, 0], line[:, 0], line[:, 1])
        front = np.interp(sealed[:, 0], line[:, 0], line[:, 2])
        away = np.hypot((sealed[:, 1] - height) / REACH_M, np.maximum(front - DEPTH_M - sealed[:, 2], 0) / 0.004)
        near = np.exp(-(away**2) * 2.2) * (sealed[:, 2] > front - 0.02)
        sealed[:, 1] += 0.5 * along * near * -side
    return sealed


def seam(surface: F64, upper: npt.NDArray[np.intp], lower: npt.NDArray[np.intp]) -> tuple[F64, F64]:
    """The line between the lips and how far open it is.

    Returns points [k, 3] metres ordered by x, and openings [k] metres (plus the wanted overlap), smoothed along the line.
    """
    x = surface[:, 0]
    half = min(np.abs(x[upper]).max(), np.abs(x[lower]).max()) * 0.985
    at = np.linspace(-half, half, 41)
    width = half / 14
    line, gap = np.zeros((len(at), 3)), np.zeros(len(at))
    for i, centre in enumerate(at):
        above = surface[upper[np.abs(x[upper] - centre) < width]]
        below = surface[lower[np.abs(x[lower] - centre) < width]]
        if len(above) < 3 or len(below) < 3:
            line[i] = np.nan
            continue
        front = max(above[:, 2].max(), below[:, 2].max())
        above = above[above[:, 2] > front - 2 * DEPTH_M]
        below = below[below[:, 2] > front - 2 * DEPTH_M]
        # the front seam: where the facing surfaces are nearest within the visible depth
        distance, partner = cKDTree(below[:, 1:]).query(above[:, 1:])
        pick = np.argsort(distance)[:3]
        opening = np.mean(above[pick, 1] - below[partner[pick], 1])
        gap[i] = opening + OVERLAP_M
        line[i] = centre, np.mean(0.5 * (above[pick, 1] + below[partner[pick], 1])), front
    good = np.isfinite(line[:, 0])
    line, gap = line[good], gap[good]
    kernel = np.array([1, 2, 3, 2, 1]) / 9
    for column in (1, 2):
        line[:, column] = np.convolve(np.pad(line[:, column], 2, mode="edge"), kernel, "valid")
    gap = np.convolve(np.pad(gap, 2, mode="edge"), kernel, "valid")
    return line, gap
