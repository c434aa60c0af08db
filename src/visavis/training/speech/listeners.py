"""How a listener behaves: nods counted on two-person speech made from recordings, against where the words and pauses are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from visavis.motion import Motion
from visavis.motion.mel import RATE_HZ
from visavis.training.speech.hearers import pcm
from visavis.training.speech.utterance import Utterance
from visavis.types import F32, TICKS_HZ, AgentState, AudioChunk, SpeechChunk, ticks_from_samples

_PIECE: Final = RATE_HZ // 50
_NOD_RAD: Final = 0.002
_TURN: Final = 3
"""So many utterances are a turn of the user's; then the agent speaks one."""
_BREAK_S: Final = (0.45, 1.1)
_LONGEST_CLOSURE_S: Final = 0.15
"""Gaps between phones shorter than this belong to the words around them."""


@dataclass(frozen=True, slots=True, eq=False)
class Talk:
    """Two voices on one clock, int16 at 16 kHz; when the user's words are; when the agent speaks. Seconds."""

    user: F32
    agent: F32
    words: tuple[tuple[float, float], ...]
    turns: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Nods:
    """Of nods while the user has the turn: how many a minute, and the share that begins outside words."""

    minutes: float
    nods: int
    in_pauses: int

    @property
    def per_minute(self) -> float:
        return self.nods / self.minutes

    @property
    def share_in_pauses(self) -> float:
        return self.in_pauses / self.nods if self.nods else 1.0


def two_person_talk(utterances: Sequence[Utterance], seed: int, rounds: int = 3) -> Talk:
    """The utterances in turns with breaks between them, the last of each four spoken by the agent."""
    random = np.random.default_rng([seed, 11])
    user, agent = list[F32](), list[F32]()
    words, turns, at_s = list[tuple[float, float]](), list[tuple[float, float]](), 0.0
    for i, utterance in enumerate([utterance for _ in range(rounds) for utterance in utterances]):
        pause = (1e-4 * random.normal(size=round(random.uniform(*_BREAK_S) * RATE_HZ))).astype(np.float32)
        sound = np.concatenate([utterance.sound, pause])
        speaks = i % (_TURN + 1) == _TURN
        user.append(np.zeros_like(sound) if speaks else sound)
        agent.append(sound if speaks else np.zeros_like(sound))
        if speaks:
            turns.append((at_s, at_s + len(utterance.sound) / RATE_HZ))
        else:
            words += [(at_s + a, at_s + b) for a, b in _words(utterance)]
        at_s += len(sound) / RATE_HZ
    return Talk(np.concatenate(user), np.concatenate(agent), tuple(words), tuple(turns))


def _words(utterance: Utterance) -> list[tuple[float, float]]:
    """Stretches of phones without a pause between them."""
    spans: list[tuple[float, float]] = []
    for cue in utterance.phones:
        start_s, end_s = cue.t_ticks / TICKS_HZ, cue.end_ticks / TICKS_HZ
        if cue.ipa and spans and start_s - spans[-1][1] < _LONGEST_CLOSURE_S:
            spans[-1] = (spans[-1][0], end_s)
        elif cue.ipa:
            spans.append((start_s, end_s))
    return spans


def nods_while_listening(talk: Talk, seed: int = 1) -> Nods:
    """Run motion in real time with and without ears for the user; what differs in the head's pitch are its answers."""
    listening, deaf = (_pitches(talk, seed, ears) for ears in (True, False))
    moving = np.abs(listening - deaf) > _NOD_RAD
    begun = np.flatnonzero(moving & ~np.concatenate([[False], moving[:-1]])) / 50
    onsets = [float(t) for i, t in enumerate(begun) if i == 0 or t - begun[i - 1] > 1.0]
    users = [t for t in onsets if not any(a <= t <= b for a, b in talk.turns)]
    pauses = [t for t in users if not any(a + 0.02 < t < b - 0.02 for a, b in talk.words)]
    agent_s = sum(b - a for a, b in talk.turns)
    return Nods((len(talk.user) / RATE_HZ - agent_s) / 60.0, len(users), len(pauses))


def _pitches(talk: Talk, seed: int, ears: bool) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    motion = Motion(seed=seed)
    motion.set_state(AgentState.LISTENING, 0)
    for a, b in talk.turns:
        motion.set_state(AgentState.SPEAKING, round(a * TICKS_HZ))
        motion.set_state(AgentState.LISTENING, round(b * TICKS_HZ))
        sound = talk.agent[round(a * RATE_HZ) : round(b * RATE_HZ)]
        motion.speak(SpeechChunk(AudioChunk(round(a * TICKS_HZ), RATE_HZ, pcm(sound))))
    user = pcm(talk.user)
    out = []
    for at in range(0, len(user) - _PIECE, _PIECE):
        if ears:
            motion.hear(AudioChunk(ticks_from_samples(at, RATE_HZ), RATE_HZ, user[at : at + _PIECE]))
        out.append(float(motion.sample(ticks_from_samples(at + _PIECE, RATE_HZ)).head_rotation[1]))
    return np.array(out)
