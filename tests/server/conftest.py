"""A real server on loopback with a drawn mouth for an engine and a tone for a voice."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from visavis.server.app import create_app
from visavis.session.sessions import Sessions
from visavis.settings import Settings, load_settings
from visavis.testing.faces import PlainFaces
from visavis.testing.talker import EchoTalker


class Server:
    """The application on a socket of its own, and a client for it."""

    def __init__(self, settings: Settings) -> None:
        self.faces = PlainFaces()
        self.talkers: list[EchoTalker] = []
        self.sessions = Sessions(settings, faces=self.faces, make_talker=self._talker)
        self.app = create_app(settings, sessions=self.sessions)
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://127.0.0.1", timeout=20)

    def _talker(self, sink, listener) -> EchoTalker:
        self.talkers.append(EchoTalker(sink, listener))
        return self.talkers[-1]

    async def start(self) -> None:
        self._lifespan = self.app.router.lifespan_context(self.app)
        await self._lifespan.__aenter__()
        await self.sessions.prepare()

    async def stop(self) -> None:
        await self.client.aclose()
        await self._lifespan.__aexit__(None, None, None)


@pytest.fixture
def settings() -> Settings:
    return load_settings(size=128, fps=30, max_sessions=2)


@pytest.fixture
async def server(settings: Settings) -> AsyncIterator[Server]:
    running = Server(settings)
    await running.start()
    yield running
    await running.stop()
    await asyncio.sleep(0)
