"""A small character for tests: a ball of a head on a neck, eyeballs, teeth, a lock of see-through hair; as glTF, VRM 0.x or VRM 1.0."""

from __future__ import annotations

from typing import Any

import numpy as np
from tests.engines.rig.characters.glb import Glb

from visavis.testing.person import ball

ARKIT = ("jawOpen", "eyeBlinkLeft", "eyeBlinkRight", "mouthSmileLeft", "mouthSmileRight", "mouthPucker", "browInnerUp")
EYES = {"left": (0.035, 0.02, 0.07), "right": (-0.035, 0.02, 0.07)}


def head() -> tuple[np.ndarray, np.ndarray]:
    """Points [n, 3] in metres and triangles: a ball with a column of a neck drawn down from it."""
    points, triangles = ball(44, 60)
    points = points[:, [1, 2, 0]] * [0.075, 0.10, 0.085]
    under = points[:, 1] < -0.085
    points[under] = points[under] * [1.6, 1, 1.2] + [0, -0.10, -0.02]
    return points, triangles


def moves(points: np.ndarray) -> dict[str, np.ndarray]:
    """What each shape displaces."""
    x, y, z = points.T
    front = z > 0.02
    fields = {}
    for shape in ARKIT:
        field = np.zeros_like(points)
        side = 1 if shape.endswith("Left") else -1
        match shape:
            case "jawOpen":
                field[:, 1] = -0.02 * front * np.clip((-y - 0.035) / 0.02, 0, 1) * (y > -0.1)
            case "mouthPucker":
                field[:, 2] = 0.01 * front * np.exp(-(((y + 0.045) / 0.012) ** 2) - (x / 0.02) ** 2)
            case "browInnerUp":
                field[:, 1] = 0.006 * front * np.exp(-(((y - 0.05) / 0.012) ** 2) - (x / 0.03) ** 2)
            case _ if shape.startswith("eyeBlink"):
                field[:, 1] = -0.01 * front * np.exp(-(((x - side * 0.035) / 0.014) ** 2) - ((y - 0.03) / 0.012) ** 2)
            case _:
                field[:, 1] = 0.008 * front * np.exp(-(((x - side * 0.03) / 0.012) ** 2) - ((y + 0.045) / 0.012) ** 2)
        field[np.abs(field) < 1e-4] = 0
        fields[shape] = field
    return fields


def leaf_picture() -> np.ndarray:
    """uint8 [32, 32, 4]: the upper half is opaque, the lower half fades into nothing."""
    row = np.arange(32)[:, None].repeat(32, 1)
    alpha = np.clip((22 - row) / 8, 0, 1)
    return np.dstack([np.full((32, 32), 90), np.full((32, 32), 60), np.full((32, 32), 30), 255 * alpha]).astype(np.uint8)


def plain_character(rename: dict[str, str] | None = None, *, turn_deg: float = 0.0, scale: float = 1.0) -> Glb:
    """Without a skeleton; shapes may be renamed, the whole turned about the upright axis and scaled."""
    glb = Glb()
    points, triangles = head()
    angle = np.radians(turn_deg)
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]) * scale
    targets = {(rename or {}).get(name, name): field @ turn.T for name, field in moves(points).items()}
    skin = glb.material("Skin", (0.6, 0.4, 0.3, 1))
    glb.node("Head", mesh=glb.mesh("Head", points @ turn.T, triangles, targets, material=skin))
    ball_points, ball_triangles = ball(12, 16)
    white = glb.material("Eye", (0.8, 0.8, 0.8, 1))
    for side, place in EYES.items():
        mesh = glb.mesh(f"Eye_{side}", ball_points * 0.014 * scale, ball_triangles, material=white)
        glb.node(f"Eye_{side}", mesh=mesh, translation=(turn @ place).tolist())
    _add_teeth(glb, turn)
    _add_lock(glb, turn)
    return glb


def _add_teeth(glb: Glb, turn: np.ndarray) -> None:
    u, v = np.meshgrid(np.linspace(-1, 1, 5), np.linspace(0, 1, 3))
    row = np.stack([0.02 * u, 0.006 * v, 0.07 - 0.004 * u * u], -1).reshape(-1, 3)
    grid = _grid(3, 5)
    points = np.concatenate([row + np.array(shift) for shift in ((0, -0.044, 0), (0, -0.053, 0))])
    teeth = glb.material("Teeth", (0.8, 0.78, 0.7, 1))
    glb.node("Teeth", mesh=glb.mesh("Teeth", points @ turn.T, np.concatenate([grid, grid + 15]), material=teeth))


def _add_lock(glb: Glb, turn: np.ndarray) -> None:
    u, v = np.meshgrid(np.linspace(0, 1, 5), np.linspace(0, 1, 9))
    points = np.stack([0.08 + 0 * u, 0.05 - 0.12 * v, 0.05 * u], -1).reshape(-1, 3)
    hair = glb.material("Hair", texture=glb.picture(leaf_picture()), alphaMode="BLEND", doubleSided=True)
    uv = np.stack([0.02 + 0.96 * u, 0.02 + 0.96 * v], -1).reshape(-1, 2)
    glb.node("Lock", mesh=glb.mesh("Lock", points @ turn.T, _grid(9, 5), material=hair, uv=uv))


