"""Strangers and accidents: nothing is read that was not offered, nothing is kept that failed, no website reaches in."""

import asyncio
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from visavis.errors import BadSettings, NotAllowed, NotFound
from visavis.protocol import Error
from visavis.server.access import check_host, check_origin
from visavis.session.faces import InstalledFaces
from visavis.settings import load_settings
from visavis.testing.viewer import Viewer, watching
from visavis.transports.webrtc.addresses import loopback_candidates_only

pytestmark = pytest.mark.network


@pytest.mark.parametrize("host", ["localhost", "localhost:8700", "127.0.0.1:1", "[::1]:8700", "127.8.8.8"])
def test_own_names_are_answered(host: str) -> None:
    check_host(host)


@pytest.mark.parametrize("host", ["attacker.example", "127.0.0.1.evil.example:8700", "", "10.0.0.1", "[fe80::1]:80"])
def test_other_names_are_not(host: str) -> None:
    with pytest.raises(NotAllowed):
        check_host(host)


async def test_a_website_whose_name_was_pointed_here_gets_nothing(server) -> None:
    answer = await server.client.get("/api/avatars", headers={"Host": "attacker.example"})
    assert answer.status_code == 401


def test_origins() -> None:
    check_origin(None, "localhost:8700", [])
    check_origin("http://localhost:8700", "localhost:8700", [])
    check_origin("https://shop.example", "localhost:8700", ["https://shop.example"])
    with pytest.raises(NotAllowed):
        check_origin("https://evil.example", "localhost:8700", ["https://shop.example"])


def test_the_control_socket_refuses_other_pages(server) -> None:
    client = TestClient(server.app, base_url="http://localhost")
    with (
        pytest.raises(WebSocketDisconnect),
        client.websocket_connect("/api/sessions/none/control", headers={"Origin": "https://evil.example"}),
    ):
        pass


@pytest.mark.parametrize("name", ["/etc/passwd", "../nova", "..", "Nova", "a" * 65, "", "nova/"])
def test_avatars_are_names_not_paths(name: str, tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        InstalledFaces(tmp_path, tmp_path).avatar(name)


async def test_a_camera_that_is_offered_is_not_received(server) -> None:
    viewer = Viewer()
    offer = await viewer.offer(None, ("127.0.0.1",))
    answer = await server.client.post(
        "/api/sessions", content=offer.replace("a=recvonly", "a=sendrecv"), headers={"Content-Type": "application/sdp"}
    )
    assert answer.status_code == 201
    picture = answer.text[answer.text.index("m=video") :]
    assert "a=sendonly" in picture
    await server.client.delete(answer.headers["Location"])
    await viewer.aclose()


@pytest.mark.parametrize("ending", ["\r", "\n", "\r\n"])
async def test_sections_and_candidates_are_bounded(server, ending: str) -> None:
    headers = {"Content-Type": "application/sdp"}
    many = ending.join(["v=0", *["m=audio 9 UDP/TLS/RTP/SAVPF 111"] * 9, ""])
    assert (await server.client.post("/api/sessions", content=many, headers=headers)).status_code == 413
    many = ending.join(["v=0", *["a=candidate:1 1 udp 1 10.0.0.1 9 typ host"] * 65, ""])
    assert (await server.client.post("/api/sessions", content=many, headers=headers)).status_code == 413


def test_a_server_on_loopback_sends_nowhere_else() -> None:
    lines = ["v=0", "a=candidate:1 1 udp 1 10.0.0.1 9 typ host", "a=candidate:2 1 udp 1 127.0.0.1 9 typ host",
             "a=candidate:3 1 udp 1 abc.local 9 typ host", "a=candidate:4", "a=sendrecv", ""]  # fmt: skip
    assert loopback_candidates_only("\r\n".join(lines)) == "\r\n".join([lines[0], lines[2], lines[5], ""])


async def test_a_voice_that_cannot_end_costs_no_place(server) -> None:
    async with watching(server.client) as viewer:
        await viewer.until(lambda: len(viewer.frames) > 3, 10)

        async def broken() -> None:
            raise RuntimeError("stuck")

        server.talkers[-1].aclose = broken
        with pytest.raises(RuntimeError, match="stuck"):
            await server.sessions.live()[0].aclose()
        assert server.sessions.active == 0
        assert server.faces.engines[-1].closed
        viewer.location = ""


async def test_a_voice_that_cannot_start_is_told_in_its_own_words(server) -> None:
    def lacking_a_key(sink, listener):
        talker = original(sink, listener)

        async def start(*, greet: bool = True) -> None:
            raise BadSettings("openai needs a key.", mend="Set OPENAI_API_KEY.")

        talker.start = start
        return talker

    original = server.sessions._make_talker
    server.sessions._make_talker = lacking_a_key
    async with watching(server.client) as viewer:
        await viewer.until(lambda: viewer.events_of(Error), 5)
        assert viewer.events_of(Error)[0][1].message == "openai needs a key. Set OPENAI_API_KEY."
        viewer.location = ""
        for _ in range(50):
            if server.sessions.active == 0:
                break
            await asyncio.sleep(0.1)
        assert server.sessions.active == 0


def test_lists_may_be_given_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISAVIS_CORS_ORIGINS", "https://a.example, https://b.example")
    monkeypatch.setenv("VISAVIS_ICE_SERVERS", '["stun:h:3478"]')
    settings = load_settings()
    assert settings.cors_origins == ["https://a.example", "https://b.example"]
    assert settings.ice_servers == ["stun:h:3478"]
    monkeypatch.setenv("VISAVIS_ICE_SERVERS", "http://h")
    with pytest.raises(BadSettings):
        load_settings()
