"""When a viewer hears sound and when it hears none. A sample counts as heard when it could sound at the earliest: the moment
its 20 ms frame was decoded, plus its place in the frame.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

import numpy as np

from visavis.bench.hooks import on_every_sound
from visavis.testing.viewer import HeardFrame, Viewer
from visavis.types import TICKS_HZ

LOUD: Final = 160
"""Of 32768, about -46 dBFS: above what Opus makes of digital silence, below the softest start of speech."""


class Ear:
    """Follows a viewer's sound from now on; keeps no sound."""

    def __init__(self, viewer: Viewer) -> None:
        self._start_s = time.monotonic()
        self.last_loud_s: float | None = None
        self.last_frame_s = 0.0
        self._since_s = float("inf")
        self._first: asyncio.Event = asyncio.Event()
        self.first_loud_s = 0.0
        on_every_sound(viewer, self._heard)

    def _heard(self, frame: HeardFrame) -> None:
        self.last_frame_s = frame.at_s
        loud = loud_samples(frame)
        if len(loud):
            self.last_loud_s = frame.at_s + float(loud[-1]) / TICKS_HZ
            if frame.at_s > self._since_s and not self._first.is_set():
                self.first_loud_s = frame.at_s + float(loud[0]) / TICKS_HZ
                self._first.set()

    async def first_sound_after(self, since_s: float, timeout_s: float) -> float | None:
        """When the first loud sample after `since_s` was heard; None where none came. Call it before it can come."""
        self._since_s = since_s
        self._first.clear()
        try:
            await asyncio.wait_for(self._first.wait(), timeout_s)
        except TimeoutError:
            return None
        return self.first_loud_s

    async def quiet(self, for_s: float, timeout_s: float = 30.0) -> None:
        """Wait until nothing loud was heard for so long. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            quiet_s = 0.0
            while quiet_s < for_s:
                await asyncio.sleep(for_s - quiet_s)
                quiet_s = time.monotonic() - (self.last_loud_s or self._start_s)

    async def loud_now(self, timeout_s: float) -> bool:
        """Wait until sound is being heard; False where none came in time."""
        end = time.monotonic() + timeout_s
        while time.monotonic() < end:
            if self.last_loud_s is not None and time.monotonic() - self.last_loud_s < 0.02:
                return True
            await asyncio.sleep(0.004)
        return False


def loud_samples(frame: HeardFrame) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Indices of the samples above `LOUD`."""
    return np.flatnonzero(np.abs(frame.samples.astype(np.int32)) > LOUD)
