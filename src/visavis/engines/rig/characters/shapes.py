"""The 52 shapes of a character over its vertices: terms summed, sides and parts masked, jaws turned, teeth taken along."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.arkit import SHAPES
from visavis.engines.rig.characters.anatomy import Anatomy
from visavis.engines.rig.characters.expressions import JAW_BONE, Mapping52, Sources, Term
from visavis.engines.rig.characters.gather import Gathered
from visavis.engines.rig.characters.nodes import Nodes
from visavis.engines.rig.characters.skeleton import Bones

F64 = npt.NDArray[np.float64]

JAW_DEG: Final = 17.0
"""How far a jaw bone opens at weight 1."""
EYE_DEG: Final = {"In": 11.0, "Out": 11.0, "Up": 8.0, "Down": 8.0}
"""How far drawn eyes turn on their bones at weight 1."""
CARRIED: Final = ("jawOpen", "jawForward", "jawLeft", "jawRight")
_JAW_MOVES: Final = 0.6


def shape_fields(
    gathered: Gathered, sources: Sources, mapping: Mapping52, anatomy: Anatomy, nodes: Nodes, bones: Bones
) -> dict[str, F64]:
    """Dense displacements [v, 3] of every shape that the mapping has."""
    masks = _masks(gathered.positions, anatomy)
    fields: dict[str, F64] = {}
    for shape in SHAPES:
        terms = mapping.get(shape, ())
        if terms:
            fields[shape] = sum(
                (_term_field(gathered, sources, t, masks, nodes, bones) for t in terms), np.zeros_like(gathered.positions)
            )
    return fields


def _term_field(gathered: Gathered, sources: Sources, term: Term, masks: dict[str, F64], nodes: Nodes, bones: Bones) -> F64:
    if term.source == JAW_BONE:
        out = jaw_turn(gathered, nodes, bones)
    else:
        out = np.zeros_like(gathered.positions)
        for key, weight in sources.targets[term.source]:
            field = gathered.fields[key]
            out[field.rows] += weight * field.deltas
    for mask in (term.side, term.part):
        if mask:
            out *= masks[mask][:, None]
    return np.asarray(term.weight * out)


def _masks(points: F64, anatomy: Anatomy) -> dict[str, F64]:
    """Soft halves and thirds of the face, [v] 0 to 1."""
    half = 0.18 * anatomy.eyes_apart
    left = _ramp(points[:, 0] - anatomy.middle_x, -half, half)
    eye_y, mouth_y = float(anatomy.eyes[:, 1].mean()), float(anatomy.mouth[1])
    drop = eye_y - mouth_y
    mouth = _ramp(points[:, 1], eye_y - 0.30 * drop, eye_y - 0.62 * drop)
    brows = _ramp(points[:, 1], eye_y + 0.12 * drop, eye_y + 0.34 * drop)
    return {"left": left, "right": 1 - left, "mouth": mouth, "brows": brows, "eyes": (1 - mouth) * (1 - brows)}


def _ramp(x: F64, start: float, end: float) -> F64:
    t = np.clip((x - start) / (end - start), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def share_of(gathered: Gathered, below: set[int]) -> F64:
    """[v]: how far each vertex hangs on some nodes."""
    return np.asarray((gathered.weights * np.isin(gathered.joints, sorted(below))).sum(1))


def jaw_turn(gathered: Gathered, nodes: Nodes, bones: Bones) -> F64:
    """What opening the jaw bone does, to first order in the vertices' shares of it."""
    jaw = bones.of("jaw")
    away = gathered.positions - nodes.place(jaw)
    angle = np.radians(JAW_DEG)
    turn = np.array([[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]])
    return np.asarray(share_of(gathered, nodes.below([jaw]))[:, None] * (away @ turn.T - away))


def add_eye_turns(fields: dict[str, F64], gathered: Gathered, nodes: Nodes, bones: Bones, gain: float) -> None:
    """Eyes that are drawn on the face turn on their bones by the eyeLook shapes, to first order."""
    for side, bone in (("Left", "leftEye"), ("Right", "rightEye")):
        if bones.of(bone) < 0:
            continue
        share = share_of(gathered, nodes.below([bones.of(bone)]))[:, None]
        away = gathered.positions - nodes.place(bones.of(bone))
        outward = 1.0 if side == "Left" else -1.0
        for way, (yaw, pitch) in {"Out": (outward, 0), "In": (-outward, 0), "Up": (0, -1), "Down": (0, 1)}.items():
            angle = np.radians(EYE_DEG[way]) * gain
            axis = np.array([pitch, yaw, 0.0]) * angle
            name = f"eyeLook{way}{side}"
            fields[name] = fields.get(name, np.zeros_like(away)) + share * np.cross(axis, away)


def carry_teeth(fields: dict[str, F64], positions: F64, lower: npt.NDArray[np.int64]) -> None:
    """What of the mouth belongs to the lower jaw but does not move with it is carried along as the chin goes."""
    for shape in CARRIED:
        if shape not in fields or len(lower) == 0 or np.abs(fields[shape][lower]).max() > 0:
            continue
        way = np.linalg.norm(fields[shape], axis=1)
        chin = np.flatnonzero(way > _JAW_MOVES * way.max(initial=0))
        if way.max(initial=0) <= 0 or len(chin) < 4:
            continue
        turn, shift = rigid_motion(positions[chin], positions[chin] + fields[shape][chin])
        fields[shape][lower] = positions[lower] @ turn.T + shift - positions[lower]


def rigid_motion(before: F64, after: F64) -> tuple[F64, F64]:
    """Rotation [3, 3] and shift [3] that best carry points [n, 3] (W. Kabsch, 1976)."""
    a, b = before.mean(0), after.mean(0)
    u, _, vt = np.linalg.svd((before - a).T @ (after - b))
    flip = np.diag([1.0, 1.0, np.sign(np.linalg.det(vt.T @ u.T))])
    turn = vt.T @ flip @ u.T
    return turn, b - turn @ a
