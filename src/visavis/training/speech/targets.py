"""What the model shall say of an utterance, frame by frame: the speech layer's own mouth for the known phones, and what they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.motion.mel import FRAME_CENTRE, HOP, RATE_HZ, frame_count
from visavis.motion.phone_groups import SILENCE, groups_of
from visavis.motion.pieces import mouths, placed
from visavis.motion.prosody import Loudness
from visavis.motion.voice_layout import CHANNEL_COLUMNS
from visavis.training.speech.utterance import Utterance
from visavis.types import F32, TICKS_HZ, U8, AudioChunk

WINDOW_S: Final = 4.0
"""Mouths are made in stretches so long, so that the work does not grow with the square of the length."""
_MARGIN_S: Final = 0.5
IGNORED: Final = 255


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """Per frame of 10 ms:

    groups   uint8 [t], the phone group heard (255: unknown)
    mouth    float32 [t, 12]: `voice_layout.CHANNELS`, before the lips are sealed
    seal, presence   float32 [t], 0 to 1
    accent   uint8 [t], 1 within a stressed vowel
    """

    groups: U8
    mouth: F32
    seal: F32
    presence: F32
    accent: U8


def frame_times_s(count: int) -> npt.NDArray[np.float64]:
    return (np.arange(count) * HOP + FRAME_CENTRE) / RATE_HZ


def targets_of(utterance: Utterance) -> Targets:
    count = frame_count(len(utterance.sound))
    times_s = frame_times_s(count)
    groups = np.full(count, SILENCE, np.uint8)
    accent = np.zeros(count, np.uint8)
    pieces = sorted((piece for cue in utterance.phones for piece in placed(cue)), key=lambda piece: piece.start_s)
    for cue in utterance.phones:
        start_s, length_s = cue.t_ticks / TICKS_HZ, (cue.end_ticks - cue.t_ticks) / TICKS_HZ
        for group, begin, end in groups_of(cue.ipa):
            inside = (times_s >= start_s + begin * length_s) & (times_s < start_s + end * length_s)
            groups[inside] = group
            accent[inside] = cue.stress == 2
    for piece in pieces:  # a voice that times a stop's burst alone closed the lips before it
        if piece.seal and piece.hold_start_s < piece.start_s:
            groups[(times_s >= piece.hold_start_s) & (times_s < piece.start_s)] = groups_of(piece.cue.ipa)[0][0]
    rows = np.zeros((count, 54))
    loudness = _loudness(utterance)
    gain = np.array([loudness.gain_at(t) for t in times_s])
    starts = np.array([piece.start_s for piece in pieces])
    ends = np.array([piece.end_s for piece in pieces])
    for at in range(0, count, round(WINDOW_S * 100)):
        span = slice(at, min(count, at + round(WINDOW_S * 100)))
        near = np.flatnonzero((starts < times_s[span][-1] + _MARGIN_S) & (ends > times_s[span][0] - _MARGIN_S))
        felt = [pieces[i] for i in near]
        if felt:
            rows[span] = mouths(felt, np.repeat(times_s[span, None], len(felt), axis=1), gain[span])
    channels = rows[:, CHANNEL_COLUMNS].astype(np.float32)
    return Targets(groups, channels, rows[:, -2].astype(np.float32), rows[:, -1].astype(np.float32), accent)


def _loudness(utterance: Utterance) -> Loudness:
    loudness = Loudness()
    samples = np.clip(utterance.sound * 32767.0, -32768, 32767).astype(np.int16)
    loudness.push(AudioChunk(0, RATE_HZ, samples))
    return loudness
