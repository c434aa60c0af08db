import asyncio
import logging
import sys
import types
from collections.abc import AsyncIterator, Iterator
from typing import Any

import numpy as np
import pytest
from livekit.agents import tts, utils
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions

from visavis.errors import BadSettings, Unavailable
from visavis.settings import Settings
from visavis.testing.conversing import MILO, NOVA, RememberingListener
from visavis.testing.openai_server import OpenAIServer
from visavis.testing.speech_sink import RecordingSink
from visavis.types import SPEECH_HZ, EmotionCue, GestureCue, WordCue
from visavis.voice.conversation import Conversation
from visavis.voice.vendors import VendorName, key_present, parse_vendor, vendor_part

KEYS = ("OPENAI_API_KEY", "DEEPGRAM_API_KEY", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "ACME_API_KEY", "OPENAI_BASE_URL")


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in KEYS:
        monkeypatch.delenv(key, raising=False)


def test_names() -> None:
    assert parse_vendor("llm", "openai/gpt-4.1-mini") == VendorName("openai", "gpt-4.1-mini")
    assert parse_vendor("llm", "openai/llama3.2:3b") == VendorName("openai", "llama3.2:3b")
    assert parse_vendor("tts", "cartesia/sonic-3:abc-1") == VendorName("cartesia", "sonic-3", "abc-1")
    assert parse_vendor("stt", "deepgram/nova-3:de") == VendorName("deepgram", "nova-3", "de")
    for bad in ("gpt", "", "Open AI/x", "openai/", "/gpt", "../x/y"):
        with pytest.raises(BadSettings, match="means nothing"):
            parse_vendor("llm", bad)


def test_a_plugin_that_is_not_installed_is_named_with_the_command() -> None:
    with pytest.raises(Unavailable, match="pip install livekit-plugins-deepgram"):
        vendor_part("stt", "deepgram/nova-3", Settings())
    with pytest.raises(Unavailable, match="pip install livekit-plugins-cartesia"):
        vendor_part("tts", "cartesia/sonic-3", Settings())


def test_openai_needs_a_key_or_a_server_of_ones_own(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadSettings, match="OPENAI_API_KEY"):
        vendor_part("llm", "openai/gpt-4.1-mini", Settings())
    assert not key_present("llm", "openai/gpt-4.1-mini", Settings())
    assert key_present("llm", "openai/llama3", Settings(openai_base_url="http://127.0.0.1:11434/v1"))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    assert key_present("llm", "openai/gpt-4.1-mini", Settings())


def test_livekits_cloud_only_when_asked_for() -> None:
    with pytest.raises(BadSettings, match="LIVEKIT_API_KEY"):
        vendor_part("llm", "livekit/openai/gpt-4.1-mini", Settings())


@pytest.fixture
def acme() -> Iterator[types.ModuleType]:
    """A vendor's plugin, as installed."""
    module = types.ModuleType("livekit.plugins.acme")
    module.__spec__ = __import__("importlib.machinery", fromlist=["ModuleSpec"]).ModuleSpec("livekit.plugins.acme", None)
    package = types.ModuleType("livekit.plugins")
    package.__path__ = []  # type: ignore[attr-defined]
    sys.modules["livekit.plugins"], sys.modules["livekit.plugins.acme"] = package, module
    yield module
    del sys.modules["livekit.plugins"], sys.modules["livekit.plugins.acme"]


def test_plugins_get_the_model_and_the_voice(acme: types.ModuleType) -> None:
    class TTS:
        def __init__(self, *, model: str = "", voice_id: str = "") -> None:
            self.given = (model, voice_id)

    class STT:
        def __init__(self, *, model: str = "") -> None:
            raise ValueError("ACME api key sk-123 is required")

    acme.TTS, acme.STT = TTS, STT  # type: ignore[attr-defined]
    assert vendor_part("tts", "acme/loud-1:Bob", Settings()).given == ("loud-1", "Bob")
    with pytest.raises(BadSettings, match="Set ACME_API_KEY") as error:
        vendor_part("stt", "acme/ears", Settings())
    assert "sk-123" not in str(error.value)
    with pytest.raises(BadSettings, match="offers no LLM"):
        vendor_part("llm", "acme/brain", Settings())


async def talk(server: OpenAIServer, sink: RecordingSink, listener: RememberingListener) -> Conversation:
    settings = Settings(stt="none", llm="openai/tiny", openai_base_url=server.base_url)
    conversation = Conversation(settings, sink, persona=NOVA, listener=listener)
    listener.on_wish = lambda name: conversation.become(MILO)
    await conversation.start(greet=False)
    assert conversation.language_model
    return conversation


async def test_a_model_learns_who_stands_there_now(listener: RememberingListener) -> None:
    async with OpenAIServer(lambda request: ["Hello."]) as server:
        sink = RecordingSink(speed=10.0)
        conversation = await talk(server, sink, listener)
        conversation.become(MILO)
        await asyncio.sleep(0)
        await conversation.chat("who is there?")
        await sink.wait_for_end(1)
        await conversation.aclose()
    told = server.requests[-1]["messages"][0]["content"]
    assert "You are Milo" in told
    assert "You are Nova" not in told


