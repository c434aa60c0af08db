"""The bare figure of a person: the canonical head in their identity, and the face coordinates that everything is placed by."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from visavis.arkit import SHAPES
from visavis.engines.rig.people.spec import PersonSpec
from visavis.head import lips
from visavis.head.canonical import CanonicalHead
from visavis.head.deltas import Deltas
from visavis.head.joints import Joints, find_joints

F64 = npt.NDArray[np.float64]
I32 = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class Figure:
    """World: metres, origin between the eyes. Face units: world / `unit`, about a tenth of a metre.

    cage [c, 3] sealed, with the rest expression · skin, normals [v, 3] its surface · quads [q, 4]
    face [v, 3] skin in face units · skull_z depth of the skull's middle in face units
    """

    head: CanonicalHead
    cage: F64
    skin: F64
    normals: F64
    quads: I32
    unit: float
    joints: Joints
    skull_z: float
    gains: F64

    @property
    def shapes(self) -> Deltas:
        return self.head.shapes

    @property
    def face(self) -> F64:
        return self.skin / self.unit

    def mask(self, name: str) -> F64:
        return self.head.masks[name].astype(np.float64)


def make_figure(head: CanonicalHead, spec: PersonSpec) -> Figure:
    """Identity, rest expression and sealed lips."""
    gains = np.array([spec.gains.get(name, 1.0) for name in SHAPES])
    cage = head.cage_of(spec.identity)
    cage = lips.seal(head, cage)
    for name, weight in spec.rest.items():
        cage += weight * spec.gains.get(name, 1.0) * head.shapes.field(name)
    cage = lips.seal(head, cage)
    cage = cage - find_joints(head, cage).eyes.middle
    joints = find_joints(head, cage)
    cage = _press_ears(cage, joints.eyes.apart_m / 0.62, spec.hair.press_ears)
    unit = joints.eyes.apart_m / 0.62
    skin = np.asarray(head.skin @ cage)
    skull = skin[(skin[:, 1] > 0.35 * unit) & (skin[:, 1] < 0.6 * unit), 2]
    skull_z = float(skull.min() + skull.max()) / 2 / unit
    quads = head.skin_quads
    normals = vertex_normals(skin, np.concatenate([quads[:, [0, 1, 2]], quads[:, [0, 2, 3]]]))
    return Figure(head, cage, skin, normals, quads, unit, joints, skull_z, gains)


def _press_ears(cage: F64, unit: float, share: float) -> F64:
    """Ears laid towards the head: what stands out beyond the temples at their height is drawn in by a share."""
    face = cage / unit
    region = smooth_step(face[:, 1], -0.75, -0.60) * smooth_step(face[:, 1], 0.25, 0.12)
    region *= smooth_step(face[:, 2], -1.1, -0.95) * smooth_step(face[:, 2], -0.30, -0.42)
    temple = 0.79
    excess = np.maximum(np.abs(face[:, 0]) - temple, 0) * (np.abs(face[:, 0]) < 1.1)
    pressed = face.copy()
    pressed[:, 0] -= np.sign(face[:, 0]) * excess * region * share
    return pressed * unit


def vertex_normals(points: F64, triangles: I32) -> F64:
    """Area-weighted unit normals [n, 3]."""
    a, b, c = (points[triangles[:, i]] for i in range(3))
    across = np.cross(b - a, c - a)
    out = np.zeros_like(points)
    for corner in range(3):
        np.add.at(out, triangles[:, corner], across)
    return unit_vectors(out)


def unit_vectors(v: F64) -> F64:
    return np.asarray(v / (np.linalg.norm(v, axis=-1, keepdims=True) + 1e-12))


def smooth_step(x: npt.ArrayLike, start: float, end: float) -> F64:
    """0 before `start`, 1 after `end`, smooth between; works downwards too."""
    t = np.clip((np.asarray(x, float) - start) / (end - start), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))
