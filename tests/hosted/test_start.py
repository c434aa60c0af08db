"""Names, fallbacks and engines; nothing here reaches a network."""

from __future__ import annotations

import logging
from typing import Any, cast

import pytest

from visavis.errors import BadSettings, Busy, Unavailable, VisavisError
from visavis.hosted.options import PROVIDERS, HostedOptions
from visavis.hosted.start import Avatar, start_avatar

KEY_VARIABLES = (
    "TAVUS_API_KEY",
    "SIMLI_API_KEY",
    "ANAM_API_KEY",
    "BEY_API_KEY",
    "BITHUMAN_MASTER_SECRET",
    "BITHUMAN_API_SECRET",
)


class Drawn:
    """A face of this machine."""

    avatar_identity = "rig-1"

    async def wait_for_join(self, *, timeout: float | None = 30.0) -> None: ...
    async def aclose(self) -> None: ...


async def start(names: Any, *, fails: VisavisError | None = None, engines: tuple[str, ...] = ("rig", "portrait")) -> Any:
    asked: list[str] = []

    async def engine(name: str) -> Avatar:
        asked.append(name)
        if fails is not None:
            raise fails
        return Drawn()

    started = await start_avatar(
        names, HostedOptions(), cast(Any, None), cast(Any, None), engines=engines, start_engine=engine if engines else None
    )
    return started, asked


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*KEY_VARIABLES, "LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"):
        monkeypatch.delenv(name, raising=False)


async def test_an_engine_is_one_word() -> None:
    started, asked = await start("rig")
    assert (started.name, asked, started.failures) == ("rig", ["rig"], ())


@pytest.mark.parametrize("names", ["tavuss", "", ["tavus", "riig"], ["rig", "gaussian"]])
async def test_an_unknown_name_starts_nothing(names: Any) -> None:
    with pytest.raises(BadSettings, match=r"means nothing\. Take tavus, simli, anam, bey, bithuman, rig, portrait\."):
        await start(names)


async def test_engines_are_unknown_where_nobody_can_start_them() -> None:
    with pytest.raises(BadSettings, match="'rig' means nothing"):
        await start("rig", engines=())


async def test_empty_lists_and_repetitions() -> None:
    with pytest.raises(BadSettings, match="No provider"):
        await start([])
    with pytest.raises(BadSettings, match="named twice"):
        await start(["rig", "tavus", "rig"])


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_without_a_key_its_variable_is_named(provider: str) -> None:
    with pytest.raises(BadSettings, match=r"needs a key\. Set [A-Z_]+\."):
        await start(provider)


async def test_hedra_is_gone() -> None:
    with pytest.raises(Unavailable, match=r"April 2026\. Take tavus, simli, anam, bey, bithuman, or an engine .* rig"):
        await start("hedra")


async def test_the_next_one_starts(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        started, asked = await start(["hedra", "tavus", "rig", "portrait"])
    assert started.name == "rig"
    assert asked == ["rig"]
    assert [failure.name for failure in started.failures] == ["hedra", "tavus"]
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert "TAVUS_API_KEY. Now rig is tried." in caplog.text


async def test_when_none_starts_every_reason_is_told() -> None:
    with pytest.raises(Unavailable, match=r"tavus: Tavus needs a key.* rig: This machine is full") as error:
        await start(["tavus", "rig"], fails=Busy("This machine is full."))
    assert "\n" not in str(error.value)


async def test_the_error_of_a_sole_name_is_its_own() -> None:
    with pytest.raises(Busy):
        await start("rig", fails=Busy("This machine is full."))


async def test_a_bug_in_an_engine_is_no_reason_for_the_next() -> None:
    with pytest.raises(ZeroDivisionError):
        await start(["rig", "portrait"], fails=cast(Any, ZeroDivisionError()))
