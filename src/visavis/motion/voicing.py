"""Is that a voice, and how high? Energy over the noise floor and periodicity, block by block."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from visavis.motion.channels import F64
from visavis.types import I16, TICKS_HZ, AudioChunk, ticks_from_samples

_WINDOW_S: Final = 0.040
_PITCH_HZ: Final = (65.0, 420.0)
_PERIODIC: Final = 0.50
_ABOVE_FLOOR_DB: Final = 8.0
_QUIETEST_DB: Final = -52.0
_FLOOR_RISE: Final = 0.004
_FLOOR_FALL: Final = 0.2
_BLOCKS_HZ: Final = 50
_GAP_TICKS: Final = TICKS_HZ // 4
"""A microphone is timed as it arrives; what is farther off is another stream."""


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
        self.pitch_hz = 0.0
        """Of the last voiced block."""

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
        alike = (correlation / (correlation[0] * np.maximum(overlap, 0.2)))[self._lags]
        best = int(alike.argmax())
        self.pitch_hz = self._rate_hz / (self._lags.start + best)
        return float(alike[best])


class Pitch:
    """The pitch of a stream of PCM where it is voiced, every 20 ms; cut the stream anywhere, the result is the same. Causal."""

    def __init__(self) -> None:
        self._voicing: Voicing | None = None
        self._rest: I16 = np.zeros(0, np.int16)
        self._rate_hz = 0
        self._next_ticks = 0

    def push(self, audio: AudioChunk) -> Iterator[tuple[float, float]]:
        """Yields (end of the block in seconds, pitch in Hz)."""
        if self._voicing is None or audio.rate_hz != self._rate_hz or abs(audio.t_ticks - self._next_ticks) > _GAP_TICKS:
            self._voicing, self._rate_hz, self._rest = Voicing(audio.rate_hz), audio.rate_hz, self._rest[:0]
        first_ticks = audio.t_ticks - ticks_from_samples(len(self._rest), audio.rate_hz)
        samples = np.concatenate([self._rest, audio.samples])
        block = audio.rate_hz // _BLOCKS_HZ
        count = len(samples) // block
        self._rest, self._next_ticks = samples[count * block :], audio.end_ticks
        for i in range(count):
            if self._voicing.push(samples[i * block : (i + 1) * block]):
                yield (first_ticks + ticks_from_samples((i + 1) * block, audio.rate_hz)) / TICKS_HZ, self._voicing.pitch_hz
