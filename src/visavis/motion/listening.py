"""Back-channel behaviour: small nods and brow moves in answer to the pauses of the user's voice.

N. Ward and W. Tsukahara, "Prosodic features which cue back-channel responses", 2000: a listener answers some 700 ms after a
speaker's voice has gone low or quiet, and not more often than every few seconds.
"""

from __future__ import annotations

import random
from typing import Final

from visavis.motion.gestures import Gestures
from visavis.motion.moods import Conversation
from visavis.motion.prosody import FRAME_S, LevelFrames
from visavis.types import AgentState, AudioChunk, Gesture

_ABOVE_FLOOR_DB: Final = 12.0
_QUIETEST_VOICE_DB: Final = -52.0
_VOICED_BEFORE_S: Final = 0.9
_PAUSE_S: Final = 0.32
_REACTION_S: Final = 0.22
_SPACING_S: Final = 2.4
_LONG_SPEECH_S: Final = 6.0


class Listening:
    """Hears the user's voice and asks for small gestures. It decides on frames of 10 ms, so chunking is no matter."""

    def __init__(self, seed: int, conversation: Conversation, gestures: Gestures) -> None:
        self._random = random.Random(f"{seed}/listening")
        self._conversation, self._gestures = conversation, gestures
        self._frames = LevelFrames()
        self._floor_db = -60.0
        self._voiced_s = self._quiet_s = 0.0
        self._answered_s = float("-inf")

    def hear(self, audio: AudioChunk) -> None:
        for end_s, level_db in self._frames.push(audio):
            self._take(end_s, level_db)

    def _take(self, end_s: float, level_db: float) -> None:
        self._floor_db += (level_db - self._floor_db) * (0.10 if level_db < self._floor_db else 0.0008)
        if level_db > max(self._floor_db + _ABOVE_FLOOR_DB, _QUIETEST_VOICE_DB):
            self._voiced_s, self._quiet_s = self._voiced_s + FRAME_S, 0.0
            if self._voiced_s > _LONG_SPEECH_S and end_s - self._answered_s > _LONG_SPEECH_S:
                self._answer(end_s, 0.55)
            return
        self._quiet_s += FRAME_S
        if abs(self._quiet_s - _PAUSE_S) < FRAME_S / 2 and self._voiced_s > _VOICED_BEFORE_S:
            self._answer(end_s, 1.0)
        if self._quiet_s > 1.2:
            self._voiced_s = 0.0

    def _answer(self, end_s: float, eagerness: float) -> None:
        if end_s - self._answered_s < _SPACING_S or self._conversation.talk(end_s) > 0.2:
            return
        if self._conversation.state_at(end_s) not in {AgentState.LISTENING, AgentState.IDLE}:
            return
        rnd = self._random
        self._answered_s = end_s
        t_s = end_s + _REACTION_S + rnd.uniform(0.0, 0.2)
        choice = rnd.random()
        if choice < 0.70 * eagerness:
            self._gestures.add(Gesture.NOD, t_s, rnd.uniform(0.35, 0.60), rnd.uniform(0.9, 1.15))
        if choice > 0.50:
            self._gestures.add(Gesture.RAISE_BROWS, t_s + 0.05, rnd.uniform(0.25, 0.45))
