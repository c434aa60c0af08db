"""An avatar in a LiveKit room: a participant of its own that speaks, is seen, listens to people and takes control messages.

Both tracks are published as soon as the room is joined, whoever is there, and are fed from then on: who joins late sees the
next key frame. Audio and video carry the same clock's times, so that a subscriber puts them together by timestamps.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from livekit import rtc
from livekit.rtc.participant import PublishDataError, PublishTrackError

from visavis import protocol
from visavis.clock import Clock
from visavis.errors import Unavailable, VisavisError
from visavis.protocol import LIVEKIT_TOPIC, MAX_MESSAGE_BYTES
from visavis.transports.livekit.tracks import SMOOTHING, FaceTrack, SpeechTrack
from visavis.transports.livekit.wire import AGENT_STATE, CONTROL_RPC
from visavis.types import I16, TICKS_HZ, AgentState, AudioChunk, VideoFrame

log = logging.getLogger(__name__)

HEARING_HZ: Final = 16_000
HEARING_FRAME_MS: Final = 20
MAX_UNSENT_EVENTS: Final = 64
"""Events wait here while the room is being reached again. Drop rule: the newest."""
REJOIN_FOR_S: Final = 60.0
REJOIN_PAUSE_S: Final = 0.5
JOIN_TIMEOUT_S: Final = 15.0
FINAL: Final = frozenset(
    {
        rtc.DisconnectReason.CLIENT_INITIATED,
        rtc.DisconnectReason.DUPLICATE_IDENTITY,
        rtc.DisconnectReason.PARTICIPANT_REMOVED,
        rtc.DisconnectReason.ROOM_DELETED,
        rtc.DisconnectReason.ROOM_CLOSED,
    }
)
"""Reasons to stay away; after any other the room is joined again."""

Join = Callable[[rtc.Room], Awaitable[None]]
"""Connects a fresh room object. Raises whatever the SDK raises."""


class RoomListener(Protocol):
    """What the session does for its room. Everything is called on the event loop."""

    @property
    def generation(self) -> int:
        """Raised by every interruption."""

    def read_speech(self, t_ticks: int, count: int) -> I16:
        """int16 [count] at 48 kHz for media time `t_ticks` on."""

    def on_hearing(self, audio: AudioChunk) -> None:
        """20 ms of somebody's microphone at `HEARING_HZ`."""

    def on_message(self, data: str | bytes) -> None:
        """A control message as it came, at most a byte longer than is taken."""

    def control(self, message: protocol.ControlMessage) -> None:
        """A control message that was decoded."""

    def on_state(self, state: AgentState) -> None:
        """What the agent says it is doing."""

    def on_connected(self) -> None: ...

    def on_control_open(self) -> None: ...

    def on_disconnected(self) -> None:
        """Called once, when the room is lost for good."""


@dataclass(frozen=True)
class RoomOptions:
    """`agent` is whose face this is. Without it in the room for `alone_s`, the avatar leaves; None never does."""

    agent: str
    width: int
    height: int
    fps: int
    alone_s: float | None = None


