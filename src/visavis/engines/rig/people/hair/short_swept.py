"""Short hair: swept back from the forehead on top, close at the sides, thinning out into the skin around the ears and the nape."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.engines.rig.people.figure import Figure, smooth_step, unit_vectors
from visavis.engines.rig.people.hair.locks import LockLook, lock_piece, resample, sheet_piece
from visavis.engines.rig.people.hair.skull import SkullMap
from visavis.engines.rig.people.piece import Piece
from visavis.engines.rig.people.spec import PersonSpec, hair_colour

F64 = npt.NDArray[np.float64]

ROWS_TOP: Final = 12
ROWS_SIDE: Final = 10
PER_LOCK: Final = 2
FRINGE_HAIRS: Final = 180
FRINGE_ROWS: Final = 4
LATERAL_DEG: Final = 58.0
"""The top reaches this far to each side of the middle, seen from the skull's centre."""
SWEEP_DEG: Final = 9.0
"""Towards the character's left, over the length of the top."""
BACK_DEG: Final = 152.0
SIDE_TOP_DEG: Final = 52.0
"""Height where the sides begin, under the top."""
LOWEST_DEG: Final = -42.0


def short_swept(spec: PersonSpec, figure: Figure, skull: SkullMap) -> list[Piece]:
    rng = np.random.default_rng(spec.seed + 101)
    skin, colour = np.array(spec.skin.albedo), hair_colour(spec.hair)
    fringe = colour * 0.62 + skin * 0.14
    thin = colour * 0.55 + skin * 0.16
    top = LockLook(root=fringe, root_reach=0.12, vary=0.05, edge=0.26, shine=0.30, tip_tone=0.95, grey_vary=0.13)
    loose = LockLook(
        width=(0.3, 1, 1, 0.7, 0.1),
        bulge=0.30,
        root=colour * 0.85,
        root_reach=0.15,
        columns=3,
        vary=0.08,
        shine=0.30,
        tip_tone=1.0,
        grey_vary=0.12,
    )
    fine = LockLook(
        width=(0.35, 1, 0.9, 0.6, 0.1),
        bulge=0.10,
        root=colour * 0.5 + skin * 0.3,
        root_reach=0.35,
        columns=2,
        vary=0.10,
        shine=0.15,
        tip_tone=1.0,
        grain=0.2,
        grey_vary=0.15,
    )
    side_look = LockLook(
        root=colour * 0.8,
        root_reach=0.3,
        end=thin,
        end_reach=0.30,
        tone=0.92,
        vary=0.06,
        grey=0.10,
        edge=0.14,
        shine=0.2,
        tip_tone=0.95,
    )
    grid, lock, across = _top(spec, skull, rng)
    pieces = [sheet_piece("hair-top", grid, lock, across, figure=figure, hair=spec.hair, look=top, rng=rng)]
    curves, half = _loose(spec, skull, rng)
    outward = unit_vectors(curves - skull.centre)
    pieces.append(lock_piece("hair-loose", curves, outward, half, figure=figure, hair=spec.hair, look=loose, rng=rng))
    curves, half = _fringe(spec, skull, rng)
    outward = unit_vectors(curves - skull.centre)
    pieces.append(lock_piece("hair-line", curves, outward, half, figure=figure, hair=spec.hair, look=fine, rng=rng))
    for side, word in ((1.0, "left"), (-1.0, "right")):
        grid, lock, across = _side(spec, skull, side, rng)
        pieces.append(sheet_piece(f"hair-{word}", grid, lock, across, figure=figure, hair=spec.hair, look=side_look, rng=rng))
    return pieces


def _locks(count: int, rng: np.random.Generator) -> tuple[F64, npt.NDArray[np.intp], F64]:
    """Columns of `count` joined locks of uneven width: place 0 to 1, number of the lock, -1 to 1 across it."""
    borders = (np.arange(count + 1) + np.r_[0, rng.uniform(-0.28, 0.28, count - 1), 0]) / count
    inside = np.linspace(0, 1, PER_LOCK + 1)[:-1]
    place = np.r_[(borders[:-1, None] + np.diff(borders)[:, None] * inside).ravel(), 1.0]
    return place, np.r_[np.repeat(np.arange(count), PER_LOCK), count - 1], np.r_[np.tile(inside * 2 - 1, count), 1.0]


