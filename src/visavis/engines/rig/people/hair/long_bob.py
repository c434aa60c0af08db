"""A long bob with a side parting: from the parting over the skull to the level of the ears, then falling, waved, to the shoulders."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.engines.rig.people.figure import Figure, smooth_step, unit_vectors
from visavis.engines.rig.people.hair.locks import LockLook, lock_piece, resample
from visavis.engines.rig.people.hair.skull import SkullMap, slerp
from visavis.engines.rig.people.piece import Piece
from visavis.engines.rig.people.spec import PersonSpec, hair_colour

F64 = npt.NDArray[np.float64]

GUIDES: Final = 48
ROWS: Final = 18
LEVELS: Final = (0.06, -0.22, -0.50, -0.78, -1.06, -1.34)
HALF_WIDTH: Final = (0.80, 0.86, 0.91, 0.94, 0.92, 0.82)
DEPTH_FRONT: Final = (0.70, 0.74, 0.78, 0.80, 0.80, 0.76)
DEPTH_BACK: Final = (0.92, 0.90, 0.86, 0.84, 0.86, 0.90)
"""The least ring of hair at each level, in face units: half width, and reach before and behind the middle of the skull."""
FRONT_AZIMUTH: Final = (66.0, 68.0, 66.0, 61.0, 56.0, 52.0)
"""Where the foremost lock is at each level, degrees from straight ahead: it frames the face and turns in at the chin."""
CLEAR: Final = 0.045
RISE: Final = 0.085
"""Hair stands off the skin by this much at the sides, and over the skull at volume 1."""


def guides(spec: PersonSpec, skull: SkullMap, side: float, lift: float) -> F64:
    """Curves [GUIDES, n, 3] in face units, from the front of the parting (first) to the back of the head (last)."""
    hair = spec.hair
    r = np.linspace(0, 1, GUIDES)
    elevation = np.radians(np.interp(r, [0, 0.55, 1], [front_elevation(spec, skull), 98, 150]))
    part_x = hair.parting * np.interp(r, [0, 0.5, 0.8, 1], [1, 0.9, 0.25, 0])
    root = unit_vectors(np.stack([part_x, np.sin(elevation), np.cos(elevation)], 1))
    rings = []
    for k, level in enumerate(LEVELS):
        azimuth = np.radians(np.interp(r, [0, 0.25, 1], [FRONT_AZIMUTH[k], FRONT_AZIMUTH[k] + 26, 180]))
        height = np.full(GUIDES, level if level > -0.3 else -0.3 + (level + 0.3) * hair.length)
        deep = np.where(azimuth < np.pi / 2, DEPTH_FRONT[k], DEPTH_BACK[k])
        least = 1 / np.hypot(np.sin(azimuth) / HALF_WIDTH[k], np.cos(azimuth) / deep)
        reach = np.maximum(skull.column(side * azimuth, height) + CLEAR, least) + lift + 0.06 * (hair.volume - 1)
        reach = np.convolve(np.pad(reach, 4, mode="edge"), np.hanning(11)[1:-1] / np.hanning(11).sum(), "valid")
        rings.append(np.stack([side * reach * np.sin(azimuth), height, skull.centre[2] + reach * np.cos(azimuth)], 1))
    share = np.linspace(0, 1, 9)[:-1]
    over = slerp(root, skull.direction(rings[0]), share)
    rise = 0.020 + 0.5 * lift + (RISE * hair.volume + 0.7 * lift) * smooth_step(share, -0.02, 0.30)
    close = skull.radius(over) + rise
    ring_reach = np.linalg.norm(rings[0] - skull.centre, axis=1)[:, None]
    reach = close + (ring_reach - close[:, -1:]) * smooth_step(share, 0.35, 1.05)
    top = skull.centre + over * reach[..., None]
    return resample(np.concatenate([top, np.stack(rings, 1)], 1), ROWS)


def front_elevation(spec: PersonSpec, skull: SkullMap) -> float:
    """Degrees above straight ahead at which the hairline lies on the parting."""
    angles = np.linspace(25, 95, 71)
    e = np.radians(angles)
    direction = np.stack([np.full(len(e), spec.hair.parting), np.sin(e), np.cos(e)], 1)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    grows = skull.scalp(direction) > 0.15
    return float(angles[np.argmax(grows)]) - 3.0 if grows.any() else 55.0


def long_bob(spec: PersonSpec, figure: Figure, skull: SkullMap) -> list[Piece]:
    """Three layers a side: a dark inner sheet, wide locks that make the shape, and a few finer ones on top."""
    rng = np.random.default_rng(spec.seed + 101)
    scalp = hair_colour(spec.hair) * 0.85
    lag = (0.0, 0.0, 0.25, 0.6, 1.0)
    layers = (
        ("inner", -0.02, 11, 2.2, LockLook(width=(1, 1, 1, 1, 0.9), bulge=0.10, tone=0.42, vary=0.05, shine=0.15, lag=lag, tip_tone=0.8)),
        ("main", 0.025, spec.hair.locks, 1.45, LockLook(width=(0.75, 1, 1, 1.0, 0.8), bulge=0.26, root=scalp, root_reach=0.06, lag=lag)),
        ("top", 0.06, spec.hair.locks * 3 // 4, 0.95, LockLook(width=(0.6, 1, 1, 0.9, 0.30), bulge=0.34, tone=1.05, vary=0.08, root_reach=0.06,
                                                                root=scalp, lag=lag, columns=4, shine=0.6)),
    )  # fmt: skip
    pieces = []
    for side, word in ((1.0, "left"), (-1.0, "right")):
        for name, lift, count, overlap, look in layers:
            sheet = guides(spec, skull, side, lift)
            curves, spread = _locks_of(sheet, count, spec, rng, loose=0.0 if name == "inner" else 1.0)
            outward = curves - np.array([0.0, 0.1, skull.centre[2]])
            outward[..., 1] *= 0.35
            pieces.append(
                lock_piece(
                    f"hair-{word}-{name}", curves, outward, spread * overlap, figure=figure, hair=spec.hair, look=look, rng=rng
                )
            )
    return pieces


def _locks_of(sheet: F64, count: int, spec: PersonSpec, rng: np.random.Generator, *, loose: float) -> tuple[F64, F64]:
    """Centre lines [count, ROWS, 3] picked from a sheet of guides, and their half spacing [count, ROWS]."""
    start = 0.0 if loose else 0.07
    at = start * (GUIDES - 1) + (1 - start) * (np.arange(count) + 0.5 + loose * rng.uniform(-0.22, 0.22, count)) / count * (GUIDES - 1)
    first = np.minimum(at.astype(int), GUIDES - 2)
    share = (at - first)[:, None, None]
    curves = sheet[first] * (1 - share) + sheet[first + 1] * share
    across = np.gradient(sheet, axis=0)[first] * (GUIDES - 1) / count
    spread = np.clip(np.linalg.norm(across, axis=2) * 0.5, 0.03, 0.3)
    t = np.linspace(0, 1, ROWS)
    if loose:
        outward = curves - curves.mean((0, 1))
        outward[..., 1] = 0
        outward /= np.linalg.norm(outward, axis=2, keepdims=True) + 1e-9
        height = rng.uniform(-0.025, 0.03, (count, 1))
        curves = curves + outward * (height * smooth_step(t, 0.05, 0.4))[..., None]
        reach = 1 + rng.uniform(-0.05, 0.04, count)[:, None]
        curves = _stretch(curves, reach)
        phase = rng.uniform(0, 6.28, (count, 1)) * 0.35 + at[:, None] * 0.10
        wave = spec.hair.wave * 0.05 * smooth_step(t, 0.30, 0.85) * np.sin(t * 11 + phase)
        sideways = np.cross(outward, np.array([0.0, 1.0, 0.0]))
        curves = curves + sideways * wave[..., None] + outward * (0.6 * wave)[..., None]
    return curves, spread


def _stretch(curves: F64, reach: F64) -> F64:
    """Each curve cut or prolonged to a share of its length, so that tips do not end on one line."""
    t = np.linspace(0, 1, curves.shape[1])
    out = np.empty_like(curves)
    for i, curve in enumerate(curves):
        at = np.clip(t * reach[i], 0, 1)
        for axis in range(3):
            out[i, :, axis] = np.interp(at, t, curve[:, axis])
        over = np.clip(t * reach[i] - 1, 0, None)
        out[i] += over[:, None] * (curve[-1] - curve[-2]) * (len(t) - 1)
    return out
