"""Bones: which node is the head, the neck, an eye; arms let down; who follows the head."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.engines.rig.characters.nodes import Nodes
from visavis.engines.rig.characters.vrm import Vrm

F64 = npt.NDArray[np.float64]

NECK_SHARE: Final = 0.45
"""How far what hangs on the neck follows the head."""
SWING: Final = 0.35
"""What trails behind of hair that hangs on bones which swing."""
ARMS_OUT: Final = (0.36, -1.0, 0.06)
"""Direction of a hanging upper arm: aside, up, forward."""
_NAMES: Final = {
    "head": ("head",),
    "neck": ("neck", "neck1", "neck01", "neckTwist01"),
    "jaw": ("jaw", "jawRoot", "jawLower", "lowerJaw"),
    "leftEye": ("leftEye", "eyeLeft", "lEye", "eyeL", "faceEyeL"),
    "rightEye": ("rightEye", "eyeRight", "rEye", "eyeR", "faceEyeR"),
    "leftUpperArm": ("leftUpperArm", "leftArm", "upperArmL", "lUpperArm", "armL", "upArmL"),
    "rightUpperArm": ("rightUpperArm", "rightArm", "upperArmR", "rUpperArm", "armR", "upArmR"),
    "leftLowerArm": ("leftLowerArm", "leftForeArm", "lowerArmL", "lForeArm", "foreArmL"),
    "rightLowerArm": ("rightLowerArm", "rightForeArm", "lowerArmR", "rForeArm", "foreArmR"),
}  # fmt: skip
"""Spellings of bones without separators and prefixes, VRM's own name first."""
_PREFIX: Final = re.compile(
    r"^(mixamorig\d*|ccbase|jbipc|jbipl|jbipr|jadjl|jadjr|def|bip0*1|bip|valvebiped|armature|orgdef|bone)", re.IGNORECASE
)
_ENDING: Final = re.compile(r"(armature|joint|jnt|bone|def|end)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Bones:
    """Nodes by VRM's names: head, neck, jaw, leftEye, rightEye, arms; -1 where there is none."""

    found: dict[str, int]

    def of(self, name: str) -> int:
        return self.found.get(name, -1)


def find_bones(nodes: Nodes, vrm: Vrm | None, candidates: set[int]) -> Bones:
    """`candidates` are the nodes that vertices hang on or that stand above them; a VRM file's own table goes first."""
    found = dict(vrm.bones) if vrm else {}
    by_name: dict[str, int] = {}
    for node in nodes.order:
        if node in candidates:
            by_name.setdefault(_plain(nodes.names[node]), node)
    for bone, spellings in _NAMES.items():
        for spelling in spellings:
            if bone not in found and spelling.lower() in by_name:
                found[bone] = by_name[spelling.lower()]
    return Bones(found)


def _plain(name: str) -> str:
    """A bone's name without separators, prefixes and endings that say nothing."""
    text = re.sub(r"[^A-Za-z0-9]+", "", name.rsplit(":", 1)[-1]).lower()
    shorter = _ENDING.sub("", _PREFIX.sub("", text))
    return shorter or text


def hang_arms(nodes: Nodes, bones: Bones, share: float) -> Nodes:
    """Upper arms turned from where they are towards hanging, by a share 0 to 1; upright, looking along +Z."""
    for side in ("left", "right"):
        upper, lower = bones.of(f"{side}UpperArm"), bones.of(f"{side}LowerArm")
        if upper < 0 or lower < 0:
            continue
        joint = nodes.place(upper)
        way = nodes.place(lower) - joint
        if np.linalg.norm(way) < 1e-9:
            continue
        outward = np.sign(joint[0]) if abs(joint[0]) > 1e-9 else (1.0 if side == "left" else -1.0)
        turn = turn_between(way, np.array(ARMS_OUT) * [outward, 1, 1], share)
        matrix = np.eye(4)
        matrix[:3, :3] = turn
        matrix[:3, 3] = joint - turn @ joint
        nodes = nodes.moved(nodes.below([upper]), matrix)
    return nodes


def turn_between(start: F64, end: F64, share: float) -> F64:
    """[3, 3]: the shortest turn from one direction towards another, by a share of its angle."""
    a, b = start / np.linalg.norm(start), end / np.linalg.norm(end)
    axis = np.cross(a, b)
    sine, cosine = float(np.linalg.norm(axis)), float(a @ b)
    if sine < 1e-9:
        return np.eye(3)
    angle = np.arctan2(sine, cosine) * share
    x, y, z = axis / sine
    k = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.asarray(np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * (k @ k))


def follow_of(nodes: Nodes, bones: Bones, swinging: tuple[int, ...]) -> tuple[F64, F64]:
    """How far each node [n] follows the head, and how much of that comes late."""
    follow, late = np.zeros(len(nodes.names)), np.zeros(len(nodes.names))
    neck, head = bones.of("neck"), bones.of("head")
    if neck >= 0:
        follow[sorted(nodes.below([neck]))] = NECK_SHARE
    if head >= 0:
        on_head = nodes.below([head])
        follow[sorted(on_head)] = 1.0
        chains = nodes.below(list(swinging)) & on_head if swinging else set()
        for node in nodes.order:
            if node in chains and nodes.parent[node] in chains:
                late[node] = min(SWING, late[nodes.parent[node]] + SWING / 2)
    return follow, late
