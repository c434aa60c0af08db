"""The virtual clock wakes sleepers in order, and the real one never goes back."""

import asyncio

from visavis.clock import MonotonicClock, VirtualClock


async def test_sleepers_wake_in_the_order_of_their_times() -> None:
    clock = VirtualClock()
    woken: list[tuple[str, int]] = []

    async def sleeper(name: str, *times: int) -> None:
        for t in times:
            await clock.sleep_until(t)
            woken.append((name, clock.now_ticks()))

    tasks = [
        asyncio.create_task(sleeper("a", 30, 40)),
        asyncio.create_task(sleeper("b", 10, 35)),
        asyncio.create_task(sleeper("c", 5)),
    ]
    await clock.advance_to(36)
    assert woken == [("c", 5), ("b", 10), ("a", 30), ("b", 35)]
    assert clock.now_ticks() == 36
    await clock.advance(100)
    assert woken[-1] == ("a", 40)
    await asyncio.gather(*tasks)


async def test_a_time_gone_by_returns_at_once() -> None:
    clock = VirtualClock(100)
    await asyncio.wait_for(clock.sleep_until(50), 1)
    assert clock.now_ticks() == 100


async def test_the_monotonic_clock_counts_ticks() -> None:
    clock = MonotonicClock()
    before = clock.now_ticks()
    await clock.sleep_until(before + 480)
    assert clock.now_ticks() >= before + 480 - 48
