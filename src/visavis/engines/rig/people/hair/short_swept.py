"""Short hair: swept back from the forehead on top, close and combed down at the sides and the nape."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.engines.rig.people.figure import Figure, unit_vectors
from visavis.engines.rig.people.hair.locks import LockLook, lock_piece
from visavis.engines.rig.people.hair.skull import SkullMap
from visavis.engines.rig.people.piece import Piece
from visavis.engines.rig.people.spec import PersonSpec, hair_colour

F64 = npt.NDArray[np.float64]
ROWS: Final = 7
TOP: Final = (
    (-1.5, 0.07, 0.50, 0.026), (2, 0.095, 0.62, 0.034), (8, 0.11, 0.74, 0.040), (18, 0.115, 0.78, 0.046), (32, 0.11, 0.74, 0.05),
    (48, 0.10, 0.70, 0.055), (66, 0.09, 0.60, 0.055),
)  # fmt: skip
"""Rows of locks: degrees behind the front hairline, lift, length and half width in face units."""
MORE: Final = (14, 8, 2, 0, -2, -4, -6)
"""Locks of each row beyond what the spec asks for."""
SIDES: Final = (
    (50, 0.06, 0.42, 0.045), (40, 0.055, 0.40, 0.045), (30, 0.05, 0.36, 0.042), (20, 0.042, 0.32, 0.04), (10, 0.035, 0.28, 0.038),
    (0, 0.03, 0.24, 0.036), (-10, 0.025, 0.2, 0.034),
)  # fmt: skip
"""Rows around the sides: height in degrees, lift, length and half width."""


def short_swept(spec: PersonSpec, figure: Figure, skull: SkullMap) -> list[Piece]:
    rng = np.random.default_rng(spec.seed + 101)
    skin = np.array(spec.skin.albedo)
    colour = hair_colour(spec.hair)
    front_root = colour * 0.55 + skin * 0.22
    pieces = []
    for row, (start, lift, length, width) in enumerate(TOP):
        roots = _top_roots(skull, start, spec.hair.locks + MORE[row], rng)
        curves, outward = _comb(roots, skull, _swept_back, length, lift * spec.hair.volume, rng)
        look = LockLook(
            width=(0.35, 0.95, 1, 0.8, 0.2), bulge=0.22, root=front_root if row < 2 else None, root_reach=0.14, columns=4,
            vary=0.09, shine=0.34, tip_tone=1.05,
        )  # fmt: skip
        half = np.full(len(curves), width) * rng.uniform(0.8, 1.25, len(curves))
        pieces.append(lock_piece(f"hair-top-{row}", curves, outward, half, figure=figure, hair=spec.hair, look=look, rng=rng))
    for row, (height, lift, length, width) in enumerate(SIDES):
        roots = _side_roots(skull, height, 40, rng)
        if not len(roots):
            continue
        curves, outward = _comb(roots, skull, _combed_down, length, lift * spec.hair.volume, rng)
        look = LockLook(width=(0.6, 1, 1, 0.9, 0.4), bulge=0.16, root=colour * 0.7, root_reach=0.3, columns=3, tone=0.84, vary=0.07,
                        shine=0.25, tip_tone=1.0)  # fmt: skip
        half = np.full(len(curves), width) * rng.uniform(0.85, 1.2, len(curves))
        pieces.append(lock_piece(f"hair-side-{row}", curves, outward, half, figure=figure, hair=spec.hair, look=look, rng=rng))
    return pieces


def _top_roots(skull: SkullMap, behind: float, count: int, rng: np.random.Generator) -> F64:
    """Directions [k, 3] of roots on a line `behind` degrees behind the front hairline, from temple to temple."""
    lateral = np.radians(np.linspace(-52, 52, count) + rng.uniform(-1.5, 1.5, count))
    elevation = np.radians(np.arange(20, 120, 1.0))
    out = []
    for angle in lateral:
        line = np.stack(
            [np.full(len(elevation), np.sin(angle)), np.cos(angle) * np.sin(elevation), np.cos(angle) * np.cos(elevation)], 1
        )
        grows = skull.scalp(line) > 0.35
        if grows.any():
            e = elevation[np.argmax(grows)] + np.radians(behind + rng.uniform(-4, 4))
            out.append([np.sin(angle), np.cos(angle) * np.sin(e), np.cos(angle) * np.cos(e)])
    return np.array(out)


def _side_roots(skull: SkullMap, height: float, count: int, rng: np.random.Generator) -> F64:
    """Directions [k, 3] of roots around the head at a height in degrees, where hair grows, the top of the forehead left out."""
    azimuth = np.radians(np.linspace(42, 318, count) + rng.uniform(-3, 3, count))
    h = np.radians(height + rng.uniform(-4, 4, count))
    around = np.stack([np.sin(azimuth) * np.cos(h), np.sin(h), np.cos(azimuth) * np.cos(h)], 1)
    return np.asarray(around[skull.scalp(around) > 0.6])


def _swept_back(direction: F64) -> F64:
    """Which way hair is combed on top, at directions [k, 3]."""
    way = np.array([0.30, 0.10, -1.0]) + np.array([0.35, 0, 0]) * direction[:, :1]
    return np.broadcast_to(way, direction.shape)


def _combed_down(direction: F64) -> F64:
    return np.stack(
        [0.1 * np.sign(direction[:, 0]), np.full(len(direction), -0.85), -0.55 * np.clip(direction[:, 2] + 0.9, 0, 1)], 1
    )


def _comb(roots: F64, skull: SkullMap, way, length: float, lift: float, rng: np.random.Generator) -> tuple[F64, F64]:  # type: ignore[no-untyped-def]
    """Curves and outward directions [k, ROWS, 3] from roots, following a field over the skull, rising and lying down again."""
    count = len(roots)
    step = length * rng.uniform(0.85, 1.12, count)[:, None] / (ROWS - 1)
    stray = rng.normal(0, 0.10, (count, 3))
    direction = roots.copy()
    points, outward = [], []
    for i in range(ROWS):
        t = i / (ROWS - 1)
        radius = skull.radius(direction)
        rise = 0.004 + lift * (0.03 + 0.97 * np.sin(np.pi * min(0.08 + t * 0.80, 1.0)))
        points.append(skull.centre + direction * (radius + rise)[:, None])
        outward.append(direction.copy())
        field = way(direction) + stray
        tangent = unit_vectors(field - (field * direction).sum(1, keepdims=True) * direction)
        direction = unit_vectors(direction + tangent * (step / radius[:, None]))
    return np.stack(points, 1), np.stack(outward, 1)
