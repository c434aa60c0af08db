"""Tokens for LiveKit rooms: short-lived, for a viewer only, and never with anything from the settings but what they sign."""

import pytest
from livekit.api import TokenVerifier

from visavis.settings import load_settings

SECRET = "a-secret-that-is-long-enough-for-hmac"


class TestConfigured:
    @pytest.fixture
    def settings(self):
        return load_settings(
            size=128, max_sessions=1, livekit_url="ws://127.0.0.1:7880", livekit_api_key="key", livekit_api_secret=SECRET
        )

    async def test_a_viewer_may_look_listen_speak_and_send(self, server) -> None:
        answer = await server.client.post("/api/livekit/token", json={"room": "lobby", "name": "Ada"})
        assert answer.status_code == 200, answer.text
        given = answer.json()
        assert given["url"] == "ws://127.0.0.1:7880"
        assert given["room"] == "lobby"
        claims = TokenVerifier("key", SECRET).verify(given["token"])
        assert claims.identity == given["identity"]
        assert claims.identity.startswith("viewer-")
        assert claims.name == "Ada"
        grants = claims.video
        assert (grants.room, grants.room_join, grants.can_subscribe, grants.can_publish_data) == ("lobby", True, True, True)
        assert grants.can_publish_sources == ["microphone"]
        assert not grants.room_admin
        assert not grants.agent
        assert not claims.attributes
        assert SECRET not in answer.text

    async def test_every_viewer_has_an_identity_of_its_own(self, server) -> None:
        asked = [await server.client.post("/api/livekit/token", json={"room": "lobby"}) for _ in range(3)]
        assert len({answer.json()["identity"] for answer in asked}) == 3

    @pytest.mark.parametrize(
        "wish",
        [
            {},
            {"room": ""},
            {"room": "a" * 65},
            {"room": "../etc"},
            {"room": "lobby\n"},
            {"room": "lobby", "identity": ""},
            {"room": "lobby", "identity": "a b"},
            {"room": "lobby", "identity": "visavis-1234"},
            {"room": "lobby", "identity": "agent-AJ_1"},
            {"room": "lobby", "identity": "x" * 65},
            {"room": "lobby", "name": "n" * 65},
            {"room": "lobby", "name": "a\x00b"},
            {"room": "lobby", "admin": True},
            {"room": ["lobby"]},
        ],
    )
    async def test_what_cannot_be_granted_is_one_line(self, server, wish: dict) -> None:
        answer = await server.client.post("/api/livekit/token", json=wish)
        assert answer.status_code == 400, answer.text
        assert "\n" not in answer.json()["message"]
        assert SECRET not in answer.text


async def test_without_livekit_the_mend_is_told(server) -> None:
    answer = await server.client.post("/api/livekit/token", json={"room": "lobby"})
    assert answer.status_code == 503
    assert "VISAVIS_LIVEKIT_URL" in answer.json()["message"]


@pytest.mark.parametrize("url", ["livekit.example", "file:///etc/passwd"])
def test_a_url_that_is_none_is_refused(url: str) -> None:
    from visavis.errors import BadSettings

    with pytest.raises(BadSettings, match="LIVEKIT_URL"):
        load_settings(livekit_url=url)
