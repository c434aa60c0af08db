"""Is that a voice? Energy over the noise floor and periodicity, block by block, to keep the mouth shut in noise and breath."""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from typing import Final

import numpy as np

from visavis.motion.channels import F64
from visavis.types import I16

_WINDOW_S: Final = 0.040
_PITCH_HZ: Final = (65.0, 420.0)
_PERIODIC: Final = 0.50
_ABOVE_FLOOR_DB: Final = 8.0
_QUIETEST_DB: Final = -52.0
_FLOOR_RISE: Final = 0.004
_FLOOR_FALL: Final = 0.2


class Voicing:
    """Mono int16 at `rate_hz` in equal blocks; says of each whether it is voiced. Causal."""

    def __init__(self, rate_hz: int) -> None:
        self._step = max(1, rate_hz // 8000)
        self._rate_hz = rate_hz // self._step
        self._length = round(_WINDOW_S * self._rate_hz)
        self._lags = slice(int(self._rate_hz / _PITCH_HZ[1]), int(self._rate_hz / _PITCH_HZ[0]) + 1)
        self._fft = 1 << (2 * self._length - 1).bit_length()
        self.reset()

    def reset(self) -> None:
        self._recent: F64 = np.zeros(self._length)
        self._floor_db = -60.0

    def push(self, block: I16) -> bool:
        thin = block.astype(np.float64)
        thin = thin[: len(thin) // self._step * self._step].reshape(-1, self._step).mean(axis=1) / 32768.0
        self._recent = np.concatenate([self._recent, thin])[-self._length :]
        level_db = 10.0 * float(np.log10(np.mean(np.square(thin)) + 1e-10))
        rate = _FLOOR_FALL if level_db < self._floor_db else _FLOOR_RISE
        self._floor_db += (level_db - self._floor_db) * rate
        if level_db < max(self._floor_db + _ABOVE_FLOOR_DB, _QUIETEST_DB):
            return False
        return self._periodicity() > _PERIODIC

    def _periodicity(self) -> float:
        """Highest autocorrelation at the lags of a voice, 0 to 1, made up for the window's shrinking overlap."""
        signal = self._recent - self._recent.mean()
        spectrum = np.fft.rfft(signal, self._fft)
        correlation = np.fft.irfft(np.square(np.abs(spectrum)))[: self._length]
        if correlation[0] <= 0.0:
            return 0.0
        overlap = 1.0 - np.arange(self._length) / self._length
        return float((correlation / (correlation[0] * np.maximum(overlap, 0.2)))[self._lags].max())


class VoiceGate:
    """Opens around voiced blocks: a little before, so far as that is known, and a little after for voiceless endings."""

    def __init__(self, block_s: float, *, before_s: float = 0.16, after_s: float = 0.18) -> None:
        self._before, self._after = round(before_s / block_s), round(after_s / block_s)
        self._voiced: deque[int] = deque()

    def reset(self) -> None:
        self._voiced.clear()

    def push(self, block: int, voiced: bool) -> None:
        """Blocks by number, in order. One voiced block alone is a click; two of three are a voice."""
        if voiced:
            self._voiced.append(block)
        while self._voiced and self._voiced[0] < block - 400:
            self._voiced.popleft()

    def is_open(self, block: int) -> bool:
        near = [v for v in self._voiced if block - self._after <= v <= block + self._before]
        return any(b - a <= 2 for a, b in pairwise(near))
