"""A mouth from sound alone: voices move it in time, silence, noise and breath do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from visavis.audio.files import load_audio
from visavis.motion import Motion, mouth_opening
from visavis.motion.heard import PERIOD_TICKS, HeardFrames, HeardMouths
from visavis.motion.mel import RATE_HZ
from visavis.motion.phone_groups import CLASSES, GROUPS, classes_of, groups_of
from visavis.motion.voice_layout import LOOK_AHEAD_S
from visavis.motion.voice_model import VoiceModel
from visavis.motion.voicing import Voicing
from visavis.types import SPEECH_HZ, TICKS_HZ, AudioChunk, PhoneCue, SpeechChunk

from .conftest import frames
from .test_speech import CLOSED, HZ, lag_of

QUIET = 0.03


@pytest.fixture(scope="module")
def model() -> VoiceModel:
    return VoiceModel()


def pieces(
    audio: np.ndarray, size: int, rate_hz: int = SPEECH_HZ, start_ticks: int = 0, generation: int = 0
) -> Iterator[AudioChunk]:
    for at in range(0, len(audio), size):
        yield AudioChunk(start_ticks + at * (TICKS_HZ // rate_hz), rate_hz, audio[at : at + size], generation)


def heard(model: VoiceModel, audio: np.ndarray, size: int = 480, rate_hz: int = SPEECH_HZ) -> list[HeardFrames]:
    model.reset()
    told = [each for piece in pieces(audio, size, rate_hz) for each in model.push(piece)]
    return told + model.flush()


def joined(told: list[HeardFrames]) -> np.ndarray:
    return np.concatenate(
        [np.concatenate([each.mouths, each.posteriors, each.kinds, each.accents[:, None]], axis=1) for each in told]
    )


def mouth(audio: np.ndarray, told: list[HeardFrames]) -> np.ndarray:
    motion = Motion(seed=1)
    motion.speak(SpeechChunk(AudioChunk(0, SPEECH_HZ, audio)))
    motion.hear_mouths(told)
    return np.array([mouth_opening(f.weights) for f in frames(motion, 0, len(audio) / SPEECH_HZ, HZ)])


def test_a_human_voice_moves_the_mouth_as_its_phones_would(human: tuple[np.ndarray, list[PhoneCue]], model: VoiceModel) -> None:
    audio, truth = human
    opening = mouth(audio, heard(model, audio))
    known = Motion(seed=1)
    known.speak(SpeechChunk(AudioChunk(0, SPEECH_HZ, audio), tuple(truth), phones_known=True))
    wanted = np.array([mouth_opening(f.weights) for f in frames(known, 0, len(audio) / SPEECH_HZ, HZ)])
    assert np.corrcoef(opening, wanted)[0, 1] > 0.7
    lag_ms, likeness = lag_of(opening, audio)
    assert abs(lag_ms) <= 30
    assert likeness > 0.4


@pytest.mark.parametrize("size", [333, 4_801, 1_000_000])
def test_streaming_equals_offline(human: tuple[np.ndarray, list[PhoneCue]], model: VoiceModel, size: int) -> None:
    """Tolerance: float32 products in another order."""
    audio = human[0][: 3 * SPEECH_HZ]
    one, other = heard(model, audio), heard(model, audio, size)
    np.testing.assert_allclose(joined(one), joined(other), atol=2e-4)
    assert one[0].t_ticks == other[0].t_ticks
    assert all(a.end_ticks == b.t_ticks for a, b in pairwise(one))
    assert abs(one[-1].end_ticks - len(audio) * 2) <= 2 * PERIOD_TICKS


def test_no_sound_later_than_the_look_ahead_matters(human: tuple[np.ndarray, list[PhoneCue]], model: VoiceModel) -> None:
    audio = human[0]
    sound = audio[: 3 * SPEECH_HZ].copy()
    cut = 2 * SPEECH_HZ
    other = sound.copy()
    other[cut:] = np.random.default_rng(0).normal(0, 4000, len(sound) - cut).astype(np.int16)
    final_ticks = cut * 2 - round((LOOK_AHEAD_S + 0.001) * TICKS_HZ)
    rows = (final_ticks - heard(model, sound)[0].t_ticks) // PERIOD_TICKS
    np.testing.assert_allclose(joined(heard(model, sound))[:rows], joined(heard(model, other))[:rows], atol=2e-4)


def test_frames_come_out_as_soon_as_the_look_ahead_allows(human: tuple[np.ndarray, list[PhoneCue]], model: VoiceModel) -> None:
    model.reset()
    for piece in pieces(human[0][:SPEECH_HZ], 240):
        for told in model.push(piece):
            assert (
                piece.end_ticks - (told.end_ticks - PERIOD_TICKS) <= (LOOK_AHEAD_S + 0.001) * TICKS_HZ + len(piece.samples) * 2
            )


@pytest.mark.parametrize("kind", ["silence", "hiss", "loud noise", "hum of the mains"])
def test_what_is_no_voice_keeps_the_mouth_shut(kind: str, model: VoiceModel) -> None:
    random = np.random.default_rng(5)
    count = 6 * SPEECH_HZ
    sound = {
        "silence": np.zeros(count),
        "hiss": random.normal(0, 60, count),
        "loud noise": random.normal(0, 4000, count),
        "hum of the mains": 400 * np.sin(2 * np.pi * 50 * np.arange(count) / SPEECH_HZ),
    }[kind].astype(np.int16)
    assert mouth(sound, heard(model, sound)).mean() < QUIET


def test_breath_keeps_the_mouth_shut(shared: Callable[[str], Path], model: VoiceModel) -> None:
    """Shaped noise as of breathing in and out; and a real recording of breaths between words, mostly shut."""
    t = np.arange(6 * SPEECH_HZ) / SPEECH_HZ
    noise = np.random.default_rng(2).normal(0, 1, len(t))
    soft = np.convolve(noise, np.ones(6) / 6, "same")
    breath = (2500 * soft * np.maximum(np.sin(2 * np.pi * t / 3), 0) ** 2).astype(np.int16)
    assert mouth(breath, heard(model, breath)).mean() < QUIET
    real = load_audio(shared("speech/en_mfa_breaths.flac"), SPEECH_HZ)
    assert np.mean(mouth(real, heard(model, real)) < CLOSED) > 0.6


def test_laughter_opens_and_smiles(shared: Callable[[str], Path], model: VoiceModel) -> None:
    audio = load_audio(shared("speech/en_mfa_laughter.flac"), SPEECH_HZ)
    told = heard(model, audio)
    assert np.percentile(mouth(audio, told), 90) > 0.12


def test_live_the_mouth_follows_no_later_than_the_look_ahead(
    human: tuple[np.ndarray, list[PhoneCue]], model: VoiceModel
) -> None:
    """Sound that is told no sooner than it sounds: the mouth moves as much, a little later, and closes after it."""
    audio = human[0]
    model.reset()
    motion, feed, rows = Motion(seed=1), pieces(audio, SPEECH_HZ // 50), []
    upcoming = next(feed, None)
    for tick in range(0, len(audio) * 2 + TICKS_HZ, TICKS_HZ // HZ):
        while upcoming is not None and upcoming.end_ticks <= tick:
            motion.speak(SpeechChunk(upcoming))
            motion.hear_mouths(model.push(upcoming))
            upcoming = next(feed, None)
            if upcoming is None:
                motion.hear_mouths(model.flush())
                motion.end_speech(len(audio) * 2)
        rows.append(mouth_opening(motion.sample(tick).weights))
    opening = np.array(rows)
    ahead = mouth(audio, heard(model, audio))
    lag_ms, likeness = lag_of(opening[: len(ahead)], audio)
    assert 0 <= lag_ms <= 100
    assert likeness > 0.4
    assert opening.mean() > 0.6 * ahead.mean()
    assert opening[len(ahead) + round(0.2 * HZ) :].max() < CLOSED
    assert np.abs(np.diff(opening)).max() < 0.2, "a closure that is told late takes hold in some 60 ms"


def test_a_gap_in_time_starts_anew_and_times_are_media_time(
    human: tuple[np.ndarray, list[PhoneCue]], model: VoiceModel
) -> None:
    audio = human[0][: 2 * SPEECH_HZ]
    model.reset()
    first = [each for piece in pieces(audio, 960) for each in model.push(piece)]
    later = 60 * TICKS_HZ
    second = [each for piece in pieces(audio, 960, start_ticks=later) for each in model.push(piece)] + model.flush()
    again = [each for each in second if each.t_ticks >= later]
    assert again[0].t_ticks - later == first[0].t_ticks
    np.testing.assert_allclose(joined(again)[: len(joined(first))], joined(first), atol=2e-4)


def test_an_interrupted_voice_is_not_shown(human: tuple[np.ndarray, list[PhoneCue]], model: VoiceModel) -> None:
    audio = human[0][: 3 * SPEECH_HZ]
    told = heard(model, audio)
    motion = Motion(seed=1)
    motion.speak(SpeechChunk(AudioChunk(0, SPEECH_HZ, audio)))
    motion.hear_mouths(told[: len(told) // 2])
    motion.sample(TICKS_HZ)
    motion.interrupt(TICKS_HZ, generation=1)
    motion.hear_mouths(told[len(told) // 2 :])
    after = [mouth_opening(f.weights) for f in frames(motion, 1.08, 2.9)]
    assert max(after) < CLOSED


def test_known_phones_win_over_what_is_heard() -> None:
    known = PhoneCue(TICKS_HZ, TICKS_HZ + TICKS_HZ // 4, "m", 1)
    wide = np.zeros((200, 54), np.float32)
    wide[:, 17], wide[:, -1] = 0.5, 1.0
    told = HeardFrames(0, wide, np.zeros((200, 40), np.float32), np.zeros((200, 5), np.float32), np.zeros(200, np.float32))
    motion = Motion(seed=1)
    motion.speak(SpeechChunk(AudioChunk(0, SPEECH_HZ, np.full(2 * SPEECH_HZ, 900, np.int16)), (known,), phones_known=True))
    motion.hear_mouths([told])
    assert mouth_opening(motion.sample(TICKS_HZ // 2).weights) > 0.3
    assert mouth_opening(motion.sample(TICKS_HZ + TICKS_HZ // 8).weights) < CLOSED


def test_mouths_are_interpolated_and_fade_when_no_more_comes() -> None:
    rows = np.zeros((3, 54), np.float32)
    rows[:, 17] = (0.0, 0.2, 0.4)
    mouths = HeardMouths()
    mouths.add(HeardFrames(TICKS_HZ, rows, np.zeros((3, 40)), np.zeros((3, 5)), np.zeros(3)), 0)
    assert mouths.at(0.99)[17] == 0.0
    assert mouths.at(1.005)[17] == pytest.approx(0.1)
    assert mouths.at(1.05)[17] == pytest.approx(0.4)
    assert mouths.at(1.3)[17] == 0.0
    mouths.drop_from(1.01)
    assert mouths.at(1.005)[17] == 0.0


def test_every_group_has_one_class_and_diphthongs_have_two_groups() -> None:
    names = {CLASSES[int(classes_of(np.eye(len(GROUPS), dtype=np.float32)[i]))] for i in range(len(GROUPS))}
    assert names == set(CLASSES)
    first, second = groups_of("aɪ")
    assert (GROUPS[first[0]], GROUPS[second[0]]) == ("a", "I")
    assert [GROUPS[group] for group, _, _ in groups_of("tʃ")] == ["S"]
    assert groups_of("") == ()


def test_voicing_knows_a_voice_from_noise() -> None:
    random = np.random.default_rng(1)
    t = np.arange(RATE_HZ) / RATE_HZ
    voice = sum(np.sin(2 * np.pi * 130 * k * t) / k for k in range(1, 12)) * 2000
    for sound, wanted in ((voice, True), (random.normal(0, 2000, len(t)), False), (voice * 0.0005, False)):
        voicing = Voicing(RATE_HZ)
        said = [voicing.push(sound.astype(np.int16)[i : i + 320]) for i in range(0, RATE_HZ, 320)]
        assert np.mean(said[5:]) == pytest.approx(float(wanted), abs=0.1)
