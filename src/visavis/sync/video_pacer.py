"""The video side of time: frames are placed on the media clock and drawn just before they are due."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Final

from visavis.clock import Clock
from visavis.sync.figures import Rolling
from visavis.types import TICKS_HZ, Engine, FaceFrame, VideoFrame, period_ticks, ticks_from_s

VIDEO_LEAD_TICKS: Final = ticks_from_s(0.024)
"""Drawing of a frame begins this long before its media time."""
SEND_LEAD_TICKS: Final = ticks_from_s(0.004)
"""A finished frame is handed on this long before its media time, which encoding takes."""


class VideoPacer:
    """Draws `sample(t)` with `engine` for t = 0, 1, 2 … periods and hands each frame to `deliver` when it is due.

    The schedule is absolute and re-anchored when late: a slow frame costs frames, never drift. A frame of an older generation
    than `generation()` dies here. Drop rule: what is late is not drawn.
    """

    def __init__(
        self,
        clock: Clock,
        engine: Engine,
        sample: Callable[[int], FaceFrame],
        deliver: Callable[[VideoFrame], None],
        *,
        generation: Callable[[], int],
        executor: Executor,
        fps: int,
    ) -> None:
        self._engine = engine
        self._drawing = asyncio.Lock()
        self._clock = clock
        self._sample = sample
        self._deliver = deliver
        self._generation = generation
        self._executor = executor
        self._period = period_ticks(fps)
        self.frame_ms = Rolling()
        self.gaps_ms = Rolling()
        self.late_frames = 0
        self.stale_frames = 0
        self._last_delivery_ticks: int | None = None

    @property
    def fps(self) -> float:
        """Frames a second over the last deliveries; 0 before there are any."""
        count = len(self.gaps_ms)
        mean_ms = self.gaps_ms.mean()
        return 1000.0 / mean_ms if count and mean_ms else 0.0

    async def change_engine(self, engine: Engine) -> None:
        """Draw with another engine from the next frame on; on return the old one is not in use any more."""
        async with self._drawing:
            self._engine = engine

    async def run(self) -> None:
        """Until cancelled."""
        loop = asyncio.get_running_loop()
        index = self._clock.now_ticks() // self._period + 1
        while True:
            t_ticks = index * self._period
            await self._clock.sleep_until(t_ticks - VIDEO_LEAD_TICKS)
            face = self._sample(t_ticks)
            begun = self._clock.now_ticks()
            async with self._drawing:
                frame = await _uninterrupted(loop.run_in_executor(self._executor, self._engine.draw, face))
            self.frame_ms.add((self._clock.now_ticks() - begun) * 1000 / TICKS_HZ)
            await self._clock.sleep_until(t_ticks - SEND_LEAD_TICKS)
            self._hand_on(frame)
            index = self._next_index(index)

    def _hand_on(self, frame: VideoFrame) -> None:
        if frame.generation < self._generation():
            self.stale_frames += 1
            return
        now = self._clock.now_ticks()
        if self._last_delivery_ticks is not None:
            self.gaps_ms.add((now - self._last_delivery_ticks) * 1000 / TICKS_HZ)
        self._last_delivery_ticks = now
        self._deliver(frame)

    def _next_index(self, index: int) -> int:
        """The next frame that can still be drawn in time, counting those that cannot."""
        soonest = (self._clock.now_ticks() + VIDEO_LEAD_TICKS - self._period // 2) // self._period + 1
        following = max(index + 1, soonest)
        self.late_frames += following - (index + 1)
        return following


async def _uninterrupted(drawing: asyncio.Future[VideoFrame]) -> VideoFrame:
    """The frame; a cancellation waits for the thread, so that nobody closes an engine that still draws."""
    try:
        return await asyncio.shield(drawing)
    except asyncio.CancelledError:
        await asyncio.wait([drawing])
        raise
