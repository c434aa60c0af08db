"""Each provider from start to sound, and every way in which a start fails."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace

import numpy as np
import pytest
from livekit import rtc
from tests import needs
from tests.hosted.conftest import Agent
from tests.hosted.stand_ins import (
    AGENT,
    KEY,
    AnamStandIn,
    BeyStandIn,
    BitHumanStandIn,
    SimliStandIn,
    StandIn,
    TavusStandIn,
)

from visavis.errors import BadSettings, Unavailable
from visavis.hosted.options import PROVIDERS, Anam, Bey, BitHuman, HostedOptions, Provider, Simli, Tavus
from visavis.hosted.start import start_avatar
from visavis.testing.livekit_server import LiveKitServer

STAND_INS: dict[Provider, type[StandIn]] = {
    "tavus": TavusStandIn, "simli": SimliStandIn, "anam": AnamStandIn, "bey": BeyStandIn, "bithuman": BitHumanStandIn,
}  # fmt: skip
SAMPLE_HZ = {"tavus": 24_000, "simli": 16_000, "anam": 24_000, "bey": 16_000, "bithuman": 24_000}


def options_for(cloud: StandIn, **patience: float) -> HostedOptions:
    url = cloud.url
    return HostedOptions(
        tavus=Tavus(api_key=KEY, api_url=url, face_id="a-face"),
        simli=Simli(api_key=KEY, api_url=url, face_id="a-face"),
        anam=Anam(api_key=KEY, api_url=url, avatar_id="a-face"),
        bey=Bey(api_key=KEY, api_url=url, avatar_id="a-face"),
        bithuman=BitHuman(api_key=KEY, api_url=url, agent_id="a-face"),
        **({"retry_wait_s": 0.0, "join_timeout_s": 8.0, "start_timeout_s": 8.0} | patience),  # type: ignore[arg-type]
    )


def cloud_of(provider: Provider, server: LiveKitServer) -> StandIn:
    needs.package(f"livekit.plugins.{provider}", f'pip install "visavis[{provider}]"')
    return STAND_INS[provider](server.access.api_key, server.access.api_secret)


@pytest.mark.network
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_provider_joins_shows_a_picture_and_hears_the_agent(
    provider: Provider, server: LiveKitServer, agent: Agent
) -> None:
    async with cloud_of(provider, server).serving() as cloud:
        started = await start_avatar(provider, options_for(cloud), agent.session, agent.room)
        assert started.name == provider
        await started.avatar.wait_for_join(timeout=10)
        assert cloud.claims.video.room == agent.room.name
        assert cloud.claims.identity == started.avatar.avatar_identity
        assert KEY not in str(cloud.claims)
        participant = agent.room.remote_participants[started.avatar.avatar_identity]
        assert participant.kind == rtc.ParticipantKind.PARTICIPANT_KIND_AGENT
        assert KEY not in str(participant.attributes)
        assert any(track.kind == rtc.TrackKind.KIND_VIDEO for track in participant.track_publications.values())
        sound = agent.session.output.audio
        assert sound is not None
        hz = sound.sample_rate or 24_000
        assert hz == SAMPLE_HZ[provider]
        silence = np.zeros(hz // 10, np.int16)
        await sound.capture_frame(rtc.AudioFrame(silence.tobytes(), hz, 1, len(silence)))
        sound.flush()
        await cloud.heard()
        await started.avatar.aclose()


async def test_two_starts_have_two_identities(server: LiveKitServer, agent: Agent) -> None:
    async with cloud_of("bey", server).serving() as cloud:
        cloud.joins = False
        first = await start_avatar("bey", options_for(cloud), agent.session, agent.room)
        second = await start_avatar("bey", options_for(cloud), agent.session, agent.room)
        assert first.avatar.avatar_identity != second.avatar.avatar_identity


@pytest.mark.network
@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (401, BadSettings, "refused the key"),
        (403, BadSettings, "refused the key"),
        (402, Unavailable, "out of credit"),
        (422, BadSettings, "refused the start"),
        (429, Unavailable, "no more sessions"),
        (500, Unavailable, "failed"),
        (503, Unavailable, "failed"),
    ],
)
async def test_refusals(
    provider: Provider,
    status: int,
    kind: type,
    words: str,
    server: LiveKitServer,
    agent: Agent,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG):
        async with cloud_of(provider, server).serving() as cloud:
            cloud.answers = [status] * 5
            with pytest.raises(kind, match=words) as error:
                await start_avatar(provider, options_for(cloud, retries=0), agent.session, agent.room)
    told = str(error.value)
    assert provider in told
    assert str(status) in told
    assert "\n" not in told
    assert KEY not in told + caplog.text
    assert agent.session.output.audio is None
    assert len(cloud.calls) == 1


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_wrong_key(provider: Provider, server: LiveKitServer, agent: Agent) -> None:
    async with cloud_of(provider, server).serving() as cloud:
        good = options_for(cloud)
        wrong = replace(good, **{provider: replace(getattr(good, provider), api_key="wrong-key-5")})
        with pytest.raises(BadSettings, match="refused the key \\(401\\)") as error:
            await start_avatar(provider, wrong, agent.session, agent.room)
        assert "wrong-key-5" not in str(error.value)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_short_failure_is_tried_again(provider: Provider, server: LiveKitServer, agent: Agent) -> None:
    async with cloud_of(provider, server).serving() as cloud:
        cloud.joins = False
        cloud.answers = [503]
        await start_avatar(provider, options_for(cloud, retries=1), agent.session, agent.room)
        assert agent.session.output.audio is not None


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_provider_that_never_answers(provider: Provider, server: LiveKitServer, agent: Agent) -> None:
    async with cloud_of(provider, server).serving() as cloud:
        cloud.answers = [None] * 3
        with pytest.raises(Unavailable, match=r"did not answer within 0\.4 s"):
            await start_avatar(provider, options_for(cloud, start_timeout_s=0.4, retries=0), agent.session, agent.room)
    assert agent.session.output.audio is None


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_provider_that_is_not_there(provider: Provider, server: LiveKitServer, agent: Agent) -> None:
    async with cloud_of(provider, server).serving() as cloud:
        options = options_for(cloud, retries=0)
    with pytest.raises(Unavailable, match="cannot be reached at http://127"):
        await start_avatar(provider, options, agent.session, agent.room)


class NonsenseStandIn(TavusStandIn):
    async def conversation(self, request):  # type: ignore[no-untyped-def]
        from aiohttp import web

        self.calls.append(await request.json())
        return web.json_response({"surprise": True})


async def test_an_answer_of_another_shape(server: LiveKitServer, agent: Agent) -> None:
    async with NonsenseStandIn(server.access.api_key, server.access.api_secret).serving() as cloud:
        with pytest.raises(Unavailable, match="does not understand"):
            await start_avatar("tavus", options_for(cloud), agent.session, agent.room)
    assert agent.session.output.audio is None


@pytest.mark.network
async def test_the_next_starts_when_one_never_joins_and_a_latecomer_is_sent_out(server: LiveKitServer, agent: Agent) -> None:
    async with cloud_of("tavus", server).serving() as slow, cloud_of("bey", server).serving() as quick:
        slow.joins = False
        options = replace(options_for(slow, join_timeout_s=0.5), bey=options_for(quick).bey)
        started = await start_avatar(["tavus", "bey"], options, agent.session, agent.room)
        assert started.name == "bey"
        assert [failure.name for failure in started.failures] == ["tavus"]
        assert "showed no picture" in str(started.failures[0].error)
        await started.avatar.wait_for_join(timeout=10)
        late = slow.calls[-1]["properties"]
        gone = asyncio.Event()
        agent.room.on("participant_disconnected", lambda left: gone.set() if left.identity.startswith("tavus") else None)
        slow.keep(slow._join(late["livekit_ws_url"], late["livekit_room_token"]))
        await asyncio.wait_for(gone.wait(), 10)
        assert set(agent.room.remote_participants) == {started.avatar.avatar_identity}


async def test_a_hosted_face_needs_a_job(server: LiveKitServer) -> None:
    from livekit.agents import AgentSession

    options = HostedOptions(
        tavus=Tavus(api_key=KEY, api_url="http://127.0.0.1:1"),
        livekit_url=server.url, livekit_api_key=server.access.api_key, livekit_api_secret=server.access.api_secret,
    )  # fmt: skip
    with pytest.raises(BadSettings, match="inside a LiveKit job"):
        await start_avatar("tavus", options, AgentSession(), rtc.Room())
    assert AGENT not in str(options)


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_start_that_is_cancelled_leaves_nothing(provider: Provider, server: LiveKitServer, agent: Agent) -> None:
    async with cloud_of(provider, server).serving() as cloud:
        cloud.answers = [None] * 3
        start = asyncio.create_task(start_avatar(provider, options_for(cloud), agent.session, agent.room))
        while not cloud.calls:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        start.cancel()
        with pytest.raises(asyncio.CancelledError):
            await start
    assert agent.session.output.audio is None
    assert not logging.getLogger(f"livekit.plugins.{provider}").filters
