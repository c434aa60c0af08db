"""Agents with a face in the rooms of a real server: livekit-agents' own session with the embedded voice, ours in front of it."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from livekit import rtc
from livekit.agents import Agent, AgentSession
from livekit.api import AccessToken, VideoGrants
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from tests.needs import livekit_server as binary

from visavis.testing.faces import PlainFaces
from visavis.testing.livekit_server import LiveKitServer, livekit_server
from visavis.voice.espeak import EspeakTTS


@pytest.fixture(scope="session")
def server() -> Iterator[LiveKitServer]:
    with livekit_server(binary()) as running:
        yield running


@pytest.fixture
def own_server() -> Iterator[LiveKitServer]:
    """Nobody else's workers, and it may be restarted."""
    with livekit_server(binary()) as running:
        yield running


@pytest.fixture
def room_name() -> str:
    return f"room-{secrets.token_hex(4)}"


@pytest.fixture
def plain_faces(monkeypatch: pytest.MonkeyPatch) -> PlainFaces:
    """What is tested here is the room; a face is a bar that opens."""
    faces = PlainFaces()
    monkeypatch.setattr("visavis.session.sessions.InstalledFaces", lambda home, cache: faces)
    return faces


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """What our tracer recorded."""
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr("visavis.transports.livekit.tracing.TRACER", provider.get_tracer("visavis"))
    return exporter


class Speaking:
    """An agent in a room, speaking through a face."""

    def __init__(self, room: rtc.Room, session: AgentSession[Any], avatar: Any) -> None:
        self.room, self.session, self.avatar = room, session, avatar


@contextlib.asynccontextmanager
async def speaking(
    server: LiveKitServer, room_name: str, *, agent: Agent | None = None, **options: Any
) -> AsyncIterator[Speaking]:
    from livekit.plugins import visavis

    identity = f"agent-{secrets.token_hex(4)}"
    avatar = visavis.AvatarSession(size=128, fps=30, **options)
    room = rtc.Room()
    grants = VideoGrants(room_join=True, room=room_name, can_update_own_metadata=True, agent=True)
    keys = (server.access.api_key, server.access.api_secret)
    token = AccessToken(*keys).with_identity(identity).with_kind("agent").with_grants(grants).to_jwt()
    await room.connect(server.url, token)
    voice = EspeakTTS()
    session: AgentSession[Any] = AgentSession(tts=voice)
    access = server.access
    try:
        await avatar.start(
            session, room, livekit_url=access.url, livekit_api_key=access.api_key, livekit_api_secret=access.api_secret
        )
        await session.start(agent=agent or Agent(instructions="Speak."), room=room, record=False)
        yield Speaking(room, session, avatar)
    finally:
        await avatar.aclose()
        await session.aclose()
        await voice.aclose()
        await room.disconnect()
