"""Somebody in a LiveKit room without a screen: keeps what it saw, heard and was told of one avatar, with the time of each.

As `testing.viewer`, for rooms. Times are seconds of `time.monotonic()` when the SDK gave a decoded frame out: after its jitter
buffers, which hold sound and picture together by the sender's timestamps.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from livekit import rtc

from visavis import protocol
from visavis.errors import VisavisError
from visavis.testing.viewer import HeardFrame, SeenFrame
from visavis.transports.livekit.access import LiveKitAccess, new_identity
from visavis.transports.livekit.wire import CONTROL_RPC
from visavis.types import TICKS_HZ

MICROPHONE_HZ = 16_000


@dataclass(eq=False)
class Subscriber:
    """Everything one participant witnessed. Lists grow until cleared; `on_frame` and `on_sound` see things as they come.

    `avatar` names whose tracks are watched; None watches every agent's.
    """

    room: rtc.Room = field(default_factory=rtc.Room)
    avatar: str | None = None
    frames: list[SeenFrame] = field(default_factory=list)
    sound: list[HeardFrame] = field(default_factory=list)
    events: list[tuple[float, protocol.Event]] = field(default_factory=list)
    captions: list[str] = field(default_factory=list)
    keep_luma: bool = True
    on_frame: Callable[[SeenFrame], None] | None = None
    on_sound: Callable[[HeardFrame], None] | None = None
    location: str = ""
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def connect(self, access: LiveKitAccess, room: str, *, identity: str | None = None) -> None:
        self.room.on("track_subscribed", self._subscribed)
        self.room.on("data_received", self._told)
        await self.room.connect(access.url, access.viewer_token(room, identity or new_identity("viewer")))

    def tell(self, message: protocol.Message | str | bytes) -> float:
        """Send a control message, or what pretends to be one, to everybody; returns when."""
        data = protocol.encode(message) if isinstance(message, protocol.Message) else message
        self._spawn(self.room.local_participant.publish_data(data, topic=protocol.LIVEKIT_TOPIC), "tell")
        return time.monotonic()

    async def ask(self, identity: str, message: protocol.Message) -> None:
        """Send a control message to one participant, who answers. Raises RpcError where it is refused."""
        await self.room.local_participant.perform_rpc(
            destination_identity=identity, method=CONTROL_RPC, payload=protocol.encode(message)
        )

    async def speak(self, samples: Any) -> None:
        """Publish a microphone and speak int16 [n] at 16 kHz into it, in real time."""
        source = rtc.AudioSource(MICROPHONE_HZ, 1, queue_size_ms=0)
        track = rtc.LocalAudioTrack.create_audio_track("microphone", source)
        options = rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        await self.room.local_participant.publish_track(track, options)
        count = MICROPHONE_HZ // 100
        begun = time.monotonic()
        for index in range(len(samples) // count):
            await asyncio.sleep(max(0.0, begun + index * 0.01 - time.monotonic()))
            piece = np.asarray(samples[index * count : (index + 1) * count], np.int16)
            await source.capture_frame(rtc.AudioFrame(piece.tobytes(), MICROPHONE_HZ, 1, count))

    async def until(self, condition: Callable[[], Any], timeout_s: float) -> float:
        """Wait for a condition over what was witnessed; returns when it held. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while not condition():
                self._changed.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._changed.wait(), 0.05)
        return time.monotonic()

    def events_of(self, kind: type[protocol.Wire]) -> list[tuple[float, Any]]:
        return [(at, event) for at, event in self.events if isinstance(event, kind)]

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.room.disconnect()

    def _told(self, packet: rtc.DataPacket) -> None:
        if packet.topic == protocol.LIVEKIT_TOPIC:
            with contextlib.suppress(VisavisError):  # another viewer's message
                self.events.append((time.monotonic(), protocol.decode_event(packet.data)))
            self._changed.set()

    def _subscribed(self, track: rtc.RemoteTrack, publication: Any, participant: rtc.RemoteParticipant) -> None:
        agent = participant.kind == rtc.ParticipantKind.PARTICIPANT_KIND_AGENT
        if participant.identity != self.avatar if self.avatar is not None else not agent:
            return
        work = self._see(track) if isinstance(track, rtc.RemoteVideoTrack) else self._hear(track)
        self._spawn(work, str(track.kind))

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=f"subscriber {name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _see(self, track: rtc.RemoteTrack) -> None:
        stream = rtc.VideoStream(track, format=rtc.VideoBufferType.I420)
        try:
            async for event in stream:
                picture = event.frame
                size = picture.width * picture.height
                luma = None
                if self.keep_luma:
                    luma = np.frombuffer(picture.data, np.uint8)[:size].reshape(picture.height, picture.width).copy()
                seen = SeenFrame(time.monotonic(), event.timestamp_us * 9 // 100, luma)
                self.frames.append(seen)
                if self.on_frame is not None:
                    self.on_frame(seen)
                self._changed.set()
        finally:
            await stream.aclose()

    async def _hear(self, track: rtc.RemoteTrack) -> None:
        stream = rtc.AudioStream(track, sample_rate=TICKS_HZ, num_channels=1)
        count = 0  # the SDK does not tell RTP times
        try:
            async for event in stream:
                heard = HeardFrame(time.monotonic(), count, np.frombuffer(event.frame.data, np.int16))
                count += len(heard.samples)
                self.sound.append(heard)
                if self.on_sound is not None:
                    self.on_sound(heard)
                self._changed.set()
        finally:
            await stream.aclose()


@contextlib.asynccontextmanager
async def subscribing(access: LiveKitAccess, room: str, **options: Any) -> AsyncIterator[Subscriber]:
    """A connected subscriber that leaves politely."""
    subscriber = Subscriber(**options)
    try:
        await subscriber.connect(access, room)
        yield subscriber
    finally:
        await subscriber.aclose()
