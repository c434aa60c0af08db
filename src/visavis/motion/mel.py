"""What the motion model hears: log-mel spectra of 16 kHz sound every 10 ms, against the stream's own level.

A frame covers 20 ms; frame i is about the sound around `FRAME_CENTRE` samples after sample 160 i.
"""

from __future__ import annotations

from math import log10
from typing import Final

import numpy as np

from visavis.types import F32, I16

RATE_HZ: Final = 16_000
HOP: Final = 160
WINDOW: Final = 320
FRAME_CENTRE: Final = WINDOW // 2
BANDS: Final = 40
_FFT: Final = 512
_LOW_HZ, _HIGH_HZ = 60.0, 7600.0
FLOOR_DB: Final = -90.0

_FIRST_LEVEL_DB: Final = -30.0
_LOWEST_LEVEL_DB: Final = -52.0
_ATTACK: Final = 0.15
_RELEASE_DB: Final = 0.025
_SCALE_DB: Final = 20.0
_RANGE: Final = (-3.0, 1.5)
FEATURES: Final = BANDS + 1
"""Bands and the level of the frame as a whole, in units of 20 dB against the stream's level."""


def _filters() -> F32:
    """Triangles on the mel scale (O'Shaughnessy's formula): float32 [257, 40], each of unit area."""
    low, high = (2595.0 * log10(1.0 + hertz / 700.0) for hertz in (_LOW_HZ, _HIGH_HZ))
    mel = np.linspace(low, high, BANDS + 2)
    edges = 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    bins = np.arange(_FFT // 2 + 1) * RATE_HZ / _FFT
    rise = (bins[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    fall = (edges[2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    weights = np.maximum(0.0, np.minimum(rise, fall))
    return np.asarray(weights / np.maximum(weights.sum(axis=0), 1e-6), np.float32)


_FILTERS: Final = _filters()
_TAPER: Final = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
_NORM: Final = np.float32(2.0 / float(np.square(_TAPER).sum()))


def frame_count(samples: int) -> int:
    return max(0, (samples - WINDOW) // HOP + 1)


def mel_power(samples: I16 | F32) -> F32:
    """Power in bands of every whole frame: int16, or float32 of full scale 1, [n] to float32 [frames, 40]; full scale is about 1."""
    sound = samples.astype(np.float32) / 32768.0 if samples.dtype == np.int16 else samples.astype(np.float32)
    if len(sound) < WINDOW:
        return np.zeros((0, BANDS), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::HOP] * _TAPER
    spectrum = np.fft.rfft(frames, _FFT, axis=-1)
    power: F32 = ((np.square(spectrum.real) + np.square(spectrum.imag)) * _NORM).astype(np.float32) @ _FILTERS
    return power


class StreamLevel:
    """Follows how loud a stream is at its loudest: quick up, 2.5 dB a second down. Causal; `streams` of them side by side."""

    def __init__(self, streams: int = 1) -> None:
        self._level_db = np.full(streams, _FIRST_LEVEL_DB, np.float32)

    def features(self, power: F32) -> F32:
        """Power [streams, frames, 40] to features [streams, frames, 41]."""
        bands_db = 10.0 * np.log10(np.maximum(power, 10.0 ** (FLOOR_DB / 10.0)))
        loud_db = 10.0 * np.log10(np.maximum(power.mean(axis=-1), 10.0 ** (FLOOR_DB / 10.0)))
        levels_db = np.empty(loud_db.shape, np.float32)
        level_db = self._level_db
        for i in range(loud_db.shape[1]):
            rise = loud_db[:, i] - level_db
            level_db = np.maximum(level_db + np.where(rise > 0.0, _ATTACK * rise, -_RELEASE_DB), _LOWEST_LEVEL_DB)
            levels_db[:, i] = level_db
        self._level_db = level_db.astype(np.float32)
        relative = np.concatenate([bands_db - levels_db[..., None], (loud_db - levels_db)[..., None]], axis=-1) / _SCALE_DB
        return np.clip(relative, *_RANGE).astype(np.float32)
