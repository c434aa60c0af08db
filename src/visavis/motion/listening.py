"""What a listener's face answers to the user's voice: nods in its pauses, brows for a rising end, a smile for laughter, else stillness.

N. Ward and W. Tsukahara, "Prosodic features which cue back-channel responses", 2000: listeners answer in the lulls of a voice, not
more often than every few seconds. Everything is decided on the past alone, on frames of 10 ms, so chunking is no matter.
"""

from __future__ import annotations

import random
from collections import deque
from typing import Final

import numpy as np

from visavis.motion.emotions import Emotions
from visavis.motion.gestures import Gestures
from visavis.motion.heard import HeardFrames
from visavis.motion.moods import Conversation
from visavis.motion.prosody import FRAME_S, LevelFrames
from visavis.motion.voice_layout import KINDS
from visavis.motion.voicing import Pitch
from visavis.types import TICKS_HZ, AgentState, AudioChunk, Emotion, Gesture

_ABOVE_FLOOR_DB: Final = 12.0
_QUIETEST_VOICE_DB: Final = -52.0
_PHRASE_S: Final = 0.9
"""So much voice makes a phrase that deserves an answer."""
_PAUSE_S: Final = (0.26, 0.38)
"""A pause counts after so long, drawn anew for each: closures within words last 0.15 s at most."""
_SPACING_S: Final = 5.0
_LULL_S: Final = 1.2
_RISE: Final = 1.12
"""The last of the voice this much above the pitch before it is a question, or a wish to be answered."""
_PITCH_S: Final = 0.9
_LAUGH: Final = 0.6
_LAUGH_FRAMES: Final = 25
_SMILE_S: Final = 2.2
_LAUGH_SPACING_S: Final = 4.0


class Listening:
    """Hears the user's voice and asks for small gestures while the agent listens."""

    def __init__(self, seed: int, conversation: Conversation, gestures: Gestures, emotions: Emotions) -> None:
        self._random = random.Random(f"{seed}/listening")
        self._conversation, self._gestures, self._emotions = conversation, gestures, emotions
        self._frames = LevelFrames()
        self._pitch = Pitch()
        self._pitches: deque[tuple[float, float]] = deque(maxlen=round(_PITCH_S / FRAME_S))
        self._floor_db = -60.0
        self._voiced_s = self._quiet_s = 0.0
        self._pause_s = _PAUSE_S[0]
        self._answered_s = self._laughed_s = float("-inf")
        self._laughing = 0

    def hear(self, audio: AudioChunk) -> None:
        for hertz_at_s in self._pitch.push(audio):
            self._pitches.append(hertz_at_s)
        for end_s, level_db in self._frames.push(audio):
            self._take(end_s, level_db)

    def hear_kinds(self, frames: HeardFrames) -> None:
        """What the motion model makes of the user's voice: laughter is answered with a smile."""
        laughs = frames.kinds[:, KINDS.index("laughter")] > _LAUGH
        for i, laugh in enumerate(laughs.tolist()):
            self._laughing = self._laughing + 1 if laugh else 0
            t_s = (frames.t_ticks + i * TICKS_HZ // 100) / TICKS_HZ
            if self._laughing == _LAUGH_FRAMES and t_s - self._laughed_s > _LAUGH_SPACING_S and self._listens(t_s):
                self._laughed_s = t_s
                self._emotions.cue(Emotion.HAPPY, 0.45, t_s)
                self._emotions.relax(t_s + _SMILE_S)

    def _take(self, end_s: float, level_db: float) -> None:
        self._floor_db += (level_db - self._floor_db) * (0.10 if level_db < self._floor_db else 0.0008)
        if level_db > max(self._floor_db + _ABOVE_FLOOR_DB, _QUIETEST_VOICE_DB):
            self._voiced_s, self._quiet_s = self._voiced_s + FRAME_S, 0.0
            return
        if self._quiet_s == 0.0:
            self._pause_s = self._random.uniform(*_PAUSE_S)
        before_s, self._quiet_s = self._quiet_s, self._quiet_s + FRAME_S
        if before_s < self._pause_s <= self._quiet_s and self._voiced_s > _PHRASE_S:
            self._answer(end_s)
        if self._quiet_s > _LULL_S:
            self._voiced_s = 0.0

    def _answer(self, end_s: float) -> None:
        """The pause has come: the answer begins at once, so that it lies in it."""
        if end_s - self._answered_s < _SPACING_S or not self._listens(end_s):
            return
        rnd = self._random
        self._answered_s, self._voiced_s = end_s, 0.0
        if self._rises():
            self._gestures.add(Gesture.RAISE_BROWS, end_s, rnd.uniform(0.40, 0.65))
            self._gestures.add(Gesture.NOD, end_s, rnd.uniform(0.15, 0.30), rnd.uniform(0.9, 1.15))
            return
        self._gestures.add(Gesture.NOD, end_s, rnd.uniform(0.35, 0.60), rnd.uniform(0.9, 1.15))
        if rnd.random() > 0.75:
            self._gestures.add(Gesture.RAISE_BROWS, end_s, rnd.uniform(0.20, 0.35))

    def _listens(self, t_s: float) -> bool:
        idle = self._conversation.state_at(t_s) in {AgentState.LISTENING, AgentState.IDLE}
        return idle and self._conversation.talk(t_s) <= 0.2

    def _rises(self) -> bool:
        hertz = np.array([hertz for _, hertz in self._pitches])
        if len(hertz) < 12:
            return False
        third = len(hertz) // 3
        return bool(np.median(hertz[-third // 2 :]) > _RISE * np.median(hertz[:-third]))
