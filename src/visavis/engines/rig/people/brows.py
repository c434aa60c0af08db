"""Brows: fine tapered hairs laid on the skin over a soft painted shade, steep at the nose, lying down towards the temple."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.spatial import cKDTree

from visavis.engines.rig.people.figure import Figure, smooth_step
from visavis.engines.rig.people.piece import Piece
from visavis.engines.rig.people.spec import PersonSpec
from visavis.render.mesh import Part

F64 = npt.NDArray[np.float64]


def brow_paint(spec: PersonSpec, figure: Figure) -> F64:
    """How much of the brow's colour shades the skin under it, 0 to 1 over the skin [v]."""
    look = spec.brows
    x, y, z = figure.face.T
    ax = np.abs(x)
    centre = np.interp(ax, look.x, look.y)
    along = smooth_step(ax, look.x[0] - 0.05, look.x[0] + 0.07) * (1 - smooth_step(ax, look.x[-1] - 0.12, look.x[-1] + 0.04))
    across = np.exp(-(((y - centre) / (look.thickness * 1.15)) ** 2))
    return np.asarray(across * along * (z > -0.1) * look.paint)


def brow_piece(spec: PersonSpec, figure: Figure) -> Piece:
    """Both brows as strands bound to the skin."""
    look, unit = spec.brows, figure.unit
    rng = np.random.default_rng(spec.seed + 29)
    n = look.hairs
    k = np.sort(rng.uniform(0, 1, n))
    x = look.x[0] + k * (look.x[-1] - look.x[0])
    thick = look.thickness * np.interp(k, [0, 0.10, 0.45, 0.75, 1], [0.75, 1, 0.95, 0.6, 0.18])
    offset = np.clip(rng.normal(0, 0.5, n), -1, 1) * thick
    lean = np.interp(k, [0, 0.12, 0.35, 0.65, 1], [78, 55, 28, 8, -22])
    angle = np.radians(lean - offset / look.thickness * 26 + rng.normal(0, 8, n))
    length = look.hair_mm * 1e-3 / unit * np.interp(k, [0, 0.2, 0.6, 1], [0.8, 1, 1, 0.75]) * rng.uniform(0.75, 1.15, n)
    front = np.flatnonzero((figure.normals[:, 2] > 0.1) & (figure.mask("inside-mouth") < 0.3))
    tree = cKDTree(figure.skin[front, :2])
    vertices, bindings = [], []
    for side in (1.0, -1.0):
        start = np.c_[side * x, np.interp(x, look.x, look.y) + offset]
        way = np.c_[side * np.cos(angle), np.sin(angle)]
        width = np.c_[-way[:, 1], way[:, 0], np.zeros(n)] * 0.00027

        def on_skin(points: F64, lift_m: float) -> tuple[F64, npt.NDArray[np.intp]]:
            flat = points * unit
            distance, near = tree.query(flat, 3)
            weight = 1 / (distance + 1e-4)
            z = (figure.skin[front[near], 2] * weight).sum(1) / weight.sum(1)
            return np.c_[flat, z + lift_m], front[near[:, 0]]

        root, vertex = on_skin(start - way * length[:, None] * 0.3, 0.0002)
        middle, _ = on_skin(start + way * length[:, None] * 0.2, 0.0009)
        tip, _ = on_skin(start + way * length[:, None] * 0.7, 0.0006)
        vertices += [root - width * 0.8, root + width * 0.8, middle - width, middle + width, tip]
        bindings += [figure.head.skin[vertex]] * 5
    j = np.arange(n)
    triangles = []
    for first in (0, 5 * n):
        a, b, c, d, e = (first + j + i * n for i in range(5))
        triangles += [np.stack(t, 1) for t in ((a, b, d), (a, d, c), (c, d, e))]
    tone = np.array(look.colour) * rng.uniform(0.7, 1.3, (n, 1))
    skin = np.array(spec.skin.albedo)
    ends = np.interp(k, [0, 0.12, 0.8, 1], [0.45, 0.0, 0.1, 0.5])[:, None]
    colours = [tone * (1 - f) * (1 - ends) + skin * (f + ends * (1 - f)) for f in (0.25, 0.25, 0.0, 0.0, 0.35)]
    albedo = np.tile(np.concatenate(colours), (2, 1))
    return Piece(
        "brows", Part.FINE, np.concatenate(vertices), np.concatenate(triangles), np.clip(albedo, 0, 1),
        binding=sp.vstack(bindings).tocsr(), specular=0.03, two_sided=True, facing=True,
    )  # fmt: skip
