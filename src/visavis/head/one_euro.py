"""The One-Euro filter: still when things are still, quick when they are quick.

Source: G. Casiez, N. Roussel and D. Vogel, "1 € Filter: a simple speed-based low-pass filter for noisy input", 2012.
"""

from __future__ import annotations

from math import pi

import numpy as np
import numpy.typing as npt

F64 = npt.NDArray[np.float64]


class OneEuro:
    """Smooths a vector over time; each value by itself. `beta` is in Hz of cut-off per unit a second."""

    def __init__(self, *, min_cutoff_hz: float, beta: float, speed_cutoff_hz: float = 1.0) -> None:
        self._min_hz, self._beta, self._speed_hz = min_cutoff_hz, beta, speed_cutoff_hz
        self._t_s: float | None = None
        self._value = self._speed = np.zeros(0)

    def at(self, t_s: float, value: F64) -> F64:
        """The smoothed value at a time later than the last; the first comes out as it is."""
        if self._t_s is None or t_s <= self._t_s:
            self._t_s, self._value, self._speed = t_s, value.copy(), np.zeros_like(value)
            return value.copy()
        step_s, self._t_s = t_s - self._t_s, t_s
        speed = (value - self._value) / step_s
        self._speed = self._speed + _share(self._speed_hz, step_s) * (speed - self._speed)
        self._value = self._value + _share(self._min_hz + self._beta * np.abs(self._speed), step_s) * (value - self._value)
        return self._value.copy()


def _share(cutoff_hz: F64 | float, step_s: float) -> F64:
    """How far an exponential filter of this cut-off goes in one step."""
    turn = 2 * pi * np.asarray(cutoff_hz) * step_s
    return np.asarray(turn / (turn + 1.0))
