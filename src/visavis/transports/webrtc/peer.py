"""One viewer over WebRTC: speech and pictures out, the user's voice in, control both ways."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import dataclass
from typing import Final, Protocol

import av
from aiortc import RTCConfiguration, RTCDataChannel, RTCIceServer, RTCPeerConnection, RTCSessionDescription
from aiortc.exceptions import InvalidAccessError, InvalidStateError, OperationError
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from visavis.audio.resample import pcm_of
from visavis.clock import Clock
from visavis.errors import BadInput, TooLarge
from visavis.protocol import CONTROL_CHANNEL, MAX_MESSAGE_BYTES, MAX_SDP_BYTES, MOTION_CHANNEL
from visavis.transports.webrtc.addresses import LOOPBACK, ice_addresses, loopback_candidates_only, without_mdns_candidates
from visavis.transports.webrtc.tracks import FaceTrack, SpeechTrack
from visavis.types import AUDIO_FRAME_TICKS, HEARING_HZ, I16, AudioChunk, VideoFrame

log = logging.getLogger(__name__)

MAX_SDP_MEDIA: Final = 8
MAX_CANDIDATES: Final = 32
MAX_EARLY_EVENTS: Final = 16
CONNECT_TIMEOUT_S: Final = 20.0
OFFER_MEND: Final = "Offer audio, video and a data channel."
SEND_BUFFER_BYTES: Final = 262_144
"""Control events to a viewer that does not read are dropped beyond this."""


class PeerListener(Protocol):
    """What the session does for its viewer. Everything is called on the event loop."""

    def read_speech(self, t_ticks: int, count: int) -> I16:
        """int16 [count] at 48 kHz for media time `t_ticks` on."""

    def on_hearing(self, audio: AudioChunk) -> None:
        """20 ms of the user's microphone at `HEARING_HZ`."""

    def on_message(self, data: str | bytes) -> None:
        """A control message as it came, at most `MAX_MESSAGE_BYTES` long."""

    def on_connected(self) -> None: ...

    def on_control_open(self) -> None:
        """Events can be sent from now on."""

    def on_disconnected(self) -> None:
        """Called once, when the connection failed, was closed, or was never made in time."""


@dataclass(frozen=True)
class IceSettings:
    """`loopback` offers 127.0.0.1 alone; otherwise every other address of the machine, and the servers' candidates."""

    loopback: bool
    servers: tuple[str, ...] = ()
    username: str | None = None
    credential: str | None = None


