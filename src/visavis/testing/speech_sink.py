"""A SpeechSink that plays to nobody: in real time, or faster, remembering everything."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from visavis.types import I16, SPEECH_HZ, EmotionCue, GestureCue, PhoneCue, PlaybackEnd, SpeechChunk, WordCue

C = TypeVar("C", PhoneCue, WordCue, EmotionCue, GestureCue)


@dataclass(slots=True)
class Recorded:
    """One utterance as it came: its chunks, when each was pushed (`time.perf_counter`), and how it ended."""

    number: int
    chunks: list[SpeechChunk] = field(default_factory=list)
    pushed_s: list[float] = field(default_factory=list)
    complete: bool = False
    started_s: float | None = None
    end: PlaybackEnd | None = None

    @property
    def samples(self) -> I16:
        return np.concatenate([chunk.audio.samples for chunk in self.chunks]) if self.chunks else np.zeros(0, np.int16)

    @property
    def duration_s(self) -> float:
        return sum(len(chunk.audio.samples) for chunk in self.chunks) / SPEECH_HZ

    def cues(self, kind: type[C]) -> list[C]:
        return [cue for chunk in self.chunks for cue in chunk.cues if isinstance(cue, kind)]


class RecordingSink:
    """Plays `speed` times as fast as real time. Keeps at most `ahead_s` of speech ahead of what has been heard."""

    def __init__(self, *, speed: float = 1.0, ahead_s: float = 2.0) -> None:
        assert speed > 0, speed
        assert ahead_s > 0, ahead_s
        self.utterances: list[Recorded] = []
        self.interrupts = 0
        self.on_playback_started: Callable[[int], None] = lambda utterance: None
        self.on_playback_finished: Callable[[PlaybackEnd], None] = lambda end: None
        self._speed = speed
        self._ahead_s = ahead_s
        self._changed = asyncio.Event()
        self._playing: asyncio.Task[None] | None = None
        self._open = False

    @property
    def last(self) -> Recorded:
        return self.utterances[-1]

    async def push(self, chunk: SpeechChunk) -> int:
        if not self._open:
            self._open = True
            self.utterances.append(Recorded(len(self.utterances) + 1))
        utterance = self.last
        utterance.chunks.append(chunk)
        utterance.pushed_s.append(time.perf_counter())
        if self._playing is None:
            self._playing = asyncio.get_running_loop().create_task(self._play(utterance))
        self._tell()
        # time passes, and nobody tells
        while utterance.end is None and utterance.duration_s - self._position_s(utterance) > self._ahead_s:  # noqa: ASYNC110
            await asyncio.sleep(0.01 / self._speed)
        return utterance.number

    def end_utterance(self) -> None:
        if self._open:
            self._open = False
            self.last.complete = True
            self._tell()

    def interrupt(self) -> None:
        self.interrupts += 1
        self._open = False
        if self._playing is not None:
            self._playing.cancel()
            self._playing = None
            utterance = self.last
            self._finish(utterance, PlaybackEnd(utterance.number, self._position_s(utterance), interrupted=True))

    async def wait_for_end(self, number: int, timeout_s: float = 20.0) -> Recorded:
        """The utterance of this number, once it has been heard or interrupted."""
        async with asyncio.timeout(timeout_s):
            while len(self.utterances) < number or self.utterances[number - 1].end is None:
                await self._next_change()
        return self.utterances[number - 1]

    async def wait_for_start(self, number: int, timeout_s: float = 20.0) -> Recorded:
        async with asyncio.timeout(timeout_s):
            while len(self.utterances) < number or self.utterances[number - 1].started_s is None:
                await self._next_change()
        return self.utterances[number - 1]

    async def _play(self, utterance: Recorded) -> None:
        await asyncio.sleep(0)
        utterance.started_s = time.perf_counter()
        self.on_playback_started(utterance.number)
        self._tell()
        while True:
            left_s = utterance.duration_s - self._position_s(utterance)
            if left_s <= 0 and utterance.complete:
                break
            await asyncio.sleep(max(0.002, min(left_s / self._speed, 0.02)))
        self._playing = None
        self._finish(utterance, PlaybackEnd(utterance.number, utterance.duration_s, interrupted=False))

    def _position_s(self, utterance: Recorded) -> float:
        if utterance.started_s is None:
            return 0.0
        return min(utterance.duration_s, (time.perf_counter() - utterance.started_s) * self._speed)

    def _finish(self, utterance: Recorded, end: PlaybackEnd) -> None:
        utterance.end = end
        self.on_playback_finished(end)
        self._tell()

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def _next_change(self) -> None:
        await self._changed.wait()
