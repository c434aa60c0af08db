"""Smooth noise as a function of time: the same seed and time give the same value, and it never loops."""

from __future__ import annotations

from math import floor

import numpy as np

from visavis.motion.channels import F64


class Drift:
    """Band-limited noise on several channels at once: cubic B-spline through random knots, `rate_hz` knots a second.

    `at(t_s)` gives float64 [channels] with standard deviation about 0.5 each, continuous to the second derivative.
    """

    def __init__(self, seed: int, name: int, channels: int, rate_hz: float) -> None:
        self._key = (seed & 0xFFFFFFFF, name)
        self._channels, self._rate_hz = channels, rate_hz
        self._cell: int | None = None
        self._knots: F64 = np.zeros((4, channels))

    def at(self, t_s: float) -> F64:
        place = t_s * self._rate_hz
        cell = floor(place)
        if cell != self._cell:
            self._knots = np.stack([self._knot(cell + i) for i in range(-1, 3)])
            self._cell = cell
        x = place - cell
        y = 1.0 - x
        spline = np.array([y * y * y, 3 * x * x * x - 6 * x * x + 4, 3 * y * y * y - 6 * y * y + 4, x * x * x]) / 6.0
        value: F64 = spline @ self._knots
        return value

    def _knot(self, cell: int) -> F64:
        return np.random.default_rng([*self._key, cell & 0xFFFFFFFF]).uniform(-1.25, 1.25, self._channels)
