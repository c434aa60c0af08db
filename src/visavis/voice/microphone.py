"""The user's microphone as livekit-agents' audio input: bounded, in windows that the voice detector likes."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

import numpy as np
from livekit import rtc
from livekit.agents.voice.io import AudioInput

from visavis.audio.resample import StreamResampler
from visavis.types import HEARING_HZ, I16, AudioChunk

WINDOW_SAMPLES: Final = 512
"""32 ms: one window of the voice detector."""
MAX_WINDOWS: Final = 64
"""About two seconds; beyond, the oldest is dropped: a conversation that lags cannot be caught up."""
GAP_S: Final = 0.4
SILENT_WINDOWS: Final = 32


class Microphone(AudioInput):
    """`hear` from the event loop, at any pace; iteration ends after `close`."""

    def __init__(self) -> None:
        super().__init__(label="visavis microphone")
        self._windows: deque[I16] = deque(maxlen=MAX_WINDOWS)
        self._rest = np.zeros(0, np.int16)
        self._resampler: StreamResampler | None = None
        self._wake = asyncio.Event()
        self._closed = False
        self._silence_due = False
        self.dropped = 0

    def hear(self, audio: AudioChunk) -> None:
        samples = self._at_rate(audio)
        if len(self._rest):
            samples = np.concatenate([self._rest, samples])
        whole = len(samples) // WINDOW_SAMPLES * WINDOW_SAMPLES
        for window in samples[:whole].reshape(-1, WINDOW_SAMPLES):
            self.dropped += len(self._windows) == MAX_WINDOWS
            self._windows.append(window)
        self._rest = samples[whole:]
        if whole:
            self._silence_due = True
            self._wake.set()

    def _at_rate(self, audio: AudioChunk) -> I16:
        if audio.rate_hz == HEARING_HZ:
            return audio.samples
        if self._resampler is None or self._resampler.in_hz != audio.rate_hz:
            self._resampler = StreamResampler(audio.rate_hz, HEARING_HZ)
        return self._resampler.push(audio.samples)

    async def _wait(self) -> None:
        """For sound. When it stops coming, some silence stands in, so that what was being said comes to its end."""
        if not self._silence_due:
            await self._wake.wait()
            return
        try:
            await asyncio.wait_for(self._wake.wait(), GAP_S)
        except TimeoutError:
            self._windows.extend([np.zeros(WINDOW_SAMPLES, np.int16)] * SILENT_WINDOWS)
            self._silence_due = False

    def close(self) -> None:
        self._closed = True
        self._wake.set()

    async def __anext__(self) -> rtc.AudioFrame:
        while not self._windows:
            if self._closed:
                raise StopAsyncIteration
            self._wake.clear()
            await self._wait()
        window = self._windows.popleft()
        return rtc.AudioFrame(window.tobytes(), HEARING_HZ, 1, WINDOW_SAMPLES)