class Peer:
    """Answers one offer; owned by a session, ended by `aclose`."""

    def __init__(self, clock: Clock, listener: PeerListener, ice: IceSettings) -> None:
        self._clock = clock
        self._listener = listener
        self._ice = ice
        servers = [RTCIceServer(url, username=ice.username, credential=ice.credential) for url in ice.servers]
        self._connection = RTCPeerConnection(RTCConfiguration(iceServers=servers))
        self._speech = SpeechTrack(clock, listener.read_speech)
        self._face = FaceTrack()
        self._control: RTCDataChannel | None = None
        self._motion: RTCDataChannel | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._disconnected = False
        self._listening = False
        self._early: deque[str] = deque(maxlen=MAX_EARLY_EVENTS)
        self._connection.on("connectionstatechange", self._state_changed)
        self._connection.on("datachannel", self._channel_opened)
        self._connection.on("track", self._track_added)

    async def answer(self, offer: str) -> str:
        """The SDP answer to an SDP offer, candidates included. Raises BadInput in one line where the offer is not usable."""
        description = _checked_offer(offer, loopback=self._ice.loopback)
        try:
            await self._connection.setRemoteDescription(description)
            self._add_tracks()
            with ice_addresses(LOOPBACK if self._ice.loopback else None):
                answer = await self._connection.createAnswer()
                await self._connection.setLocalDescription(answer)
        except (ValueError, AssertionError, LookupError, AttributeError, TypeError) as error:
            raise BadInput(f"The SDP offer cannot be used: {error or type(error).__name__}.") from error
        except (InvalidStateError, InvalidAccessError, OperationError) as error:
            raise BadInput(f"The SDP offer cannot be answered: {error}.", mend=OFFER_MEND) from error
        self._spawn(self._give_up_unless_connected(), "connect timeout")
        return str(self._connection.localDescription.sdp)

    def deliver(self, frame: VideoFrame) -> None:
        self._face.put(frame)

    def send(self, event: str) -> None:
        """Queue a control event. Drop rule: the oldest of those before the channel opens, the newest once nobody reads."""
        channel = self._control
        if channel is None:
            self._early.append(event)
        elif channel.readyState == "open" and channel.bufferedAmount < SEND_BUFFER_BYTES:
            channel.send(event)

    def send_motion(self, frame: bytes) -> None:
        """Drop rule: as `send`, with a far smaller buffer: old motion is worth nothing."""
        channel = self._motion
        if channel is not None and channel.readyState == "open" and channel.bufferedAmount < 4 * len(frame):
            channel.send(frame)

    def speech_rtp_zero(self) -> int | None:
        """RTP timestamp, modulo 2**32, of the sound at media time 0; None before the first packet has gone.

        aiortc draws a stream's first timestamp by chance and does not tell it; its sender's counters give it away: every packet
        holds one frame of the track, and the first one counts as 0.
        """
        sender = next((s for s in self._connection.getSenders() if s.track is self._speech), None)
        if sender is None or self._speech.first_ticks is None:
            return None
        sent, last = sender._RTCRtpSender__packet_count, sender._RTCRtpSender__rtp_timestamp  # type: ignore[attr-defined]
        if sent == 0:
            return None
        return int(last - (sent - 1) * AUDIO_FRAME_TICKS - self._speech.first_ticks) % (1 << 32)

    async def aclose(self) -> None:
        self._disconnected = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._speech.stop()
        self._face.stop()
        await self._connection.close()

    # Callbacks ----------------------------------------------------------------------------------------------------------------

    def _add_tracks(self) -> None:
        kinds = [transceiver.kind for transceiver in self._connection.getTransceivers()]
        if "audio" not in kinds:
            raise BadInput("The SDP offer asks for no sound.", mend=OFFER_MEND)
        self._connection.addTrack(self._speech)
        if "video" in kinds:
            self._connection.addTrack(self._face)
        for transceiver in self._connection.getTransceivers():  # what nobody reads must not be received: it would pile up
            if transceiver.sender.track is self._face:
                transceiver.direction = "sendonly"
            elif transceiver.sender.track is not self._speech:
                transceiver.direction = "inactive"

    def _state_changed(self) -> None:
        state = self._connection.connectionState
        if state == "connected":
            self._listener.on_connected()
        elif state in {"failed", "closed"}:
            self._lost()

    def _lost(self) -> None:
        if not self._disconnected:
            self._disconnected = True
            self._listener.on_disconnected()

    def _channel_opened(self, channel: RTCDataChannel) -> None:
        if channel.label == CONTROL_CHANNEL:
            self._control = channel
            channel.on("message", self._message_came)
            self._listener.on_control_open()
            while self._early:
                self.send(self._early.popleft())
        elif channel.label == MOTION_CHANNEL:
            self._motion = channel
        else:
            log.info("a viewer opened a data channel of unknown label; it is closed")
            channel.close()

    def _message_came(self, data: str | bytes) -> None:
        self._listener.on_message(data[: MAX_MESSAGE_BYTES + 1])

    def _track_added(self, track: MediaStreamTrack) -> None:
        if track.kind == "audio" and not self._listening:
            self._listening = True
            self._spawn(self._listen(track), "listen")

    async def _listen(self, track: MediaStreamTrack) -> None:
        """The microphone, as mono int16 at `HEARING_HZ`."""
        resampler = av.AudioResampler(format="s16", layout="mono", rate=HEARING_HZ)
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            assert isinstance(frame, av.AudioFrame), type(frame)
            frame.pts = None
            for piece in resampler.resample(frame):
                self._listener.on_hearing(AudioChunk(self._clock.now_ticks(), HEARING_HZ, pcm_of(piece)))

    async def _give_up_unless_connected(self) -> None:
        await asyncio.sleep(CONNECT_TIMEOUT_S)
        if self._connection.connectionState != "connected":
            self._lost()

    def _spawn(self, work: object, name: str) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work, name=f"peer {name}")  # type: ignore[arg-type]
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _checked_offer(offer: str, *, loopback: bool) -> RTCSessionDescription:
    size = len(offer.encode("utf-8", "replace"))
    if size > MAX_SDP_BYTES:
        raise TooLarge(f"The SDP offer has {size} bytes; at most {MAX_SDP_BYTES} are taken.")
    if not offer.startswith("v=0"):
        raise BadInput("The body is not an SDP offer.", mend="Send the text of RTCPeerConnection.localDescription.sdp.")
    lines = offer.splitlines()
    if sum(line.startswith("m=") for line in lines) > MAX_SDP_MEDIA:
        raise TooLarge(f"The SDP offer has more than {MAX_SDP_MEDIA} media sections.")
    if sum(line.startswith("a=candidate:") for line in lines) > MAX_CANDIDATES:
        raise TooLarge(f"The SDP offer has more than {MAX_CANDIDATES} candidates.")
    usable = loopback_candidates_only(offer) if loopback else without_mdns_candidates(offer)
    return RTCSessionDescription(usable, "offer")
