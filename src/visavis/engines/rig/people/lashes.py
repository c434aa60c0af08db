"""Lashes and the dark line they grow from, bound to the edge of the lids so that they follow every blink and glance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from visavis.engines.rig.people.figure import Figure, unit_vectors
from visavis.engines.rig.people.piece import Piece
from visavis.engines.rig.people.spec import PersonSpec
from visavis.head.subdivision import grid_triangles
from visavis.render.mesh import Part

F64 = npt.NDArray[np.float64]

ROOTS: Final = 21
"""Points that the lid's edge is sampled at."""
LINE: Final = 30
UPPER_LASHES: Final = 30
LOWER_LASHES: Final = 14
FALL: Final[Mapping[str, float]] = {"eyeBlink": 62.0, "eyeLookDown": 28.0, "eyeLookUp": -10.0, "eyeWide": -6.0}
"""Degrees by which the upper lashes turn down with the lid at weight 1."""


@dataclass(frozen=True, slots=True, eq=False)
class LidEdge:
    """The edge of one lid, from low to high x.

    binding [ROOTS, c] points on the edge · centre [3] of the eyeball · upper, or lower lid
    outward +1 where growing x leads to the temple, -1 where it leads to the nose · side "Left" or "Right"
    """

    binding: sp.csr_matrix
    centre: F64
    upper: bool
    outward: float
    side: str

    def sample(self, at: F64) -> sp.csr_matrix:
        """Weights [n, c] of points at positions 0 to ROOTS - 1 along the edge."""
        first = np.minimum(at.astype(int), ROOTS - 2)
        share = at - first
        return (sp.diags(1 - share) @ self.binding[first] + sp.diags(share) @ self.binding[first + 1]).tocsr()


def find_edges(figure: Figure, eye: int) -> tuple[LidEdge, LidEdge]:
    """Upper and lower lid edge of an eye: in every direction from its axis, the skin that comes nearest to the axis."""
    centre, radius = figure.joints.eyes.centres[eye], figure.joints.eyes.radii[eye]
    offset = figure.skin - centre
    distance = np.linalg.norm(offset, axis=1)
    near = np.flatnonzero((distance < 1.45 * radius) & (distance > 0.9 * radius) & (offset[:, 2] > 0.1 * radius))
    points = offset[near]
    polar = np.arccos(np.clip(points[:, 2] / distance[near], -1, 1))
    around = np.arctan2(points[:, 1], points[:, 0])
    picked = []
    cost = polar + 0.3 * np.abs(distance[near] / radius - 1.11)
    for angle in np.linspace(-np.pi, np.pi, 72, endpoint=False):
        sector = np.flatnonzero(np.abs(np.angle(np.exp(1j * (around - angle)))) < 0.20)
        if len(sector):
            picked.append(near[sector[np.argmin(cost[sector])]])
    rim = np.unique(picked)
    x, y = figure.skin[rim, 0] - centre[0], figure.skin[rim, 1] - centre[1]
    left, right = rim[np.argmin(x)], rim[np.argmax(x)]
    ends = figure.skin[[left, right]] - centre
    chord = np.interp(x, ends[:, 0], ends[:, 1])
    edges = []
    for upper in (True, False):
        part = rim[(y > chord + 1e-5) if upper else (y < chord - 1e-5)]
        part = _on_curve(figure, part[np.argsort(figure.skin[part, 0])])
        chain = np.r_[left, part, right]
        edges.append(_even(figure, chain, centre, upper, eye))
    return edges[0], edges[1]


def _on_curve(figure: Figure, chain: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """The chain without the vertices that lie off the smooth arc of the lid (picked from a fold behind it)."""
    for _ in range(4):
        x, y = figure.skin[chain, 0], figure.skin[chain, 1]
        off = np.abs(y - np.polyval(np.polyfit(x - x.mean(), y, 3), x - x.mean()))
        if len(chain) < 8 or off.max() < 0.0007:
            break
        chain = np.delete(chain, np.argmax(off))
    return chain


def _even(figure: Figure, chain: npt.NDArray[np.intp], centre: F64, upper: bool, eye: int) -> LidEdge:
    """A chain of skin vertices as ROOTS evenly spaced points."""
    points = figure.skin[chain]
    length = np.r_[0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))]
    at = np.linspace(0, length[-1], ROOTS)
    first = np.clip(np.searchsorted(length, at, side="right") - 1, 0, len(chain) - 2)
    share = (at - length[first]) / np.maximum(length[first + 1] - length[first], 1e-9)
    skin = figure.head.skin
    binding = sp.diags(1 - share) @ skin[chain[first]] + sp.diags(share) @ skin[chain[first + 1]]
    smooth = sp.diags([0.25, 0.5, 0.25], [-1, 0, 1], shape=(ROOTS, ROOTS)).tolil()
    smooth[0, :2], smooth[-1, -2:] = [0.75, 0.25], [0.25, 0.75]
    binding = (smooth.tocsr() @ smooth.tocsr() @ binding).tocsr()
    return LidEdge(binding, centre, upper, 1.0 if eye == 0 else -1.0, ("Left", "Right")[eye])


def lash_pieces(spec: PersonSpec, figure: Figure) -> tuple[list[Piece], list[str]]:
    """Lashes and lid lines of both eyes; the second value names the pieces whose first LINE vertices run along the upper lids."""
    rng = np.random.default_rng(spec.seed + 13)
    pieces, upper_lines = [], []
    for eye, side in enumerate("lr"):
        for edge in find_edges(figure, eye):
            name = f"{side}-{'upper' if edge.upper else 'lower'}"
            pieces.append(_lashes(f"lashes-{name}", edge, spec, figure, rng))
            pieces.append(_line(f"lid-line-{name}", edge, spec, figure))
            if edge.upper:
                upper_lines.append(f"lid-line-{name}")
    return pieces, upper_lines


