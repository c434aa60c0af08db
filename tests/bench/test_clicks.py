"""Clicks lie at frame times, and the flashes of those very frames are announced before they are drawn."""

import asyncio

import numpy as np

from visavis.audio.resample import resample
from visavis.bench.clicks import FLASH_FRAMES, ClickingTalker, FlashTimes, click
from visavis.clock import VirtualClock
from visavis.sync.speech_player import SpeechPlayer
from visavis.types import AUDIO_FRAME_TICKS, SPEECH_HZ, PlaybackEnd, SpeechChunk, WordCue, period_ticks


class Session:
    """As much of a session as the talker and the player need."""

    def on_placed(self, chunk: SpeechChunk) -> None: ...
    def on_stall(self, t_ticks: int) -> None: ...

    def on_speech_end(self, t_ticks: int) -> None: ...
    def on_started(self, utterance: int) -> None: ...
    def on_word(self, utterance: int, word: WordCue) -> None: ...
    def on_finished(self, end: PlaybackEnd) -> None: ...
    def on_cut(self, t_ticks: int, generation: int) -> None: ...


class Inner:
    def __init__(self) -> None:
        self.said: list[str] = []
        self.interrupted = 0

    async def say(self, text: str) -> None:
        self.said.append(text)

    def interrupt(self) -> None:
        self.interrupted += 1

    async def aclose(self) -> None: ...


async def test_clicks_and_flashes_share_their_times() -> None:
    clock, session, inner, flashes = VirtualClock(12_345), Session(), Inner(), FlashTimes(30)
    player = SpeechPlayer(clock, session)
    talker = ClickingTalker(inner, player, session, flashes, 30)
    await talker.say("hello")
    await talker.say("flash-and-click 4")
    heard = []
    start = -(-12_345 // AUDIO_FRAME_TICKS) * AUDIO_FRAME_TICKS
    for index in range(50 * 5):
        await clock.advance_to(start + index * AUDIO_FRAME_TICKS)
        heard.append(player.read(start + index * AUDIO_FRAME_TICKS))
    sound = np.concatenate(heard)
    shape = resample(click(), SPEECH_HZ, 48_000)
    period = period_ticks(30)
    begins = [k for k in range(1, 200) if flashes.flashing(k * period) and not flashes.flashing((k - 1) * period)]
    assert len(begins) >= 3
    for k in begins:
        assert all(flashes.flashing((k + j) * period) for j in range(FLASH_FRAMES))
        near = sound[k * period - start - 480 :][: 960 + len(shape)].astype(float)
        assert abs(int(np.argmax(np.correlate(near, shape.astype(float), "valid"))) - 480) <= 1
    assert inner.said == ["hello"]
    await talker.aclose()


async def test_an_interrupted_clip_is_silent() -> None:
    clock, session, inner = VirtualClock(), Session(), Inner()
    player = SpeechPlayer(clock, session)
    talker = ClickingTalker(inner, player, session, FlashTimes(30), 30)
    await talker.say("flash-and-click 4")
    await asyncio.sleep(0)
    player.read(0)
    talker.interrupt()
    rest = np.concatenate([player.read(AUDIO_FRAME_TICKS * (1 + k)) for k in range(200)])
    assert not np.any(np.abs(rest[AUDIO_FRAME_TICKS:]) > 0)
    assert inner.interrupted == 1
    await talker.aclose()
