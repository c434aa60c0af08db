"""Viewers that draw by themselves: motion instead of pictures, in time with the sound, and what they draw from."""

import asyncio
import gzip

import pytest
from aiortc.rtp import RtpPacket, is_rtcp

from visavis.protocol import Chat, MediaClock, Weights
from visavis.testing.viewer import watching
from visavis.types import TICKS_HZ


@pytest.mark.network
async def test_motion_comes_at_sixty_a_second_and_costs_no_engine(server) -> None:
    before = len(server.faces.engines)
    async with watching(server.client, draw="viewer") as viewer:
        await viewer.until(lambda: len(viewer.motion) > 5, 10)
        start = len(viewer.motion)
        await asyncio.sleep(1.0)
        assert 50 <= len(viewer.motion) - start <= 62
        times = [face.t_ticks for _, face in viewer.motion]
        assert times == sorted(times)
        assert all(t % (TICKS_HZ // 60) == 0 for t in times)
        assert not viewer.frames
    assert len(server.faces.engines) == before


@pytest.mark.network
async def test_control_moves_the_face_that_is_sent(server) -> None:
    async with watching(server.client, draw="viewer") as viewer:
        await viewer.until(lambda: viewer.motion, 10)
        viewer.tell(Weights(weights={"cheekPuff": 1.0}, fade_ms=0))
        await viewer.until(lambda: viewer.motion[-1][1].weights[46] > 0.9, 2)


@pytest.mark.network
async def test_the_clock_says_which_media_time_a_packet_of_sound_is(server) -> None:
    async with watching(server.client, draw="viewer") as viewer:
        await viewer.until(lambda: viewer.events_of(MediaClock), 10)
        peer = server.sessions.live()[0]._viewer
        read, sent = [], []
        speech = next(s for s in peer._connection.getSenders() if s.track is peer._speech)
        inner_read, inner_send = peer._speech._read, speech.transport._send_rtp

        def read_speech(t_ticks: int, count: int):
            read.append(t_ticks)
            return inner_read(t_ticks, count)

        async def send_rtp(data: bytes) -> None:
            if read and not is_rtcp(data):
                sent.append(RtpPacket.parse(data).timestamp)
            await inner_send(data)

        peer._speech._read, speech.transport._send_rtp = read_speech, send_rtp
        viewer.tell(Chat(text="one two three"))
        await asyncio.sleep(0.7)
        zero = viewer.events_of(MediaClock)[0][1].rtp_zero
        assert len(sent) > 20
        assert sent == [(zero + t) % (1 << 32) for t in read[: len(sent)]]


async def test_a_model_is_sent_once_and_then_only_asked_for_change(server) -> None:
    first = await server.client.get("/api/avatars/nova/model", headers={"Accept-Encoding": "gzip"})
    assert first.status_code == 200
    assert first.headers["content-encoding"] == "gzip"
    assert first.content == b"nova"
    assert first.headers["content-type"] == "application/vnd.visavis.model"
    for known in (first.headers["etag"], f"W/{first.headers['etag']}", f'"other", {first.headers["etag"]}'):
        again = await server.client.get("/api/avatars/nova/model", headers={"If-None-Match": known})
        assert again.status_code == 304
        assert not again.content
    other = await server.client.get("/api/avatars/milo/model", headers={"If-None-Match": first.headers["etag"]})
    assert (other.status_code, other.content) == (200, b"milo")
    plain = await server.client.get("/api/avatars/nova/model", headers={"Accept-Encoding": "identity"})
    assert plain.content == gzip.decompress(server.faces.model(server.faces.avatar("nova")).gzipped)


@pytest.mark.parametrize("name", ["nobody", "..", "%2e%2e%2fnova", "nova%00", "NOVA", "x" * 64, "nova%2f..%2fmilo"])
async def test_models_of_nobody(server, name: str) -> None:
    answer = await server.client.get(f"/api/avatars/{name}/model")
    assert answer.status_code == 404, answer.text


async def test_a_name_that_is_too_long(server) -> None:
    answer = await server.client.get(f"/api/avatars/{'x' * 65}/model")
    assert answer.status_code == 400
    assert set(answer.json()) == {"code", "message"}