def _lashes(name: str, edge: LidEdge, spec: PersonSpec, figure: Figure, rng: np.random.Generator) -> Piece:
    """Tapered blades whose feet meet, so that they read as a dense dark edge that dissolves into tips."""
    count = UPPER_LASHES if edge.upper else LOWER_LASHES
    place = (np.arange(count) + 0.5 + rng.uniform(-0.15, 0.15, count)) / count
    at = (0.07 + 0.90 * place if edge.outward > 0 else 0.03 + 0.90 * place) * (ROOTS - 1)
    binding = edge.sample(at)
    across = at / (ROOTS - 1) * 2 - 1
    temple = (across * edge.outward + 1) / 2
    length = (
        spec.eyes.lash_mm * 1e-3 * (1.0 if edge.upper else 0.40) * (0.45 + 0.55 * temple**0.8) * rng.uniform(0.75, 1.1, count)
    )
    up = 1.0 if edge.upper else -1.0
    root = np.asarray(binding @ figure.cage)
    away = unit_vectors(root - edge.centre)
    root = root + away * 0.0004
    out = unit_vectors(away * np.array([0.7, 0.6, 1.0]) + np.c_[across * 0.45, np.full(count, 0.05 * up), np.full(count, 0.10)])
    rise = np.array([0.0, up, 0.0])
    middle = root + out * (length * 0.50)[:, None] + rise * (length * 0.10)[:, None]
    tip = root + out * (length * 0.72)[:, None] + rise * (length * 0.52)[:, None]
    spacing = np.abs(np.gradient(root[:, 0])).mean()
    foot = np.array([1.0, 0, 0]) * spacing * (0.55 if edge.upper else 0.22)
    slim = np.array([1.0, 0, 0]) * spacing * (0.26 if edge.upper else 0.12)
    vertices = np.concatenate([root - foot, root + foot, middle - slim, middle + slim, tip])
    j = np.arange(count)
    a, b, c, d, e = (j + k * count for k in range(5))
    triangles = np.concatenate([np.stack(t, 1) for t in ((a, b, d), (a, d, c), (c, d, e))])
    dark, soft = np.array(spec.eyes.lash), np.array(spec.skin.albedo) * (0.25 if edge.upper else 0.62)
    fade = (0.0, 0.0, 0.12, 0.12, 0.6) if edge.upper else (0.5, 0.5, 0.65, 0.65, 0.95)
    albedo = np.concatenate([np.broadcast_to(dark * (1 - f) + soft * f, (count, 3)) for f in fade])
    roots = np.tile(root, (5, 1))
    extra = {shape + edge.side: _turned(vertices - roots, angle) for shape, angle in FALL.items()} if edge.upper else {}
    return Piece(
        name, Part.FINE, vertices, triangles, albedo, binding=sp.vstack([binding] * 5).tocsr(),
        specular=0.02, tangent=np.array([0.0, 0.0, 1.0]), extra=extra, two_sided=True, facing=True,
    )  # fmt: skip


def _turned(offsets: F64, degrees: float) -> F64:
    """How offsets [n, 3] change when they are turned down about the X axis."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    y, z = offsets[:, 1], offsets[:, 2]
    return np.stack([np.zeros(len(offsets)), c * y - s * z - y, s * y + c * z - z], 1)


def _line(name: str, edge: LidEdge, spec: PersonSpec, figure: Figure) -> Piece:
    """A strip on the edge of the lid. Below: the moist rim. Above: dark, then fading out as the lashes' soft density does."""
    at = np.linspace(0, 1, LINE)
    binding = edge.sample(at * (ROOTS - 1.001))
    root = np.asarray(binding @ figure.cage)
    taper = np.sin(np.pi * np.linspace(0.04, 0.96, LINE))[:, None] ** 0.6
    away = unit_vectors(root - edge.centre)
    width = spec.eyes.liner_mm * 1e-3 * (1.0 if edge.upper else 0.45)
    up = np.array([0.0, 1.0 if edge.upper else -1.0, 0.0])
    rows = [root - away * 0.0002 - up * width * 0.35 * taper, root + away * 0.0006 + up * width * 0.65 * taper]
    dark, skin = np.array(spec.eyes.lash), np.array(spec.skin.albedo)
    colours = [dark, dark] if edge.upper else [skin * np.array([0.70, 0.48, 0.46])] * 2
    extra = {}
    if edge.upper:
        temple = at if edge.outward > 0 else 1 - at
        length = spec.eyes.lash_mm * 1e-3 * 0.62 * (0.45 + 0.55 * temple[:, None]) * taper
        rows.append(rows[1] + away * length * 0.55 + up * length * 0.62)
        colours.append(skin * np.array(spec.skin.lid_tint) * 0.80)
    vertices = np.concatenate(rows)
    if edge.upper:
        fringe = np.zeros_like(vertices)
        fringe[2 * LINE :] = rows[2] - rows[1]
        extra = {shape + edge.side: _turned(fringe, angle) for shape, angle in FALL.items()}
    triangles = grid_triangles(len(rows), LINE)
    return Piece(
        name, Part.FINE, vertices, triangles, np.repeat(colours, LINE, 0), binding=sp.vstack([binding] * len(rows)).tocsr(),
        specular=0.02, extra=extra, two_sided=True, facing=True,
    )  # fmt: skip
