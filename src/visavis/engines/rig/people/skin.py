"""Skin: colour by region and age, lips, beard, painted scalp; shine and pores."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from visavis.engines.rig.people.brows import brow_paint
from visavis.engines.rig.people.figure import Figure, smooth_step
from visavis.engines.rig.people.piece import Piece
from visavis.engines.rig.people.spec import PersonSpec, hair_colour
from visavis.head import lips
from visavis.head.subdivision import triangles_of
from visavis.render.mesh import Part

F64 = npt.NDArray[np.float64]
MOUTH_DEEP = (0.10, 0.018, 0.016)
MOUTH_FRONT = (0.34, 0.095, 0.085)


def head_weight(spec: PersonSpec, figure: Figure, points: F64) -> F64:
    """How far points [n, 3] metres follow the head: not at all at the garment's edge, so that no neck slides out of it."""
    face_front = smooth_step(points[:, 2] / figure.unit, -0.25, -0.02) * smooth_step(points[:, 1] / figure.unit, -1.45, -1.15)
    return np.maximum(smooth_step(neckline(spec, figure, points), -0.02, 0.46), face_front)


def neckline(spec: PersonSpec, figure: Figure, points: F64) -> F64:
    """Height [n] of points above the garment's edge, in face units."""
    height, slope = spec.garment.neckline
    face = points / figure.unit
    return np.asarray(face[:, 1] - (height + slope * face[:, 2]))


def scalp_mask(spec: PersonSpec, figure: Figure, *, soft: float = 0.11) -> F64:
    """Where hair grows, 0 to 1 over the skin [v]: above the hairline, ears left out."""
    x, y, z = figure.face.T
    angle = np.degrees(np.arctan2(z - figure.skull_z, np.abs(x) + 1e-6))
    line = np.interp(angle, spec.hair.hairline_angle, spec.hair.hairline_height)
    line += 0.016 * np.sin(x * 31 + z * 17) + 0.010 * np.sin(x * 57 - z * 23)
    return smooth_step(y - line, -0.25 * soft, soft) * (1 - smooth_step(figure.mask("ears"), 0.2, 0.6))


def beard_mask(figure: Figure) -> F64:
    """Where a beard grows, 0 to 1 over the skin [v]."""
    x, y, z = figure.face.T
    ax = np.abs(x)
    area = (
        smooth_step(y, -0.46, -0.62)
        * smooth_step(z, -0.30, 0.12)
        * (1 - smooth_step(ax, 0.62, 0.82))
        * smooth_step(y, -1.38, -1.10)
    )
    cheek = smooth_step(np.hypot((ax - 0.36) / 0.24, (y + 0.50) / 0.26), 0.75, 1.2)
    return area * cheek * (1 - np.clip(figure.mask("lips") * 1.6, 0, 1))


def skin_piece(spec: PersonSpec, figure: Figure) -> Piece:
    """The skin of head and neck, cut where the garment hides it."""
    look = spec.skin
    lips, lids = figure.mask("lips"), figure.mask("eyelids")
    x = figure.face[:, 0]
    albedo = paint(spec, figure)
    scalp, beard = scalp_mask(spec, figure), beard_mask(figure) * look.beard
    shine = _shine(figure, lips, beard, look.lip_gloss) * (1 - scalp * 0.85) * look.oil
    pores = 0.085 * look.pores + 0.12 * beard * look.stubble - 0.05 * lips + 0.25 * scalp
    angle = np.arctan2(x, figure.face[:, 2] - figure.skull_z)
    covers = lids * 1.3
    return Piece(
        "skin", Part.SKIN, figure.skin, triangles_of(_shown(spec, figure)), np.clip(albedo, 0.004, 1),
        binding=figure.head.skin,
        uv=np.stack([angle * 1.6, figure.face[:, 1] * 1.15], 1),
        specular=np.clip(shine, 0, None),
        noise=pores,
        head_weight=head_weight(spec, figure, figure.skin),
        lid_weight=np.clip(np.stack([covers * (x > 0), covers * (x < 0)], 1), 0, 1),
    )  # fmt: skip


