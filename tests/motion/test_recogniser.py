"""Phones from sound alone: voices move the mouth in time, silence, noise and breath do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from visavis.audio.files import load_audio
from visavis.motion import Motion, mouth_opening
from visavis.motion.recogniser import PhoneRecogniser
from visavis.motion.voicing import VoiceGate, Voicing
from visavis.types import SPEECH_HZ, TICKS_HZ, AudioChunk, PhoneCue, SpeechChunk

from .conftest import frames
from .test_speech import CLOSED, HZ, lag_of


@pytest.fixture(scope="module")
def recogniser() -> PhoneRecogniser:
    return PhoneRecogniser()


def pieces(audio: np.ndarray, size: int, rate_hz: int = SPEECH_HZ, start_ticks: int = 0) -> Iterator[AudioChunk]:
    for at in range(0, len(audio), size):
        yield AudioChunk(start_ticks + at * (TICKS_HZ // rate_hz), rate_hz, audio[at : at + size])


def heard(recogniser: PhoneRecogniser, audio: np.ndarray, size: int = 480, rate_hz: int = SPEECH_HZ) -> list[PhoneCue]:
    recogniser.reset()
    phones = [phone for piece in pieces(audio, size, rate_hz) for phone in recogniser.push(piece)]
    return phones + recogniser.flush()


def mouth(audio: np.ndarray, phones: list[PhoneCue]) -> np.ndarray:
    motion = Motion(seed=1)
    motion.speak(SpeechChunk(AudioChunk(0, SPEECH_HZ, audio)))
    motion.hear_phones(phones)
    return np.array([mouth_opening(f.weights) for f in frames(motion, 0, len(audio) / SPEECH_HZ, HZ)])


def test_a_human_voice_moves_the_mouth_as_its_phones_would(
    human: tuple[np.ndarray, list[PhoneCue]], recogniser: PhoneRecogniser
) -> None:
    audio, truth = human
    opening = mouth(audio, heard(recogniser, audio))
    known = Motion(seed=1)
    known.speak(SpeechChunk(AudioChunk(0, SPEECH_HZ, audio), tuple(truth), phones_known=True))
    wanted = np.array([mouth_opening(f.weights) for f in frames(known, 0, len(audio) / SPEECH_HZ, HZ)])
    assert np.corrcoef(opening, wanted)[0, 1] > 0.55
    lag_ms, likeness = lag_of(opening, audio)
    assert abs(lag_ms) <= 20
    assert likeness > 0.4


def test_phones_come_in_order_soon_and_whatever_the_chunks(
    human: tuple[np.ndarray, list[PhoneCue]], recogniser: PhoneRecogniser
) -> None:
    audio = human[0][: 3 * SPEECH_HZ]
    recogniser.reset()
    told: list[PhoneCue] = []
    behind_ms: list[float] = []
    for piece in pieces(audio, 240):
        for phone in recogniser.push(piece):
            told.append(phone)
            behind_ms.append((piece.end_ticks - phone.end_ticks) * 1000 / TICKS_HZ)
    told += recogniser.flush()
    assert all(a.end_ticks <= b.t_ticks for a, b in pairwise(told))
    assert np.median(behind_ms) <= 120
    for size in (3_333, len(audio)):
        assert heard(recogniser, audio, size) == told


def test_causal(human: tuple[np.ndarray, list[PhoneCue]], recogniser: PhoneRecogniser) -> None:
    audio = human[0][: 3 * SPEECH_HZ]
    cut = len(audio) // 2
    other = audio.copy()
    other[cut:] = np.random.default_rng(0).normal(0, 4000, len(audio) - cut).astype(np.int16)

    def until_cut(samples: np.ndarray) -> list[PhoneCue]:
        recogniser.reset()
        return [phone for piece in pieces(samples[:cut], 480) for phone in recogniser.push(piece)]

    assert until_cut(audio) == until_cut(other)


@pytest.mark.parametrize("kind", ["silence", "hiss", "loud noise", "hum of the mains"])
def test_what_is_no_voice_keeps_the_mouth_shut(kind: str, recogniser: PhoneRecogniser) -> None:
    random = np.random.default_rng(5)
    count = 6 * SPEECH_HZ
    sound = {
        "silence": np.zeros(count),
        "hiss": random.normal(0, 60, count),
        "loud noise": random.normal(0, 4000, count),
        "hum of the mains": 400 * np.sin(2 * np.pi * 50 * np.arange(count) / SPEECH_HZ),
    }[kind].astype(np.int16)
    assert mouth(sound, heard(recogniser, sound)).max() < CLOSED


def test_breath_keeps_the_mouth_shut(shared: Callable[[str], Path], recogniser: PhoneRecogniser) -> None:
    """Shaped noise as of breathing in and out; and a real recording of breaths between words, mostly shut."""
    t = np.arange(6 * SPEECH_HZ) / SPEECH_HZ
    noise = np.random.default_rng(2).normal(0, 1, len(t))
    soft = np.convolve(noise, np.ones(6) / 6, "same")
    breath = (2500 * soft * np.maximum(np.sin(2 * np.pi * t / 3), 0) ** 2).astype(np.int16)
    assert mouth(breath, heard(recogniser, breath)).max() < CLOSED
    real = load_audio(shared("speech/en_mfa_breaths.flac"), SPEECH_HZ)
    assert np.mean(mouth(real, heard(recogniser, real)) < CLOSED) > 0.6


def test_live_the_mouth_follows_as_far_behind_as_the_recogniser(
    human: tuple[np.ndarray, list[PhoneCue]], recogniser: PhoneRecogniser
) -> None:
    """Sound that is told no sooner than it sounds: the mouth moves as much, some 100 ms later, and closes after it."""
    audio = human[0]
    recogniser.reset()
    motion, feed, rows = Motion(seed=1), pieces(audio, SPEECH_HZ // 50), []
    upcoming = next(feed, None)
    for tick in range(0, len(audio) * 2 + TICKS_HZ, TICKS_HZ // HZ):
        while upcoming is not None and upcoming.end_ticks <= tick:
            motion.speak(SpeechChunk(upcoming))
            motion.hear_phones(recogniser.push(upcoming))
            upcoming = next(feed, None)
            if upcoming is None:
                motion.hear_phones(recogniser.flush())
                motion.end_speech(len(audio) * 2)
        rows.append(mouth_opening(motion.sample(tick).weights))
    opening = np.array(rows)
    ahead = mouth(audio, heard(recogniser, audio))
    lag_ms, likeness = lag_of(opening[: len(ahead)], audio)
    assert 0 <= lag_ms <= 140
    assert likeness > 0.4
    assert opening.mean() > 0.6 * ahead.mean()
    assert opening[len(ahead) + round(0.2 * HZ) :].max() < CLOSED
    assert np.abs(np.diff(opening)).max() < 0.2, "a closure that is told late takes hold in some 60 ms"


def test_a_gap_in_time_starts_anew_and_times_are_media_time(
    human: tuple[np.ndarray, list[PhoneCue]], recogniser: PhoneRecogniser
) -> None:
    audio = human[0][: 2 * SPEECH_HZ]
    recogniser.reset()
    first = [p for piece in pieces(audio, 960) for p in recogniser.push(piece)]
    later = 60 * TICKS_HZ
    second = [p for piece in pieces(audio, 960, start_ticks=later) for p in recogniser.push(piece)] + recogniser.flush()
    assert first[0].t_ticks < len(audio) * 2
    spoken = [p for p in second if p.t_ticks >= later]
    assert spoken[0].t_ticks == pytest.approx(later + first[0].t_ticks, abs=0.15 * TICKS_HZ)
    assert spoken[-1].end_ticks <= later + len(audio) * 2 + 0.03 * TICKS_HZ


def test_voicing_knows_a_voice_from_noise() -> None:
    random = np.random.default_rng(1)
    t = np.arange(16_000) / 16_000
    voice = sum(np.sin(2 * np.pi * 130 * k * t) / k for k in range(1, 12)) * 2000
    for sound, wanted in ((voice, True), (random.normal(0, 2000, len(t)), False), (voice * 0.0005, False)):
        voicing = Voicing(16_000)
        said = [voicing.push(sound.astype(np.int16)[i : i + 320]) for i in range(0, 16_000, 320)]
        assert np.mean(said[5:]) == pytest.approx(float(wanted), abs=0.1)


def test_the_gate_needs_more_than_a_click() -> None:
    gate = VoiceGate(0.02)
    for block in range(60):
        gate.push(block, block == 10 or 30 <= block < 35)
    assert not gate.is_open(10)
    assert gate.is_open(32)
    assert gate.is_open(26)
    assert not gate.is_open(55)
