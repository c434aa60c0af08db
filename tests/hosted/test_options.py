"""Keys, URLs and ids."""

from __future__ import annotations

from pathlib import Path

import pytest

from visavis.errors import BadSettings, Unavailable
from visavis.hosted.options import Anam, Bey, BitHuman, HostedOptions, Simli, Tavus, check_person, room_server
from visavis.hosted.refusals import refusal


def test_keys_come_from_the_environment_and_are_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAVUS_API_KEY", "key-of-the-environment")
    assert Tavus().key() == "key-of-the-environment"
    assert Tavus(api_key="given").key() == "given"
    monkeypatch.setenv("BITHUMAN_API_SECRET", "second")
    monkeypatch.delenv("BITHUMAN_MASTER_SECRET", raising=False)
    assert BitHuman().key() == "second"
    monkeypatch.setenv("BITHUMAN_MASTER_SECRET", "first")
    assert BitHuman().key() == "first"
    shown = repr(HostedOptions(tavus=Tavus(api_key="a-secret"), livekit_api_secret="another", livekit_api_key="third"))
    assert not any(secret in shown for secret in ("a-secret", "another", "third", "key-of-the-environment"))


@pytest.mark.parametrize("key", ["ends\n", " begins", '"quoted"', "two words"])
def test_a_key_with_more_than_the_key_is_refused_unseen(key: str) -> None:
    with pytest.raises(BadSettings, match="Set it to the key alone") as error:
        Bey(api_key=key).key()
    assert key.strip() not in str(error.value)


def test_base_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Simli().url() == "https://api.simli.ai"
    assert Anam(api_url="https://proxy.example/anam/").url() == "https://proxy.example/anam"
    monkeypatch.setenv("BEY_API_URL", "https://bey.example")
    assert Bey().url() == "https://bey.example"
    assert Bey(api_url="http://127.0.0.1:9").url() == "http://127.0.0.1:9"
    with pytest.raises(BadSettings, match="in clear"):
        Tavus(api_url="http://proxy.example").url()
    for bad in ("proxy.example", "ftp://proxy.example", "https://"):
        with pytest.raises(BadSettings, match="no http URL"):
            Tavus(api_url=bad).url()


def test_the_page_names_every_variable() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "hosted.md").read_text()
    named = {
        *Tavus.KEYS,
        *Simli.KEYS,
        *Anam.KEYS,
        *Bey.KEYS,
        *BitHuman.KEYS,
        "SIMLI_FACE_ID",
        "ANAM_AVATAR_ID",
        "BEY_AVATAR_ID",
    }
    assert {name for name in named if name not in page} == set()


def test_who_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SIMLI_FACE_ID", "ANAM_AVATAR_ID", "BITHUMAN_AGENT_ID"):
        monkeypatch.delenv(name, raising=False)
    for provider, variable in (("simli", "SIMLI_FACE_ID"), ("anam", "ANAM_AVATAR_ID"), ("bithuman", "BITHUMAN_AGENT_ID")):
        with pytest.raises(BadSettings, match=f"Set {variable}"):
            check_person(HostedOptions(), provider)  # type: ignore[arg-type]
        monkeypatch.setenv(variable, "someone")
        check_person(HostedOptions(), provider)  # type: ignore[arg-type]
    check_person(HostedOptions(), "tavus")
    check_person(HostedOptions(), "bey")


def test_a_cloud_cannot_reach_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(BadSettings, match="Set LIVEKIT_URL, LIVEKIT_API_KEY, LIVEKIT_API_SECRET"):
        room_server(HostedOptions(), "tavus")
    keys = {"livekit_api_key": "k", "livekit_api_secret": "s"}
    with pytest.raises(BadSettings, match=r"cannot reach 127\.0\.0\.1"):
        room_server(HostedOptions(livekit_url="ws://127.0.0.1:7880", **keys), "tavus")  # type: ignore[arg-type]
    assert room_server(HostedOptions(livekit_url="wss://rooms.example", **keys), "tavus").url == "wss://rooms.example"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "patience", [{"start_timeout_s": 0.0}, {"join_timeout_s": 1e9}, {"retries": -1}, {"retry_wait_s": 100.0}]
)
def test_patience_has_bounds(patience: dict[str, float]) -> None:
    with pytest.raises(BadSettings):
        HostedOptions(**patience)  # type: ignore[arg-type]


def test_what_a_provider_said_is_kept_short_and_without_secrets() -> None:
    error = refusal("tavus", Tavus(), 400, "no such\n face; key=topsecret " + "x" * 1000, ("topsecret",))
    assert isinstance(error, BadSettings)
    assert "no such face; key=…" in str(error)
    assert "topsecret" not in str(error)
    assert len(str(error)) < 260
    assert "topsecret" not in str(refusal("tavus", Tavus(), 401, "topsecret"))
    assert isinstance(refusal("tavus", Tavus(), 502), Unavailable)
