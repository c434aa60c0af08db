"""The LiveKit example as a person starts it: its agent enters the room that somebody opened, is seen, and says hello."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests import needs
from tests.examples.processes import example_agent, said

from visavis.testing.livekit_server import LiveKitServer, livekit_server
from visavis.testing.subscriber import subscribing


@pytest.fixture
def server() -> Iterator[LiveKitServer]:
    with livekit_server(needs.livekit_server()) as running:
        yield running


@pytest.fixture
def agent_log(server: LiveKitServer, tmp_path: Path) -> Iterator[Path]:
    """The example's process, and what it printed."""
    log = tmp_path / "agent.log"
    with example_agent(server.access, log, size=128):
        yield log


@pytest.mark.network
async def test_the_agent_is_seen_and_says_hello(server: LiveKitServer, agent_log: Path) -> None:
    async with subscribing(server.access, f"room-{secrets.token_hex(4)}") as viewer:
        try:
            await viewer.until(lambda: len(viewer.frames) > 20, 90)
            await viewer.until(lambda: any(np.abs(heard.samples.astype(int)).max() > 500 for heard in viewer.sound), 30)
        except TimeoutError:
            pytest.fail(await asyncio.to_thread(said, agent_log))
        pictures = np.stack([frame.luma.astype(np.float32) for frame in viewer.frames[-20:]])
    assert pictures.std() > 10.0
    assert pictures.std(axis=0).max() > 3.0
