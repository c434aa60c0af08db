"""A held look: by angles, at a place of the picture, or at a point of the world that stays put while the head moves.

Points are metres in the frame of `types`, from the middle between the resting eyes.
"""

from __future__ import annotations

from math import atan2, cos, hypot, sin
from typing import Final

import numpy as np

from visavis.motion.channels import F64, GAZE, PITCH, ROTATION, TRANSLATION, WORLD, YAW, Fade
from visavis.motion.gaze import VERGENCE_RAD
from visavis.protocol import LookAt

EYES_M: Final = np.array([[0.031, 0.0, 0.0], [-0.031, 0.0, 0.0]])
PIVOT_M: Final = np.array([0.0, -0.10, -0.075])
"""Where the average head turns on the neck."""
CAMERA_M: Final = np.array([0.0, -0.024, 0.9])
HALF_HEIGHT_M: Final = 0.156
"""How the built-in people are framed: the camera, and half of what the picture is high around the eyes."""
SCREEN_M: Final = 0.45
"""The picture is a window this far in front of the eyes: a place on it lies where the viewer's line of sight crosses it."""
_HEAD_OPACITY: Final = 0.6
_MOST_HEAD_RAD: Final = np.array([1.0, 0.6])


def screen_point(x: float, y: float) -> F64:
    """The point [3] in front of the face that a viewer sees at x, y of a square picture (0 to 1 from its left and its top)."""
    on_face = np.array([(2.0 * x - 1.0) * HALF_HEIGHT_M, CAMERA_M[1] + (1.0 - 2.0 * y) * HALF_HEIGHT_M, 0.0])
    point: F64 = CAMERA_M + (on_face - CAMERA_M) * (CAMERA_M[2] - SCREEN_M) / CAMERA_M[2]
    return point


def head_matrix(yaw: float, pitch: float, roll: float) -> F64:
    """[3, 3] head to world of a FaceFrame's rotation: intrinsic Y-X-Z."""
    cy, sy, cp, sp, cr, sr = cos(yaw), sin(yaw), cos(pitch), sin(pitch), cos(roll), sin(roll)
    turn = np.array([[cy, 0.0, sy], [0.0, 1.0, 0.0], [-sy, 0.0, cy]])
    nod = np.array([[1.0, 0.0, 0.0], [0.0, cp, -sp], [0.0, sp, cp]])
    tilt = np.array([[cr, -sr, 0.0], [sr, cr, 0.0], [0.0, 0.0, 1.0]])
    matrix: F64 = turn @ nod @ tilt
    return matrix


def _angles(direction: F64) -> tuple[float, float]:
    return atan2(direction[0], direction[2]), atan2(-direction[1], hypot(direction[0], direction[2]))


class Look:
    """Fades from target to target. As one vector: yaw, pitch, the point, how far it is a point, head share, opacity."""

    def __init__(self) -> None:
        self._fade = Fade(np.zeros(8))
        self._due: tuple[float, float] | None = None

    def at_target(self, message: LookAt, t_s: float) -> None:
        """An angle left out is straight ahead; without a target the look is released."""
        self._release_due(t_s)
        fade_s = message.fade_ms / 1000
        self._due = None if message.hold_ms is None else (t_s + message.hold_ms / 1000, fade_s)
        goal = np.zeros(8)
        goal[6:] = message.head_share, 1.0
        point = np.array(message.world) if message.world is not None else None
        if message.screen is not None:
            point = screen_point(*message.screen)
        if point is not None:
            goal[:2], goal[2:5], goal[5] = _angles(point), point, 1.0
        elif message.yaw is not None or message.pitch is not None:
            goal[:2] = message.yaw or 0.0, message.pitch or 0.0
        else:
            self._release(t_s, fade_s)
            return
        now = self._fade.at(t_s)
        if now[7] == 0.0:
            start = goal.copy()
            start[7] = 0.0
            self._fade.to(start, t_s, 0.0)
        elif goal[5] > 0.0 and now[5] == 0.0:
            start = now.copy()
            start[2:5] = point
            self._fade.to(start, t_s, 0.0)
        self._fade.to(goal, t_s, fade_s)

    def turn_head(self, t_s: float, face: F64) -> None:
        self._release_due(t_s)
        *_, share, opacity = state = self._fade.at(t_s)
        if opacity > 0.0:
            wanted = np.clip(state[:2] * share, -_MOST_HEAD_RAD, _MOST_HEAD_RAD)
            face[[YAW, PITCH]] += _HEAD_OPACITY * opacity * (wanted - face[[YAW, PITCH]])

    def turn_eyes(self, t_s: float, face: F64) -> None:
        """After the head is where it will be: the eyes make up for it."""
        yaw, pitch, *_, by_point, _, opacity = state = self._fade.at(t_s)
        if opacity <= 0.0:
            return
        wanted = np.array([yaw - VERGENCE_RAD, pitch, yaw + VERGENCE_RAD, pitch])
        if by_point > 0.0:
            wanted += by_point * (_gaze_at(state[2:5], face) - wanted)
        face[GAZE] += opacity * (wanted - face[GAZE])
        face[WORLD] += opacity * (1.0 - face[WORLD])

    def _release(self, t_s: float, fade_s: float) -> None:
        goal = self._fade.at(t_s).copy()
        goal[7] = 0.0
        self._fade.to(goal, t_s, fade_s)

    def _release_due(self, t_s: float) -> None:
        if self._due is not None and self._due[0] <= t_s:
            due, self._due = self._due, None
            self._release(*due)


def _gaze_at(point: F64, face: F64) -> F64:
    """[4] the gaze of both eyes on a point, for the head of `face`, in the angles of a gaze that is fixed to the world."""
    yaw, pitch, roll = face[ROTATION]
    head = head_matrix(yaw, pitch, roll)
    eyes = PIVOT_M + (EYES_M - PIVOT_M) @ head.T + face[TRANSLATION]
    towards = (point - eyes) @ head
    gaze: F64 = np.array([angle for direction in towards for angle in _angles(direction)])
    gaze += (yaw, pitch, yaw, pitch)
    return gaze
