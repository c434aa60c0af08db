"""Published tracks between the session's clock and the LiveKit SDK."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from livekit import rtc

from visavis.clock import Clock
from visavis.transports.livekit.wire import AUDIO_TRACK, VIDEO_TRACK
from visavis.types import I16, TICKS_HZ, VideoFrame

AUDIO_FRAME_TICKS: Final = TICKS_HZ // 100
"""10 ms, the SDK's own. At 48 kHz a tick is a sample."""
MAX_BEHIND_TICKS: Final = TICKS_HZ // 2
"""A loop that was held up longer than this starts afresh: a listener would rather miss it than hear it late for ever."""
AHEAD_TICKS: Final = TICKS_HZ // 25
"""40 ms: how long this loop may be held up unheard."""
QUEUE_MS: Final = 100
"""What may wait in the SDK at most."""
VIDEO_BITS_PER_PIXEL: Final = 0.16
SMOOTHING: Final = 0.03
"""Of the measured lateness, a frame."""
SYNC_GROUP: Final = "face"
"""Tracks of one stream are played together by their timestamps; on their own, each goes by its own jitter buffer."""
MICROSECONDS: Final = 1_000_000


class SpeechTrack:
    """Unbroken 48 kHz mono: 10 ms for media time t are read `AHEAD_TICKS` before t and wait in the SDK, whose own thread sends them
    in time while this loop is held up. A new generation empties what waits.
    """

    def __init__(self, clock: Clock, read: Callable[[int, int], I16], generation: Callable[[], int]) -> None:
        self._clock = clock
        self._read = read
        self._generation = generation
        self.source = rtc.AudioSource(TICKS_HZ, 1, queue_size_ms=QUEUE_MS)
        self.track = rtc.LocalAudioTrack.create_audio_track(AUDIO_TRACK, self.source)
        self.skipped_ticks = 0
        self.late_ticks = 0.0

    def options(self) -> rtc.TrackPublishOptions:
        return rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE, stream=SYNC_GROUP, dtx=False, red=True)

    async def run(self) -> None:
        """Until cancelled. Drop rule: speech that is owed is sent, but never more than `MAX_BEHIND_TICKS` of it; silence is not."""
        t_ticks = -(-self._clock.now_ticks() // AUDIO_FRAME_TICKS) * AUDIO_FRAME_TICKS + AHEAD_TICKS
        generation = self._generation()
        while True:
            await self._clock.sleep_until(t_ticks - AHEAD_TICKS)
            behind = self._clock.now_ticks() - t_ticks
            if behind > MAX_BEHIND_TICKS:
                skip = behind // AUDIO_FRAME_TICKS * AUDIO_FRAME_TICKS
                self.skipped_ticks += skip
                t_ticks += skip
            self.late_ticks += (max(0, behind) - self.late_ticks) * SMOOTHING
            if generation != self._generation():
                generation = self._generation()
                self.source.clear_queue()
            samples = self._read(t_ticks, AUDIO_FRAME_TICKS)
            t_ticks += AUDIO_FRAME_TICKS
            if behind > 0 and not samples.any():
                self.skipped_ticks += AUDIO_FRAME_TICKS
                continue
            await self.source.capture_frame(rtc.AudioFrame(samples.tobytes(), TICKS_HZ, 1, AUDIO_FRAME_TICKS))

    async def aclose(self) -> None:
        await self.source.aclose()


class FaceTrack:
    """Finished frames, stamped with their media time, handed to the SDK's encoder as they come."""

    def __init__(self, width: int, height: int, fps: int) -> None:
        self._size = (width, height)
        self._fps = fps
        self.source = rtc.VideoSource(width, height)
        self.track = rtc.LocalVideoTrack.create_video_track(VIDEO_TRACK, self.source)

    def options(self) -> rtc.TrackPublishOptions:
        """One layer: a face at 512 pixels is small, and every further layer is drawn and encoded for nobody."""
        width, height = self._size
        bits = int(width * height * self._fps * VIDEO_BITS_PER_PIXEL)
        return rtc.TrackPublishOptions(
            source=rtc.TrackSource.SOURCE_CAMERA,
            stream=SYNC_GROUP,
            simulcast=False,
            video_codec=rtc.VideoCodec.VP8,
            video_encoding=rtc.VideoEncoding(max_bitrate=bits, max_framerate=self._fps),
        )

    def put(self, frame: VideoFrame) -> None:
        picture = rtc.VideoFrame(frame.width, frame.height, rtc.VideoBufferType.I420, frame.i420.tobytes())
        self.source.capture_frame(picture, timestamp_us=frame.t_ticks * MICROSECONDS // TICKS_HZ)

    async def aclose(self) -> None:
        await self.source.aclose()
