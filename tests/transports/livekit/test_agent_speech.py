"""Speech from an agent: every utterance is reported once, only the agent is listened to, malformed streams do no harm."""

from __future__ import annotations

import asyncio
import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from visavis.clock import MonotonicClock
from visavis.sync.speech_player import SpeechPlayer
from visavis.transports.livekit.agent_speech import MAX_WAITING, AgentSpeech
from visavis.transports.livekit.cues import encode_cues
from visavis.transports.livekit.wire import CLEAR_BUFFER, PHONES_KNOWN, PLAYBACK_FINISHED, PLAYBACK_STARTED
from visavis.types import TICKS_HZ, SpeechChunk, WordCue

FRAME_TICKS = TICKS_HZ // 50
PCM = {"sample_rate": "24000", "num_channels": "1"}


class Stream:
    """A byte stream whose pieces the test sends; `end` is its trailer."""

    def __init__(self, attributes: dict[str, str] | None) -> None:
        self.info = SimpleNamespace(attributes=attributes)
        self._pieces: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.closed = False

    def send(self, data: bytes) -> None:
        self._pieces.put_nowait(data)

    def end(self) -> None:
        self._pieces.put_nowait(None)

    def close(self) -> None:
        self.closed = True

    def __aiter__(self) -> Stream:
        return self

    async def __anext__(self) -> bytes:
        piece = await self._pieces.get()
        if piece is None:
            raise StopAsyncIteration
        return piece


class Heard:
    """A player's listener that keeps what was placed."""

    def __init__(self) -> None:
        self.placed: list[SpeechChunk] = []

    def on_placed(self, chunk: SpeechChunk) -> None:
        self.placed.append(chunk)

    def __getattr__(self, name: str) -> Any:
        return lambda *args: None


class Agent:
    """The agent's end of the wire, and the transport that reads what the player has."""

    def __init__(self) -> None:
        self.heard = Heard()
        clock = MonotonicClock()
        self.player = SpeechPlayer(clock, self.heard)
        self.handlers: dict[str, Any] = {}
        self.methods: dict[str, Any] = {}
        self.told: list[tuple[str, Any]] = []
        self.peaks: list[int] = []
        self.local_participant = self
        self.speech = AgentSpeech(self.player, "agent-1")
        self.speech.attach(self)  # type: ignore[arg-type]
        self._clock = clock

    def register_byte_stream_handler(self, topic: str, handler: Any) -> None:
        self.handlers[topic] = handler

    def register_rpc_method(self, name: str, handler: Any) -> None:
        self.methods[name] = handler

    async def perform_rpc(self, *, destination_identity: str, method: str, payload: str) -> str:
        assert destination_identity == "agent-1"
        self.told.append((method, json.loads(payload) if payload else None))
        return "ok"

    def open(
        self, attributes: dict[str, str] | None = PCM, *, sender: str = "agent-1", topic: str = "lk.audio_stream"
    ) -> Stream:
        stream = Stream(attributes)
        self.handlers[topic](stream, sender)
        return stream

    def cues(self, **attributes: str) -> Stream:
        return self.open(attributes, topic="visavis.cues")

    async def clear(self, sender: str = "agent-1") -> str:
        return str(await self.methods[CLEAR_BUFFER](SimpleNamespace(caller_identity=sender)))

    async def run(self) -> None:
        """The transport: reads in real time, silence included."""
        t = self._clock.now_ticks() // FRAME_TICKS * FRAME_TICKS
        while True:
            await self._clock.sleep_until(t)
            self.peaks.append(int(np.abs(self.player.read(t).astype(int)).max()))
            t += FRAME_TICKS

    async def listen(self, seconds: float) -> int:
        """The loudest sample heard meanwhile."""
        count = len(self.peaks)
        await asyncio.sleep(seconds)
        return max(self.peaks[count:])

    def finished(self) -> list[tuple[float, bool]]:
        return [(round(p["playback_position"], 2), p["interrupted"]) for method, p in self.told if method == PLAYBACK_FINISHED]


@pytest.fixture
async def agent():
    running = Agent()
    await running.speech.start()
    transport = asyncio.create_task(running.run())
    yield running
    transport.cancel()
    await asyncio.gather(transport, return_exceptions=True)
    await running.speech.aclose()


def tone(seconds: float, rate_hz: int = 24_000, channels: int = 1) -> bytes:
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    return (np.sin(2 * np.pi * 220 * t) * 9000).astype("<i2").repeat(channels).tobytes()


@pytest.mark.parametrize(("rate_hz", "channels"), [(16_000, 1), (24_000, 1), (48_000, 2), (22_050, 1)])
async def test_an_utterance_is_heard_and_reported(agent: Agent, rate_hz: int, channels: int) -> None:
    stream = agent.open({"sample_rate": str(rate_hz), "num_channels": str(channels)})
    data = tone(0.3, rate_hz, channels)
    for at in range(0, len(data), 1_001):  # samples cut in half
        stream.send(data[at : at + 1_001])
    stream.end()
    await asyncio.sleep(0.02)
    assert await agent.listen(0.5) > 8_000
    assert agent.told[0] == (PLAYBACK_STARTED, None)
    assert agent.finished() == [(0.3, False)]


