"""A viewer without a screen: a WebRTC client that keeps what it saw, heard and was told, with the time of each.

For tests and the bench. Times are seconds of `time.monotonic()` at the moment a frame was decoded or an event arrived.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import av
import httpx
import numpy as np
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError

from visavis import protocol
from visavis.transports.webrtc.addresses import LOOPBACK, ice_addresses
from visavis.types import I16, U8, FaceFrame

CONNECT_TIMEOUT_S = 20.0


@dataclass(eq=False)
class SeenFrame:
    """A decoded picture, at `at_s`: `luma` uint8 [height, width] if luma is kept, `pts` its 90 kHz RTP time."""

    at_s: float
    pts: int
    luma: U8 | None


@dataclass(eq=False)
class HeardFrame:
    """20 ms of decoded sound, mono int16 at 48 kHz; `pts` its 48 kHz RTP time."""

    at_s: float
    pts: int
    samples: I16


@dataclass(eq=False)
class Viewer:
    """Everything one viewer witnessed. Lists grow until cleared; `on_frame` and `on_event` see things as they come."""

    location: str = ""
    frames: list[SeenFrame] = field(default_factory=list)
    sound: list[HeardFrame] = field(default_factory=list)
    events: list[tuple[float, protocol.Event]] = field(default_factory=list)
    motion: list[tuple[float, FaceFrame]] = field(default_factory=list)
    """Where the session was asked for with draw=viewer."""
    keep_luma: bool = True
    on_frame: Callable[[SeenFrame], None] | None = None
    on_sound: Callable[[HeardFrame], None] | None = None
    on_motion: Callable[[bytes], None] | None = None
    """Takes motion frames as they come, instead of `motion`."""
    connection: RTCPeerConnection = field(default_factory=lambda: RTCPeerConnection(RTCConfiguration(iceServers=[])))
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def connect(
        self,
        server: httpx.AsyncClient,
        *,
        microphone: MediaStreamTrack | None = None,
        addresses: tuple[str, ...] | None = LOOPBACK,
        **query: str,
    ) -> None:
        """Offer to `POST /api/sessions`, apply the answer, and wait until media may flow."""
        answer = await server.post(
            "/api/sessions",
            params=query,
            content=await self.offer(microphone, addresses, draws=query.get("draw") == "viewer"),
            headers={"Content-Type": "application/sdp"},
        )
        if answer.status_code != 201:
            raise RuntimeError(f"{answer.status_code}: {answer.text}")
        self.location = answer.headers["Location"]
        await self.accept(answer.text)

    async def offer(
        self, microphone: MediaStreamTrack | None, addresses: tuple[str, ...] | None, *, draws: bool = False
    ) -> str:
        """`draws`: as a viewer that makes its picture from motion."""
        connection = self.connection
        self.control = connection.createDataChannel(protocol.CONTROL_CHANNEL)
        self.control.on("message", self._told)
        connection.on("track", self._watch)
        if microphone is None:
            connection.addTransceiver("audio", direction="recvonly")
        else:
            connection.addTransceiver(microphone, direction="sendrecv")
        if draws:
            channel = connection.createDataChannel(protocol.MOTION_CHANNEL, ordered=False, maxRetransmits=0)
            channel.on("message", self._moved)
        else:
            connection.addTransceiver("video", direction="recvonly")
        with ice_addresses(addresses):
            await connection.setLocalDescription(await connection.createOffer())
        return str(connection.localDescription.sdp)

    async def accept(self, answer: str) -> None:
        await self.connection.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        await self.until(lambda: self.control.readyState == "open", CONNECT_TIMEOUT_S)

    def tell(self, message: protocol.Message) -> float:
        """Send a control message; returns when, on the same clock as everything witnessed."""
        self.control.send(protocol.encode(message))
        return time.monotonic()

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
        await self.connection.close()

    def _told(self, data: str) -> None:
        self.events.append((time.monotonic(), protocol.decode_event(data)))
        self._changed.set()

    def _moved(self, data: bytes) -> None:
        if self.on_motion is not None:
            self.on_motion(data)
            return
        self.motion.append((time.monotonic(), protocol.decode_motion(data)))
        self._changed.set()

    def _watch(self, track: MediaStreamTrack) -> None:
        work = self._see(track) if track.kind == "video" else self._hear(track)
        self._tasks.append(asyncio.get_running_loop().create_task(work, name=f"viewer {track.kind}"))

    async def _see(self, track: MediaStreamTrack) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                assert isinstance(frame, av.VideoFrame)
                luma = np.array(frame.to_ndarray()[: frame.height], np.uint8) if self.keep_luma else None
                seen = SeenFrame(time.monotonic(), int(frame.pts or 0), luma)
                self.frames.append(seen)
                if self.on_frame is not None:
                    self.on_frame(seen)
                self._changed.set()

    async def _hear(self, track: MediaStreamTrack) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                frame = await track.recv()
                assert isinstance(frame, av.AudioFrame)
                samples = np.asarray(frame.to_ndarray(), np.int16).reshape(-1, len(frame.layout.channels))[:, 0]
                heard = HeardFrame(time.monotonic(), int(frame.pts or 0), samples)
                self.sound.append(heard)
                if self.on_sound is not None:
                    self.on_sound(heard)
                self._changed.set()


@contextlib.asynccontextmanager
async def watching(server: httpx.AsyncClient, **options: Any) -> AsyncIterator[Viewer]:
    """A connected viewer that leaves politely: the session is deleted and the connection closed."""
    viewer = Viewer()
    try:
        await viewer.connect(server, **options)
        yield viewer
    finally:
        if viewer.location:
            with contextlib.suppress(httpx.HTTPError):
                await server.delete(viewer.location)
        await viewer.aclose()
