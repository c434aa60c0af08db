"""Settings are strict: an unknown key or an unusable value is one clear line."""

import pytest

from visavis.errors import BadSettings
from visavis.settings import load_settings


def test_environment_and_flags(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISAVIS_PORT", "9000")
    monkeypatch.setenv("VISAVIS_AVATAR", "milo")
    settings = load_settings(avatar="nova", host=None)
    assert (settings.port, settings.avatar, settings.host) == (9000, "nova", "127.0.0.1")


def test_an_unknown_key_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISAVIS_PROT", "9000")
    with pytest.raises(BadSettings, match="VISAVIS_PROT is not a setting"):
        load_settings()


def test_the_tests_own_variable_is_not_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISAVIS_REQUIRE", "chromium")
    load_settings()


@pytest.mark.parametrize(("name", "value"), [("port", 70000), ("size", 500), ("fps", 29), ("max_sessions", 0), ("host", None)])
def test_unusable_values_are_refused_in_one_line(name: str, value: object) -> None:
    if value is None:
        assert load_settings(**{name: value}).host == "127.0.0.1"
        return
    with pytest.raises(BadSettings) as caught:
        load_settings(**{name: value})
    assert name.upper() in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "loopback"), [("127.0.0.1", True), ("127.4.0.9", True), ("localhost", True), ("0.0.0.0", False)]
)
def test_loopback(host: str, loopback: bool) -> None:
    assert load_settings(host=host).loopback is loopback


def test_secrets_are_not_printed() -> None:
    assert "sesame" not in repr(load_settings(token="sesame-open-wide"))
