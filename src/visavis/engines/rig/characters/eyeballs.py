"""Eyeballs of a character: found by bones, nodes and names, their centres by a sphere through them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.sparse.csgraph import connected_components

from visavis.engines.rig.characters.anatomy import Anatomy
from visavis.engines.rig.characters.gather import Gathered
from visavis.engines.rig.characters.materials import is_eyeball
from visavis.engines.rig.characters.nodes import Nodes
from visavis.engines.rig.characters.shapes import share_of
from visavis.engines.rig.characters.skeleton import Bones

F64 = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Eyeball:
    """vertices: those that turn with the eye · centre [3] · radius"""

    vertices: npt.NDArray[np.int64]
    centre: F64
    radius: float


def find_eyeballs(
    gathered: Gathered, nodes: Nodes, bones: Bones, anatomy: Anatomy, names: list[str]
) -> tuple[Eyeball, Eyeball] | None:
    """Left (+X) and right, or None where eyes are drawn on the face. names [p]: node, mesh and material of each primitive."""
    by_bone = [share_of(gathered, nodes.below([bones.of(b)])) > 0.5 for b in ("leftEye", "rightEye") if bones.of(b) >= 0]
    if len(by_bone) == 2 and all(of.any() for of in by_bone):
        chosen = by_bone[0] | by_bone[1]
    else:
        chosen = np.zeros(len(gathered.positions), bool)
        for number, name in enumerate(names):
            if is_eyeball(name):
                chosen |= gathered.piece == number
    found = []
    for side in (1.0, -1.0):
        of = np.flatnonzero(chosen & (side * (gathered.positions[:, 0] - anatomy.middle_x) > 0))
        if len(of) < 8 or np.ptp(gathered.positions[of, 0]) > 0.95 * anatomy.eyes_apart:
            return None
        found.append(_fitted(gathered.positions[of], of))
    return found[0], found[1]


def _fitted(points: F64, vertices: npt.NDArray[np.int64]) -> Eyeball:
    """Least-squares sphere; for a shallow or uneven set the middle of its box, moved back."""
    system = np.c_[2 * points, np.ones(len(points))]
    x = np.linalg.lstsq(system, (points**2).sum(1), rcond=None)[0]
    centre, radius = x[:3], float(np.sqrt(max(x[3] + x[:3] @ x[:3], 1e-18)))
    half = float(np.ptp(points, axis=0)[:2].max()) / 2
    rough = np.std(np.linalg.norm(points - centre, axis=1)) > 0.12 * radius
    if rough or not 0.6 * half < radius < 2.5 * half:
        low, high = points.min(0), points.max(0)
        centre, radius = (low + high) / 2, half
        centre[2] = high[2] - half
    return Eyeball(vertices, centre, radius)


def components(count: int, triangles: npt.NDArray[np.int32], same: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """[count]: number of the connected piece that each vertex belongs to; `same` [count] joins vertices at one place."""
    a = same[triangles]
    edges = np.concatenate([a[:, [0, 1]], a[:, [1, 2]]])
    graph = sp.coo_matrix((np.ones(len(edges), np.int8), (edges[:, 0], edges[:, 1])), (count, count))
    numbers: npt.NDArray[np.int32] = connected_components(graph, directed=False)[1][same]
    return numbers


def lid_line(positions: F64, blink: F64 | None, eye: Eyeball, count: int) -> npt.NDArray[np.int64] | None:
    """Vertices along the edge of the upper lid, from low to high x: what a blink moves down furthest, lowest at each place."""
    if blink is None:
        return None
    down = -blink[:, 1]
    offset = positions - eye.centre
    near = (np.linalg.norm(offset, axis=1) < 1.7 * eye.radius) & (offset[:, 2] > 0) & (offset[:, 1] > -0.3 * eye.radius)
    if not near.any() or down[near].max() <= 0:
        return None
    moved = np.flatnonzero(near & (down > 0.45 * down[near].max()))
    x = positions[moved, 0]
    if len(moved) < 6 or np.ptp(x) < 0.6 * eye.radius:
        return None
    line = []
    for low, high in zip(
        *(np.linspace(x.min(), x.max(), count + 1)[s] for s in (slice(None, -1), slice(1, None))), strict=True
    ):
        inside = moved[(x >= low) & (x <= high)]
        if len(inside):
            line.append(inside[np.argmin(positions[inside, 1])])
    chosen: npt.NDArray[np.int64] = np.array(line)
    return chosen if len(chosen) >= 4 else None
