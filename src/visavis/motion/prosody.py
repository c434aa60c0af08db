"""What can be heard in speech without knowing its words: loudness against the speaker's own level, and accents."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from visavis.motion.channels import F64
from visavis.types import TICKS_HZ, AudioChunk

FRAME_S: Final = 0.010
LOOK_AHEAD_S: Final = 0.06
"""`Loudness` at a time depends on no sound later than this after it."""
_SILENT_DB: Final = -55.0
_KEEP_S: Final = 4.0
_MAX_KEEP_S: Final = 120.0
_FORGET_S: Final = 0.14
"""Where sound is missing, the last known level holds so long and fades into the unknown over as long again."""
_LEVEL_TIME_S: Final = 3.0
_SMOOTH_TIME_S: Final = 0.05
_ACCENT_DB: Final = 2.0
_ACCENT_SPACING_S: Final = 0.38
_ACCENT_SURE_S: Final = 0.06


@dataclass(frozen=True, slots=True)
class Accent:
    """A syllable that stands out: its time and by how many decibels."""

    t_s: float
    rise_db: float


class LevelFrames:
    """Energy of a stream of PCM in frames of 10 ms; cut the stream anywhere, the frames are the same.

    Yields (end of frame in seconds, dBFS). A gap in media time starts a fresh frame.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._rest: F64 = np.zeros(0)
        self._next_ticks: int | None = None

    def push(self, audio: AudioChunk) -> Iterator[tuple[float, float]]:
        frame = round(audio.rate_hz * FRAME_S)
        tick = TICKS_HZ // audio.rate_hz
        if self._next_ticks is None or abs(audio.t_ticks - self._next_ticks) > tick:
            self._rest = np.zeros(0)
        begin_ticks = audio.t_ticks - len(self._rest) * tick
        samples = np.concatenate([self._rest, audio.samples.astype(np.float64) / 32768.0])
        count = len(samples) // frame
        self._rest, self._next_ticks = samples[count * frame :], audio.end_ticks
        power = np.square(samples[: count * frame].reshape(count, frame)).mean(axis=1)
        levels_db = 10.0 * np.log10(np.maximum(power, 1e-10))
        for i, level_db in enumerate(levels_db.tolist()):
            yield (begin_ticks + (i + 1) * frame * tick) / TICKS_HZ, level_db


class Loudness:
    """How loud the speaker is, relative to this speaker so far, and where accents fall. Causal, memory bounded."""

    def __init__(self) -> None:
        self._frames = LevelFrames()
        self._times: list[float] = []
        self._relative: list[float] = []
        self._level_db = -24.0
        self._smooth_db = _SILENT_DB
        self._accent_s = -np.inf
        self._peak: tuple[float, float] | None = None
        self._trough_db = 0.0
        self.accents: deque[Accent] = deque(maxlen=256)
        """Found and not yet taken."""

    def push(self, audio: AudioChunk) -> None:
        for end_s, level_db in self._frames.push(audio):
            self._take(end_s, max(level_db, _SILENT_DB))
        if self._times and self._times[-1] - self._times[0] > _MAX_KEEP_S:
            self.forget(self._times[-1] - _MAX_KEEP_S)

    def cut(self, t_s: float) -> None:
        """Sound after `t_s` will not be heard."""
        at = bisect_left(self._times, t_s)
        del self._times[at:], self._relative[at:]
        self._frames.reset()
        self._smooth_db, self._peak = _SILENT_DB, None
        self.accents = deque((a for a in self.accents if a.t_s < t_s), maxlen=256)

    def forget(self, t_s: float) -> None:
        old = bisect_left(self._times, t_s - _KEEP_S)
        if old > 256:
            del self._times[:old], self._relative[:old]

    def relative_db(self, t_s: float, unknown_db: float = 0.0) -> float:
        """Smoothed level around `t_s` against the speaker's own; `unknown_db` where nothing is known."""
        at = bisect_right(self._times, t_s + LOOK_AHEAD_S) - 1
        if at < 0:
            return unknown_db
        known = 1.0 - min(1.0, max(0.0, t_s + LOOK_AHEAD_S - self._times[at] - _FORGET_S) / _FORGET_S)
        return unknown_db + known * (self._relative[at] - unknown_db)

    def gain_at(self, t_s: float) -> float:
        """Factor for the vertical opening of the mouth, 0.78 (soft) to 1.18 (loud)."""
        return min(1.18, max(0.78, 1.0 + self.relative_db(t_s) / 40.0))

    def _take(self, end_s: float, level_db: float) -> None:
        if self._times and end_s <= self._times[-1]:
            return
        if level_db > self._level_db - 30.0 and level_db > _SILENT_DB + 5.0:
            rate = FRAME_S / _LEVEL_TIME_S * (3.0 if level_db > self._level_db else 1.0)
            self._level_db += (level_db - self._level_db) * rate
        self._smooth_db += (level_db - self._smooth_db) * FRAME_S / _SMOOTH_TIME_S
        relative_db = self._smooth_db - self._level_db
        self._times.append(end_s)
        self._relative.append(relative_db)
        self._watch_peak(end_s, relative_db)

    def _watch_peak(self, end_s: float, relative_db: float) -> None:
        """An accent is a peak that rises 3 dB out of the trough before it and that nothing tops for 60 ms."""
        if self._peak is None:
            self._trough_db = min(self._trough_db, relative_db)
            if relative_db > max(_ACCENT_DB, self._trough_db + 3.0):
                self._peak = (end_s, relative_db)
        elif relative_db > self._peak[1]:
            self._peak = (end_s, relative_db)
        elif end_s - self._peak[0] >= _ACCENT_SURE_S:
            peak_s, rise_db = self._peak
            if peak_s - self._accent_s > _ACCENT_SPACING_S:
                self._accent_s = peak_s
                self.accents.append(Accent(peak_s - _SMOOTH_TIME_S, rise_db))
            self._peak, self._trough_db = None, relative_db
