"""Lids that close and lips that meet: where a picture shows an opening, the mesh must not stretch what is seen in it.

Everything here works in upright pixels: the picture turned about the head's origin until the head's up is the screen's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.arkit import INDEX
from visavis.engines.portrait.fields import smooth_step
from visavis.engines.portrait.still import Still
from visavis.engines.portrait.surface import Surface
from visavis.landmarks.faces import LEFT_LOWER, LEFT_UPPER, RIGHT_LOWER, RIGHT_UPPER

F64 = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

MARGINS: Final = ((LEFT_UPPER, LEFT_LOWER), (RIGHT_UPPER, RIGHT_LOWER))
BROWS: Final = ((285, 295, 282, 283, 276), (46, 53, 52, 65, 55))
INNER_UPPER: Final = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
INNER_LOWER: Final = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
LASH_PX: Final = 2.2
"""A lash line darker and thicker than this on the open eye is squeezed to it on the closed one, at a face of 220 px."""
LOWER_LIP_M: Final = 0.012
"""What falls by more than this with the jaw wide open belongs to the lower lip."""


@dataclass(frozen=True, slots=True, eq=False)
class Margins:
    """An opening's edges over x, in upright px: upper and lower are [n, 2], ordered by x."""

    upper: F64
    lower: F64

    def heights(self, x: F64) -> tuple[F64, F64]:
        return np.interp(x, *self.upper.T), np.interp(x, *self.lower.T)

    @property
    def width(self) -> float:
        return float(np.ptp(self.upper[:, 0]))

    @property
    def middle(self) -> F64:
        return np.asarray((self.upper.mean(0) + self.lower.mean(0)) / 2)


class Upright:
    """Between the picture's pixels, upright pixels and displacements in camera space."""

    def __init__(self, still: Still) -> None:
        self._turn, self._centre, self._scale = still.upright, still.pose.centre, still.px_per_m

    def of(self, px: F64) -> F64:
        return np.asarray((px - self._centre) @ self._turn.T)

    def back(self, upright: F64) -> F64:
        return np.asarray(upright @ self._turn + self._centre)

    def of_camera(self, delta: F64) -> F64:
        """Displacements [..., 3] metres as upright px [..., 2], perspective left out."""
        return np.asarray((delta[..., :2] * [self._scale, -self._scale]) @ self._turn.T)

    def camera(self, delta: F64) -> F64:
        """Displacements in upright px [..., 2] as metres [..., 2] in the camera's plane."""
        return np.asarray((delta @ self._turn) / [self._scale, -self._scale])


def margins_of(still: Still, upright: Upright, upper: tuple[int, ...], lower: tuple[int, ...]) -> Margins:
    points = upright.of(still.face.points[:, :2].astype(float))
    above, below = (line[np.argsort(line[:, 0])] for line in (points[list(upper)], points[list(lower)]))
    return Margins(above, below)


def close_lids(still: Still, surface: Surface) -> None:
    """Writes eyeBlink of both eyes: the upper margin comes down onto the lower one, the skin up to the brow is stretched after it.

    The head's own shape would unroll skin that is folded away in the picture, for which the picture has no colours.
    """
    upright = Upright(still)
    px, marks = upright.of(surface.px), upright.of(still.pose.project_camera(surface.marks))
    for eye, side in enumerate(("Left", "Right")):
        upper, lower = MARGINS[eye]
        lines = Margins(*(line[np.argsort(line[:, 0])] for line in (marks[list(upper)], marks[list(lower)])))
        blink = INDEX[f"eyeBlink{side}"]
        kept = min(float(still.fit.weights[blink]), 0.5)
        x, y = px.T
        above, below = lines.heights(x)
        opening = np.maximum(below - above, 0)
        middle = lines.middle[0]
        tall = max(float(opening[np.abs(x - middle) < 0.2 * lines.width].max(initial=0)), 2.0)
        near = (np.abs(x - middle) < 0.75 * lines.width) & (np.abs(y - (above + below) / 2) < 5 * tall)
        own = surface.deltas[blink].copy()
        falls = upright.of_camera(own)[:, 1] > 0.35 * tall
        is_upper = near & ((y < above) | falls)
        is_lower = near & ~is_upper
        brow = np.interp(x, *_brow(marks, eye).T)
        reach = np.clip(above - brow, 0.6 * tall, 2.2 * tall)
        lash = _lash_px(still, upright, lines, _brow(marks, eye))
        along = np.clip((above - y - lash) / np.maximum(reach - lash, 2.0), 0, 1)
        follow = (1 - along) ** 2 * (1 + 2 * along)
        unit = still.px_per_m / 1300
        squeeze = np.clip(above - y, 0, lash) * max(0.0, 1 - LASH_PX * unit / max(lash, LASH_PX * unit))
        overlap = np.where(opening > 0.4, 2.4 + 0.12 * tall, 0.0)
        down = np.where(is_upper, follow * (opening + overlap + squeeze), 0.0)
        under = np.exp(-np.maximum(y - below, 0) / (0.6 * tall))
        down[is_lower] = -0.06 * (opening * under)[is_lower]
        moved = np.zeros_like(own)
        moved[:, :2] = upright.camera(np.c_[np.zeros_like(down), down]) / (1 - kept)
        moved[:, 2] = 0.5 * own[:, 2] + 0.003 * (is_upper & (follow > 0.5))
        surface.deltas[blink][near] = moved[near]
        beyond = smooth_step((above - y - 0.7 * lash) / max(1.2 * lash, 2.0))
        across = smooth_step((0.56 - np.abs(x - middle) / lines.width) / 0.16)
        surface.lid[near] = np.where(is_upper, smooth_step(1.5 * follow) * beyond * across, 0.0)[near]
        seen = margins_of(still, upright, upper, lower)
        line = near & (np.abs(x - middle) < 0.5 * lines.width)
        _keep_colours_out(upright, surface, seen, line & is_upper, line & is_lower, 0.6)
        _keep_colours_out(upright, surface, lines, line & is_upper, line & is_lower, 0.6)


