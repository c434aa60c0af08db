"""Frames lie on the media clock, never drift, and die when they are late or old."""

import asyncio
from concurrent.futures import Future

from visavis.clock import VirtualClock
from visavis.sync.video_pacer import VIDEO_LEAD_TICKS, VideoPacer
from visavis.testing.engine import PlainEngine
from visavis.types import FaceFrame, VideoFrame, period_ticks

PERIOD = period_ticks(30)


class Inline:
    """An executor that draws at once, in place; `hold` keeps frames back until `release`."""

    def __init__(self) -> None:
        self.hold = False
        self.held: list[tuple[Future, object, tuple]] = []

    def submit(self, work, *values):
        future: Future = Future()
        if self.hold:
            self.held.append((future, work, values))
        else:
            future.set_result(work(*values))
        return future

    def release(self) -> None:
        held, self.held, self.hold = self.held, [], False
        for future, work, values in held:
            future.set_result(work(*values))


class Stage:
    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.executor = Inline()
        self.frames: list[tuple[int, VideoFrame]] = []
        self.generation = 0
        self.pacer = VideoPacer(
            self.clock,
            PlainEngine(32, 32),
            lambda t_ticks: FaceFrame.neutral(t_ticks, self.generation),
            lambda frame: self.frames.append((self.clock.now_ticks(), frame)),
            generation=lambda: self.generation,
            executor=self.executor,
            fps=30,
        )
        self.task = asyncio.create_task(self.pacer.run())

    async def end(self) -> None:
        self.executor.release()
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


async def test_frames_are_exact_multiples_of_the_period_for_minutes() -> None:
    stage = Stage()
    for _ in range(60 * 30):
        await stage.clock.advance(PERIOD)
    times = [frame.t_ticks for _, frame in stage.frames]
    assert times == [k * PERIOD for k in range(1, len(times) + 1)]
    assert len(times) >= 60 * 30 - 1
    for now, frame in stage.frames:
        assert frame.t_ticks - VIDEO_LEAD_TICKS <= now <= frame.t_ticks
    assert stage.pacer.late_frames == 0
    await stage.end()


async def test_a_slow_frame_costs_frames_and_no_drift() -> None:
    stage = Stage()
    await stage.clock.advance(10 * PERIOD)
    stage.executor.hold = True
    await stage.clock.advance(5 * PERIOD)
    stage.executor.release()
    await stage.clock.advance(10 * PERIOD)
    times = [frame.t_ticks for _, frame in stage.frames]
    assert all(t % PERIOD == 0 for t in times)
    assert stage.pacer.late_frames in {3, 4}
    assert times[-1] >= 24 * PERIOD
    await stage.end()


async def test_a_frame_of_an_older_generation_dies() -> None:
    stage = Stage()
    await stage.clock.advance(2 * PERIOD)
    stage.executor.hold = True
    await stage.clock.advance(PERIOD)
    stage.generation = 1
    stage.executor.release()
    await stage.clock.advance(3 * PERIOD)
    assert stage.pacer.stale_frames == 1
    generations = [frame.generation for _, frame in stage.frames]
    assert generations == sorted(generations)
    await stage.end()
