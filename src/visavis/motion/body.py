"""Head and breath: slow drift that never loops, sway and beats of speech, the bearing of listening and thinking."""

from __future__ import annotations

from math import cos, pi, sin
from typing import Final

import numpy as np

from visavis.motion.channels import F64, PITCH, ROLL, ROTATION, TRANSLATION, X, Y, Z, columns
from visavis.motion.drift import Drift
from visavis.motion.moods import Conversation
from visavis.motion.prosody import Loudness
from visavis.motion.style import Pace
from visavis.types import AgentState

BREATHS_PER_S: Final = 13.5 / 60
_SLOW_RAD: Final = np.array([0.026, 0.017, 0.016])
_QUICK_RAD: Final = np.array([0.006, 0.005, 0.005])
_SWAY_RAD: Final = np.array([0.034, 0.022, 0.024])
_DRIFT_M: Final = np.array([0.0022, 0.0010, 0.0020])
_BROWS = columns("browInnerUp", "browOuterUp")
_INNER = columns("browInnerUp")
_SMILE = columns("mouthSmile")
_PRESS = columns("mouthPress")
_SQUINT = columns("eyeSquint")


class Body:
    """Layer: what a head does on its own. Breathing is 12 to 16 a minute and never quite even."""

    def __init__(self, seed: int, conversation: Conversation, loudness: Loudness, pace: Pace) -> None:
        self._conversation, self._loudness, self._pace = conversation, loudness, pace
        self._slow = Drift(seed, 11, 6, 0.22)
        self._quick = Drift(seed, 12, 3, 0.9)
        self._sway = Drift(seed, 13, 3, 1.1)
        self._face = Drift(seed, 14, 4, 0.35)
        self._breath = Drift(seed, 15, 1, 0.08)
        self._side = 1.0 if np.random.default_rng([seed & 0xFFFFFFFF, 16]).random() < 0.5 else -1.0

    def over(self, t_s: float, face: F64) -> None:
        talk = self._conversation.talk(t_s)
        own_s = self._pace.at(t_s)
        slow = self._slow.at(own_s)
        rotation = slow[:3] * _SLOW_RAD + self._quick.at(own_s) * _QUICK_RAD
        if talk > 0.0:
            rotation = rotation + talk * self._sway.at(own_s) * _SWAY_RAD
            rotation[1] -= talk * 0.0016 * min(8.0, max(-8.0, self._loudness.relative_db(t_s)))
        face[ROTATION] += rotation
        face[TRANSLATION] += slow[3:] * _DRIFT_M
        self._breathe(own_s, face)
        self._rest(own_s, face, talk)
        self._bear(t_s, face)

    def _breathe(self, own_s: float, face: F64) -> None:
        phase = 2.0 * pi * BREATHS_PER_S * own_s + 1.5 * float(self._breath.at(own_s)[0])
        lift = 0.5 - 0.5 * cos(phase + 0.35 * sin(phase))
        face[Y] += 0.0016 * lift
        face[Z] += 0.0008 * lift
        face[PITCH] -= 0.004 * lift

    def _rest(self, own_s: float, face: F64, talk: float) -> None:
        """A face at rest is never quite still nor quite blank."""
        play = self._face.at(own_s)
        face[_SMILE] += 0.07 + 0.025 * play[0] + 0.01 * play[1]
        face[_BROWS] += max(0.0, 0.03 + 0.04 * play[2])
        face[_PRESS] += max(0.0, 0.03 * play[3]) * (1.0 - talk)
        face[X] += 0.0006 * talk * play[1]

    def _bear(self, t_s: float, face: F64) -> None:
        listening = self._conversation.share(AgentState.LISTENING, t_s)
        thinking = self._conversation.share(AgentState.THINKING, t_s)
        if listening > 0.0:
            face[ROLL] += listening * self._side * 0.035
            face[PITCH] += listening * 0.012
            face[Z] += listening * 0.004
            face[_BROWS] += 0.06 * listening
        if thinking > 0.0:
            face[ROLL] -= thinking * self._side * 0.03
            face[PITCH] -= thinking * 0.015
            face[_INNER] += 0.14 * thinking
            face[_SQUINT] += 0.08 * thinking
            face[_PRESS] += 0.12 * thinking