def _meridian(lateral: F64, elevation: F64) -> F64:
    """Unit vectors: `lateral` to the left of the middle plane, `elevation` from straight ahead over the top; radians."""
    lateral, elevation = np.broadcast_arrays(lateral, elevation)
    return np.stack([np.sin(lateral), np.cos(lateral) * np.sin(elevation), np.cos(lateral) * np.cos(elevation)], -1)


def _hairline(skull: SkullMap, lateral: F64) -> F64:
    """Elevation [k] in radians at which hair begins, for each lateral angle."""
    elevation = np.radians(np.arange(20, 110, 1.0))
    grows = skull.scalp(_meridian(lateral[:, None], elevation[None])) > 0.30
    start = elevation[np.where(grows.any(1), grows.argmax(1), len(elevation) // 2)]
    return np.convolve(np.pad(start, 3, mode="edge"), np.ones(7) / 7, "valid")


def _top_curves(spec: PersonSpec, skull: SkullMap, place: F64, lift: F64 | float, start: F64 | float = 0.0) -> F64:
    """Curves [k, ROWS_TOP, 3] from the front hairline (moved back by `start` radians) to behind the crown."""
    lateral = np.radians((place * 2 - 1) * LATERAL_DEG)
    first = _hairline(skull, lateral) + start
    t = np.linspace(0, 1, ROWS_TOP)
    elevation = first[:, None] + (np.radians(BACK_DEG) - first[:, None]) * t
    turned = lateral[:, None] + np.radians(SWEEP_DEG) * np.sin(np.pi * t) * np.cos(lateral[:, None])
    direction = _meridian(turned, elevation)
    middle = np.cos(lateral * 1.2)[:, None] ** 2
    rise = (0.055 + 0.075 * middle) * smooth_step(t, -0.04, 0.22) * (1 - 0.45 * smooth_step(t, 0.45, 1.0))
    return resample(skull.surface(direction, 0.006 + rise * spec.hair.volume + lift), ROWS_TOP, smoothing=1)


def _top(spec: PersonSpec, skull: SkullMap, rng: np.random.Generator) -> tuple[F64, npt.NDArray[np.intp], F64]:
    place, lock, across = _locks(spec.hair.locks, rng)
    grid = _top_curves(spec, skull, place, 0.0)
    t = np.linspace(0, 1, ROWS_TOP)
    out = unit_vectors(grid - skull.centre)
    relief = (1 - across**2) * rng.uniform(0.5, 1.3, spec.hair.locks)[lock]
    grid = grid + out * (0.012 * relief[:, None] * smooth_step(t, 0.0, 0.25))[..., None]
    jag = rng.uniform(-0.012, 0.012, spec.hair.locks)[lock] + 0.012
    along = unit_vectors(grid[:, 1] - grid[:, 0])
    grid[:, 0] += along * (jag * smooth_step(1 - np.abs(place * 2 - 1), 0.05, 0.35))[:, None]
    sway = 0.03 * np.sin(t * 5 + place[:, None] * 40) * smooth_step(t, 0.1, 0.5)
    grid[..., 0] += sway * spec.hair.wave
    return grid, lock, across


def _loose(spec: PersonSpec, skull: SkullMap, rng: np.random.Generator) -> tuple[F64, F64]:
    count = spec.hair.locks * 2
    place = rng.uniform(0.08, 0.92, count)
    start = np.radians(np.where(np.arange(count) % 3 == 0, rng.uniform(1, 6, count), rng.uniform(6, 60, count)))
    curves = _top_curves(spec, skull, place, 0.012, start)
    reach = rng.uniform(0.25, 0.45, count)
    t = np.linspace(0, 1, ROWS_TOP)
    cut = np.stack([[np.interp(t * r, t, curve[:, axis]) for axis in range(3)] for curve, r in zip(curves, reach, strict=True)])
    curves = np.moveaxis(cut, 1, 2)
    lift = 0.008 + 0.016 * np.sin(np.pi * t) * rng.uniform(0.5, 1.3, (count, 1))
    lift -= 0.006 * smooth_step(t, 0.75, 1.0)
    curves = curves + unit_vectors(curves - skull.centre) * lift[..., None]
    curves[..., 0] += np.cumsum(np.full((count, ROWS_TOP), 1.0), 1) * rng.normal(0, 0.002, (count, 1))
    return curves, rng.uniform(0.008, 0.018, (count, 1)) * np.ones(ROWS_TOP)


def _fringe(spec: PersonSpec, skull: SkullMap, rng: np.random.Generator) -> tuple[F64, F64]:
    """Single hairs that break up the line where the top begins: from the skin a little before it, back over the sheet."""
    count = FRINGE_HAIRS
    place = (np.arange(count) + rng.uniform(0, 1, count)) / count
    start = np.radians(-np.abs(rng.normal(0, 1.6, count)))
    curves = _top_curves(spec, skull, place, 0.0, start)
    reach = rng.uniform(0.06, 0.15, count)
    t = np.linspace(0, 1, FRINGE_ROWS)
    spread = np.linspace(0, 1, ROWS_TOP)
    cut = np.array(
        [[np.interp(t * r, spread, curve[:, axis]) for axis in range(3)] for curve, r in zip(curves, reach, strict=True)]
    )
    curves = np.moveaxis(cut, 1, 2)
    curves += unit_vectors(curves - skull.centre) * (0.004 + 0.020 * np.sin(np.pi * t * 0.85))[None, :, None]
    curves[..., 0] += (rng.normal(0, 0.012, (count, 1))) * t
    return curves, rng.uniform(0.0035, 0.0065, (count, 1)) * np.ones(FRINGE_ROWS)


def _side(spec: PersonSpec, skull: SkullMap, side: float, rng: np.random.Generator) -> tuple[F64, npt.NDArray[np.intp], F64]:
    """A sheet from under the top down to where the hair ends: sideburn, around the ear, nape."""
    count = spec.hair.locks
    place, lock, across = _locks(count, rng)
    t = np.linspace(0, 1, ROWS_SIDE)
    heights = np.radians(np.linspace(SIDE_TOP_DEG, LOWEST_DEG, 60))
    front = _front_azimuth(skull, side, heights)
    azimuth = front[0] + (np.pi - front[0]) * place
    column = np.maximum(azimuth[:, None] + np.radians(6) * np.linspace(0, 1, 60), front[None] - 0.03)
    scalp = skull.scalp(_around(side * column, heights[None]))
    ends = np.array([np.argmax(row[12:] < 0.5) + 12 if (row[12:] < 0.5).any() else 59 for row in scalp]).astype(float)
    smoothed = np.convolve(np.pad(ends, 7, mode="edge"), np.ones(15) / 15, "valid")
    ends = np.minimum(smoothed, ends) - 1.5 + rng.uniform(-0.5, 0.5, len(ends))
    at = t[None] * ends[:, None]
    h = np.interp(at, np.arange(60), heights)
    azimuths = np.array([np.interp(row, np.arange(60), c) for row, c in zip(at, column, strict=True)])
    direction = _around(side * azimuths, h)
    relief = (1 - across**2) * rng.uniform(0.5, 1.2, count)[lock]
    lift = (
        0.016
        + (0.055 * spec.hair.volume) * (1 - smooth_step(t, 0.15, 1.0)) * smooth_step(t, -0.25, 0.2)
        + 0.012 * relief[:, None] * (1 - t * 0.6)
    )
    lift *= (0.04 + 0.96 * smooth_step(place, 0.0, 0.20))[:, None]
    return skull.surface(direction, lift), lock, across


def _front_azimuth(skull: SkullMap, side: float, heights: F64) -> F64:
    """Azimuth [k] from straight ahead where hair begins at each height, smoothed downwards."""
    azimuth = np.radians(np.arange(20, 150, 1.0))
    grows = skull.scalp(_around(side * azimuth[None], heights[:, None])) > 0.40
    first = azimuth[np.where(grows.any(1), grows.argmax(1), 70)]
    return np.convolve(np.pad(first, 4, mode="edge"), np.ones(9) / 9, "valid")


def _around(azimuth: F64, height: F64) -> F64:
    a, h = np.broadcast_arrays(azimuth, height)
    return np.stack([np.sin(a) * np.cos(h), np.sin(h), np.cos(a) * np.cos(h)], -1)
