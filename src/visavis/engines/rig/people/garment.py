"""The garment: an offset of the chest and shoulders, and a collar around the neck."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from visavis.engines.rig.people.figure import Figure
from visavis.engines.rig.people.piece import Piece
from visavis.engines.rig.people.skin import neckline
from visavis.engines.rig.people.spec import PersonSpec
from visavis.head.subdivision import grid_triangles, triangles_of
from visavis.render.mesh import Part

F64 = npt.NDArray[np.float64]
AROUND = 72
PULLED = 0.05
"""How far the garment is pulled along, late, by a turning head."""
COLLARS = {"roll-neck": (0.055, 0.085), "crew-neck": (0.045, 0.050), "shirt": (0.030, 0.10)}
"""Half thickness and half height of the collar's roll, in face units."""


def garment_pieces(spec: PersonSpec, figure: Figure) -> list[Piece]:
    return [_body(spec, figure), _collar(spec, figure)]


def _body(spec: PersonSpec, figure: Figure) -> Piece:
    quads, unit = figure.quads, figure.unit
    below = quads[neckline(spec, figure, figure.skin[quads].mean(1)) < 0.0]
    used, local = np.unique(below, return_inverse=True)
    thickness = spec.garment.thickness * unit
    rise = np.clip((neckline(spec, figure, figure.skin[used]) + 0.35) / 0.35, 0, 1)
    vertices = figure.skin[used] + figure.normals[used] * (thickness * (1 - 0.5 * rise))[:, None]
    uv = vertices[:, :2] / unit * 3.0
    return Piece(
        "garment", Part.CLOTH, vertices, triangles_of(local.reshape(below.shape).astype(np.int32)), np.array(spec.garment.colour),
        uv=uv, specular=0.03, noise=0.11, head_weight=0.0, lag_weight=PULLED,
    )  # fmt: skip


def _collar(spec: PersonSpec, figure: Figure) -> Piece:
    """A roll around the neckline."""
    unit = figure.unit
    height, slope = spec.garment.neckline
    ring = figure.skin[np.abs(neckline(spec, figure, figure.skin)) < 0.05] / unit
    middle = ring[:, 2].mean()
    angle_of = np.arctan2(ring[:, 0], ring[:, 2] - middle)
    reach = np.hypot(ring[:, 0], ring[:, 2] - middle)
    angles = np.arange(AROUND) * 2 * np.pi / AROUND
    apart = np.abs(np.angle(np.exp(1j * (angle_of[None] - angles[:, None]))))
    radius = np.array([np.median(reach[row < 0.22]) for row in apart])
    for _ in range(4):
        radius = (np.roll(radius, 1) + 2 * radius + np.roll(radius, -1)) / 4
    thick, tall = COLLARS[spec.garment.style]
    turn = np.arange(14) * 2 * np.pi / 14
    out = radius[:, None] + thick * 0.5 + thick * np.cos(turn)
    x, z = np.sin(angles)[:, None] * out, middle + np.cos(angles)[:, None] * out
    y = (
        height
        + slope * (middle + np.cos(angles) * radius)[:, None]
        + tall * np.sin(turn)
        + tall * (0.35 if tall > 0.06 else 0.0)
    )
    rings = np.stack([x, y, z], -1)
    rings = np.concatenate([rings, rings[:1]])
    angles = np.r_[angles, 2 * np.pi]
    uv = np.stack(np.broadcast_arrays(angles[:, None] * 1.9, turn * 0.05), -1).reshape(-1, 2)
    colour = np.array(spec.garment.collar or [c * 1.15 for c in spec.garment.colour])
    return Piece(
        "collar", Part.CLOTH, rings.reshape(-1, 3) * unit, grid_triangles(AROUND + 1, 14, closed=True), colour, uv=uv,
        specular=0.03, noise=0.14, head_weight=0.12, two_sided=True, facing=True,
    )  # fmt: skip
