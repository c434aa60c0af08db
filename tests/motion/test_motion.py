"""The whole of motion: interruption, layers, determinism, bounds."""

from __future__ import annotations

import numpy as np
import pytest

from visavis.arkit import INDEX
from visavis.errors import BadInput
from visavis.motion import Motion, mouth_opening
from visavis.protocol import DoGesture, LookAt, SetEmotion, Weights
from visavis.types import (
    SPEECH_HZ,
    TICKS_HZ,
    AgentState,
    AudioChunk,
    Emotion,
    EmotionCue,
    FaceFrame,
    FaceLayer,
    Gesture,
    GestureCue,
    PhoneCue,
    SpeechChunk,
)

from .conftest import espeak_phones, frames, spoken, tone

S = TICKS_HZ


def busy(seed: int = 3) -> Motion:
    """A session with something of everything."""
    phones = espeak_phones("en-us")
    motion = Motion(seed=seed)
    cues = (*phones, EmotionCue(2 * S, Emotion.HAPPY, 0.8), GestureCue(3 * S, Gesture.NOD))
    motion.set_state(AgentState.THINKING, 0)
    motion.set_state(AgentState.SPEAKING, S // 2)
    motion.speak(SpeechChunk(tone(phones), cues, phones_known=True))
    motion.end_speech(phones[-1].end_ticks)
    motion.set_state(AgentState.LISTENING, 9 * S)
    motion.control(LookAt(yaw=0.2), 10 * S)
    motion.control(DoGesture(gesture=Gesture.WINK), 11 * S)
    return motion


def everything(frame: FaceFrame) -> np.ndarray:
    return np.concatenate([frame.weights, frame.head_rotation, frame.head_translation * 10, frame.gaze.ravel()])


def test_same_seed_same_face_other_seed_another() -> None:
    one, same, other = (frames(busy(seed), 0, 12) for seed in (3, 3, 4))
    for a, b in zip(one, same, strict=True):
        np.testing.assert_array_equal(everything(a), everything(b))
    assert max(np.abs(everything(a) - everything(b)).max() for a, b in zip(one, other, strict=True)) > 0.1


@pytest.mark.parametrize("rate_hz", [25, 30])
def test_the_frame_rate_does_not_matter(rate_hz: int) -> None:
    """Tolerance: float32. Everything is a closed form of time."""
    many = {f.t_ticks: f for f in frames(busy(), 0, 14, 300)}
    for frame in frames(busy(), 0, 14, rate_hz):
        np.testing.assert_allclose(everything(frame), everything(many[frame.t_ticks]), atol=2e-6)


def test_values_are_in_range_and_nothing_jumps() -> None:
    rows = np.array([everything(f) for f in frames(busy(), 0, 14, 120)])
    assert rows[:, :52].min() >= 0
    assert rows[:, :52].max() <= 1
    head = rows[:, 52:55]
    assert np.abs(head).max() < 0.5
    assert np.abs(np.diff(head, axis=0)).max() < 0.02, "under 140 degrees a second"


@pytest.mark.parametrize("at_s", [1.0, 1.31, 1.77, 2.4, 3.05])
@pytest.mark.parametrize("news_late_s", [0.0, 0.03])
def test_an_interruption_closes_the_mouth_within_80_ms(at_s: float, news_late_s: float) -> None:
    motion = spoken(espeak_phones("en-us"))
    motion.set_state(AgentState.SPEAKING, 0)
    at = round(at_s * 200) / 200
    frames(motion, 0, at + news_late_s, 200)
    motion.interrupt(round(at * S), generation=1)
    after = frames(motion, at + news_late_s, at + 3, 200)
    opening = np.array([mouth_opening(f.weights) for f in after])
    assert opening[round((0.08 if not news_late_s else 0.07) * 200) :].max() < 0.05
    assert np.abs(np.diff([f.weights[INDEX["jawOpen"]] for f in after])).max() < 0.08, "it closes, it does not snap"
    assert {f.generation for f in after} == {1}


def test_an_interruption_in_the_future_changes_nothing_before_it() -> None:
    cut, whole = spoken(espeak_phones("en-us")), spoken(espeak_phones("en-us"))
    frames(cut, 0, 1.5, 100), frames(whole, 0, 1.5, 100)
    cut.interrupt(2 * S, generation=1)
    for a, b in zip(frames(cut, 1.5, 2.0, 100), frames(whole, 1.5, 2.0, 100), strict=True):
        np.testing.assert_allclose(a.weights[INDEX["jawOpen"]], b.weights[INDEX["jawOpen"]], atol=0.03)
    assert mouth_opening(cut.sample(round(2.08 * S)).weights) < 0.05


def test_old_generations_stay_dead_and_new_ones_speak() -> None:
    phones = espeak_phones("en-us")
    motion = spoken(phones)
    motion.sample(S)
    motion.interrupt(S, generation=2)
    motion.speak(SpeechChunk(tone(phones, generation=1), tuple(phones), phones_known=True))
    assert max(mouth_opening(f.weights) for f in frames(motion, 1.1, 3.0)) < 0.05
    later = espeak_phones("en-us", 4 * S)
    motion.speak(SpeechChunk(tone(later, t_ticks=4 * S, generation=2), tuple(later), phones_known=True))
    assert max(mouth_opening(f.weights) for f in frames(motion, 4, 7)) > 0.3


def test_lips_close_in_the_middle_of_every_emotion() -> None:
    phones = espeak_phones("en-us")
    for emotion in Emotion:
        motion = spoken(phones)
        motion.control(SetEmotion(emotion=emotion, fade_ms=0), 0)
        for phone in phones:
            if phone.ipa and phone.ipa in "pbm":
                frame = motion.sample((phone.t_ticks + phone.end_ticks) // 2)
                assert mouth_opening(frame.weights) < 0.05, (emotion, phone)


def test_held_weights_win_over_everything_and_come_back() -> None:
    motion = spoken(espeak_phones("en-us"))
    motion.control(Weights(weights={"jawOpen": 0.8, "browInnerUp": 0.5}, fade_ms=100), S)
    motion.control(Weights(weights={"mouthSmileLeft": 0.3}, fade_ms=100), 2 * S)
    for frame in frames(motion, 2.2, 3.0):
        held = [frame.weights[INDEX[name]] for name in ("jawOpen", "browInnerUp", "mouthSmileLeft")]
        np.testing.assert_allclose(held, [0.8, 0.5, 0.3], atol=1e-6)
    free = spoken(espeak_phones("en-us"))
    motion.control(Weights(weights={}, fade_ms=100), 3 * S)
    for a, b in zip(frames(motion, 3.2, 4), frames(free, 3.2, 4), strict=True):
        np.testing.assert_allclose(a.weights, b.weights, atol=1e-6)


def test_held_weights_fade_without_a_jump() -> None:
    motion = Motion(seed=1)
    motion.control(Weights(weights={"jawOpen": 1.0}, fade_ms=200), S)
    jaw = np.array([f.weights[INDEX["jawOpen"]] for f in frames(motion, 0.9, 1.5, 100)])
    assert jaw[0] < 0.01
    assert jaw[-1] == pytest.approx(1.0)
    assert np.diff(jaw).max() < 0.1
    assert (np.diff(jaw) >= -1e-6).all()


def test_held_look_shapes_turn_the_eyes() -> None:
    motion = Motion(seed=1)
    motion.control(Weights(weights={"eyeLookOutLeft": 0.5, "eyeLookUpRight": 1.0}, fade_ms=0), 0)
    frame = motion.sample(S)
    assert frame.weights[INDEX["eyeLookOutLeft"]] == pytest.approx(0.5, abs=1e-5)
    assert frame.weights[INDEX["eyeLookUpRight"]] == pytest.approx(1.0, abs=1e-5)
    assert frame.gaze[0, 0] > 0.2


def test_look_at_turns_eyes_and_head_and_lets_go() -> None:
    motion = Motion(seed=1)
    motion.control(LookAt(yaw=0.4, pitch=-0.2), 0)
    seen = frames(motion, 1, 4)
    world = np.array([f.gaze.mean(axis=0) + f.head_rotation[:2] for f in seen])
    np.testing.assert_allclose(world, [[0.4, -0.2]] * len(world), atol=0.02)
    assert np.mean([f.head_rotation[0] for f in seen]) > 0.05
    motion.control(LookAt(), 4 * S)
    later = np.array([f.gaze.mean(axis=0)[0] + f.head_rotation[0] for f in frames(motion, 5, 25)])
    assert abs(np.median(later)) < 0.05


def test_live_capture_takes_over_and_lets_go() -> None:
    captured = np.zeros(52, np.float32)
    captured[INDEX["jawOpen"]] = 0.6
    captured[INDEX["cheekPuff"]] = 0.4
    motion, free = Motion(seed=1), Motion(seed=1)
    head, gaze = np.array([0.3, 0.0, 0.1], np.float32), np.full((2, 2), 0.1, np.float32)
    for i in range(60):
        motion.live(FaceFrame(S + i * S // 60, captured, head, np.zeros(3, np.float32), gaze))
    frame = motion.sample(round(1.6 * S))
    mouth = [INDEX["jawOpen"], INDEX["cheekPuff"], INDEX["mouthSmileLeft"]]
    np.testing.assert_allclose(frame.weights[mouth], [0.6, 0.4, 0.0], atol=1e-6)
    np.testing.assert_allclose(frame.head_rotation, head, atol=1e-6)
    np.testing.assert_allclose(frame.gaze, gaze, atol=1e-6)
    np.testing.assert_allclose(everything(motion.sample(4 * S)), everything(free.sample(4 * S)), atol=1e-6)


def test_any_layer_can_be_turned_down() -> None:
    motion = spoken(espeak_phones("en-us"))
    motion.fade_layer(FaceLayer.SPEECH, 0.0, 0, 0.0)
    assert max(mouth_opening(f.weights) for f in frames(motion, 0, 3)) < 0.05
    still = Motion(seed=1)
    still.fade_layer(FaceLayer.IDLE, 0.0, 0, 0.0)
    for frame in frames(still, 0, 5):
        np.testing.assert_array_equal(everything(frame), everything(FaceFrame.neutral()))


def test_gains_scale_what_motion_invents_only() -> None:
    phones = espeak_phones("en-us")
    plain, half = Motion(seed=1), Motion(seed=1, gains={"mouthFunnel": 0.5, "mouthSmile": 2.0})
    for motion in (plain, half):
        motion.speak(SpeechChunk(tone(phones), tuple(phones), phones_known=True))
        motion.control(Weights(weights={"mouthFunnel": 0.4}, fade_ms=0), 4 * S)
    funnel, smile = INDEX["mouthFunnel"], INDEX["mouthSmileLeft"]
    for a, b in zip(frames(plain, 0.5, 2), frames(half, 0.5, 2), strict=True):
        assert b.weights[funnel] == pytest.approx(0.5 * a.weights[funnel], abs=1e-5)
        assert b.weights[smile] == pytest.approx(2.0 * a.weights[smile], abs=1e-5)
    assert half.sample(5 * S).weights[funnel] == pytest.approx(0.4, abs=1e-5)
    with pytest.raises(BadInput, match="mouthFunel"):
        Motion(seed=1, gains={"mouthFunel": 1.0})


def test_ten_hours_keep_memory_bounded() -> None:
    motion = Motion(seed=1)
    phones = espeak_phones("en-us", 0)
    length = phones[-1].end_ticks + S
    samples = np.zeros(length // 2, np.int16)
    sizes = []
    for i in range(120):
        start = i * 300 * S
        cues = tuple(PhoneCue(p.t_ticks + start, p.end_ticks + start, p.ipa, p.stress) for p in phones)
        motion.speak(SpeechChunk(AudioChunk(start, SPEECH_HZ, samples), cues, phones_known=True))
        motion.hear(AudioChunk(start, 16_000, np.zeros(1600, np.int16)))
        motion.control(SetEmotion(emotion=list(Emotion)[i % 7]), start)
        motion.control(DoGesture(gesture=Gesture.NOD), start)
        motion.set_state(list(AgentState)[i % 4], start)
        for k in range(6):
            motion.live(FaceFrame.neutral(start + k * S))
            motion.sample(start + k * S)
        if i in (40, 119):
            sizes.append(total_items(motion))
    assert sizes[1] < sizes[0] * 1.3 + 200, sizes


def total_items(thing: object, seen: set[int] | None = None) -> int:
    """Objects reachable from `thing`, of our own classes and containers."""
    seen = set() if seen is None else seen
    if id(thing) in seen:
        return 0
    seen.add(id(thing))
    if isinstance(thing, dict):
        inside = list(thing.values())
    elif isinstance(thing, (list, tuple, set)) or type(thing).__name__ == "deque":
        inside = list(thing)  # type: ignore[call-overload]
    else:
        slots = getattr(thing, "__slots__", ())
        inside = [*getattr(thing, "__dict__", {}).values(), *(getattr(thing, s, None) for s in slots if isinstance(s, str))]
    return 1 + sum(total_items(item, seen) for item in inside)
