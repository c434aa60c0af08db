"""What trails behind the head: hair tips, shoulders and garment follow a softly sprung copy of the head's motion."""

from __future__ import annotations

from typing import Final

import numpy as np

from visavis.types import F32, FaceFrame, s_from_ticks

FREQUENCY_HZ: Final = 1.6
DAMPING: Final = 0.55
"""Of critical: a turn overshoots by about an eighth and settles within a second."""
MAX_STEP_S: Final = 1 / 120
RESET_S: Final = 0.35
"""A longer gap between two faces, or time going back, starts from rest."""
LIMIT: Final = np.array([0.08] * 3 + [0.008] * 3)
"""Nothing trails by more than this, in radians and metres: hair would leave the neck bare behind a head that is thrown about."""


class Sway:
    """A damped spring on the head's six coordinates. Feed it faces in order; the same faces give the same sway."""

    def __init__(self) -> None:
        self._t_ticks: int | None = None
        self._target = np.zeros(6)
        self._place = np.zeros(6)
        self._speed = np.zeros(6)

    def follow(self, face: FaceFrame) -> F32:
        """float32 [6]: yaw, pitch, roll in radians and x, y, z in metres as the trailing parts feel the head at this face's time."""
        target = np.concatenate([face.head_rotation, face.head_translation]).astype(np.float64)
        elapsed_s = s_from_ticks(face.t_ticks - self._t_ticks) if self._t_ticks is not None else -1.0
        if 0 <= elapsed_s <= RESET_S:
            self._swing(target, elapsed_s)
        else:
            self._place, self._speed = target.copy(), np.zeros(6)
        self._t_ticks, self._target = face.t_ticks, target
        near: F32 = (target + LIMIT * np.tanh((self._place - target) / LIMIT)).astype(np.float32)
        return near

    def _swing(self, target: np.typing.NDArray[np.float64], elapsed_s: float) -> None:
        steps = int(np.ceil(elapsed_s / MAX_STEP_S))
        omega = 2 * np.pi * FREQUENCY_HZ
        for n in range(steps):
            step_s = elapsed_s / steps
            goal = self._target + (target - self._target) * (n + 1) / steps
            self._speed = self._speed + step_s * (omega * omega * (goal - self._place) - 2 * DAMPING * omega * self._speed)
            self._place = self._place + step_s * self._speed
