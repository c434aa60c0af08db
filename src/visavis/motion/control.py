"""What a viewer holds by hand: weights and the direction of the look, over everything that motion invents."""

from __future__ import annotations

from typing import Final

import numpy as np

from visavis.arkit import INDEX, SHAPES
from visavis.motion.channels import COUNT, F64, GAZE, LIDS, LOOK_RANGE_RAD, PITCH, SEAL, WORLD, YAW, Fade
from visavis.motion.gaze import VERGENCE_RAD
from visavis.protocol import LookAt, Weights

_HEAD_SHARE: Final = 0.35
_MOUTH = frozenset(i for i, name in enumerate(SHAPES) if name.startswith(("mouth", "jaw", "tongue")))
_LOOKS: Final[dict[str, tuple[int, float]]] = {
    "eyeLookOutLeft": (0, LOOK_RANGE_RAD[0]), "eyeLookInLeft": (0, -LOOK_RANGE_RAD[1]),
    "eyeLookUpLeft": (1, -LOOK_RANGE_RAD[2]), "eyeLookDownLeft": (1, LOOK_RANGE_RAD[3]),
    "eyeLookOutRight": (2, -LOOK_RANGE_RAD[0]), "eyeLookInRight": (2, LOOK_RANGE_RAD[1]),
    "eyeLookUpRight": (3, -LOOK_RANGE_RAD[2]), "eyeLookDownRight": (3, LOOK_RANGE_RAD[3]),
}  # fmt: skip
"""Which gaze angle a look shape turns, and by how much at 1: held look shapes turn the eyes."""


class Control:
    """Layer: held values with an opacity each, fading from message to message."""

    def __init__(self) -> None:
        self._held: dict[str, float] = {}
        self._weights = Fade(np.zeros((2, COUNT)))
        self._look = Fade(np.zeros((2, COUNT)))

    def hold(self, message: Weights, t_s: float) -> None:
        """Names given are held from now on, others keep as they are; an empty object releases all."""
        self._held = {**self._held, **message.weights} if message.weights else {}
        goal = np.zeros((2, COUNT))
        values, opacity = goal
        for name, value in self._held.items():
            if name in _LOOKS:
                at, range_rad = _LOOKS[name]
                values[GAZE.start + at] += value * range_rad
                opacity[GAZE.start + at] = opacity[WORLD] = 1.0
            else:
                values[INDEX[name]] = value
                opacity[INDEX[name]] = 1.0
                if name.startswith(("eyeBlink", "eyeWide")):
                    opacity[LIDS] = 1.0
                if INDEX[name] in _MOUTH:
                    opacity[SEAL] = 1.0
        self._glide(self._weights, goal, t_s, message.fade_ms / 1000)

    def look_at(self, message: LookAt, t_s: float) -> None:
        """An angle left out is straight ahead; both left out release the look."""
        goal = np.zeros((2, COUNT))
        if message.yaw is not None or message.pitch is not None:
            yaw, pitch = message.yaw or 0.0, message.pitch or 0.0
            values, opacity = goal
            values[GAZE] = yaw - VERGENCE_RAD, pitch, yaw + VERGENCE_RAD, pitch
            values[[YAW, PITCH]] = _HEAD_SHARE * yaw, _HEAD_SHARE * pitch
            values[WORLD] = opacity[GAZE] = opacity[WORLD] = 1.0
            opacity[[YAW, PITCH]] = 0.6
        self._glide(self._look, goal, t_s, message.fade_ms / 1000)

    @staticmethod
    def _glide(fade: Fade, goal: F64, t_s: float, fade_s: float) -> None:
        """A channel that is being released fades its opacity and keeps its value meanwhile."""
        now = fade.at(t_s)
        goal[0] = np.where((goal[1] == 0.0) & (now[1] > 0.0), now[0], goal[0])
        fresh = (now[1] == 0.0) & (goal[1] > 0.0)
        fade.to(now, t_s, 0.0)
        if fresh.any():
            start = now.copy()
            start[0, fresh] = goal[0, fresh]
            fade.to(start, t_s, 0.0)
        fade.to(goal, t_s, fade_s)

    def over(self, t_s: float, face: F64) -> None:
        for fade in (self._look, self._weights):
            values, opacity = fade.at(t_s)
            if opacity.any():
                face += opacity * (values - face)
