import asyncio
import os
import signal
from collections.abc import Callable

import numpy as np
import pytest
from livekit import rtc
from livekit.agents import stt

from visavis.types import I16
from visavis.voice.silero import SileroVAD
from visavis.voice.sphinx import SphinxStream, SphinxSTT
from visavis.voice.sphinx_worker import Recogniser


async def hear(recogniser: SphinxSTT, audio: I16, events: list[stt.SpeechEvent], stream: stt.RecognizeStream) -> None:
    """All of it at once, the detector and the recogniser side by side, until the final words."""
    detector = recogniser.vad.stream()
    for start in range(0, len(audio), 512):
        frame = rtc.AudioFrame(audio[start : start + 512].tobytes(), 16_000, 1, len(audio[start : start + 512]))
        stream.push_frame(frame)
        detector.push_frame(frame)
        await asyncio.sleep(0.002)
    async with asyncio.timeout(20):
        async for event in stream:
            events.append(event)
            if event.type is stt.SpeechEventType.FINAL_TRANSCRIPT:
                break
    await detector.aclose()


@pytest.fixture
async def recogniser() -> SphinxSTT:
    return SphinxSTT(SileroVAD())


def final(events: list[stt.SpeechEvent]) -> str:
    return next(e.alternatives[0].text for e in reversed(events) if e.type is stt.SpeechEventType.FINAL_TRANSCRIPT)


async def test_it_understands_a_recording_while_it_runs(recogniser: SphinxSTT, recording: Callable[..., I16]) -> None:
    audio = np.concatenate([np.zeros(8000, np.int16), recording("en_speechbrain_spk1_snt1.wav"), np.zeros(12_000, np.int16)])
    events: list[stt.SpeechEvent] = []
    stream = recogniser.stream()
    await hear(recogniser, audio, events, stream)
    words = final(events).split()
    assert {"child", "almost", "small", "dog"} <= set(words)
    interim = [e for e in events if e.type is stt.SpeechEventType.INTERIM_TRANSCRIPT]
    assert len(interim) >= 3
    await stream.aclose()
    pid = recogniser.worker.pid
    assert pid is not None
    await recogniser.aclose()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_the_first_words_are_kept_until_the_microphone_is_known(recording: Callable[..., I16]) -> None:
    audio = recording("en_LJ001-0002.wav")
    recogniser = Recogniser()
    for _ in range(2):
        recogniser.open()
        for start in range(0, len(audio), 512):
            recogniser.feed(audio[start : start + 512].tobytes())
        assert "comparatively modern" in recogniser.close()
    recogniser = Recogniser()
    recogniser.open()  # shorter than it takes to know a microphone: nothing is lost
    recogniser.feed(audio[:20_000].tobytes())
    assert recogniser.close() != ""
    recogniser.open()
    assert recogniser.close() == ""
    assert recogniser.feed(b"\0\0" * 512) is None


async def test_a_whole_recording_at_once(recogniser: SphinxSTT, recording: Callable[..., I16]) -> None:
    audio = recording("en_LJ001-0002.wav", 22_050)
    heard = await recogniser.recognize([rtc.AudioFrame(audio.tobytes(), 22_050, 1, len(audio))])
    await recogniser.aclose()
    assert "comparatively modern" in heard.alternatives[0].text


async def test_a_killed_process_costs_one_utterance(recogniser: SphinxSTT, recording: Callable[..., I16]) -> None:
    audio = np.concatenate([recording("en_speechbrain_spk1_snt1.wav"), np.zeros(12_000, np.int16)])
    stream = recogniser.stream()
    assert isinstance(stream, SphinxStream)
    while recogniser.worker.pid is None:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    await recogniser.warm_up()
    os.kill(recogniser.worker.pid, signal.SIGKILL)
    while stream.restarts == 0 or recogniser.worker.pid is None:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    await recogniser.warm_up()
    events: list[stt.SpeechEvent] = []
    await hear(recogniser, audio, events, stream)
    assert "child" in final(events)
    await stream.aclose()
    await recogniser.aclose()
