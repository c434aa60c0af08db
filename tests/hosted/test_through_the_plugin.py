"""The plugin's one call: a hosted face, and an engine of this machine when it fails."""

from __future__ import annotations

import pytest
from livekit import rtc
from tests.hosted.conftest import Agent
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
async def test_a_hosted_face_is_one_word(server: LiveKitServer, agent: Agent) -> None:
    from livekit.plugins import visavis

    async with cloud_of("tavus", server).serving() as cloud:
        avatar = visavis.AvatarSession(provider="tavus", hosted=options_for(cloud))
        await avatar.start(agent.session, agent.room)
        await avatar.wait_for_join(timeout=10)
        assert avatar.provider == "tavus"
        assert shows_a_picture(agent.room, avatar.avatar_identity)
        await avatar.aclose()


@pytest.mark.network
async def test_the_engine_steps_in_when_the_cloud_fails(server: LiveKitServer, agent: Agent) -> None:
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


async def test_a_word_that_means_nothing(agent: Agent) -> None:
    from livekit.plugins import visavis

    with pytest.raises(BadSettings, match="'tavuss' means nothing"):
        await visavis.AvatarSession(provider=["rig", "tavuss"]).start(agent.session, agent.room)
    assert agent.session.output.audio is None