def _grid(rows: int, columns: int) -> np.ndarray:
    i, j = np.meshgrid(np.arange(rows - 1), np.arange(columns - 1), indexing="ij")
    a = (i * columns + j).ravel()
    return np.concatenate([np.stack([a, a + columns, a + columns + 1], 1), np.stack([a, a + columns + 1, a + 1], 1)])


VOWELS = {
    "aa": "jawOpen",
    "ou": "mouthPucker",
    "happy": "mouthSmileLeft",
    "blinkLeft": "eyeBlinkLeft",
    "blinkRight": "eyeBlinkRight",
}
"""VRM 1.0's expressions and what of the small head's shapes each moves."""
OLD = {"aa": "a", "ou": "u", "happy": "joy", "blinkLeft": "blink_l", "blinkRight": "blink_r"}


def vrm_character(version: int) -> Glb:
    """On bones, in a T-pose, with expressions instead of ARKit names; a VRM 0.x looks along -Z."""
    glb = Glb()
    points, triangles = head()
    turn = np.diag([-1.0, 1, -1]) if version == 0 else np.eye(3)
    points = points + np.array([0, 1.4, 0])
    bones: dict[str, int] = {}
    places = {"hips": (0, 0.8, 0), "neck": (0, 1.2, 0), "head": (0, 1.3, 0), "leftUpperArm": (0.1, 1.1, 0), "leftLowerArm": (0.3, 1.1, 0),
              "rightUpperArm": (-0.1, 1.1, 0), "rightLowerArm": (-0.3, 1.1, 0)}  # fmt: skip
    above = {"neck": "hips", "head": "neck", "leftUpperArm": "hips", "leftLowerArm": "leftUpperArm", "rightUpperArm": "hips",
             "rightLowerArm": "rightUpperArm"}  # fmt: skip
    world = {name: turn @ np.array(place, float) for name, place in places.items()}
    for name in places:
        base = world[above[name]] if name in above else np.zeros(3)
        bones[name] = glb.node(name, root=name not in above, translation=(world[name] - base).tolist())
    for name, parent in above.items():
        glb.document["nodes"][bones[parent]].setdefault("children", []).append(bones[name])
    order = list(bones)
    inverse = np.tile(np.eye(4), (len(order), 1, 1))
    inverse[:, :3, 3] = [-world[name] for name in order]
    glb.document["skins"] = [
        {"joints": [bones[n] for n in order], "inverseBindMatrices": glb.accessor(inverse.transpose(0, 2, 1))}
    ]
    low = np.clip((1.33 - points[:, 1]) / 0.08, 0, 1)
    weights = np.stack([1 - low, low, 0 * low, 0 * low], 1)
    joints = np.tile([order.index("head"), order.index("neck"), 0, 0], (len(points), 1))
    targets = {f"shape{n}": field @ turn.T for n, field in enumerate(moves(points - np.array([0, 1.4, 0])).values())}
    paint = glb.material("Face", (0.9, 0.7, 0.6, 1), extensions={"KHR_materials_unlit": {}})
    mesh = glb.mesh("Face", points @ turn.T, triangles, targets, material=paint, joints=joints, weights=weights)
    face = glb.node("Face", mesh=mesh, skin=0)
    arm, arm_triangles = ball(8, 8)
    arm_points = np.concatenate([arm * [0.1, 0.02, 0.02] + [side * 0.4, 1.1, 0] for side in (1, -1)])
    hung = np.repeat([order.index("leftLowerArm"), order.index("rightLowerArm")], len(arm))
    mesh = glb.mesh("Arms", arm_points @ turn.T, np.concatenate([arm_triangles, arm_triangles + len(arm)]), material=paint,
                    joints=np.stack([hung, 0 * hung, 0 * hung, 0 * hung], 1), weights=np.tile([1.0, 0, 0, 0], (len(hung), 1)))  # fmt: skip
    glb.node("Arms", mesh=mesh, skin=0)
    glb.document["extensions"] = _vrm_0(bones) if version == 0 else _vrm_1(bones, face)
    return glb


def _vrm_0(bones: dict[str, int]) -> dict[str, Any]:
    groups = [{"presetName": OLD[name], "name": name, "binds": [{"mesh": 0, "index": ARKIT.index(shape), "weight": 100}]}
              for name, shape in VOWELS.items()]  # fmt: skip
    return {"VRM": {"humanoid": {"humanBones": [{"bone": n, "node": b} for n, b in bones.items()]}, "meta": {"licenseName": "CC0"},
                    "blendShapeMaster": {"blendShapeGroups": groups}}}  # fmt: skip


def _vrm_1(bones: dict[str, int], face: int) -> dict[str, Any]:
    preset = {
        name: {"morphTargetBinds": [{"node": face, "index": ARKIT.index(shape), "weight": 1.0}]}
        for name, shape in VOWELS.items()
    }
    return {"VRMC_vrm": {"specVersion": "1.0", "humanoid": {"humanBones": {n: {"node": b} for n, b in bones.items()}},
                         "expressions": {"preset": preset}, "meta": {}}}  # fmt: skip
