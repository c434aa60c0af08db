"""A real LiveKit server on loopback, an agent's room in it, and stand-ins for the providers' clouds."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.request
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

LIVEKIT_KEY, LIVEKIT_SECRET = "devkey", "a-secret-of-at-least-thirty-two-signs"


@dataclass(frozen=True)
class Server:
    url: str
    key: str = LIVEKIT_KEY
    secret: str = LIVEKIT_SECRET

    def token(self, room: str, identity: str, *, agent: bool = False) -> str:
        granted = api.AccessToken(self.key, self.secret).with_identity(identity)
        granted = granted.with_grants(api.VideoGrants(room_join=True, room=room, agent=agent))
        return (granted.with_kind("agent") if agent else granted).to_jwt()


def free_ports(count: int) -> list[int]:
    taken = [socket.socket() for _ in range(count)]
    for one in taken:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in taken]
    for one in taken:
        one.close()
    return ports


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    binary = needs.livekit_server()
    http, tcp, udp = free_ports(3)
    config = (
        f"port: {http}\nbind_addresses: [127.0.0.1]\nlogging: {{level: error}}\nkeys: {{{LIVEKIT_KEY}: {LIVEKIT_SECRET}}}\n"
        f"rtc: {{tcp_port: {tcp}, udp_port: {udp}, use_external_ip: false, node_ip: 127.0.0.1, enable_loopback_candidate: true}}\n"
    )
    process = subprocess.Popen([binary], env=os.environ | {"LIVEKIT_CONFIG": config}, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{http}/", timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, "livekit-server ended"
                time.sleep(0.1)
        yield Server(f"ws://127.0.0.1:{http}")
    finally:
        process.kill()  # asked to end, it would wait for its rooms to empty
        process.wait(10)


@dataclass
class Agent:
    session: AgentSession[Any]
    room: rtc.Room


@pytest.fixture
async def agent(server: Server, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Agent]:
    """An agent in a room of its own, inside a job, as an entrypoint finds it."""
    monkeypatch.setenv("LIVEKIT_URL", server.url)
    monkeypatch.setenv("LIVEKIT_API_KEY", server.key)
    monkeypatch.setenv("LIVEKIT_API_SECRET", server.secret)
    name = f"room-{uuid4().hex[:6]}"
    room = rtc.Room()
    await room.connect(server.url, server.token(name, AGENT, agent=True))
    session: AgentSession[Any] = AgentSession()
    async with http_context.open():
        with fake_job_context(room=room, agent_identity=AGENT) as job:
            job._info.token = server.token(name, AGENT, agent=True)
            job._info.url = server.url
            try:
                yield Agent(session, room)
            finally:
                for callback in job._shutdown_callbacks:
                    await callback("")
                await room.disconnect()
                job._tempdir.cleanup()
