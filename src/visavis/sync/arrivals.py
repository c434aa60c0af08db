"""Media time of what comes over a network with times of its own: frames early enough that jitter is not seen, no earlier.

The sender's clock is neither ours nor quite as fast. The least delayed packet of the last seconds tells where its zero lies;
how much later the others come tells how long to wait.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np

from visavis.types import TICKS_HZ, ticks_from_s

WINDOW: Final = 240
"""Packets that are remembered: four seconds at 60 Hz."""
LEAST_DELAY_TICKS: Final = ticks_from_s(0.045)
"""A frame is drawn 24 ms ahead of its time, and needs the one after it to lie between: 17 ms at 60 Hz, and a little."""
MOST_DELAY_TICKS: Final = ticks_from_s(0.25)
SLEW: Final = 0.02
"""Media time bends to a new delay by this share of the time that passes: a performance is never seen to jump."""
JUMP_TICKS: Final = ticks_from_s(1.0)
"""A sender whose clock is off by more has started anew."""


class ArrivalClock:
    """`media_ticks` for each packet as it comes. Time is an argument; one clock for each sender."""

    def __init__(self, *, least_delay_ticks: int = LEAST_DELAY_TICKS) -> None:
        self._least_ticks = least_delay_ticks
        self._transits: deque[int] = deque(maxlen=WINDOW)
        self._offset_ticks: float | None = None
        self._last_ticks = 0

    @property
    def delay_ms(self) -> float:
        """How long after its arrival at the earliest a frame is seen."""
        if self._offset_ticks is None:
            return 0.0
        return (self._offset_ticks - min(self._transits)) * 1000 / TICKS_HZ

    def media_ticks(self, source_ticks: int, arrival_ticks: int) -> int:
        """Media time of a frame the sender stamped `source_ticks` (any zero) that came at `arrival_ticks`."""
        transit = arrival_ticks - source_ticks
        if self._offset_ticks is not None and abs(transit - min(self._transits)) > JUMP_TICKS:
            self._transits.clear()
            self._offset_ticks = None
        self._transits.append(transit)
        target = min(self._transits) + self._delay_ticks()
        if self._offset_ticks is None:
            self._offset_ticks = float(target)
        else:
            most = SLEW * max(0, arrival_ticks - self._last_ticks)
            self._offset_ticks += min(most, max(-most, target - self._offset_ticks))
        self._last_ticks = max(self._last_ticks, arrival_ticks)
        return source_ticks + round(self._offset_ticks)

    def _delay_ticks(self) -> int:
        late = np.percentile(self._transits, 95) - min(self._transits)
        return int(min(MOST_DELAY_TICKS, self._least_ticks + late))
