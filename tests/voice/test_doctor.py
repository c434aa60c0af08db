import asyncio

import psutil
import pytest

from visavis.settings import Settings
from visavis.voice.doctor import voice_parts


async def test_the_built_in_voice_is_well_and_nothing_stays() -> None:
    before = set(psutil.Process().children())
    reports = await voice_parts(Settings())
    assert [report.ok for report in reports] == [True] * 4
    assert "timed phones" in reports[0].detail
    assert "not a language model" in reports[3].detail
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert {child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE} <= before


async def test_what_is_wrong_is_said_with_the_mend_and_without_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    reports = await voice_parts(Settings(tts="cartesia/sonic-3", stt="nonsense", llm="openai/gpt-4.1-mini"))
    assert [report.ok for report in reports] == [False, False, True, False]
    assert "pip install livekit-plugins-cartesia" in reports[0].detail
    assert "OPENAI_API_KEY" in reports[3].detail
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    reports = await voice_parts(Settings(llm="openai/gpt-4.1-mini", stt="none"))
    assert reports[3].ok
    assert all("sk-very-secret" not in report.detail for report in reports)