class RoomAvatar:
    """The session's viewer in a room. `join` once, `aclose` at the end.

    `make_room` gives the room object to join with, again after a loss unless `rejoin` is off; `on_room` sees it before it connects;
    `on_frame` follows each picture that was handed over.
    """

    def __init__(
        self,
        clock: Clock,
        listener: RoomListener,
        options: RoomOptions,
        join: Join,
        *,
        make_room: Callable[[], rtc.Room] = rtc.Room,
        rejoin: bool = True,
        on_room: Callable[[rtc.Room], None] = lambda room: None,
        on_frame: Callable[[], None] = lambda: None,
    ) -> None:
        self._clock = clock
        self._listener = listener
        self._options = options
        self._join = join
        self._make_room = make_room
        self._rejoin = rejoin
        self._on_room = on_room
        self._on_frame = on_frame
        self._speech = SpeechTrack(clock, listener.read_speech, lambda: listener.generation)
        self._face = FaceTrack(options.width, options.height, options.fps)
        self._room: rtc.Room | None = None
        self._ready = asyncio.Event()
        self._events: asyncio.Queue[str] = asyncio.Queue(MAX_UNSENT_EVENTS)
        self._tasks: set[asyncio.Task[None]] = set()
        self._hearing: str | None = None
        self._leaving: asyncio.TimerHandle | None = None
        self._closed = False
        self._lost = False
        self._video_late_ticks = 0.0
        self.rejoins = 0

    @property
    def av_offset_ms(self) -> float:
        """How much later than sound a picture of the same media time is handed to the SDK; smoothed over a second or so."""
        return (self._video_late_ticks - self._speech.late_ticks) * 1000 / TICKS_HZ

    async def join(self) -> None:
        """Returns when both tracks are published. Raises Unavailable where the room cannot be joined."""
        try:
            await self._connect()
        except (TimeoutError, rtc.ConnectError, PublishTrackError) as error:
            raise Unavailable(
                f"The LiveKit room cannot be joined: {str(error) or type(error).__name__}.",
                mend="Check the server's URL, key and secret.",
            ) from error
        self._spawn(self._speech.run(), "speech")
        self._spawn(self._send_events(), "events")
        self._listener.on_connected()
        self._listener.on_control_open()

    # The session's side -------------------------------------------------------------------------------------------------------

    def deliver(self, frame: VideoFrame) -> None:
        if self._closed:
            return
        self._video_late_ticks += (self._clock.now_ticks() - frame.t_ticks - self._video_late_ticks) * SMOOTHING
        self._face.put(frame)
        self._on_frame()

    def send(self, event: str) -> None:
        if not self._events.full():
            self._events.put_nowait(event)

    def send_motion(self, frame: bytes) -> None:
        """Nobody draws for themselves in a room: the avatar's picture is published."""

    def speech_rtp_zero(self) -> None:
        """LiveKit's own clock is the room's business."""

    async def aclose(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._leaving is not None:
            self._leaving.cancel()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._room is not None:
            await self._room.disconnect()
        await self._speech.aclose()
        await self._face.aclose()

    # The room -----------------------------------------------------------------------------------------------------------------

    async def _connect(self) -> None:
        room = self._make_room()
        self._room = room
        room.on("disconnected", lambda reason: self._disconnected(room, reason))
        room.on("data_received", self._data_received)
        room.on("participant_attributes_changed", self._attributes_changed)
        room.on("participant_connected", self._somebody_came)
        room.on("participant_disconnected", self._somebody_left)
        room.on("track_published", self._track_published)
        room.on("track_subscribed", self._track_subscribed)
        self._on_room(room)
        try:
            async with asyncio.timeout(JOIN_TIMEOUT_S):
                await self._join(room)
                me = room.local_participant
                me.register_rpc_method(CONTROL_RPC, self._control_called)
                await asyncio.gather(
                    me.publish_track(self._speech.track, self._speech.options()),
                    me.publish_track(self._face.track, self._face.options()),
                )
        except (TimeoutError, PublishTrackError):
            self._room = None  # whoever joined and cannot be seen must not stand beside the one that comes next
            await room.disconnect()
            raise
        self._ready.set()
        for participant in list(room.remote_participants.values()):
            self._somebody_came(participant)
            for publication in participant.track_publications.values():
                self._track_published(publication, participant)
        if self._options.agent not in room.remote_participants:
            self._agent_is_missing()

    def _disconnected(self, room: rtc.Room, reason: rtc.DisconnectReason.ValueType) -> None:
        if self._closed or room is not self._room:
            return
        self._ready.clear()
        self._hearing = None
        if not self._rejoin or reason in FINAL:
            log.info("out of the room: %s", rtc.DisconnectReason.Name(reason))
            self._give_up()
        else:
            self._spawn(self._come_back(), "rejoin")

    async def _come_back(self) -> None:
        until = time.monotonic() + REJOIN_FOR_S
        while time.monotonic() < until:
            await asyncio.sleep(REJOIN_PAUSE_S)
            try:
                await self._connect()
            except (TimeoutError, rtc.ConnectError, PublishTrackError):
                continue
            self.rejoins += 1
            log.info("back in the room")
            self._listener.on_control_open()
            return
        self._give_up()

    def _give_up(self) -> None:
        if not self._lost:
            self._lost = True
            self._listener.on_disconnected()

    # Who else is there --------------------------------------------------------------------------------------------------------

    def _somebody_came(self, participant: rtc.RemoteParticipant) -> None:
        if participant.identity == self._options.agent:
            if self._leaving is not None:
                self._leaving.cancel()
                self._leaving = None
            self._take_state(participant.attributes.get(AGENT_STATE))

    def _somebody_left(self, participant: rtc.RemoteParticipant) -> None:
        if participant.identity == self._options.agent:
            self._listener.on_state(AgentState.IDLE)
            self._agent_is_missing()

    def _agent_is_missing(self) -> None:
        if self._options.alone_s is not None and self._leaving is None:
            self._leaving = asyncio.get_running_loop().call_later(self._options.alone_s, self._give_up)

    def _attributes_changed(self, changed: dict[str, str], participant: rtc.Participant) -> None:
        if participant.identity == self._options.agent and AGENT_STATE in changed:
            self._take_state(changed[AGENT_STATE])

    def _take_state(self, state: str | None) -> None:
        if state is not None:
            self._listener.on_state(AgentState(state) if state in set(AgentState) else AgentState.IDLE)

    # Control ------------------------------------------------------------------------------------------------------------------

    def _data_received(self, packet: rtc.DataPacket) -> None:
        """Other agents' packets are none of ours: they would be events, and an error to an error never ends."""
        sender = packet.participant
        ours = sender is None or sender.identity == self._options.agent or not _is_agent(sender)
        if packet.topic == LIVEKIT_TOPIC and ours:
            self._listener.on_message(packet.data[: MAX_MESSAGE_BYTES + 1])

    async def _control_called(self, call: rtc.RpcInvocationData) -> str:
        try:
            self._listener.control(protocol.decode_message(call.payload))
        except VisavisError as error:
            raise rtc.RpcError(rtc.RpcError.ErrorCode.APPLICATION_ERROR, str(error), error.code) from None
        return "ok"

    async def _send_events(self) -> None:
        while True:
            event = await self._events.get()
            await self._ready.wait()
            assert self._room is not None
            try:
                await self._room.local_participant.publish_data(event, reliable=True, topic=LIVEKIT_TOPIC)
            except PublishDataError as error:
                log.debug("an event was not sent: %s", error)

    # People's voices ----------------------------------------------------------------------------------------------------------

    def _track_published(self, publication: rtc.RemoteTrackPublication, participant: rtc.RemoteParticipant) -> None:
        if publication.source == rtc.TrackSource.SOURCE_MICROPHONE and not _is_agent(participant):
            publication.set_subscribed(True)

    def _track_subscribed(
        self, track: rtc.RemoteTrack, publication: rtc.RemoteTrackPublication, participant: rtc.RemoteParticipant
    ) -> None:
        if isinstance(track, rtc.RemoteAudioTrack) and not _is_agent(participant):
            self._spawn(self._listen(track), "listen")

    async def _listen(self, track: rtc.RemoteAudioTrack) -> None:
        """One voice at a time moves the listener: the first, and when it goes, whoever speaks next."""
        stream = rtc.AudioStream(track, sample_rate=HEARING_HZ, num_channels=1, frame_size_ms=HEARING_FRAME_MS, capacity=50)
        try:
            async for event in stream:
                if self._hearing is None:
                    self._hearing = track.sid
                if self._hearing == track.sid:
                    samples = np.frombuffer(event.frame.data, np.int16)
                    self._listener.on_hearing(AudioChunk(self._clock.now_ticks(), HEARING_HZ, samples))
        finally:
            if self._hearing == track.sid:
                self._hearing = None
            await stream.aclose()

    # Tasks --------------------------------------------------------------------------------------------------------------------

    def _spawn(self, work: Awaitable[None], name: str) -> None:
        async def run() -> None:
            await work

        task = asyncio.get_running_loop().create_task(run(), name=f"room {name}")
        self._tasks.add(task)
        task.add_done_callback(self._task_ended)

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("task %s failed", task.get_name(), exc_info=task.exception())
            self._give_up()


def _is_agent(participant: rtc.Participant) -> bool:
    return participant.kind == rtc.ParticipantKind.PARTICIPANT_KIND_AGENT
