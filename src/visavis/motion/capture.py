"""A live capture laid over the face: frames as they come, interpolated, held a moment when they stop, then let go."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque
from typing import Final

import numpy as np

from visavis.motion.channels import (
    COUNT,
    F64,
    GAZE,
    LIDS,
    PART_OF,
    PARTS,
    ROTATION,
    SEAL,
    TALK,
    TRANSLATION,
    WEIGHTS,
    WORLD,
    smoothstep,
)
from visavis.types import TICKS_HZ, FaceFrame, FacePart

FADE_IN_S: Final = 0.25
HOLD_S: Final = 0.25
FADE_OUT_S: Final = 0.5
_MAX_FRAMES: Final = 240
_GAP_S: Final = HOLD_S + FADE_OUT_S
_MOUTH = np.isin(PART_OF, PARTS.index(FacePart.MOUTH))


class Capture:
    """Layer: the newest captured faces, wholly in place of what is below while they keep coming.

    With `beside_speech` the mouth is left to speech while there is any.
    """

    def __init__(self) -> None:
        self.beside_speech = False
        self._times: deque[float] = deque(maxlen=_MAX_FRAMES)
        self._faces: deque[F64] = deque(maxlen=_MAX_FRAMES)
        self._since_s = 0.0

    def add(self, frame: FaceFrame) -> None:
        """Frames in order of time; one that is not later than the last is ignored."""
        t_s = frame.t_ticks / TICKS_HZ
        if self._times and t_s <= self._times[-1]:
            return
        if not self._times or t_s - self._times[-1] > _GAP_S:
            self._since_s = t_s
            self._times.clear()
            self._faces.clear()
        face = np.zeros(COUNT)
        face[WEIGHTS], face[ROTATION], face[TRANSLATION] = frame.weights, frame.head_rotation, frame.head_translation
        face[GAZE] = frame.gaze.ravel()
        face[[SEAL, WORLD, LIDS]] = 0.0
        self._times.append(t_s)
        self._faces.append(face)

    def over(self, t_s: float, face: F64) -> None:
        if not self._times or t_s < self._times[0]:
            return
        at = bisect_right(self._times, t_s)
        here = self._faces[at - 1]
        if at < len(self._times):
            begin_s, end_s = self._times[at - 1], self._times[at]
            here = here + (self._faces[at] - here) * ((t_s - begin_s) / (end_s - begin_s))
        old_s = max(0.0, t_s - self._times[-1] - HOLD_S)
        weight = smoothstep((t_s - self._since_s) / FADE_IN_S) * smoothstep(1.0 - old_s / FADE_OUT_S)
        if weight > 0.0:
            taken = np.full(COUNT, weight)
            if self.beside_speech:
                taken[_MOUTH] *= 1.0 - min(1.0, face[TALK])
            face += taken * (here - face)
