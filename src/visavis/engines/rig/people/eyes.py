"""Eyeballs: a fine cap with a corneal bulge, and the painted front view of iris, pupil and white."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.engines.rig.people.figure import Figure, smooth_step
from visavis.engines.rig.people.piece import Piece
from visavis.head.subdivision import grid_triangles
from visavis.render.mesh import Part

F64 = npt.NDArray[np.float64]

IRIS: Final = 0.44
PUPIL: Final = 0.17
BULGE: Final = 0.050
SIZE: Final = 0.985
"""Of the fitted sphere, so that the lids keep outside."""
RINGS: Final = 18
SPOKES: Final = 28
TEXTURE: Final = 256


def eye_pieces(figure: Figure) -> tuple[list[Piece], F64]:
    """Both eyeballs (left first) and their rest offsets [2, m, 3] metres from the centres."""
    polar = np.radians(np.r_[np.linspace(0, 36, 11), np.linspace(44, 100, RINGS - 11)])
    around = np.arange(SPOKES) * 2 * np.pi / SPOKES
    direction = np.stack(
        [np.outer(np.sin(polar), np.cos(around)), np.outer(np.sin(polar), np.sin(around)),
         np.broadcast_to(np.cos(polar)[:, None], (RINGS, SPOKES))], -1)  # fmt: skip
    bulge = 1 + BULGE * np.clip(1 - (polar / 0.52) ** 2, 0, 1)
    pieces, rest = [], []
    for side, centre, radius in zip("lr", figure.joints.eyes.centres, figure.joints.eyes.radii, strict=True):
        offsets = (direction * bulge[:, None, None] * radius * SIZE).reshape(-1, 3)
        uv = direction.reshape(-1, 3)[:, :2]
        triangles = grid_triangles(RINGS, SPOKES, closed=True)
        pieces.append(Piece(f"eye-{side}", Part.EYE, offsets + centre, triangles, np.ones(3), uv=uv, specular=1.0))
        rest.append(offsets)
    return pieces, np.array(rest)


def iris_texture(iris: Sequence[float], seed: int) -> F64:
    """Front view of an eyeball of an iris colour, linear RGB [256, 256, 3]: fibres, a warm collar, a dark ring, veins."""
    rng = np.random.default_rng(seed + 77)
    row, column = np.mgrid[0:TEXTURE, 0:TEXTURE]
    u, v = column / (TEXTURE - 1) * 2 - 1, 1 - row / (TEXTURE - 1) * 2
    r, angle = np.hypot(u, v), np.arctan2(v, u)
    t = np.clip((r - PUPIL) / (IRIS - PUPIL), 0, 1)
    fibres = sum(
        np.sin(angle * rng.integers(9, 70) + rng.uniform(0, 6.28) + rng.normal() * t * 3) * rng.uniform(0.3, 1)
        for _ in range(26)
    )
    fibres = np.tanh(np.asarray(fibres) / 3)[..., None]
    colour = np.array(iris) * (0.78 + 0.40 * fibres * (1 - 0.5 * t[..., None]))
    collar = np.exp(-(((t - 0.14) / 0.18) ** 2))[..., None]
    colour = colour * (1 - 0.45 * collar) + np.array([0.36, 0.20, 0.07]) * 0.6 * collar * (0.8 + 0.4 * fibres)
    colour *= (0.66 + 0.70 * np.clip(-v / IRIS * 0.8 + 0.35, 0, 1))[..., None]
    colour *= (1 - 0.78 * smooth_step(t, 0.72, 1.0))[..., None]
    colour = np.clip(colour, 0.012, 1)
    pupil = smooth_step(r, PUPIL - 0.018, PUPIL + 0.018)[..., None]
    colour = colour * pupil + 0.004 * (1 - pupil)
    white = _white(rng, r, angle)
    edge = smooth_step(r, IRIS - 0.035, IRIS + 0.035)[..., None]
    return np.asarray(colour * (1 - edge) + white * edge)


def _white(rng: np.random.Generator, r: F64, angle: F64) -> F64:
    white = np.array([0.72, 0.66, 0.62]) * np.ones((*r.shape, 3))
    veins = np.zeros_like(r)
    for _ in range(26):
        start, wobble = rng.uniform(-np.pi, np.pi), rng.uniform(0, 6)
        distance = np.abs(np.angle(np.exp(1j * (angle - start - 0.09 * np.sin(r * 22 + wobble)))) * r)
        veins += np.exp(-((distance / 0.008) ** 2)) * smooth_step(r, 0.62, 1.0) * rng.uniform(0.3, 1)
    white *= 1 - np.clip(veins, 0, 1)[..., None] * np.array([0.08, 0.30, 0.30]) * 0.8
    white *= 1 - smooth_step(r, 0.62, 1.0)[..., None] * np.array([0.08, 0.22, 0.22])
    return white
