"""Time is injected: one monotonic clock in production, a virtual one in tests and offline work. Both count media ticks."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from typing import Protocol

from visavis.types import TICKS_HZ


class Clock(Protocol):
    def now_ticks(self) -> int:
        """Ticks since this clock was made; never goes back."""
        ...

    async def sleep_until(self, t_ticks: int) -> None:
        """Return at or after `t_ticks`; at once (after one pass of the loop) if it has gone by."""
        ...


class MonotonicClock:
    """The machine's monotonic time, in ticks since construction."""

    def __init__(self) -> None:
        self._start_ns = time.monotonic_ns()

    def now_ticks(self) -> int:
        return (time.monotonic_ns() - self._start_ns) * TICKS_HZ // 1_000_000_000

    async def sleep_until(self, t_ticks: int) -> None:
        await asyncio.sleep(max(0.0, (t_ticks - self.now_ticks()) / TICKS_HZ))


class VirtualClock:
    """Time that moves only when told: minutes of conversation in milliseconds.

    `advance_to` wakes sleepers in order of their time, letting the loop settle between them.
    """

    def __init__(self, start_ticks: int = 0) -> None:
        self._now = start_ticks
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now_ticks(self) -> int:
        return self._now

    async def sleep_until(self, t_ticks: int) -> None:
        if t_ticks <= self._now:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (t_ticks, next(self._order), woken))
        await woken

    async def advance_to(self, t_ticks: int, *, settle_passes: int = 12) -> None:
        """Move time to `t_ticks`, running every sleeper due on the way."""
        assert t_ticks >= self._now, (t_ticks, self._now)
        await _settle(settle_passes)
        while self._sleepers and self._sleepers[0][0] <= t_ticks:
            due, _, woken = heapq.heappop(self._sleepers)
            self._now = max(self._now, due)
            if not woken.done():
                woken.set_result(None)
            await _settle(settle_passes)
        self._now = t_ticks
        await _settle(settle_passes)

    async def advance(self, ticks: int) -> None:
        await self.advance_to(self._now + ticks)


async def _settle(passes: int) -> None:
    for _ in range(passes):
        await asyncio.sleep(0)
