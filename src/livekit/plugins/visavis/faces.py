"""Where the face is drawn: in this process, or by a worker in another. Both come back when they are lost."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from livekit import rtc
from livekit.agents import AgentSession

from visavis import protocol
from visavis.errors import Unavailable, VisavisError
from visavis.session.faces import Faces
from visavis.session.live import LiveSession
from visavis.session.rooms import RoomSessions, room_viewer
from visavis.settings import Settings
from visavis.transports.livekit.access import LiveKitAccess
from visavis.transports.livekit.dispatch import AvatarWish, ask_for_avatar, is_seen, send_out, withdraw
from visavis.transports.livekit.tracing import SpeechSpans
from visavis.transports.livekit.wire import WORKER_AGENT_NAME

from .log import logger
from .speech import LocalOutput, RoomOutput, Tags, talker_of

LOST_AFTER_S: Final = 4.0
"""An avatar tells its figures once a second; one that has been silent for so long is gone, whatever the server believes."""
WATCH_S: Final = 0.5
RETURN_WITHIN_S: Final = 10.0
SEEN_POLL_S: Final = 0.1
QUICK_RETURNS: Final = 5
"""In `QUICK_WITHIN_S`; a face that is lost more often is brought back at leisure."""
QUICK_WITHIN_S: Final = 60.0
LEISURE_S: Final = 10.0


@dataclass(frozen=True)
class Place:
    """Whose face it is, and where it is to be."""

    access: LiveKitAccess
    room: rtc.Room
    agent: str
    agent_session: AgentSession[Any]
    wish: AvatarWish
    tags: Tags


class Drawn(Protocol):
    """A face that was started."""

    def hear(self, event: protocol.Event) -> None:
        """An event of the avatar, if it is in the room."""

    @property
    def restarts(self) -> int: ...

    async def start(self) -> None:
        """Returns when it is in the room and the agent speaks through it. Raises a VisavisError; nothing is left of it then."""

    async def aclose(self) -> None: ...


class _Returning:
    """Brings a face back when it is lost, as often as it takes."""

    def __init__(self, bring_back: Callable[[], Awaitable[None]], name: str) -> None:
        self._bring_back = bring_back
        self._name = name
        self._task: asyncio.Task[None] | None = None
        self._times: deque[float] = deque(maxlen=QUICK_RETURNS)
        self.count = 0

    def lost(self) -> None:
        if self._task is None or self._task.done():
            self.count += 1
            self._task = asyncio.get_running_loop().create_task(self._return(), name=self._name)

    async def _return(self) -> None:
        while True:
            now = time.monotonic()
            if len(self._times) == QUICK_RETURNS and now - self._times[0] < QUICK_WITHIN_S:
                await asyncio.sleep(LEISURE_S)
            self._times.append(now)
            try:
                await self._bring_back()
            except VisavisError as error:
                logger.warning("the face is not back yet: %s", error)
                await asyncio.sleep(WATCH_S)
            else:
                logger.info("the face is back")
                return

    async def aclose(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)


class LocalFace:
    """Drawn in this process, published by a participant of its own."""

    def __init__(self, place: Place, settings: Settings, faces: Faces | None = None) -> None:
        self._place = place
        self._sessions = RoomSessions(settings, faces=faces)
        self._session: LiveSession | None = None
        self._returning = _Returning(self._join, "visavis returns")
        self._closed = False
        self._spans = SpeechSpans()

    @property
    def restarts(self) -> int:
        return self._returning.count

    def hear(self, event: protocol.Event) -> None:
        """Its figures are asked for where they are."""

    def stats(self) -> protocol.Stats | None:
        return self._session.stats() if self._session is not None else None

    async def start(self) -> None:
        await self._join()

    async def _join(self) -> None:
        place = self._place

        async def join(room: rtc.Room) -> None:
            access, wish = place.access, place.wish
            token = access.avatar_token(
                place.room.name, wish.identity, name=wish.name, agent_identity=place.agent, attributes={}
            )
            await room.connect(access.url, token, rtc.RoomOptions(auto_subscribe=False))

        def viewer(session: LiveSession, width: int, height: int) -> Any:
            fps = self._sessions.settings.fps
            return room_viewer(session, join, agent=place.agent, width=width, height=height, fps=fps, on_frame=self._spans.seen)

        outputs: list[LocalOutput] = []
        self._session = await self._sessions.join(
            avatar=place.wish.avatar,
            engine=place.wish.engine,
            make_viewer=viewer,
            make_talker=talker_of(place.agent_session, place.tags, self._spans, outputs),
        )
        forget = self._session.on_ended

        def ended(session: LiveSession) -> None:
            forget(session)
            if not self._closed:
                self._returning.lost()

        self._session.on_ended = ended
        place.agent_session.output.replace_audio_tail(outputs[0])

    async def aclose(self) -> None:
        self._closed = True
        await self._returning.aclose()
        await self._sessions.aclose()


class WorkerFace:
    """Drawn by whichever `visavis worker` LiveKit's dispatch chooses; another takes over when it dies."""

    def __init__(self, place: Place, *, start_timeout_s: float) -> None:
        self._place = place
        self._start_timeout_s = start_timeout_s
        self._output: RoomOutput | None = None
        self._stats: protocol.Stats | None = None
        self._heard_s = 0.0
        self._dispatch: str | None = None
        self._returning = _Returning(self._bring_back, "visavis is taken over")
        self._watching: asyncio.Task[None] | None = None

    @property
    def restarts(self) -> int:
        return self._returning.count

    def stats(self) -> protocol.Stats | None:
        return self._stats

    def hear(self, event: protocol.Event) -> None:
        self._heard_s = time.monotonic()
        if isinstance(event, protocol.Stats):
            self._stats = event

    async def start(self) -> None:
        place = self._place
        await self._ask(self._start_timeout_s)
        self._output = RoomOutput(place.room, place.wish.identity, place.agent_session, place.tags)
        place.agent_session.output.replace_audio_tail(self._output)
        place.room.on("participant_disconnected", self._somebody_left)
        self._watching = asyncio.get_running_loop().create_task(self._watch(), name="visavis watches its face")

    async def _ask(self, timeout_s: float) -> None:
        """A worker takes it and is seen. Raises Unavailable."""
        access, room, wish = self._place.access, self._place.room.name, self._place.wish
        before, self._dispatch = self._dispatch, None
        if before is not None:
            await _quietly_withdraw(access, room, before)
            await send_out(access, room, wish.identity)
        wish = wish.model_copy(update={"restart": self.restarts})
        self._dispatch = await ask_for_avatar(access, room, WORKER_AGENT_NAME, wish)
        until = time.monotonic() + timeout_s
        while not await is_seen(access, room, wish.identity):
            if time.monotonic() > until:
                dispatch, self._dispatch = self._dispatch, None
                await _quietly_withdraw(access, room, dispatch)
                raise Unavailable(
                    f"No visavis worker took the room within {timeout_s:.0f} s.", mend="Start one: visavis worker."
                )
            await asyncio.sleep(SEEN_POLL_S)
        self._heard_s = time.monotonic()

    async def _bring_back(self) -> None:
        assert self._output is not None
        self._output.lost()
        await self._ask(RETURN_WITHIN_S)
        self._output.found()

    def _somebody_left(self, participant: rtc.RemoteParticipant) -> None:
        if participant.identity == self._place.wish.identity:
            self._lost("has left the room")

    def _lost(self, how: str) -> None:
        logger.warning("the face %s; another worker is asked", how)
        self._returning.lost()

    async def _watch(self) -> None:
        """Only while the agent itself is in the room: then what it does not hear was not said."""
        while True:
            await asyncio.sleep(WATCH_S)
            if not self._place.room.isconnected():
                self._heard_s = time.monotonic()
            elif time.monotonic() - self._heard_s > LOST_AFTER_S:
                self._heard_s = time.monotonic() + RETURN_WITHIN_S
                self._lost(f"has been silent for {LOST_AFTER_S:.0f} s")

    async def aclose(self) -> None:
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
            self._place.room.off("participant_disconnected", self._somebody_left)
        await self._returning.aclose()
        if self._dispatch is not None:
            await _quietly_withdraw(self._place.access, self._place.room.name, self._dispatch)


async def _quietly_withdraw(access: LiveKitAccess, room: str, dispatch: str) -> None:
    try:
        await withdraw(access, room, dispatch)
    except Unavailable as error:
        logger.debug("a dispatch was not withdrawn: %s", error)
