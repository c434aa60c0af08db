"""The flash-and-click clip: a talker that sounds a click at the media time of a frame, and a list of those times to flash at.

`ClickingTalker` stands before the session's real talker. A text that begins with `CLICK_WORD` and a number of seconds sounds
the clip; everything else is passed on. Clicks go the way all speech goes: sink, player, transport.
"""

from __future__ import annotations

import asyncio
from typing import Final

import numpy as np

from visavis.session.live import LiveSession, Talker
from visavis.types import (
    I16,
    SPEECH_HZ,
    TICKS_HZ,
    AudioChunk,
    SpeechChunk,
    SpeechSink,
    period_ticks,
    ticks_from_samples,
)
from visavis.voice.persona import Persona

CLICK_WORD: Final = "flash-and-click"
CLICK_HZ: Final = 2_000.0
CLICK_SAMPLES: Final = SPEECH_HZ // 100
CHUNK_SAMPLES: Final = SPEECH_HZ // 50
FLASH_FRAMES: Final = 3
"""A flash lasts this many frames, so that a lost one leaves its edge visible as late, not missing."""
PERIOD_FRAMES: Final = 29
"""Between clicks: just under a second at 30 fps, so that clicks fall on ever other places of the 20 ms audio frames."""


def click() -> I16:
    """10 ms of a decaying 2 kHz tone that starts at once; int16 [n] at `SPEECH_HZ`."""
    t = np.arange(CLICK_SAMPLES) / SPEECH_HZ
    return (np.cos(2 * np.pi * CLICK_HZ * t) * np.exp(-t / 0.003) * 26_000).astype(np.int16)


class FlashTimes:
    """Media times at which a flash begins. Written by the talker, asked by the drawing threads."""

    def __init__(self, fps: int) -> None:
        self._period = period_ticks(fps)
        self._indices: set[int] = set()

    def add(self, t_ticks: int) -> None:
        self._indices |= {t_ticks // self._period + k for k in range(FLASH_FRAMES)}

    def flashing(self, t_ticks: int) -> bool:
        return t_ticks // self._period in self._indices


class ClickingTalker:
    """Implements `session.live.Talker`."""

    def __init__(self, inner: Talker, sink: SpeechSink, session: LiveSession, flashes: FlashTimes, fps: int) -> None:
        self._inner = inner
        self._sink = sink
        self._flashes = flashes
        self._period = period_ticks(fps)
        self._placed_ticks: int | None = None
        self._clicking: asyncio.Task[None] | None = None
        self._on_placed = session.on_placed
        session.on_placed = self._note_placed  # type: ignore[method-assign]  # where a chunk lies is told to the listener alone

    async def start(self, *, greet: bool = True) -> None:
        await self._inner.start(greet=greet)

    def hear(self, audio: AudioChunk) -> None:
        self._inner.hear(audio)

    async def chat(self, text: str) -> None:
        await self._inner.chat(text)

    async def say(self, text: str) -> None:
        if not text.startswith(CLICK_WORD):
            await self._inner.say(text)
            return
        await self._stop()
        seconds = float(text.removeprefix(CLICK_WORD))
        self._clicking = asyncio.get_running_loop().create_task(self._sound(seconds), name="flash and click")

    def interrupt(self) -> None:
        if self._clicking is not None:
            self._clicking.cancel()
            self._sink.interrupt()
        self._inner.interrupt()

    def become(self, persona: Persona) -> None:
        self._inner.become(persona)

    async def aclose(self) -> None:
        await self._stop()
        await self._inner.aclose()

    async def _stop(self) -> None:
        if self._clicking is not None:
            self._clicking.cancel()
            await asyncio.gather(self._clicking, return_exceptions=True)
            self._clicking = None

    def _note_placed(self, chunk: SpeechChunk) -> None:
        self._placed_ticks = chunk.audio.t_ticks
        self._on_placed(chunk)

    async def _sound(self, seconds: float) -> None:
        """Chunks of silence with clicks at frame times; the first chunk, pure silence, tells where the others will lie."""
        self._placed_ticks = None
        silence = np.zeros(CHUNK_SAMPLES, np.int16)
        await self._sink.push(SpeechChunk(AudioChunk(0, SPEECH_HZ, silence), (), phones_known=True))
        assert self._placed_ticks is not None
        origin = self._placed_ticks
        total = round(seconds * SPEECH_HZ)
        clip = np.zeros(total, np.int16)
        first = (origin + TICKS_HZ // 2) // self._period + 1
        for index in range(first, (origin + round(seconds * TICKS_HZ)) // self._period, PERIOD_FRAMES):
            at = round((index * self._period - origin) * SPEECH_HZ / TICKS_HZ)
            if at + CLICK_SAMPLES <= total:
                clip[at : at + CLICK_SAMPLES] = click()
                self._flashes.add(index * self._period)
        for at in range(CHUNK_SAMPLES, total, CHUNK_SAMPLES):
            audio = AudioChunk(ticks_from_samples(at, SPEECH_HZ), SPEECH_HZ, clip[at : at + CHUNK_SAMPLES])
            await self._sink.push(SpeechChunk(audio, (), phones_known=True))
        self._sink.end_utterance()
