"""The HTTP surface: what strangers send is answered with one line and a fitting status."""

import pytest

from visavis.settings import load_settings

SDP = {"Content-Type": "application/sdp"}
NO_MEDIA = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"v=0", {"Content-Type": "text/plain"}, 400),
        (b"", SDP, 400),
        (b"hello", SDP, 400),
        (b"v=0\r\n", SDP, 400),
        (NO_MEDIA.encode(), SDP, 400),
        (b"v=0\r\nm=audio nonsense\r\n", SDP, 400),
        (b"v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=rtpmap:broken\r\n", SDP, 400),
        (b"v=0\r\n" + b"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" * 9, SDP, 413),
        (b"v=0\r\n" + b"a" * 70_000, SDP, 413),
        (b"v=0\r\n\xff\xfe\x00\x01", SDP, 400),
    ],
)
async def test_offers_that_cannot_be_used(server, body: bytes, headers: dict, status: int) -> None:
    answer = await server.client.post("/api/sessions", content=body, headers=headers)
    assert answer.status_code == status, answer.text
    assert set(answer.json()) == {"code", "message"}
    assert "\n" not in answer.json()["message"]
    assert server.sessions.active == 0


async def test_an_unknown_avatar_or_engine_is_told_what_there_is(server) -> None:
    answer = await server.client.post("/api/sessions?avatar=nobody", content=NO_MEDIA, headers=SDP)
    assert answer.status_code == 404
    assert "milo, nova" in answer.json()["message"]
    answer = await server.client.post("/api/sessions?draw=sideways", content=NO_MEDIA, headers=SDP)
    assert answer.status_code == 400
    assert "draw" in answer.json()["message"]


@pytest.mark.parametrize("method", ["get", "delete"])
async def test_a_session_that_is_not_there(server, method: str) -> None:
    path = "/api/sessions/none" + ("/stats" if method == "get" else "")
    answer = await getattr(server.client, method)(path)
    assert answer.status_code == 404
    assert (await server.client.post("/api/sessions/none/control", content=b"{}")).status_code == 404


async def test_avatars_health_and_metrics(server) -> None:
    listed = (await server.client.get("/api/avatars")).json()
    assert {a["name"] for a in listed["avatars"]} >= {"nova", "milo"}
    assert listed["default"] == "nova"
    assert listed["language_model"] is False
    assert (await server.client.get("/healthz")).json()["status"] == "ok"
    assert "visavis_sessions 0.0" in (await server.client.get("/metrics")).text
    assert (await server.client.get("/openapi.json")).status_code == 200
    page = (await server.client.get("/docs")).text
    assert "/api/sessions/{name}/stats" in page
    assert "look_at" in page
    assert "http://" not in page
    assert "https://" not in page


class TestToken:
    @pytest.fixture
    def settings(self):
        return load_settings(size=128, fps=30, token="a-token-long-enough", max_sessions=1)

    @pytest.mark.parametrize("path", ["/api/avatars", "/api/sessions/x/stats", "/metrics"])
    async def test_calls_without_it_are_refused(self, server, path: str) -> None:
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "a-token-long-enough"}):
            answer = await server.client.get(path, headers=headers)
            assert answer.status_code == 401
            assert "token" in answer.json()["message"]
        answer = await server.client.get(path, headers={"Authorization": "Bearer a-token-long-enough"})
        assert answer.status_code in {200, 404}

    async def test_health_and_page_are_open(self, server) -> None:
        assert (await server.client.get("/healthz")).status_code == 200
