"""Microphones for viewers without one: a recording pushed in real time between silences, and a silent one that is free."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from fractions import Fraction
from typing import Any, Final

import av
import numpy as np
from aiortc import MediaStreamTrack

from visavis.types import I16, TICKS_HZ

FRAME_SAMPLES: Final = TICKS_HZ // 50
FRAME_S: Final = 0.020
SPEECH_BELOW_PEAK_DB: Final = 30.0


class _PacedTrack(MediaStreamTrack):
    """20 ms every 20 ms, on an absolute schedule."""

    kind = "audio"

    def __init__(self) -> None:
        super().__init__()
        self._index = 0
        self._start_s: float | None = None

    async def _pace(self) -> int:
        """Sleeps until the next frame is due; its RTP time."""
        if self._start_s is None:
            self._start_s = time.monotonic()
        self._index += 1
        await asyncio.sleep(max(0.0, self._start_s + self._index * FRAME_S - time.monotonic()))
        return self._index * FRAME_SAMPLES


class RecordedMicrophone(_PacedTrack):
    """Silence, and what `speak` is given, as a microphone would deliver it: each 20 ms when its last sample has sounded."""

    def __init__(self) -> None:
        super().__init__()
        self._queued: deque[I16] = deque()
        self._speech_end: int | None = None
        self._ended: asyncio.Event = asyncio.Event()
        self.speech_ended_s = 0.0

    async def speak(self, samples: I16) -> float:
        """Say int16 [n] at 48 kHz. Returns when its last sound ended, on `time.monotonic()`, while its silent tail runs on."""
        self._ended.clear()
        end = speech_end(samples, TICKS_HZ)
        for at in range(0, len(samples), FRAME_SAMPLES):
            piece = samples[at : at + FRAME_SAMPLES]
            self._queued.append(np.pad(piece, (0, FRAME_SAMPLES - len(piece))))
        self._speech_end = end
        await self._ended.wait()
        return self.speech_ended_s

    async def recv(self) -> av.AudioFrame:
        pts = await self._pace()
        samples = self._queued.popleft() if self._queued else np.zeros(FRAME_SAMPLES, np.int16)
        if self._speech_end is not None:
            if self._speech_end <= FRAME_SAMPLES:
                self.speech_ended_s = time.monotonic() - (FRAME_SAMPLES - self._speech_end) / TICKS_HZ
                self._speech_end = None
                self._ended.set()
            else:
                self._speech_end -= FRAME_SAMPLES
        frame = av.AudioFrame.from_ndarray(samples[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = TICKS_HZ, pts, Fraction(1, TICKS_HZ)
        return frame


class SilentMicrophone(_PacedTrack):
    """Opus packets of silence, encoded once: the server hears a user who says nothing, the viewer spends nothing on it."""

    def __init__(self) -> None:
        super().__init__()
        self._packet = _silent_opus()

    async def recv(self) -> av.Packet[Any]:  # aiortc's senders take encoded packets too
        packet = av.Packet(self._packet)
        packet.pts, packet.time_base = await self._pace(), Fraction(1, TICKS_HZ)
        return packet


def speech_end(samples: I16, rate_hz: int) -> int:
    """The sample after which a recording holds no speech any more: the last 10 ms within 30 dB of its loudest 10 ms."""
    window = rate_hz // 100
    usable = len(samples) // window * window
    if not usable:
        return len(samples)
    power = np.square(samples[:usable].astype(np.float64)).reshape(-1, window).mean(axis=1)
    loud = np.flatnonzero(power > power.max() * 10 ** (-SPEECH_BELOW_PEAK_DB / 10))
    return int(loud[-1] + 1) * window if len(loud) and power.max() > 0 else len(samples)


def _silent_opus() -> bytes:
    codec = av.CodecContext.create("libopus", "w")
    codec.format, codec.layout, codec.sample_rate = "s16", "stereo", TICKS_HZ
    codec.time_base = Fraction(1, TICKS_HZ)
    packets: list[bytes] = []
    for index in range(4):
        frame = av.AudioFrame.from_ndarray(np.zeros((1, FRAME_SAMPLES * 2), np.int16), format="s16", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = TICKS_HZ, index * FRAME_SAMPLES, Fraction(1, TICKS_HZ)
        packets += [bytes(packet) for packet in codec.encode(frame)]
    return packets[-1]