def _brow(marks: F64, eye: int) -> F64:
    line = marks[list(BROWS[eye])]
    return np.asarray(line[np.argsort(line[:, 0])])


def _lash_px(still: Still, upright: Upright, lines: Margins, brow: F64) -> float:
    """How far above the upper margin the picture is still dark: lashes and liner, up to 70 % of the lid's light."""
    import cv2

    grey = cv2.GaussianBlur(cv2.cvtColor(still.rgb, cv2.COLOR_RGB2GRAY), (0, 0), 0.7).astype(float)
    found = []
    for x, y in lines.upper[2:-2]:
        steps = int(np.clip(0.75 * (y - np.interp(x, *brow.T)), 4, 40))
        at = np.round(upright.back(np.c_[np.full(steps, x), y - np.arange(steps)])).astype(int)
        column = grey[np.clip(at[:, 1], 0, still.side - 1), np.clip(at[:, 0], 0, still.side - 1)]
        dark = column[:3].min()
        found.append(int(np.argmax(column > dark + 0.7 * (column.max() - dark))))
    return float(np.clip(np.median(found), 1.0, 9.0)) if found else 1.0


def _keep_colours_out(upright: Upright, surface: Surface, lines: Margins, above: Bools, below: Bools, gap: float | F64) -> None:
    """No skin takes its colour from inside an opening: what lies in it is pushed to its edges."""
    uv = upright.of(surface.uv)
    top, bottom = lines.heights(uv[:, 0])
    uv[above, 1] = np.minimum(uv[:, 1], top - gap)[above]
    uv[below, 1] = np.maximum(uv[:, 1], bottom + gap)[below]
    surface.uv[above | below] = upright.back(uv)[above | below]


def lower_lip(surface: Surface, still: Still) -> Bools:
    """Which vertices go down with the jaw, bool [m]."""
    return np.asarray(surface.deltas[INDEX["jawOpen"]] @ still.pose.rotation[:, 1] < -LOWER_LIP_M)


def open_lips(still: Still, surface: Surface) -> None:
    """Lips that are apart in the picture: no skin takes its colour from between them, least of all from the dark corners."""
    upright = Upright(still)
    lines = margins_of(still, upright, INNER_UPPER, INNER_LOWER)
    uv = upright.of(surface.uv)
    middle, half = lines.middle, lines.width / 2
    off = np.abs(uv[:, 0] - middle[0]) / half
    near = (np.linalg.norm((uv - middle) / lines.width, axis=1) < 0.6) & (off < 1.02)
    tall = abs(float(lines.lower[:, 1].mean() - lines.upper[:, 1].mean()))
    gap = 0.4 + min(0.35 * tall, 3.5) * smooth_step((off - 0.55) / 0.3) * smooth_step((1.35 - off) / 0.2)
    low = lower_lip(surface, still)
    _keep_colours_out(upright, surface, lines, near & ~low, near & low, gap)


def seal_lips(still: Still, surface: Surface, removed: F64, marks_at: F64) -> float:
    """A constant correction: where the picture's own expression `removed` [52] is taken away, the lips meet.

    marks_at [468, 3]: the landmarks without that expression, camera space. Returns the widest gap closed, px.
    """
    upright = Upright(still)
    neutral = upright.of(still.pose.project_camera(marks_at))
    above, below = neutral[list(INNER_UPPER)], neutral[list(INNER_LOWER)]
    order = np.argsort(above[:, 0])
    gap = np.clip(below[:, 1] - above[:, 1], -3, 0.06 * still.px_per_m)
    gap[[0, -1]] = 0
    line = (above[:, 1] + below[:, 1]) / 2
    at = upright.of(surface.px) - upright.of_camera(np.tensordot(removed, surface.deltas, 1))
    wide = np.interp(at[:, 0], above[order, 0], gap[order], 0, 0)
    height = np.interp(at[:, 0], above[order, 0], line[order])
    reach = 0.016 * still.px_per_m
    near = np.exp(-(np.maximum(np.abs(at[:, 1] - height) - np.abs(wide) / 2, 0) ** 2) / (2 * reach**2))
    move = np.where(lower_lip(surface, still), -0.5, 0.5) * wide * near
    surface.seal[:, :2] += upright.camera(np.c_[np.zeros_like(move), move])
    return float(np.abs(gap).max())
