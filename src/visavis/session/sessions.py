"""All sessions of this process: opened by an offer, admitted by measured cost, ended together."""

from __future__ import annotations

import asyncio
import logging
import secrets
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Final, Literal

from visavis.avatars import Avatar
from visavis.clock import MonotonicClock
from visavis.errors import NotFound
from visavis.session.capacity import Capacity, Cost, measure_costs, measure_motion_cost, usable_cores
from visavis.session.faces import Faces, InstalledFaces
from visavis.session.live import Face, LiveSession, Talker
from visavis.settings import Settings
from visavis.types import Engine, SpeechSink
from visavis.voice.conversation import Conversation, preload
from visavis.voice.persona import Persona

if TYPE_CHECKING:
    from visavis.session.live_link import Broadcasts, Performers
    from visavis.transports.webrtc.peer import IceSettings

log = logging.getLogger(__name__)

MakeTalker = Callable[[SpeechSink, LiveSession], Talker]
Drawing = Literal["server", "viewer"]
GUIDE = "guide"
SWITCH_INTERVAL_S: Final = 0.0005
"""How long a thread that comes back from a kernel waits for the interpreter before it is given way. A frame comes back a dozen
times; at Python's 5 ms three sessions drew 15 frames a second where they now draw 24 and more."""


class Sessions:
    """Owner of every live session and of the threads they draw in."""

    def __init__(self, settings: Settings, *, faces: Faces | None = None, make_talker: MakeTalker | None = None) -> None:
        self.settings = settings
        self._make_talker = make_talker or self._conversation
        self.faces: Faces = faces or InstalledFaces(settings.home, settings.cache)
        self.capacity: Capacity | None = None
        self.performers: Performers | None = None
        self._broadcasts: Broadcasts | None = None
        self._live: dict[str, LiveSession] = {}
        self._opening: dict[Drawing, int] = {"server": 0, "viewer": 0}
        self._preparing = asyncio.Lock()
        self._executor = ThreadPoolExecutor(max_workers=usable_cores(), thread_name_prefix="draw")

    @property
    def active(self) -> int:
        return sum(self.counts)

    @property
    def counts(self) -> tuple[int, int]:
        """Sessions drawn here, and sessions that viewers draw."""
        by_viewers = sum(session.face.engine is None for session in self._live.values())
        return len(self._live) - by_viewers + self._opening["server"], by_viewers + self._opening["viewer"]

    async def prepare(self) -> Capacity:
        """Load the default person, compile what draws it and measure what a frame costs here. Idempotent."""
        async with self._preparing:
            return await self._prepared()

    async def _prepared(self) -> Capacity:
        if self.capacity is None:
            sys.setswitchinterval(SWITCH_INTERVAL_S)
            await self._open_live_link()
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._executor, _load_stages)
            costs = await loop.run_in_executor(self._executor, self._measure)
            motion = await loop.run_in_executor(self._executor, measure_motion_cost)
            self.capacity = Capacity(costs, fps=self.settings.fps, motion=motion, at_most=self.settings.max_sessions)
            log.info(
                "a frame costs %s ms to draw, by level of detail, and %.1f ms to encode; this machine holds %d sessions at %d fps, "
                "or %d that viewers draw",
                ", ".join(f"{cost.draw_core_ms:.1f}" for cost in costs), costs[0].encode_core_ms, self.capacity.limit,
                self.settings.fps, self.capacity.viewer_limit,
            )  # fmt: skip
        return self.capacity

    async def open(self, offer: str, *, avatar: str | None, engine: str | None, draw: Drawing) -> tuple[LiveSession, str]:
        """A session answering an SDP offer, and the SDP answer. Raises Busy, NotFound, BadInput."""
        capacity = await self.prepare()
        capacity.admit(*self.counts, by_viewer=draw == "viewer")
        self._opening[draw] += 1
        session: LiveSession | None = None
        try:
            session = await self._new_session(avatar or self.settings.avatar, engine, draw)
            answer = await self._connect(session, offer)
        except BaseException:
            if session is not None:
                await session.aclose()
            raise
        else:
            self._live[session.name] = session
        finally:
            self._opening[draw] -= 1
        return session, answer

    def get(self, name: str) -> LiveSession:
        if name not in self._live:
            raise NotFound("There is no such session.", mend="It has ended; open a new one.")
        return self._live[name]

    def live(self) -> list[LiveSession]:
        return list(self._live.values())

    async def aclose(self) -> None:
        ended = await asyncio.gather(*(session.aclose() for session in list(self._live.values())), return_exceptions=True)
        for failure in ended:
            if failure is not None:
                log.error("a session did not end well", exc_info=failure)
        if self.performers is not None:
            await self.performers.aclose()
        if self._broadcasts is not None:
            self._broadcasts.aclose()
        self._executor.shutdown(wait=True, cancel_futures=True)

    # Joining the stages -------------------------------------------------------------------------------------------------------

    async def _new_session(self, avatar: str, engine: str | None, draw: Drawing) -> LiveSession:
        async def change_face(name: str) -> Face:
            return await self._face(name, None, draw)

        session = LiveSession(
            name=secrets.token_urlsafe(12),
            clock=MonotonicClock(),
            face=await self._face(avatar, engine, draw),
            change_face=change_face,
            fps=self.settings.fps,
            executor=self._executor,
            seed=secrets.randbits(32),
            language_model=self.settings.llm != GUIDE,
        )
        session.active_sessions = lambda: self.active
        session.on_ended = lambda ended: self._forget(ended.name)
        self._link(session)
        return session

    async def _open_live_link(self) -> None:
        """The sockets of Live Link Face, where they are asked for. Raises Unavailable where one cannot be had."""
        given = self.settings
        if given.livelink is not None and self.performers is None:
            from visavis.session.live_link import Performers

            performers = Performers(given.home)
            await performers.receiver.open(given.livelink_host, given.livelink.port)
            self.performers = performers
        if given.livelink_to and self._broadcasts is None:
            from visavis.session.live_link import Broadcasts
            from visavis.transports.livelink.sender import LiveLinkSender, Target

            sender = LiveLinkSender([Target.parse(target) for target in given.livelink_to])
            self._broadcasts = Broadcasts(sender, given.livelink_subject, delay_s=given.livelink_delay_ms / 1000)

    def _link(self, session: LiveSession) -> None:
        """Join a session to the performers it may follow and to those who follow it, until it ends."""
        performers, broadcasts, ended = self.performers, self._broadcasts, session.on_ended
        if performers is not None and self.settings.livelink is not None:
            from visavis.session.live_link import Follower

            follower = Follower(session.motion, session.clock, performers.performer_of, self.settings.livelink.subject)
            session.motion.leave_mouth_to_speech(self.settings.livelink_mouth == "speech")
            session.on_follow = follower.follow
            performers.join(follower)
            session.on_ended = ended = _both(ended, lambda: performers.leave(follower))
        if broadcasts is not None:
            broadcast = broadcasts.open(session.clock)
            session.companions.append(broadcast)
            session.on_ended = _both(ended, lambda: broadcasts.close(broadcast))

    async def _connect(self, session: LiveSession, offer: str) -> str:
        from visavis.transports.webrtc.peer import Peer

        peer = Peer(session.clock, session, self._ice())
        session.join(peer, self._make_talker)
        return await peer.answer(offer)

    async def _face(self, name: str, engine: str | None, draw: Drawing) -> Face:
        loop = asyncio.get_running_loop()
        avatar = await loop.run_in_executor(self._executor, self.faces.avatar, name)
        drawn_by = None
        if draw == "server":
            capacity = await self.prepare()
            make = partial(
                self.faces.engine, avatar, engine or self.settings.engine, self.settings.size,
                level=capacity.level_for(max(1, self.counts[0])), governed=True,
            )  # fmt: skip
            drawn_by = await loop.run_in_executor(self._executor, make)
        return Face(name, drawn_by, persona_of(avatar), avatar.gains)

    def _conversation(self, sink: SpeechSink, session: LiveSession) -> Talker:
        return Conversation(self.settings, sink, persona=session.face.persona, listener=session)

    def _ice(self) -> IceSettings:
        from visavis.transports.webrtc.peer import IceSettings

        given = self.settings
        credential = given.ice_credential.get_secret_value() if given.ice_credential else None
        return IceSettings(given.loopback, tuple(given.ice_servers), given.ice_username, credential)

    def _measure(self) -> list[Cost]:
        return measure_costs(self._engine_at, fps=self.settings.fps)

    def _engine_at(self, level: int) -> Engine:
        avatar = self.faces.avatar(self.settings.avatar)
        return self.faces.engine(avatar, self.settings.engine, self.settings.size, level=level)

    def _forget(self, name: str) -> None:
        self._live.pop(name, None)


def _both(first: Callable[[LiveSession], None], then: Callable[[], None]) -> Callable[[LiveSession], None]:
    def ended(session: LiveSession) -> None:
        first(session)
        then()

    return ended


def _load_stages() -> None:
    """Import what a session needs, so that the first one does not wait for it on the loop."""
    import visavis.transports.webrtc.peer  # noqa: F401

    preload()


def persona_of(avatar: Avatar) -> Persona:
    """The voice that the bundle hints at."""
    hint = avatar.voice
    return Persona(avatar.name, hint.variant, hint.pitch, hint.pitch_range, hint.rate_wpm)
