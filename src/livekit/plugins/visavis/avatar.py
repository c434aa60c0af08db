"""`AvatarSession`: one call that gives an agent a face, drawn here, by a worker, or by somebody's cloud."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from livekit import rtc
from livekit.agents import AgentSession, get_job_context
from livekit.agents.voice.avatar import AvatarSession as BaseAvatarSession

from visavis import protocol
from visavis.errors import BadSettings
from visavis.session.faces import ENGINES, Faces
from visavis.settings import Settings, load_settings
from visavis.transports.livekit.access import LiveKitAccess, new_identity
from visavis.transports.livekit.dispatch import make_wish

from .control import AgentControl
from .faces import LocalFace, Place, WorkerFace
from .speech import SpokenText, Tags

if TYPE_CHECKING:
    from visavis.hosted.options import HostedOptions

Mode = Literal["process", "worker"]


class AvatarSession(BaseAvatarSession[Any]):
    """A face for an `AgentSession`. One for each session; `start` before `agent_session.start`.

    avatar    who: a name from `visavis avatars`
    engine    what draws: rig, …; the avatar's best by default
    provider  a hosted face instead (tavus, simli, anam, bey, bithuman), or a list of fallbacks, engines among them
    mode      "process" draws within the agent's process, "worker" in a `visavis worker` that LiveKit's dispatch chooses
    hosted    keys and persons for `provider`
    settings  instead of the environment's `VISAVIS_*`; faces  instead of the installed people
    """

    def __init__(
        self, *, avatar: str | None = None, engine: str | None = None, provider: str | Sequence[str] | None = None,
        mode: Mode = "process", size: int | None = None, fps: int | None = None, hosted: HostedOptions | None = None,
        avatar_participant_name: str = "visavis", avatar_participant_identity: str | None = None, start_timeout_s: float = 15.0,
        settings: Settings | None = None, faces: Faces | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        if mode not in {"process", "worker"}:
            raise BadSettings(f"mode {mode!r} means nothing.", mend="Take process or worker.")
        self._avatar, self._engine, self._provider, self._mode = avatar, engine, provider, mode
        self._size, self._fps, self._hosted = size, fps, hosted
        self._name = avatar_participant_name
        self._identity = avatar_participant_identity or new_identity("visavis")
        self._start_timeout_s = start_timeout_s
        self._given_settings, self._faces = settings, faces
        self._tags = Tags()
        self._face: LocalFace | WorkerFace | None = None
        self._elsewhere: BaseAvatarSession[Any] | None = None
        self._speaking: AgentSession[Any] | None = None
        self._control: AgentControl | None = None

    @property
    def avatar_identity(self) -> str:
        return self._elsewhere.avatar_identity if self._elsewhere is not None else self._identity

    @property
    def provider(self) -> str:
        return self._elsewhere.provider if self._elsewhere is not None else "visavis"

    @property
    def figures(self) -> protocol.Stats | None:
        """The face's own figures of this second: frames, gaps, stalls. None for a hosted face, and before there are any."""
        return self._face.stats() if self._face is not None else None

    @property
    def restarts(self) -> int:
        """How often the face was lost and brought back."""
        return self._face.restarts if self._face is not None else 0

    async def start(
        self, agent_session: AgentSession[Any], room: rtc.Room, *, livekit_url: str | None = None,
        livekit_api_key: str | None = None, livekit_api_secret: str | None = None,
    ) -> None:  # fmt: skip
        """Returns when the face is in the room. Raises a VisavisError where it cannot be; the agent keeps its voice then."""
        assert (self._face, self._elsewhere) == (None, None), "started twice"
        access = _access(livekit_url, livekit_api_key, livekit_api_secret)
        if self._provider is not None:
            await self._start_provider(agent_session, room, access)
        else:
            await self._start_engine(self._engine, agent_session, room, access)

    async def _start_provider(self, agent_session: AgentSession[Any], room: rtc.Room, access: LiveKitAccess) -> None:
        from visavis.hosted.options import HostedOptions
        from visavis.hosted.start import start_avatar

        async def start_engine(engine: str) -> AvatarSession:
            await self._start_engine(engine, agent_session, room, access)
            return self

        assert self._provider is not None
        hosted = replace(
            self._hosted or HostedOptions(),
            livekit_url=access.url, livekit_api_key=access.api_key, livekit_api_secret=access.api_secret,
        )  # fmt: skip
        started = await start_avatar(self._provider, hosted, agent_session, room, engines=ENGINES, start_engine=start_engine)
        if started.avatar is not self:
            assert isinstance(started.avatar, BaseAvatarSession)
            self._elsewhere = started.avatar
            self._elsewhere.on("metrics_collected", lambda metrics: self.emit("metrics_collected", metrics))
            self._take_tags(agent_session)

    async def _start_engine(
        self, engine: str | None, agent_session: AgentSession[Any], room: rtc.Room, access: LiveKitAccess
    ) -> None:
        wish = make_wish(
            identity=self._identity, agent=_agent_identity(room), avatar=self._avatar, engine=engine, name=self._name,
            size=self._size, fps=self._fps,
        )  # fmt: skip
        place = Place(access, room, wish.agent, agent_session, wish, self._tags)
        face = self._face_at(place)
        try:
            await face.start()
        except BaseException:
            await face.aclose()
            raise
        self._face = face
        self._control = AgentControl(agent_session, room, self._identity, face.hear)
        self._control.start()
        self._take_tags(agent_session)
        await super().start(agent_session, room)

    def _take_tags(self, agent_session: AgentSession[Any]) -> None:
        """Out of what is spoken and out of the captions, whoever draws: a hosted face would read them aloud."""
        self._speaking = agent_session
        transforms = agent_session.options.tts_text_transforms or ()
        agent_session.options.tts_text_transforms = [self._tags.spoken, *transforms]
        agent_session.on("agent_state_changed", self._state_changed)

    def _leave_tags(self) -> None:
        session, self._speaking = self._speaking, None
        if session is not None:
            session.off("agent_state_changed", self._state_changed)
            transforms = session.options.tts_text_transforms or ()
            session.options.tts_text_transforms = [each for each in transforms if each != self._tags.spoken]

    def _face_at(self, place: Place) -> LocalFace | WorkerFace:
        if self._mode == "worker":
            return WorkerFace(place, start_timeout_s=self._start_timeout_s)
        return LocalFace(place, self._settings(), self._faces)

    def _settings(self) -> Settings:
        if self._given_settings is not None:
            return self._given_settings
        return load_settings(avatar=self._avatar, engine=self._engine, size=self._size, fps=self._fps)

    def _state_changed(self, event: object) -> None:
        """The session has its outputs by now: captions lose their tags."""
        session = self._speaking
        if session is None:
            return
        captions = session.output.transcription
        if captions is not None and not isinstance(captions, SpokenText):
            session.output.transcription = SpokenText(captions)

    async def wait_for_join(self, *, timeout: float | None = 30.0) -> None:
        if self._elsewhere is not None:
            await self._elsewhere.wait_for_join(timeout=timeout)
        else:
            await super().wait_for_join(timeout=timeout)

    async def aclose(self, *reason: str) -> None:
        """Takes the face out of the room. Idempotent."""
        del reason
        self._leave_tags()
        if self._elsewhere is not None:
            await self._elsewhere.aclose()
            return
        if self._control is not None:
            self._control.stop()
            self._control = None
        face, self._face = self._face, None
        if face is not None:
            await face.aclose()
        await super().aclose()


def _access(url: str | None, key: str | None, secret: str | None) -> LiveKitAccess:
    """As every LiveKit plugin finds them: arguments, then LIVEKIT_URL, LIVEKIT_API_KEY, LIVEKIT_API_SECRET."""
    url = url or os.environ.get("LIVEKIT_URL")
    key = key or os.environ.get("LIVEKIT_API_KEY")
    secret = secret or os.environ.get("LIVEKIT_API_SECRET")
    if not url or not key or not secret:
        raise BadSettings("The LiveKit server is not named.", mend="Set LIVEKIT_URL, LIVEKIT_API_KEY and LIVEKIT_API_SECRET.")
    return LiveKitAccess(url, key, secret)


def _agent_identity(room: rtc.Room) -> str:
    if room.isconnected():
        return room.local_participant.identity
    context = get_job_context(required=False)
    if context is not None:
        return context.local_participant_identity
    raise BadSettings("The agent is not in a room yet.", mend="Connect the room first, or start inside a LiveKit job.")
