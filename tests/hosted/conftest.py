"""A real LiveKit server on loopback, an agent's room in it, and stand-ins for the providers' clouds."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from livekit import api, rtc
from livekit.agents import AgentSession
from livekit.agents.testing import fake_job_context
from livekit.agents.utils import http_context
from tests import needs
from tests.hosted.stand_ins import AGENT

from visavis.testing.livekit_server import LiveKitServer, livekit_server


@pytest.fixture(scope="session")
def server() -> Iterator[LiveKitServer]:
    with livekit_server(needs.livekit_server()) as running:
        yield running


def agent_token(server: LiveKitServer, room: str) -> str:
    granted = api.AccessToken(server.access.api_key, server.access.api_secret).with_identity(AGENT).with_kind("agent")
    return granted.with_grants(api.VideoGrants(room_join=True, room=room, agent=True)).to_jwt()


@dataclass
class Agent:
    session: AgentSession[Any]
    room: rtc.Room


@pytest.fixture
async def agent(server: LiveKitServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Agent]:
    """An agent in a room of its own, inside a job, as an entrypoint finds it."""
    monkeypatch.setenv("LIVEKIT_URL", server.url)
    monkeypatch.setenv("LIVEKIT_API_KEY", server.access.api_key)
    monkeypatch.setenv("LIVEKIT_API_SECRET", server.access.api_secret)
    name = f"room-{uuid4().hex[:6]}"
    room = rtc.Room()
    await room.connect(server.url, agent_token(server, name))
    session: AgentSession[Any] = AgentSession()
    async with http_context.open():
        with fake_job_context(room=room, agent_identity=AGENT) as job:
            job._info.token = agent_token(server, name)
            job._info.url = server.url
            try:
                yield Agent(session, room)
            finally:
                for callback in job._shutdown_callbacks:
                    await callback("")
                await room.disconnect()
                job._tempdir.cleanup()
