from collections.abc import Callable

import numpy as np
from livekit import rtc
from livekit.agents import vad

from visavis.types import I16
from visavis.voice.silero import SileroVAD, SpeechDetector, Thresholds


async def detect(audio: I16, rate_hz: int = 16_000, step: int = 320) -> list[vad.VADEvent]:
    stream = SileroVAD().stream()
    for start in range(0, len(audio), step):
        piece = audio[start : start + step]
        stream.push_frame(rtc.AudioFrame(piece.tobytes(), rate_hz, 1, len(piece)))
    stream.end_input()
    events = [event async for event in stream]
    await stream.aclose()
    return events


def kinds(events: list[vad.VADEvent]) -> list[vad.VADEventType]:
    return [event.type for event in events if event.type is not vad.VADEventType.INFERENCE_DONE]


START, END = vad.VADEventType.START_OF_SPEECH, vad.VADEventType.END_OF_SPEECH


async def test_speech_begins_and_ends_where_it_does(recording: Callable[..., I16]) -> None:
    speech = recording("en_librivox_austen_0880.wav")
    audio = np.concatenate([np.zeros(16_000, np.int16), speech, np.zeros(16_000, np.int16)])
    events = await detect(audio)
    assert kinds(events) == [START, END]
    start, end = (event for event in events if event.type in (START, END))
    assert 0.9 < start.timestamp < 1.6
    loud = np.nonzero(np.abs(audio.astype(int)) > 800)[0]
    assert abs((end.timestamp - end.silence_duration) - loud[-1] / 16_000) < 0.25
    assert abs(end.speech_duration - (loud[-1] - loud[0]) / 16_000) < 0.4
    assert end.frames[0].duration > end.speech_duration


async def test_events_do_not_depend_on_the_pieces(recording: Callable[..., I16]) -> None:
    audio = np.concatenate([recording("en_speechbrain_spk1_snt1.wav"), np.zeros(12_000, np.int16)])
    seen = [
        [(e.type, e.samples_index, round(e.probability, 5)) for e in await detect(audio, step=step)]
        for step in (160, 512, 3000)
    ]
    assert seen[0] == seen[1] == seen[2]


async def test_another_rate_gives_the_same_speech(recording: Callable[..., I16]) -> None:
    audio = np.concatenate([recording("en_librivox_austen_0880.wav", 48_000), np.zeros(48_000, np.int16)])
    assert kinds(await detect(audio, 48_000)) == [START, END]


async def test_no_speech_in_silence_noise_or_a_tone() -> None:
    rng = np.random.default_rng(1)
    noise = (rng.standard_normal(48_000) * 300).astype(np.int16)
    tone = (np.sin(np.arange(48_000) * 2 * np.pi * 220 / 16_000) * 4000).astype(np.int16)
    for audio in (np.zeros(48_000, np.int16), noise):
        assert kinds(await detect(audio)) == []
    assert START not in kinds(await detect(tone))[2:]


def test_a_quiet_room_is_not_looked_at(recording: Callable[..., I16]) -> None:
    rng = np.random.default_rng(2)
    room = (rng.standard_normal(16_000 * 30) * 40).astype(np.int16)  # -58 dBFS
    detector = SpeechDetector(Thresholds())
    for window in room[: len(room) // 512 * 512].reshape(-1, 512):
        detector.probability(window, speaking=False)
    assert detector.asked < 0.1 * len(room) / 512
    speech = recording("en_librivox_austen_0880.wav")
    found = [
        detector.probability(window, speaking=False) or 0.0 for window in speech[: len(speech) // 512 * 512].reshape(-1, 512)
    ]
    plain = SpeechDetector(Thresholds(always_quiet_dbfs=-200.0, above_noise_db=-200.0))
    truth = [plain.probability(window, speaking=False) or 0.0 for window in speech[: len(speech) // 512 * 512].reshape(-1, 512)]
    assert np.mean((np.array(found) > 0.5) == (np.array(truth) > 0.5)) > 0.9


async def test_flush_forgets(recording: Callable[..., I16]) -> None:
    told: list[bool] = []
    detector = SileroVAD()
    unwatch = detector.watch(told.append)
    stream = detector.stream()
    audio = recording("en_librivox_austen_0880.wav")
    stream.push_frame(rtc.AudioFrame(audio[:24_000].tobytes(), 16_000, 1, 24_000))
    stream.flush()
    stream.end_input()
    events = [event async for event in stream]
    await stream.aclose()
    unwatch()
    assert kinds(events) == [START]
    assert told == [True, False]
