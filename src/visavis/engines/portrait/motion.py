"""How a FaceFrame moves a portrait: weights without the picture's own expression, a head that turns as far as its relief allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from visavis.arkit import COUNT, INDEX, SHAPES
from visavis.engines.portrait.portrait import Portrait
from visavis.head.gaze import gaze_angles
from visavis.types import F32, FaceFrame

MOST_YAW_RAD: Final = float(np.radians(23))
MOST_PITCH_RAD: Final = float(np.radians(14))
SEEN_YAW_RAD: Final = float(np.radians(48))
SEEN_PITCH_RAD: Final = float(np.radians(32))
"""A head that is turned away in the picture turns no further than this in all, but always by `LEAST_RAD`."""
LEAST_RAD: Final = float(np.radians(8))
ELLIPSE_RAD: Final = (float(np.radians(23)), float(np.radians(13.8)))
MOST_ROLL_RAD: Final = float(np.radians(25))
MOST_SHIFT_M: Final = 0.05
FREE_SHARE: Final = 0.75
"""Up to this share of its limit an angle is followed exactly; beyond, it approaches the limit."""
TORSO_TURN: Final = 0.045
TORSO_SHIFT: Final = 0.30
"""Shoulders follow the head's turning and moving by these shares."""
BALL_M: Final = 0.0122
MOUTH: Final = [INDEX[name] for name in SHAPES if name.startswith(("mouth", "jaw", "tongue"))]


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """weights float32 [53] of the portrait's shapes · turn float32 [4] axis and angle · shift float32 [3] metres · gaze float32 [2, 2] px
    right and down in the picture, for each eye · own_share: how near the mouth is to the picture's own, 0 to 1.
    """

    weights: F32
    turn: F32
    shift: F32
    gaze: F32
    own_share: float = 1.0


def move(portrait: Portrait, face: FaceFrame) -> Moved:
    weights = np.clip(np.nan_to_num(face.weights), 0, 1).astype(np.float32)
    looks = gaze_angles(weights, np.nan_to_num(face.gaze).astype(np.float32))
    out = np.zeros(COUNT + 1, np.float32)
    out[:COUNT] = weights - portrait.own
    out[:COUNT][np.abs(out[:COUNT]) < 1e-3] = 0
    strength = float(portrait.own @ portrait.own)
    out[COUNT] = 1.0 if strength < 1e-6 else 1 - np.clip(float(weights @ portrait.own) / strength, 0, 1)
    yaw, pitch, roll = (float(a) for a in np.nan_to_num(face.head_rotation))
    own_yaw, own_pitch = float(portrait.angles[0]), float(portrait.angles[1])
    angles = (
        soft_limit(yaw, room(own_yaw, yaw, MOST_YAW_RAD, SEEN_YAW_RAD)),
        soft_limit(pitch, room(own_pitch, pitch, MOST_PITCH_RAD, SEEN_PITCH_RAD)),
        soft_limit(roll, MOST_ROLL_RAD),
    )
    angles = (*within_ellipse(angles[0], angles[1]), angles[2])
    shift = np.array([soft_limit(float(d), MOST_SHIFT_M) for d in np.nan_to_num(face.head_translation)], np.float32)
    return Moved(out, axis_angle(*angles), shift, _iris_shift(portrait, looks), _nearness(portrait, weights))


def _nearness(portrait: Portrait, weights: F32) -> float:
    """1 where the mouth does what it does in the picture, 0 from as far as a neutral one on."""
    whole = float(np.linalg.norm(portrait.own))
    if whole < 1e-3:
        return 0.0
    return float(np.clip(1 - np.linalg.norm((weights - portrait.own)[MOUTH]) / whole, 0, 1))


def within_ellipse(yaw: float, pitch: float) -> tuple[float, float]:
    """A head turned far to the side nods less far: the relief bears either, not both in full."""
    far = float(np.hypot(yaw / ELLIPSE_RAD[0], pitch / ELLIPSE_RAD[1]))
    return (yaw, pitch) if far <= 1 else (yaw / far, pitch / far)


def room(own: float, turn: float, most: float, seen: float) -> float:
    """How far a head may turn to the side of `turn` that already stands at `own` in the picture."""
    return float(np.clip(seen - own * np.sign(turn), LEAST_RAD, most))


def soft_limit(value: float, most: float) -> float:
    """The value itself up to `FREE_SHARE` of the most, then ever closer to the most."""
    free = FREE_SHARE * most
    if abs(value) <= free:
        return value
    rest = most - free
    return float(np.sign(value)) * (free + rest * float(np.tanh((abs(value) - free) / rest)))


def axis_angle(yaw: float, pitch: float, roll: float) -> F32:
    """float32 [4] axis and angle of Ry(yaw) Rx(pitch) Rz(roll)."""
    cy, sy, cp, sp, cr, sr = (f(a / 2) for a in (yaw, pitch, roll) for f in (np.cos, np.sin))
    w = cy * cp * cr + sy * sp * sr
    x = cy * sp * cr + sy * cp * sr
    y = sy * cp * cr - cy * sp * sr
    z = cy * cp * sr - sy * sp * cr
    length = float(np.sqrt(x * x + y * y + z * z))
    if length < 1e-9:
        return np.array([0, 1, 0, 0], np.float32)
    return np.array([x / length, y / length, z / length, 2 * np.arctan2(length, w)], np.float32)


def _iris_shift(portrait: Portrait, looks: F32) -> F32:
    """The irises' way across the eyeballs, px of the picture, the head's own roll in it counted."""
    scale = BALL_M * float(portrait.camera[0])
    across, down = np.sin(looks[:, 0]) * scale, np.sin(looks[:, 1]) * scale
    up = portrait.up
    right = np.array([-up[1], up[0]])
    return np.asarray(across[:, None] * right - down[:, None] * up, np.float32)
