"""How a FaceFrame moves a portrait: weights without the picture's own expression, a head that turns as far as its relief allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from visavis.arkit import COUNT, INDEX
from visavis.engines.portrait.portrait import Portrait
from visavis.head.gaze import gaze_angles
from visavis.types import F32, FaceFrame

MOST_YAW_RAD: Final = float(np.radians(24))
MOST_PITCH_RAD: Final = float(np.radians(15))
MOST_ROLL_RAD: Final = float(np.radians(25))
MOST_SHIFT_M: Final = 0.05
FREE_SHARE: Final = 0.75
"""Up to this share of its limit an angle is followed exactly; beyond, it approaches the limit."""
TORSO_TURN: Final = 0.045
TORSO_SHIFT: Final = 0.30
"""Shoulders follow the head's turning and moving by these shares."""
BALL_M: Final = 0.0122
_BLINKS: Final = (INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"])


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """weights float32 [53] of the portrait's shapes · turn float32 [4] axis and angle · shift float32 [3] metres · gaze float32 [2, 2] px
    right and down in the picture, for each eye.
    """

    weights: F32
    turn: F32
    shift: F32
    gaze: F32


def move(portrait: Portrait, face: FaceFrame) -> Moved:
    weights = np.clip(np.nan_to_num(face.weights), 0, 1).astype(np.float32)
    looks = gaze_angles(weights, np.nan_to_num(face.gaze).astype(np.float32))
    out = np.zeros(COUNT + 1, np.float32)
    out[:COUNT] = weights - portrait.own
    out[:COUNT][np.abs(out[:COUNT]) < 1e-3] = 0
    strength = float(portrait.own @ portrait.own)
    out[COUNT] = 1.0 if strength < 1e-6 else 1 - np.clip(float(weights @ portrait.own) / strength, 0, 1)
    yaw, pitch, roll = (float(a) for a in np.nan_to_num(face.head_rotation))
    angles = soft_limit(yaw, MOST_YAW_RAD), soft_limit(pitch, MOST_PITCH_RAD), soft_limit(roll, MOST_ROLL_RAD)
    shift = np.array([soft_limit(float(d), MOST_SHIFT_M) for d in np.nan_to_num(face.head_translation)], np.float32)
    return Moved(out, axis_angle(*angles), shift, _iris_shift(portrait, looks))


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