async def test_a_model_behind_any_compatible_server(listener: RememberingListener) -> None:
    async with OpenAIServer(lambda request: ["[smi", "le] **Hel", "lo** there", "! I am [no", "d] tiny."]) as server:
        sink = RecordingSink(speed=10.0)
        conversation = await talk(server, sink, listener)
        await conversation.chat("who is there?")
        heard = await sink.wait_for_end(1)
        await conversation.aclose()
    words = heard.cues(WordCue)
    assert " ".join(word.text for word in words) == "Hello there! I am tiny."
    assert heard.cues(EmotionCue)[0].t_ticks == 0
    assert heard.cues(GestureCue)[0].t_ticks == next(word.t_ticks for word in words if word.text == "tiny.")
    asked = server.requests[0]
    assert asked["model"] == "tiny"
    assert "[surprised]" in asked["messages"][0]["content"]
    assert asked["messages"][-1] == {"role": "user", "content": "who is there?"}
    assert [tool["function"]["name"] for tool in asked["tools"]] == ["change_person"]


async def test_a_model_can_change_the_person(listener: RememberingListener) -> None:
    def answer(request: dict[str, Any]) -> list[str]:
        if request["messages"][-1]["role"] == "tool":
            return ["Milo", " is here."]
        return ['tool:change_person:{"name": "milo"}']

    async with OpenAIServer(answer) as server:
        sink = RecordingSink(speed=10.0)
        conversation = await talk(server, sink, listener)
        await conversation.chat("let me talk to milo")
        heard = await sink.wait_for_end(1)
        await conversation.aclose()
    assert listener.wishes == ["milo"]
    assert conversation.persona is MILO
    assert " ".join(word.text for word in heard.cues(WordCue)) == "Milo is here."


@pytest.mark.parametrize(
    ("status", "words"), [(401, "refused the key"), (404, "no such model"), (429, "quota"), (500, "failed")]
)
async def test_failures_are_told_plainly_and_the_conversation_goes_on(
    listener: RememberingListener, status: int, words: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    broken = True

    def answer(request: dict[str, Any]) -> list[str] | int:
        return status if broken else ["Better", " now."]

    with caplog.at_level(logging.DEBUG):
        async with OpenAIServer(answer) as server:
            sink = RecordingSink(speed=10.0)
            conversation = await talk(server, sink, listener)
            await conversation.chat("hello")
            async with asyncio.timeout(10):
                while not listener.errors:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            assert words in str(listener.errors[0])
            broken = False
            await conversation.chat("and now?")
            heard = await sink.wait_for_end(1)
            await conversation.aclose()
    assert " ".join(word.text for word in heard.cues(WordCue)) == "Better now."
    assert "sk-very-secret" not in caplog.text


async def test_a_slow_model_is_spoken_as_it_comes(listener: RememberingListener) -> None:
    tokens = ["First ", "sentence. ", *["and more "] * 40]
    async with OpenAIServer(lambda request: tokens, token_delay_s=0.05) as server:
        sink = RecordingSink(speed=1.0)
        conversation = await talk(server, sink, listener)
        await conversation.chat("go")
        heard = await sink.wait_for_start(1, timeout_s=3.0)
        assert not heard.complete
        conversation.interrupt()
        await conversation.aclose()


class Hum(tts.TTS):  # type: ignore[type-arg]
    """A vendor's voice: 16 kHz, whole sentences, no times."""

    def __init__(self) -> None:
        super().__init__(capabilities=tts.TTSCapabilities(streaming=False), sample_rate=16_000, num_channels=1)

    def synthesize(self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS) -> tts.ChunkedStream:
        return _Hum(tts=self, input_text=text, conn_options=conn_options)


class _Hum(tts.ChunkedStream):
    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        output_emitter.initialize(request_id=utils.shortuuid(), sample_rate=16_000, num_channels=1, mime_type="audio/pcm")
        samples = round(len(self._input_text) / 15.0 * 16_000)
        output_emitter.push((np.sin(np.arange(samples) * 0.08) * 6000).astype(np.int16).tobytes())
        output_emitter.flush()


@pytest.fixture
async def humming(acme: types.ModuleType, listener: RememberingListener) -> AsyncIterator[tuple[Conversation, RecordingSink]]:
    acme.TTS = Hum  # type: ignore[attr-defined]
    sink = RecordingSink(speed=10.0)
    conversation = Conversation(Settings(stt="none", tts="acme/hum"), sink, persona=NOVA, listener=listener)
    await conversation.start(greet=False)
    yield conversation, sink
    await conversation.aclose()


async def test_a_voice_without_times_still_has_captions_and_tags(humming: tuple[Conversation, RecordingSink]) -> None:
    conversation, sink = humming
    text = "Once upon a time there was a [surprised] hum. It sounded all day [wink] long."
    await conversation.say(text)
    heard = await sink.wait_for_end(1)
    words = heard.cues(WordCue)
    assert " ".join(word.text for word in words) == "Once upon a time there was a hum. It sounded all day long."
    assert not any(chunk.phones_known for chunk in heard.chunks)
    at = {word.text: word.t_ticks for word in words}
    assert heard.cues(EmotionCue)[0].t_ticks == at["hum."]
    assert heard.cues(GestureCue)[0].t_ticks == at["long."]
    assert words == sorted(words, key=lambda word: word.t_ticks)
    length = len(heard.samples)
    assert abs(length / SPEECH_HZ - heard.duration_s) < 1e-9
    assert 0.6 * length < words[-1].t_ticks / 2 <= length
