"""Mouths that were heard in a voice, at their media times: kept, cut and looked up."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import Final

import numpy as np

from visavis.motion.channels import F64, smoothstep
from visavis.motion.pieces import MOUTH
from visavis.types import F32, TICKS_HZ

PERIOD_TICKS: Final = TICKS_HZ // 100
_HOLD_S: Final = 0.08
_FADE_S: Final = 0.10
"""Where no more is known, the last mouth holds so long and fades to rest over so long again."""
_KEEP_S: Final = 1.0
_MAX_FRAMES: Final = 60_000


@dataclass(frozen=True, slots=True, eq=False)
class HeardFrames:
    """What the motion model says of a stretch of sound, every 10 ms from `t_ticks` on.

    mouths      float32 [n, 54]: ARKit weights, the lips' seal, the presence of speech
    posteriors  float32 [n, 40]: of `phone_groups.GROUPS`
    kinds       float32 [n, 5]: of `voice_layout.KINDS`
    accents     float32 [n], 0 to 1: a stressed vowel
    """

    t_ticks: int
    mouths: F32
    posteriors: F32
    kinds: F32
    accents: F32
    generation: int = 0

    def __len__(self) -> int:
        return len(self.mouths)

    @property
    def end_ticks(self) -> int:
        return self.t_ticks + len(self) * PERIOD_TICKS

    def until(self, end_ticks: int) -> HeardFrames:
        """The frames before `end_ticks`."""
        keep = max(0, min(len(self), -(-(end_ticks - self.t_ticks) // PERIOD_TICKS)))
        return HeardFrames(self.t_ticks, self.mouths[:keep], self.posteriors[:keep], self.kinds[:keep], self.accents[:keep],
                           self.generation)  # fmt: skip


class HeardMouths:
    """Mouths [54] in order of time; between two that touch the mouth goes straight from one to the other."""

    def __init__(self) -> None:
        self._times_s: list[float] = []
        self._mouths: list[F64] = []
        self._generations: list[int] = []

    def __bool__(self) -> bool:
        return bool(self._times_s)

    def add(self, frames: HeardFrames, generation: int) -> None:
        """Frames take the place of whatever was known of their time and later."""
        if not len(frames):
            return
        first_s = frames.t_ticks / TICKS_HZ
        self.drop_from(first_s - 1e-6)
        self._times_s += [first_s + i * PERIOD_TICKS / TICKS_HZ for i in range(len(frames))]
        self._mouths += list(frames.mouths.astype(np.float64))
        self._generations += [generation] * len(frames)
        over = len(self._times_s) - _MAX_FRAMES
        if over > 0:
            self._delete(0, over)

    def drop_from(self, t_s: float) -> None:
        self._delete(bisect_left(self._times_s, t_s), len(self._times_s))

    def drop_below(self, generation: int) -> None:
        keep = [i for i, which in enumerate(self._generations) if which >= generation]
        self._times_s, self._mouths = [self._times_s[i] for i in keep], [self._mouths[i] for i in keep]
        self._generations = [self._generations[i] for i in keep]

    def forget(self, t_s: float) -> None:
        old = bisect_left(self._times_s, t_s - _KEEP_S)
        if old > 256:
            self._delete(0, old)

    def at(self, t_s: float) -> F64:
        """float64 [54]."""
        after = bisect_right(self._times_s, t_s)
        if after == 0:
            return np.zeros(MOUTH)
        since_s = t_s - self._times_s[after - 1]
        last = self._mouths[after - 1]
        if after < len(self._times_s):
            step_s = self._times_s[after] - self._times_s[after - 1]
            if step_s < 1.5 * PERIOD_TICKS / TICKS_HZ:
                part = since_s / step_s
                return last + part * (self._mouths[after] - last)
        return last * (1.0 - smoothstep((since_s - _HOLD_S) / _FADE_S))

    def _delete(self, start: int, end: int) -> None:
        del self._times_s[start:end], self._mouths[start:end], self._generations[start:end]
