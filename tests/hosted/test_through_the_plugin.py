"""The plugin's one call: a hosted face, and an engine of this machine when it fails."""

from __future__ import annotations

import asyncio

import pytest
from livekit import rtc
from livekit.agents import Agent, AgentSession, tts
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions
from tests.hosted.conftest import Agent as InRoom
from tests.hosted.stand_ins import TavusStandIn
from tests.hosted.test_providers import cloud_of, options_for

from visavis.errors import BadSettings
from visavis.testing.faces import PlainFaces
from visavis.testing.livekit_server import LiveKitServer


@pytest.fixture(autouse=True)
def _plain_faces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visavis.session.sessions.InstalledFaces", lambda home, cache: PlainFaces())


def shows_a_picture(room: rtc.Room, identity: str) -> bool:
    tracks = room.remote_participants[identity].track_publications.values()
    return any(track.kind == rtc.TrackKind.KIND_VIDEO for track in tracks)


@pytest.mark.network
async def test_a_hosted_face_is_one_word(server: LiveKitServer, agent: InRoom) -> None:
    from livekit.plugins import visavis

    async with cloud_of("tavus", server).serving() as cloud:
        avatar = visavis.AvatarSession(provider="tavus", hosted=options_for(cloud))
        await avatar.start(agent.session, agent.room)
        await avatar.wait_for_join(timeout=10)
        assert avatar.provider == "tavus"
        assert shows_a_picture(agent.room, avatar.avatar_identity)
        await avatar.aclose()


@pytest.mark.network
async def test_the_engine_steps_in_when_the_cloud_fails(server: LiveKitServer, agent: InRoom) -> None:
    from livekit.plugins import visavis

    async with cloud_of("tavus", server).serving() as cloud:
        assert isinstance(cloud, TavusStandIn)
        cloud.answers = [500] * 5
        avatar = visavis.AvatarSession(provider=["tavus", "rig"], hosted=options_for(cloud, retries=0), size=128)
        await avatar.start(agent.session, agent.room)
        await avatar.wait_for_join(timeout=10)
        assert avatar.provider == "visavis"
        assert shows_a_picture(agent.room, avatar.avatar_identity)
        await avatar.aclose()


@pytest.mark.network
async def test_the_server_may_be_named_in_the_call(
    server: LiveKitServer, agent: InRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    from livekit.plugins import visavis

    for name in ("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"):
        monkeypatch.delenv(name)
    access = server.access
    async with cloud_of("bey", server).serving() as cloud:
        avatar = visavis.AvatarSession(provider="bey", hosted=options_for(cloud))
        await avatar.start(
            agent.session, agent.room,
            livekit_url=access.url, livekit_api_key=access.api_key, livekit_api_secret=access.api_secret,
        )  # fmt: skip
        await avatar.wait_for_join(timeout=10)
    monkeypatch.setenv("LIVEKIT_API_KEY", access.api_key)
    monkeypatch.setenv("LIVEKIT_API_SECRET", access.api_secret)
    monkeypatch.setenv("LIVEKIT_URL", access.url)
    await avatar.aclose()


async def test_a_word_that_means_nothing(agent: InRoom) -> None:
    from livekit.plugins import visavis

    with pytest.raises(BadSettings, match="'tavuss' means nothing"):
        await visavis.AvatarSession(provider=["rig", "tavuss"]).start(agent.session, agent.room)
    assert agent.session.output.audio is None


class Ear(tts.TTS):
    """A voice that hums, and remembers what it was to say."""

    def __init__(self) -> None:
        super().__init__(capabilities=tts.TTSCapabilities(streaming=False), sample_rate=24_000, num_channels=1)
        self.asked: list[str] = []
        self.was_asked = asyncio.Event()

    def synthesize(self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS) -> tts.ChunkedStream:
        self.asked.append(text)
        self.was_asked.set()
        return _Hum(tts=self, input_text=text, conn_options=conn_options)


class _Hum(tts.ChunkedStream):
    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        output_emitter.initialize(request_id="hum", sample_rate=24_000, num_channels=1, mime_type="audio/pcm")
        output_emitter.push(bytes(24_000))
        output_emitter.flush()


@pytest.mark.network
@pytest.mark.parametrize("provider", ["tavus", "rig"])
async def test_tags_are_spoken_by_nobody_whoever_draws(provider: str, server: LiveKitServer, agent: InRoom) -> None:
    from livekit.plugins import visavis

    ear = Ear()
    session: AgentSession[None] = AgentSession(tts=ear)
    async with cloud_of("tavus", server).serving() as cloud:
        avatar = visavis.AvatarSession(provider=provider, hosted=options_for(cloud), size=128)
        await avatar.start(session, agent.room)
        await session.start(agent=Agent(instructions="Speak."), room=agent.room, record=False)
        session.say("[smile] Hello there. [nod]")
        await asyncio.wait_for(ear.was_asked.wait(), 10)
        await session.aclose()
        await avatar.aclose()
    assert " ".join(ear.asked).split() == ["Hello", "there."]
