"""The LiveKit example as a person starts it: its agent enters the room that somebody opened, is seen, and says hello."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests import needs

from visavis.testing.livekit_server import LiveKitServer, livekit_server
from visavis.testing.subscriber import subscribing

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def server() -> Iterator[LiveKitServer]:
    with livekit_server(needs.livekit_server()) as running:
        yield running


@pytest.fixture
def agent_log(server: LiveKitServer, tmp_path: Path) -> Iterator[Path]:
    """The example's process, and what it printed."""
    access = server.access
    env = os.environ | {
        "LIVEKIT_URL": access.url, "LIVEKIT_API_KEY": access.api_key, "LIVEKIT_API_SECRET": access.api_secret,
        "VISAVIS_SIZE": "128", "PYTHONPATH": str(ROOT / "src"),
    }  # fmt: skip
    log = tmp_path / "agent.log"
    with log.open("wb") as out:
        command = [sys.executable, ROOT / "examples" / "livekit_agent.py", "dev", "--no-reload"]  # `start` would take port 8081
        process = subprocess.Popen(command, env=env, stdout=out, stderr=out, cwd=tmp_path)
        try:
            for _ in range(300):
                if b"registered worker" in log.read_bytes():
                    break
                assert process.poll() is None, said(log)
                time.sleep(0.1)
            yield log
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def said(log: Path) -> str:
    return log.read_text(errors="replace")[-3000:]


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
