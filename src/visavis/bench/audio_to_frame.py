"""`audio_to_frame_ms`: speech pushed in real time with its phones; from the moment the sample at a frame's own media time is
pushed to the moment that frame is finished.

The player, motion, pacer and engine of a session, on one clock, without a transport: a chunk of 20 ms is pushed when its last
sample would have been spoken, frames are drawn when the pacer has them drawn, audio is read every 20 ms. Inside: the player's
lead, the pacer's lead, motion, drawing; whatever look-ahead or blocks an engine needs count.
"""

from __future__ import annotations

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from visavis.bench.speech_sample import SpeechSample
from visavis.clock import Clock, MonotonicClock
from visavis.motion import Motion
from visavis.sync.speech_player import SpeechPlayer
from visavis.sync.video_pacer import VideoPacer
from visavis.types import (
    AUDIO_FRAME_TICKS,
    TICKS_HZ,
    Engine,
    FaceFrame,
    PlaybackEnd,
    SpeechChunk,
    VideoFrame,
    WordCue,
    ticks_from_s,
)

IDLE_S: Final = 0.4
"""Frames are drawn for so long before the first sound."""


class _Listener:
    """Motion behind the player, and when each stretch of media time was pushed."""

    def __init__(self, clock: Clock, motion: Motion) -> None:
        self._clock, self._motion = clock, motion
        self.pushed: list[tuple[int, int, int]] = []
        """(from, to, when), ticks."""

    def on_placed(self, chunk: SpeechChunk) -> None:
        self.pushed.append((chunk.audio.t_ticks, chunk.audio.end_ticks, self._clock.now_ticks()))
        self._motion.speak(chunk)

    def on_stall(self, t_ticks: int) -> None:
        self._motion.stall(t_ticks)

    def on_speech_end(self, t_ticks: int) -> None:
        self._motion.end_speech(t_ticks)

    def on_started(self, utterance: int) -> None:
        pass

    def on_word(self, utterance: int, word: WordCue) -> None:
        pass

    def on_finished(self, end: PlaybackEnd) -> None:
        pass

    def on_cut(self, t_ticks: int, generation: int) -> None:
        pass


class _TimedEngine:
    """Notes when each frame was finished."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine, self._clock = engine, clock
        self.finished: dict[int, int] = {}

    @property
    def width(self) -> int:
        return self._engine.width

    @property
    def height(self) -> int:
        return self._engine.height

    @property
    def drawn_share(self) -> float:
        return self._engine.drawn_share

    def draw(self, face: FaceFrame) -> VideoFrame:
        frame = self._engine.draw(face)
        self.finished[face.t_ticks] = self._clock.now_ticks()
        return frame

    def close(self) -> None:
        self._engine.close()


async def measure_audio_to_frame(
    engine: Engine, sample: SpeechSample, *, fps: int, seconds: float, clock: Clock | None = None
) -> list[float]:
    """Milliseconds of every frame whose media time lies in the speech."""
    clock = clock or MonotonicClock()
    motion = Motion(seed=1)
    listener = _Listener(clock, motion)
    timed = _TimedEngine(engine, clock)
    player = SpeechPlayer(clock, listener)
    with ThreadPoolExecutor(1, thread_name_prefix="draw") as executor:
        pacer = VideoPacer(
            clock, timed, motion.sample, lambda frame: None, generation=lambda: player.generation, executor=executor, fps=fps
        )
        running = [asyncio.create_task(pacer.run()), asyncio.create_task(_read(player, clock))]
        try:
            await _push(player, clock, sample, seconds)
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
    return delays_ms(listener.pushed, timed.finished)


def delays_ms(pushed: list[tuple[int, int, int]], finished: dict[int, int]) -> list[float]:
    """For each finished frame whose media time was pushed: from its push to its finish."""
    out = []
    for start, end, when in pushed:
        out += [(done - when) * 1000 / TICKS_HZ for t_ticks, done in finished.items() if start <= t_ticks < end]
    return out


async def _push(player: SpeechPlayer, clock: Clock, sample: SpeechSample, seconds: float) -> None:
    start = clock.now_ticks() + ticks_from_s(IDLE_S)
    for chunk in sample.chunks():
        if chunk.audio.t_ticks > ticks_from_s(seconds):
            break
        await clock.sleep_until(start + chunk.audio.end_ticks)
        await player.push(chunk)
    player.end_utterance()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(2.0):
            while player.speaking:
                await clock.sleep_until(clock.now_ticks() + AUDIO_FRAME_TICKS)


async def _read(player: SpeechPlayer, clock: Clock) -> None:
    t_ticks = -(-clock.now_ticks() // AUDIO_FRAME_TICKS) * AUDIO_FRAME_TICKS
    while True:
        await clock.sleep_until(t_ticks)
        player.read(t_ticks)
        t_ticks += AUDIO_FRAME_TICKS