async def test_cleared_in_the_middle_it_is_silent_and_tells_how_far_it_came(agent: Agent) -> None:
    stream = agent.open()
    stream.send(tone(3.0))
    await asyncio.sleep(0.02)
    assert await agent.listen(0.2) > 8_000
    assert await agent.clear() == "ok"
    stream.send(tone(1.0))  # what was on its way
    assert await agent.listen(0.1) < 9_000  # the fade
    assert await agent.listen(0.2) == 0
    ((position, interrupted),) = agent.finished()
    assert interrupted
    assert 0.15 <= position <= 0.25
    after = agent.open()
    after.send(tone(0.1))
    after.end()
    await asyncio.sleep(0.02)
    assert await agent.listen(0.3) > 8_000
    assert len(agent.finished()) == 2


async def test_cleared_before_anything_came_it_is_still_reported(agent: Agent) -> None:
    agent.open()
    await asyncio.sleep(0.02)
    await agent.clear()
    await asyncio.sleep(0.02)
    assert agent.finished() == [(0.0, True)]


async def test_an_empty_utterance_is_finished_at_once(agent: Agent) -> None:
    agent.open().end()
    await asyncio.sleep(0.15)
    assert agent.finished() == [(0.0, False)]


async def test_an_end_that_was_lost_is_found_when_the_next_begins(agent: Agent) -> None:
    first = agent.open()
    first.send(tone(0.1))
    await asyncio.sleep(0.02)
    second = agent.open()
    second.send(tone(0.1))
    second.end()
    await asyncio.sleep(0.4)
    await agent.listen(0.6)
    assert agent.finished() == [(0.1, False), (0.1, False)]


async def test_cues_reach_the_motion_with_their_audio(agent: Agent) -> None:
    word = WordCue(4_800, 9_600, "home")
    cues = agent.cues(**{PHONES_KNOWN: "1"})
    cues.send(encode_cues([word]))
    cues.end()
    stream = agent.open()
    stream.send(tone(0.3))
    stream.end()
    await asyncio.sleep(0.05)
    await agent.listen(0.5)
    chunks = agent.heard.placed
    assert all(chunk.phones_known for chunk in chunks)
    (placed,) = [cue for chunk in chunks for cue in chunk.cues]
    assert isinstance(placed, WordCue)
    assert placed.t_ticks - chunks[0].audio.t_ticks == 4_800


async def test_cues_that_are_none_leave_the_voice_alone(agent: Agent) -> None:
    agent.cues().send(b'{"type":"curse"}\n')
    stream = agent.open()
    stream.send(tone(0.2))
    stream.end()
    await asyncio.sleep(0.05)
    assert await agent.listen(0.4) > 8_000


async def test_strangers_are_not_spoken_and_cannot_silence(agent: Agent) -> None:
    stranger = agent.open(sender="viewer-1")
    assert stranger.closed
    assert agent.open({PHONES_KNOWN: "1"}, sender="viewer-1", topic="visavis.cues").closed
    stranger.send(tone(0.2))
    mine = agent.open()
    mine.send(tone(0.3))
    mine.end()
    await asyncio.sleep(0.02)
    assert await agent.clear("viewer-1") == "reject"
    await agent.listen(0.5)
    assert agent.finished() == [(0.3, False)]


@pytest.mark.parametrize(
    "attributes",
    [
        None, {}, {"sample_rate": "24000"}, {"sample_rate": "x", "num_channels": "1"}, {"sample_rate": "0", "num_channels": "1"},
        {"sample_rate": "24000", "num_channels": "0"}, {"sample_rate": "99999999999", "num_channels": "1"},
        {"sample_rate": "24000", "num_channels": "999"}, {"sample_rate": "-24000", "num_channels": "1"},
    ],
)  # fmt: skip
async def test_a_stream_that_cannot_be_sound_is_finished_and_the_next_one_plays(agent: Agent, attributes: Any) -> None:
    agent.open(attributes).send(tone(0.1))
    await asyncio.sleep(0.02)
    assert agent.finished() == [(0.0, False)]
    good = agent.open()
    good.send(tone(0.1))
    good.end()
    await asyncio.sleep(0.02)
    assert await agent.listen(0.3) > 8_000


async def test_more_than_can_wait_is_refused_and_reported(agent: Agent) -> None:
    agent.open().send(tone(0.1))
    await asyncio.sleep(0.01)
    for _ in range(MAX_WAITING + 3):
        agent.open()
    await asyncio.sleep(0.02)
    assert agent.speech.refused == 3
    assert agent.finished() == [(0.0, True)] * 3


async def test_a_voice_that_breaks_is_told(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever owns the avatar ends it then, so that another takes over; it must not stay in the room, mute."""
    broken: list[str] = []
    agent.speech.on_broken = lambda: broken.append("broken")

    async def refuse(chunk: Any) -> int:
        raise RuntimeError("no sound device")

    monkeypatch.setattr(agent.player, "push", refuse)
    stream = agent.open()
    stream.send(tone(0.1))
    stream.end()
    await asyncio.sleep(0.2)
    assert broken == ["broken"]
