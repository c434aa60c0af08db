"""Loudness in decibels of full scale."""

from __future__ import annotations

import numpy as np

from visavis.types import I16

SILENCE_DBFS = -96.0


def rms_dbfs(samples: I16) -> float:
    """Root mean square of int16 [n] against full scale; `SILENCE_DBFS` for digital silence or nothing."""
    if not len(samples):
        return SILENCE_DBFS
    mean_square = float(np.mean(np.square(samples.astype(np.float64) / 32768.0)))
    return max(SILENCE_DBFS, 10.0 * np.log10(mean_square)) if mean_square > 0 else SILENCE_DBFS
