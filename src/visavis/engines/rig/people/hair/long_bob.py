"""A long bob with a side parting: from the parting over the skull to the level of the ears, then falling, waved, to the shoulders."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.engines.rig.people.figure import Figure, smooth_step, unit_vectors
from visavis.engines.rig.people.hair.locks import LockLook, lock_piece, resample, sheet_piece
from visavis.engines.rig.people.hair.skull import SkullMap, slerp
from visavis.engines.rig.people.piece import Piece
from visavis.engines.rig.people.spec import PersonSpec, hair_colour

F64 = npt.NDArray[np.float64]

PER_LOCK: Final = 2
"""Columns of the sheet that make one lock."""
ROWS: Final = 18
STRAYS: Final = 30
LEVELS: Final = (0.06, -0.22, -0.50, -0.78, -1.06, -1.34)
HALF_WIDTH: Final = (0.80, 0.86, 0.91, 0.94, 0.92, 0.82)
DEPTH_FRONT: Final = (0.70, 0.74, 0.78, 0.80, 0.80, 0.76)
DEPTH_BACK: Final = (0.92, 0.90, 0.86, 0.84, 0.86, 0.90)
"""The least ring of hair at each level, in face units: half width, and reach before and behind the middle of the skull."""
FRONT_AZIMUTH: Final = (66.0, 68.0, 66.0, 61.0, 56.0, 52.0)
"""Where the foremost lock is at each level, degrees from straight ahead: it frames the face and turns in at the chin."""
CLEAR: Final = 0.045
RISE: Final = 0.10
"""Hair stands off the skin by this much at the sides, and over the skull at volume 1."""


def guides(spec: PersonSpec, skull: SkullMap, side: float, lift: float, r: F64) -> F64:
    """Curves [k, ROWS, 3] in face units at places r [k], from the front of the parting (0) to the back of the head (1)."""
    hair = spec.hair
    elevation = np.radians(np.interp(r, [0, 0.55, 1], [front_elevation(spec, skull), 98, 150]))
    part_x = hair.parting * np.interp(r, [0, 0.5, 0.8, 1], [1, 0.9, 0.25, 0])
    root = unit_vectors(np.stack([part_x, np.sin(elevation), np.cos(elevation)], 1))
    rings = []
    for k, level in enumerate(LEVELS):
        azimuth = np.radians(np.interp(r, [0, 0.25, 1], [FRONT_AZIMUTH[k], FRONT_AZIMUTH[k] + 26, 180]))
        height = np.full(len(r), level if level > -0.3 else -0.3 + (level + 0.3) * hair.length)
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
    return resample(np.concatenate([top, np.stack(rings, 1)], 1), ROWS, smoothing=3)


def front_elevation(spec: PersonSpec, skull: SkullMap) -> float:
    """Degrees above straight ahead at which the hairline lies on the parting."""
    angles = np.linspace(25, 95, 71)
    e = np.radians(angles)
    direction = np.stack([np.full(len(e), spec.hair.parting), np.sin(e), np.cos(e)], 1)
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    grows = skull.scalp(direction) > 0.15
    return float(angles[np.argmax(grows)]) - 3.0 if grows.any() else 55.0


def long_bob(spec: PersonSpec, figure: Figure, skull: SkullMap) -> list[Piece]:
    """On each side a dark inner sheet, the sheet that makes the shape, and a few loose locks on top of it."""
    rng = np.random.default_rng(spec.seed + 101)
    scalp = hair_colour(spec.hair) * 0.40
    lag = (0.0, 0.0, 0.25, 0.6, 1.0)
    inner = LockLook(edge=0.0, tone=0.85, vary=0.05, shine=0.12, lag=lag, tip_tone=0.8)
    main = LockLook(tip_tone=1.02, root=scalp, root_reach=0.07, lag=lag, vary=0.07, edge=0.24)
    loose = LockLook(
        width=(0.3, 1, 1, 0.8, 0.2), bulge=0.30, tone=1.05, vary=0.08, root=scalp, root_reach=0.06, lag=lag, columns=4
    )
    stray = LockLook(
        width=(0.5, 1, 1, 0.7, 0.1),
        bulge=0.1,
        tone=1.5,
        vary=0.12,
        root=scalp,
        root_reach=0.05,
        lag=lag,
        columns=2,
        grain=0.2,
        shine=0.3,
    )
    pieces = []
    for side, word in ((1.0, "left"), (-1.0, "right")):
        for name, lift, first, look in (("inner", -0.035, 0.05, inner), ("main", 0.03, 0.0, main)):
            grid, lock, across = _sheet(spec, skull, side, lift, first, rng)
            pieces.append(
                sheet_piece(f"hair-{word}-{name}", grid, lock, across, figure=figure, hair=spec.hair, look=look, rng=rng)
            )
        curves, half = _loose_locks(spec, skull, side, rng)
        out = _outward(curves, skull)
        pieces.append(lock_piece(f"hair-{word}-loose", curves, out, half, figure=figure, hair=spec.hair, look=loose, rng=rng))
        curves, half = _strays(spec, skull, side, rng)
        out = _outward(curves, skull)
        pieces.append(lock_piece(f"hair-{word}-strays", curves, out, half, figure=figure, hair=spec.hair, look=stray, rng=rng))
    return pieces


def _sheet(
    spec: PersonSpec, skull: SkullMap, side: float, lift: float, first: float, rng: np.random.Generator
) -> tuple[F64, npt.NDArray[np.intp], F64]:
    """A sheet [k, ROWS, 3] of joined locks with their numbers [k] and the place over each lock [k]."""
    count = spec.hair.locks
    borders = (np.arange(count + 1) + np.r_[0, rng.uniform(-0.25, 0.25, count - 1), 0]) / count
    inside = np.linspace(0, 1, PER_LOCK + 1)[:-1]
    r = np.r_[(borders[:-1, None] + np.diff(borders)[:, None] * inside).ravel(), 1.0]
    lock = np.r_[np.repeat(np.arange(count), PER_LOCK), count - 1]
    across = np.r_[np.tile(inside * 2 - 1, count), 1.0]
    grid = guides(spec, skull, side, lift, first + (1 - first) * r)
    t = np.linspace(0, 1, ROWS)
    out = _outward(grid, skull)
    round_ = (1 - across**2) * rng.uniform(0.6, 1.2, count)[lock]
    grid = grid + out * (0.014 * round_[:, None] * smooth_step(t, 0.06, 0.45))[..., None]
    reach = 1 + rng.uniform(-0.045, 0.035, count)[lock] - 0.030 * np.abs(across) ** 3
    edge = np.abs(across) > 0.99
    reach[edge] = 0.965
    grid = _stretch(grid, (reach - (0.06 if lift < 0 else 0.0))[:, None])
    turn_in = np.clip(1 - r / 0.07, 0, 1)[:, None] ** 1.5 * smooth_step(t, 0.18, 0.5)
    grid = grid - out * (0.11 * turn_in)[..., None]
    return _waved(grid, out, r[:, None] * 4.5, spec, t), lock, across


def _loose_locks(spec: PersonSpec, skull: SkullMap, side: float, rng: np.random.Generator) -> tuple[F64, F64]:
    """Centre lines [k, ROWS, 3] and half widths [k, ROWS] of the locks that come out of the sheet at the height of the ears."""
    count = spec.hair.locks // 2
    r = 0.02 + 0.48 * (np.arange(count) + rng.uniform(0.1, 0.9, count)) / count
    curves = guides(spec, skull, side, 0.03, r)
    t = np.linspace(0, 1, ROWS)
    out = _outward(curves, skull)
    curves = curves + out * (0.074 * smooth_step(t, 0.36, 0.66) - 0.035)[:, None]
    curves = _stretch(curves, (1 + rng.uniform(-0.12, 0.03, count))[:, None])
    curves = _waved(curves, out, r[:, None] * 4.5 + rng.uniform(-0.4, 0.4, (count, 1)), spec, t)
    return curves, np.broadcast_to(rng.uniform(0.016, 0.040, (count, 1)), (count, ROWS))


def _strays(spec: PersonSpec, skull: SkullMap, side: float, rng: np.random.Generator) -> tuple[F64, F64]:
    """Thin hairs a little off the sheet, most of them where it frames the face: they break its edge and its shine."""
    r = np.sort(np.clip(rng.uniform(0, 1, STRAYS) ** 2.0 * 0.8 - 0.006, -0.006, 1))
    curves = guides(spec, skull, side, 0.040, r)
    t = np.linspace(0, 1, ROWS)
    out = _outward(curves, skull)
    curves = curves + out * (rng.uniform(0.002, 0.012, (STRAYS, 1)) * smooth_step(t, 0.0, 0.3))[..., None]
    curves = _stretch(curves, (1 + rng.uniform(-0.25, 0.03, STRAYS))[:, None])
    curves = _waved(curves, out, r[:, None] * 4.5 + rng.uniform(-0.7, 0.7, (STRAYS, 1)), spec, t)[:, ::2]
    return curves, rng.uniform(0.0035, 0.0075, (STRAYS, 1)) * np.ones(curves.shape[1])


def _outward(curves: F64, skull: SkullMap) -> F64:
    away = curves - np.array([0.0, 0.25, skull.centre[2]])
    away[..., 1] = np.maximum(away[..., 1], 0)
    return unit_vectors(away)


def _waved(curves: F64, out: F64, phase: F64, spec: PersonSpec, t: F64) -> F64:
    """A gentle wave, the same for neighbours, growing towards the tips."""
    wave = spec.hair.wave * 0.05 * smooth_step(t, 0.30, 0.85) * np.sin(t * 10 + phase)
    sideways = np.cross(out, np.array([0.0, 1.0, 0.0]))
    return curves + sideways * wave[..., None] + out * (0.5 * wave)[..., None]


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
