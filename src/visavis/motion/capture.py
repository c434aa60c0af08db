"""A live capture laid over the face: frames as they come, interpolated, held a moment when they stop, then let go."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from math import inf
from typing import Final

import numpy as np

from visavis.motion.channels import (
    COUNT,
    F64,
    GAZE,
    PART_OF,
    PARTS,
    ROTATION,
    TALK,
    TRANSLATION,
    WEIGHTS,
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
        self._times: list[float] = []
        self._faces: list[F64] = []
        self._since_s = 0.0
        self._begun = False

    def add(self, frame: FaceFrame) -> None:
        """Frames in any order; one that comes late takes its place among the others, one of a known time is ignored."""
        t_s = frame.t_ticks / TICKS_HZ
        at = bisect_left(self._times, t_s)
        if at < len(self._times) and self._times[at] == t_s:
            return
        if not self._times or t_s - self._times[-1] > _GAP_S:
            self._since_s, at = (t_s if self._begun else -inf), 0  # a take that is there from the first is not faded in
            self._times.clear()
            self._faces.clear()
        face = np.zeros(COUNT)
        face[WEIGHTS], face[ROTATION], face[TRANSLATION] = frame.weights, frame.head_rotation, frame.head_translation
        face[GAZE] = frame.gaze.ravel()
        self._times.insert(at, t_s)
        self._faces.insert(at, face)
        del self._times[:-_MAX_FRAMES], self._faces[:-_MAX_FRAMES]

    def over(self, t_s: float, face: F64) -> None:
        self._begun = True
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
