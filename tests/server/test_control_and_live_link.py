"""Control over every door, and Live Link Face in and out, on a real server with real sockets."""

from __future__ import annotations

import asyncio
import socket

import numpy as np
import pytest

from visavis import protocol
from visavis.arkit import INDEX
from visavis.bench.control_response import measure_control
from visavis.live_link import FrameTime, Packet, Sample, decode_packet, encode_packet
from visavis.settings import Settings, load_settings
from visavis.testing.viewer import Viewer, watching
from visavis.types import FaceFrame, FaceLayer

from .conftest import Server

pytestmark = pytest.mark.network
JAW, PUFF = INDEX["jawOpen"], INDEX["cheekPuff"]


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def unreal() -> socket.socket:
    """Who the server's faces are sent to."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("127.0.0.1", 0))
        opened.setblocking(False)
        yield opened


@pytest.fixture
def settings(unreal: socket.socket) -> Settings:
    return load_settings(
        size=128, fps=30, max_sessions=2, livelink=f"{free_port()}:Ann", livelink_host="127.0.0.1",
        livelink_to=[f"127.0.0.1:{unreal.getsockname()[1]}"], livelink_subject="nova",
    )  # fmt: skip


def shows(viewer: Viewer, index: int, value: float) -> bool:
    return bool(viewer.motion) and abs(float(viewer.motion[-1][1].weights[index]) - value) < 0.02


async def test_control_over_data_channel_and_http_reaches_the_next_motion_frames(server: Server) -> None:
    async with watching(server.client, draw="viewer") as viewer:
        await viewer.until(lambda: viewer.motion, 10)
        viewer.tell(protocol.HoldHead(yaw=0.3, fade_ms=0))
        await viewer.until(lambda: abs(float(viewer.motion[-1][1].head_rotation[0]) - 0.3) < 0.01, 5)
        message = protocol.encode(protocol.Weights(weights={"cheekPuff": 0.6}, fade_ms=0))
        answer = await server.client.post(f"{viewer.location}/control", content=message)
        assert answer.status_code == 202
        await viewer.until(lambda: shows(viewer, PUFF, 0.6), 5)
        viewer.tell(protocol.FadeLayer(layer=FaceLayer.CONTROL, weight=0.0, fade_ms=0))
        await viewer.until(lambda: shows(viewer, PUFF, 0.0), 5)
        refused = await server.client.post(f"{viewer.location}/control", content=b'{"type": "head", "yaw": 9}')
        assert refused.status_code == 400
        assert "less than or equal to 1.6" in refused.json()["message"]


async def test_what_the_bench_calls_control_ms_is_measured(server: Server) -> None:
    async with watching(server.client, draw="viewer") as viewer:
        await viewer.until(lambda: viewer.motion, 10)
        values = await measure_control(viewer, times=4)
    assert len(values) == 4
    assert min(values) > 0.0


async def test_a_performer_drives_the_avatar_and_a_viewer_may_choose(server: Server, settings: Settings) -> None:
    assert settings.livelink is not None
    port = settings.livelink.port

    async def perform() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            for index in range(10_000):
                for name, jaw in (("Ann", 0.9), ("Ben", 0.4)):
                    weights = np.zeros(52, np.float32)
                    weights[JAW] = jaw
                    face = FaceFrame(0, weights, *(np.zeros(3, np.float32),) * 2, np.zeros((2, 2), np.float32))
                    data = encode_packet(Packet(name, name, Sample.of(face, FrameTime(index))))
                    phone.sendto(data, ("127.0.0.1", port))
                phone.sendto(b"\x06rubbish", ("127.0.0.1", port))
                await asyncio.sleep(1 / 60)

    async with watching(server.client, draw="viewer") as viewer:
        await viewer.until(lambda: viewer.motion, 10)
        performing = asyncio.create_task(perform())
        await viewer.until(lambda: shows(viewer, JAW, 0.9), 5)
        viewer.tell(protocol.Follow(subject="Ben"))
        await viewer.until(lambda: shows(viewer, JAW, 0.4), 5)
        viewer.tell(protocol.Follow(subject=None))
        await viewer.until(lambda: viewer.motion[-1][1].weights[JAW] < 0.1, 5)
        performing.cancel()
        await asyncio.gather(performing, return_exceptions=True)
    assert server.sessions.performers is not None
    assert server.sessions.performers.receiver.subjects.malformed > 0


@pytest.mark.parametrize("draw", ["viewer", "server"])
async def test_a_session_is_sent_to_unreal_at_60_hz(server: Server, unreal: socket.socket, draw: str) -> None:
    async with watching(server.client, draw=draw) as viewer:
        await viewer.until(lambda: viewer.motion or viewer.frames, 10)
        viewer.tell(protocol.Weights(weights={"cheekPuff": 0.6}, fade_ms=0))
        loop, came = asyncio.get_running_loop(), []
        async with asyncio.timeout(10):
            while not came or abs(came[-1].sample.face(0).weights[PUFF] - 0.6) > 1e-3 or len(came) < 30:
                came.append(decode_packet(await loop.sock_recv(unreal, 2048)))
    assert {packet.subject for packet in came} == {"nova"}
    frames = np.array([packet.sample.time.frame for packet in came])
    assert np.diff(frames).min() >= 1
    assert np.median(np.diff(frames)) == 1


async def test_who_listens_for_nobody_says_so() -> None:
    plain = Server(load_settings(size=128, fps=30, max_sessions=2))
    await plain.start()
    try:
        async with watching(plain.client, draw="viewer") as viewer:
            viewer.tell(protocol.Follow(subject="Ann", id="7"))
            await viewer.until(lambda: viewer.events_of(protocol.Error), 5)
            error = viewer.events_of(protocol.Error)[0][1]
            assert (error.code, error.id) == ("unavailable", "7")
            assert "--livelink" in error.message
    finally:
        await plain.stop()