def paint(spec: PersonSpec, figure: Figure) -> F64:
    """Linear albedo [v, 3]."""
    look = spec.skin
    rng = np.random.default_rng(spec.seed)
    x, y, z = figure.face.T
    ax = np.abs(x)
    waves = [np.sin(figure.face @ rng.normal(0, 7, 3) + rng.uniform(0, 6)) for _ in range(10)]
    blotches = np.sum(waves, 0) / 5
    colour = np.array(look.albedo) * (1 + 0.035 * blotches[:, None] * np.array([0.5, 1, 1.1]))

    def tint(mask: F64, towards: tuple[float, float, float] | list[float]) -> None:
        nonlocal colour
        colour = colour * (1 - mask[:, None] + mask[:, None] * np.array(towards))

    def spot(cx: float, cy: float, sx: float, sy: float) -> F64:
        return np.asarray(np.exp(-(((ax - cx) / sx) ** 2) - ((y - cy) / sy) ** 2) * (z > -0.5))

    tint(spot(0.40, -0.40, 0.26, 0.20) * look.blush, (1.04, 0.78, 0.77))
    tint(np.exp(-((ax / 0.16) ** 2) - ((y + 0.48) / 0.15) ** 2) * (z > 0.12) * look.blush, (1.0, 0.78, 0.76))
    tint(spot(0, -1.02, 0.18, 0.10) * look.blush * 0.6, (1.02, 0.85, 0.83))
    tint(spot(0.30, -0.16, 0.18, 0.07) * look.under_eye, (0.90, 0.81, 0.84))
    tint(spot(0.13, -0.05, 0.05, 0.08) * look.under_eye * 0.8, (0.90, 0.80, 0.82))
    tint(figure.mask("ears"), (0.98, 0.80, 0.76))
    tint(spot(0, 0.45, 0.5, 0.25) * 0.5, (1.03, 1.03, 0.98))
    tint(spot(0, -0.60, 0.05, 0.06) * 0.4, (0.95, 0.86, 0.84))
    tint(np.clip(figure.mask("eyelids"), 0, 1), look.lid_tint)
    if look.lines:
        fold = (
            np.exp(-(((ax - (0.20 + 0.34 * (-0.42 - y))) / 0.034) ** 2))
            * smooth_step(y, -0.38, -0.46)
            * smooth_step(y, -0.74, -0.62)
        )
        brow = sum(np.exp(-(((y - h - 0.02 * np.cos(x * 5)) / 0.020) ** 2)) for h in (0.40, 0.50, 0.59)) * smooth_step(
            ax, 0.42, 0.2
        )
        crow = spot(0.56, 0.0, 0.05, 0.06) * (0.5 + 0.5 * np.sin(y * 90 + ax * 20))
        tint(np.clip((fold + 0.5 * brow + 0.7 * crow) * (z > 0 - 0.2), 0, 1) * look.lines, (0.84, 0.76, 0.74))
    if look.freckles:
        tint(_freckles(figure, rng) * look.freckles, (0.80, 0.66, 0.58))
    tint(beard_mask(figure) * look.beard, look.beard_tint)
    lips = np.clip(figure.mask("lips"), 0, 1)[:, None] ** 1.2
    lip_lines = (1 + 0.07 * np.sin(x * 120))[:, None]
    colour = colour * (1 - lips) + lips * np.array(look.lips) * lip_lines
    brow = brow_paint(spec, figure)[:, None] * 0.8
    colour = colour * (1 - brow) + brow * np.array(spec.brows.colour) * 1.3
    tint(np.clip(figure.mask("lips") * 1.5, 0, 1) * _seam(figure), (0.70, 0.55, 0.55))
    scalp = scalp_mask(spec, figure)[:, None]
    colour = colour * (1 - scalp * 0.94) + scalp * 0.94 * hair_colour(spec.hair) * 0.85
    inside = np.clip(figure.mask("inside-mouth"), 0, 1)[:, None]
    front = smooth_step(z, 0.02, 0.20)[:, None]
    return np.asarray(colour * (1 - inside) + inside * (np.array(MOUTH_DEEP) * (1 - front) + np.array(MOUTH_FRONT) * front))


def _seam(figure: Figure) -> F64:
    """1 on the line where the lips meet, fading over a millimetre and a half."""
    upper, lower = (np.flatnonzero(side) for side in lips.lip_sides(figure.head))
    line, _ = lips.seam(figure.skin, upper, lower)
    height = np.interp(figure.skin[:, 0], line[:, 0], line[:, 1])
    return np.asarray(np.exp(-(((figure.skin[:, 1] - height) / 0.0016) ** 2)))


def _freckles(figure: Figure, rng: np.random.Generator) -> F64:
    x, y, z = figure.face.T
    noise = sum(np.sin(figure.face @ rng.normal(0, 45, 3) + rng.uniform(0, 6)) for _ in range(8)) / 3
    area = np.exp(-(((np.abs(x) - 0.25) / 0.26) ** 2) - ((y + 0.30) / 0.15) ** 2) * (z > -0.1)
    return np.asarray(np.clip(noise - 0.4, 0, 1) * area)


def _shine(figure: Figure, lips: F64, beard: F64, gloss: float) -> F64:
    x, y, z = figure.face.T
    ax = np.abs(x)
    nose = np.exp(-((ax / 0.10) ** 2)) * (z > 0) * smooth_step(y, -0.62, -0.2) * smooth_step(y, 0.2, -0.1)
    cheek = np.exp(-(((ax - 0.34) / 0.2) ** 2) - ((y + 0.24) / 0.12) ** 2) * (z > -0.5)
    brow = np.exp(-((ax / 0.3) ** 2) - ((y - 0.42) / 0.16) ** 2) * (z > 0)
    return np.asarray(0.19 + 0.10 * nose + 0.08 * cheek + 0.04 * brow + 0.30 * lips * gloss - 0.10 * beard)


def _shown(spec: PersonSpec, figure: Figure) -> npt.NDArray[np.int32]:
    """The skin's quads that can be seen at all: above the garment, and not at the back of the skull under the hair."""
    quads = figure.quads
    face = figure.face[quads]
    above = neckline(spec, figure, figure.skin[quads].mean(1)) > -0.10
    back = (face[:, :, 2].max(1) < figure.skull_z - 0.2) & (face[:, :, 1].min(1) > 0.1)
    return np.asarray(quads[above & ~back])
