"""Media tracks between the session's clock and aiortc's senders."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from fractions import Fraction
from typing import Final

import av
from aiortc import MediaStreamTrack
from aiortc.mediastreams import VIDEO_CLOCK_RATE, VIDEO_TIME_BASE

from visavis.clock import Clock
from visavis.types import AUDIO_FRAME_TICKS, I16, TICKS_HZ, VideoFrame

AUDIO_TIME_BASE: Final = Fraction(1, TICKS_HZ)
MAILBOX_FRAMES: Final = 2


class SpeechTrack(MediaStreamTrack):
    """Unbroken 48 kHz mono audio: 20 ms for media time t are read at t, silence included.

    Drop rule: none. A loop that was held up sends what it owes at once; the viewer's jitter buffer takes it.
    """

    kind = "audio"

    def __init__(self, clock: Clock, read: Callable[[int, int], I16]) -> None:
        super().__init__()
        self._clock = clock
        self._read = read
        self._next_ticks: int | None = None
        self.first_ticks: int | None = None
        """Media time of the first frame that was read."""

    async def recv(self) -> av.AudioFrame:
        if self._next_ticks is None:
            self._next_ticks = -(-self._clock.now_ticks() // AUDIO_FRAME_TICKS) * AUDIO_FRAME_TICKS
            self.first_ticks = self._next_ticks
        t_ticks = self._next_ticks
        await self._clock.sleep_until(t_ticks)
        self._next_ticks = t_ticks + AUDIO_FRAME_TICKS
        frame = av.AudioFrame.from_ndarray(self._read(t_ticks, AUDIO_FRAME_TICKS)[None], format="s16", layout="mono")
        frame.sample_rate = TICKS_HZ
        frame.pts = t_ticks
        frame.time_base = AUDIO_TIME_BASE
        return frame


class FaceTrack(MediaStreamTrack):
    """Finished frames, stamped with their media time. Drop rule: the oldest goes when the sender falls behind."""

    kind = "video"

    def __init__(self) -> None:
        super().__init__()
        self._mailbox: asyncio.Queue[VideoFrame] = asyncio.Queue(MAILBOX_FRAMES)
        self.dropped = 0

    def put(self, frame: VideoFrame) -> None:
        if self._mailbox.full():
            self._mailbox.get_nowait()
            self.dropped += 1
        self._mailbox.put_nowait(frame)

    async def recv(self) -> av.VideoFrame:
        frame = await self._mailbox.get()
        picture = av.VideoFrame.from_ndarray(frame.i420, format="yuv420p")
        picture.pts = frame.t_ticks * VIDEO_CLOCK_RATE // TICKS_HZ
        picture.time_base = VIDEO_TIME_BASE
        return picture
