"""The mouth against the phones and the sound."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.arkit import INDEX
from visavis.motion import Motion, mouth_opening
from visavis.motion.speech import LOOK_AHEAD_S
from visavis.types import SPEECH_HZ, TICKS_HZ, AudioChunk, PhoneCue, SpeechChunk

from .conftest import RECORDED, espeak_phones, frames, spoken, tone

BILABIALS = "pbm"
HZ = 200
CLOSED = 0.05


def openings(motion: Motion, start_s: float, end_s: float, rate_hz: int = HZ) -> np.ndarray:
    return np.array([mouth_opening(frame.weights) for frame in frames(motion, start_s, end_s, rate_hz)])


def centres(phones: list[PhoneCue], letters: str) -> list[int]:
    return [(p.t_ticks + p.end_ticks) // 2 for p in phones if p.ipa and p.ipa[0] in letters]


def word(*ipa: str, phone_s: float = 0.09, start_s: float = 1.0) -> list[PhoneCue]:
    edges = [round((start_s + i * phone_s) * TICKS_HZ) for i in range(len(ipa) + 1)]
    return [PhoneCue(a, b, p, 2) for a, b, p in zip(edges, edges[1:], ipa, strict=False)]


def test_bilabials_close_in_human_speech(human: tuple[np.ndarray, list[PhoneCue]]) -> None:
    audio, phones = human
    motion = Motion(seed=4)
    motion.speak(SpeechChunk(AudioChunk(0, SPEECH_HZ, audio), tuple(phones), phones_known=True))
    at = centres(phones, BILABIALS)
    closed = [mouth_opening(motion.sample(t).weights) < CLOSED for t in at]
    assert len(at) >= 2
    assert np.mean(closed) >= 0.95


@pytest.mark.parametrize("voice", sorted(RECORDED["speech"]))
def test_bilabials_close_in_every_language_and_at_any_speed(voice: str) -> None:
    phones = espeak_phones(voice)
    motion = spoken(phones)
    at = centres(phones, BILABIALS)
    assert len(at) >= 1
    for t in at:
        assert mouth_opening(motion.sample(t).weights) < CLOSED, t / TICKS_HZ


@pytest.mark.parametrize("rate_hz", [25, 30])
def test_a_video_frame_shows_each_closure(rate_hz: int) -> None:
    """Even in fast speech some frame falls into every closure."""
    phones = espeak_phones("en-us fast")
    end_s = phones[-1].end_ticks / TICKS_HZ + 0.2
    opening = openings(spoken(phones), 0.0, end_s, rate_hz)
    for t in centres(phones, BILABIALS):
        near = opening[round(t / TICKS_HZ * rate_hz)]
        assert near < 0.12, (t / TICKS_HZ, near)


def test_the_lower_lip_goes_to_the_teeth() -> None:
    motion = spoken(word("ɑ", "f", "ɑ", "v", "i"))
    for t in centres(word("ɑ", "f", "ɑ", "v", "i"), "fv"):
        weights = motion.sample(t).weights
        assert weights[INDEX["mouthRollLower"]] > 0.3
        assert weights[INDEX["jawOpen"]] < 0.12
        assert mouth_opening(weights) < 0.08


def test_vowels_reach_their_shape_between_consonants() -> None:
    shapes = {}
    for vowel in "aiuo":
        phones = word("t", vowel, "t", phone_s=0.12)
        shapes[vowel] = spoken(phones).sample((phones[1].t_ticks + phones[1].end_ticks) // 2).weights
    assert mouth_opening(shapes["a"]) > 0.35
    assert mouth_opening(shapes["a"]) > mouth_opening(shapes["i"]) + 0.15
    assert shapes["u"][INDEX["mouthPucker"]] > 0.35
    assert shapes["o"][INDEX["mouthFunnel"]] > 0.25
    assert shapes["i"][INDEX["mouthStretchLeft"]] > 0.15
    assert shapes["i"][INDEX["mouthPucker"]] < 0.05


def test_rounding_is_anticipated_through_consonants() -> None:
    """The lips of the /s/ and /t/ in "stew" are already those of the vowel; those of "stee" are not."""
    early = [spoken(word("s", "t", vowel)).sample(round(1.12 * TICKS_HZ)).weights for vowel in "ui"]
    rounded = [float(w[INDEX["mouthPucker"]]) for w in early]
    assert rounded[0] > 0.1
    assert rounded[1] < 0.02


def test_lips_lag_the_sound_by_at_most_20_ms(human: tuple[np.ndarray, list[PhoneCue]]) -> None:
    audio, phones = human
    motion = Motion(seed=2)
    motion.speak(SpeechChunk(AudioChunk(0, SPEECH_HZ, audio), tuple(phones), phones_known=True))
    lag_ms, likeness = lag_of(openings(motion, 0.0, len(audio) / SPEECH_HZ), audio)
    assert abs(lag_ms) <= 20
    assert likeness > 0.4


def lag_of(opening: np.ndarray, audio: np.ndarray) -> tuple[float, float]:
    """By how much the mouth comes after the envelope (30 ms window) where both are most alike, within ±300 ms."""
    window = np.hanning(round(0.03 * SPEECH_HZ))
    power = np.convolve(np.square(audio / 32768.0), window / window.sum(), "same")
    count = len(opening)
    envelope = np.sqrt(power[np.minimum(np.arange(count) * SPEECH_HZ // HZ, len(power) - 1)])
    lags = range(-60, 61)
    alike = [np.corrcoef(opening[max(0, k) : count + min(0, k)], envelope[max(0, -k) : count - max(0, k)])[0, 1] for k in lags]
    best = int(np.argmax(alike))
    return lags[best] * 1000 / HZ, float(alike[best])


def test_the_mouth_is_closed_200_ms_after_speech() -> None:
    for last in ("ɑ", "u", "s"):
        phones = word("h", last, phone_s=0.15)
        motion = spoken(phones)
        motion.end_speech(phones[-1].end_ticks)
        opening = openings(motion, 0.0, 3.0)
        end = round(phones[-1].end_ticks / TICKS_HZ * HZ)
        assert opening[end - 10] > 0.05
        assert opening[end + round(0.2 * HZ) :].max() < CLOSED
        assert opening[: round(0.85 * HZ)].max() < CLOSED, "nor does it open long before"


def test_an_early_end_of_speech_stops_the_phones() -> None:
    motion = spoken(word("m", "ɑ", "m", "ɑ", "m", "ɑ", "ɑ", "ɑ", "ɑ", phone_s=0.2))
    motion.sample(round(1.3 * TICKS_HZ))
    motion.end_speech(round(1.5 * TICKS_HZ))
    assert openings(motion, 1.7, 3.5).max() < CLOSED


def test_in_silence_the_mouth_stays_closed() -> None:
    motion = Motion(seed=9)
    motion.speak(SpeechChunk(AudioChunk(0, SPEECH_HZ, np.zeros(5 * SPEECH_HZ, np.int16)), (), phones_known=True))
    assert openings(motion, 0.0, 20.0, 30).max() < CLOSED


def test_loud_and_stressed_vowels_open_wider() -> None:
    def widest(level: float, stress: int) -> float:
        phones = [PhoneCue(t * 4800, (t + 1) * 4800, "ɑ" if t % 2 else "t", stress) for t in range(10, 40)]
        motion = Motion(seed=1)
        quiet, loud = (np.full(2 * SPEECH_HZ, 1.0) * 5000 * k for k in (1.0, level))
        samples = (np.concatenate([quiet, loud]) * np.sin(np.arange(4 * SPEECH_HZ) * 0.05)).astype(np.int16)
        motion.speak(SpeechChunk(AudioChunk(0, SPEECH_HZ, samples), tuple(phones), phones_known=True))
        return float(openings(motion, 2.5, 3.5).max())

    soft, level, loud = (widest(k, 1) for k in (0.3, 1.0, 2.5))
    assert soft < level < loud
    assert widest(1.0, 0) < level < widest(1.0, 2)


def test_mouth_and_jaw_never_jump() -> None:
    """At 200 Hz no weight of the mouth moves by more than a fast lip can: a closure takes some 50 ms."""
    for voice in ("en-us", "en-us fast", "ja"):
        phones = espeak_phones(voice)
        motion = spoken(phones)
        weights = np.array([f.weights for f in frames(motion, 0.3, phones[-1].end_ticks / TICKS_HZ + 0.5, HZ)])
        mouth = [i for name, i in INDEX.items() if name.startswith(("mouth", "jaw", "tongue"))]
        assert np.abs(np.diff(weights[:, mouth], axis=0)).max() < 0.12, voice


def test_causal_phones_beyond_the_look_ahead_do_not_matter() -> None:
    phones = espeak_phones("en-us")
    for now_s in np.arange(0.5, 6.0, 0.37):
        now = round(now_s * TICKS_HZ)
        horizon = now + round(LOOK_AHEAD_S * TICKS_HZ)
        changed = [p for p in phones if p.t_ticks <= horizon]
        changed += [PhoneCue(p.t_ticks, p.end_ticks, "ɑ", 2) for p in phones if p.t_ticks > horizon]
        audio = tone(phones)
        one, other = Motion(seed=1), Motion(seed=1)
        one.speak(SpeechChunk(audio, tuple(phones), phones_known=True))
        other.speak(SpeechChunk(audio, tuple(changed), phones_known=True))
        np.testing.assert_array_equal(one.sample(now).weights, other.sample(now).weights)


@pytest.mark.parametrize("ahead_s", [0.25, 1.0])
def test_streaming_equals_offline(ahead_s: float) -> None:
    """Chunks of 40 ms that come just before they are needed give the face that all at once gives."""
    phones = espeak_phones("en-us")
    audio = tone(phones)
    offline, streaming = Motion(seed=6), Motion(seed=6)
    offline.speak(SpeechChunk(audio, tuple(phones), phones_known=True))
    step, pushed, left = SPEECH_HZ // 25, 0, list(phones)
    for tick in range(0, phones[-1].end_ticks + TICKS_HZ, TICKS_HZ // 60):
        while pushed < len(audio.samples) and pushed * 2 <= tick + ahead_s * TICKS_HZ:
            piece = AudioChunk(pushed * 2, SPEECH_HZ, audio.samples[pushed : pushed + step])
            now = tuple(p for p in left if p.t_ticks < piece.end_ticks)
            left = left[len(now) :]
            streaming.speak(SpeechChunk(piece, now, phones_known=True))
            pushed += step
        one, other = offline.sample(tick), streaming.sample(tick)
        np.testing.assert_allclose(one.weights, other.weights, atol=1e-6, err_msg=str(tick / TICKS_HZ))
        np.testing.assert_allclose(one.head_rotation, other.head_rotation, atol=1e-6)


def test_phones_that_come_late_are_blended_in() -> None:
    """The mouth catches up with a time constant of 22 ms, and does not jump."""
    phones = word("t", "ɑ", "t", "ɑ", "t", "ɑ", phone_s=0.15)
    known, late = spoken(phones), Motion(seed=1)
    late.speak(SpeechChunk(tone(phones)))
    left, rows = list(phones), []
    for tick in range(0, 3 * TICKS_HZ, TICKS_HZ // HZ):
        due = [p for p in left if p.t_ticks + TICKS_HZ // 12 <= tick]
        left = left[len(due) :]
        if due:
            late.speak(SpeechChunk(AudioChunk(tick, SPEECH_HZ, np.zeros(0, np.int16)), tuple(due), phones_known=True))
        rows.append((known.sample(tick).weights, late.sample(tick).weights))
    known_rows, late_rows = (np.array(side) for side in zip(*rows, strict=True))
    assert np.abs(np.diff(late_rows[:, INDEX["jawOpen"]])).max() < 0.10
    assert late_rows[:, INDEX["jawOpen"]].max() > 0.5 * known_rows[:, INDEX["jawOpen"]].max()
