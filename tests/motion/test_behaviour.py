"""What a face does on its own, against published human figures and a real capture."""

from __future__ import annotations

from collections.abc import Callable
from math import degrees
from pathlib import Path

import numpy as np
import pytest

from visavis.arkit import INDEX
from visavis.motion import Motion, mouth_opening
from visavis.motion.drift import Drift
from visavis.motion.emotions import expression
from visavis.motion.gaze import saccade_s
from visavis.motion.heard import HeardFrames
from visavis.motion.live_link_csv import read_live_link_csv
from visavis.motion.statistics import Liveliness, liveliness
from visavis.motion.voice_layout import KINDS
from visavis.protocol import DoGesture, LookAt, SetEmotion, Weights
from visavis.types import SPEECH_HZ, TICKS_HZ, AgentState, AudioChunk, Emotion, EmotionCue, FaceFrame, Gesture, SpeechChunk

from .conftest import espeak_phones, frames, tone

S = TICKS_HZ


def syllables(seconds: int, rate_hz: int = SPEECH_HZ, level: float = 6000) -> np.ndarray:
    """Sound that swells three times a second, every other swell louder."""
    t = np.arange(seconds * rate_hz) / rate_hz
    swell = np.maximum(np.sin(2 * np.pi * 3 * t), 0.05) * (1 + (np.floor(3 * t) % 2))
    return (level * swell * np.sin(2 * np.pi * 180 * t)).astype(np.int16)


def life(state: AgentState, seconds: int, seed: int = 3) -> list[FaceFrame]:
    motion = Motion(seed=seed)
    motion.set_state(state, 0)
    if state is AgentState.SPEAKING:
        motion.speak(SpeechChunk(AudioChunk(0, SPEECH_HZ, syllables(seconds))))
    return frames(motion, 0, seconds, 60)


@pytest.fixture(scope="module")
def lives() -> dict[AgentState, Liveliness]:
    return {state: liveliness(life(state, 180)) for state in AgentState}


def test_blinks_are_as_often_and_as_long_as_in_people(lives: dict[AgentState, Liveliness]) -> None:
    for state in (AgentState.IDLE, AgentState.LISTENING):
        assert 11 <= lives[state].blinks_per_min <= 23, state
    assert 17 <= lives[AgentState.SPEAKING].blinks_per_min <= 32
    assert lives[AgentState.SPEAKING].blinks_per_min > lives[AgentState.LISTENING].blinks_per_min
    for figures in lives.values():
        assert 60 <= figures.blink_down_ms <= 110
        assert 120 <= figures.blink_up_ms <= 260
        assert figures.blink_down_ms < figures.blink_up_ms


def test_gaze_is_mostly_at_the_viewer_but_not_in_thought(lives: dict[AgentState, Liveliness]) -> None:
    for state in (AgentState.IDLE, AgentState.LISTENING, AgentState.SPEAKING):
        assert 0.68 <= lives[state].gaze_at_viewer_share <= 0.93, state
    assert lives[AgentState.THINKING].gaze_yaw_sd_deg > 2 * lives[AgentState.LISTENING].gaze_yaw_sd_deg


def test_the_head_moves_more_in_speech(lives: dict[AgentState, Liveliness]) -> None:
    still, speaking = lives[AgentState.LISTENING], lives[AgentState.SPEAKING]
    assert speaking.head_speed_mean_deg_per_s > 1.5 * still.head_speed_mean_deg_per_s
    assert 0.3 < still.head_speed_mean_deg_per_s < speaking.head_speed_mean_deg_per_s < 15


def test_figures_beside_a_real_capture(shared: Callable[[str], Path], lives: dict[AgentState, Liveliness]) -> None:
    """A range-of-motion take of one person: what its maker did not act out (blinks, saccades) is comparable."""
    real = liveliness(read_live_link_csv(shared("livelink/alex_rom_3.csv")))
    ours = lives[AgentState.IDLE]
    print(ours.table(real, names=("idle", "capture")))
    assert 0.5 < ours.blinks_per_min / real.blinks_per_min < 2.0
    assert 0.6 < ours.blink_half_height_ms / real.blink_half_height_ms < 1.6
    assert 0.6 < ours.blink_down_ms / real.blink_down_ms < 1.6
    assert 0.4 < ours.saccades_per_min / real.saccades_per_min < 2.5


def test_figures_count_what_was_put_in() -> None:
    rows = []
    for i in range(60 * 60):
        frame = FaceFrame.neutral(i * S // 60)
        phase = i % 240
        frame.weights[[INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = np.interp(phase, [100, 105, 115], [0, 1, 0])
        frame.gaze[:, 0] = 0.4 if (i // 120) % 4 == 3 else 0.0
        rows.append(frame)
    figures = liveliness(rows)
    assert figures.blinks_per_min == pytest.approx(15, abs=0.5)
    assert figures.blink_interval_median_s == pytest.approx(4.0, abs=0.02)
    assert figures.gaze_at_viewer_share == pytest.approx(0.75, abs=0.02)
    assert figures.saccades_per_min == pytest.approx(15, abs=1)
    assert figures.head_sd_deg == 0.0


def test_saccades_follow_the_main_sequence() -> None:
    assert saccade_s(np.radians(10)) == pytest.approx(0.043, abs=0.002)
    motion = Motion(seed=2)
    motion.set_state(AgentState.THINKING, 0)
    world = np.array([f.gaze.mean(axis=0) + f.head_rotation[:2] for f in frames(motion, 0, 60, 500)])
    speed = np.linalg.norm(np.diff(world, axis=0), axis=1) * 500
    moving = np.flatnonzero(np.diff(np.concatenate([[0], speed > 0.5, [0]]).astype(int))).reshape(-1, 2)
    large = [(b - a) / 500 for a, b in moving if degrees(float(np.linalg.norm(world[b] - world[a]))) > 8]
    assert len(large) > 10
    assert min(large) > 0.025
    assert max(large) < 0.13


def test_eyes_make_up_for_the_head() -> None:
    motion = Motion(seed=5)
    motion.control(LookAt(yaw=0.0, pitch=0.0, fade_ms=0), 0)
    seen = frames(motion, 0, 30)
    gaze, head = (np.array([getattr(f, name) for f in seen]) for name in ("gaze", "head_rotation"))
    assert head[:, 0].std() > 0.005
    np.testing.assert_allclose(gaze.mean(axis=1), -head[:, :2], atol=1e-6)


def test_lids_follow_the_gaze_but_not_a_held_lid() -> None:
    def lids(pitch: float, held: dict[str, float]) -> tuple[float, float]:
        motion = Motion(seed=1)
        motion.control(LookAt(pitch=pitch, fade_ms=0), 0)
        motion.control(Weights(weights=held, fade_ms=0), 0)
        weights = motion.sample(0).weights
        return float(weights[INDEX["eyeBlinkLeft"]]), float(weights[INDEX["eyeWideLeft"]])

    up, ahead, down = (lids(pitch, {}) for pitch in (-0.3, 0.0, 0.4))
    assert down[0] > ahead[0] + 0.08
    assert up[1] > ahead[1] + 0.03
    assert lids(0.4, {"eyeBlinkLeft": 0.2})[0] == pytest.approx(0.2, abs=1e-6)


def test_breath_is_12_to_16_a_minute_and_small() -> None:
    y = np.array([f.head_translation[1] for f in frames(Motion(seed=1), 0, 240, 20)])
    spectrum = np.abs(np.fft.rfft((y - y.mean()) * np.hanning(len(y))))
    per_minute = np.fft.rfftfreq(len(y), 1 / 20) * 60
    band = (per_minute > 6) & (per_minute < 40)
    assert 12 <= per_minute[band][np.argmax(spectrum[band])] <= 16
    assert np.abs(y).max() < 0.006


def test_nothing_is_ever_frozen_nor_repeated() -> None:
    rows = np.array([np.concatenate([f.head_rotation, f.head_translation * 20]) for f in frames(Motion(seed=1), 0, 600, 25)])
    moved = np.abs(np.diff(rows, axis=0)).max(axis=1)
    assert moved.min() > 0
    slow = rows[::5, 0] - rows[:, 0].mean()
    alike = np.correlate(slow, slow, "full")[len(slow) :] / (slow @ slow)
    assert alike[200:].max() < 0.5, "no loop within ten minutes"


def test_drift_is_smooth_seeded_and_reproducible() -> None:
    drift = Drift(1, 2, 3, 0.5)
    rows = np.array([drift.at(t) for t in np.arange(0, 100, 0.01)])
    np.testing.assert_array_equal(rows[5000], Drift(1, 2, 3, 0.5).at(50.0))
    assert np.abs(Drift(2, 2, 3, 0.5).at(50.0) - rows[5000]).max() > 1e-3
    assert np.abs(np.diff(rows, 2, axis=0)).max() < 1e-3
    assert 0.2 < rows.std() < 0.8
    assert np.isfinite(drift.at(10.0 * 3600)).all()


def test_speech_beats_move_the_head_with_the_voice() -> None:
    """Accents give nods that are there with the sound and not without it."""
    loud, silent = Motion(seed=1), Motion(seed=1)
    audio = AudioChunk(0, SPEECH_HZ, syllables(20))
    loud.speak(SpeechChunk(audio))
    silent.speak(SpeechChunk(AudioChunk(0, SPEECH_HZ, np.zeros_like(audio.samples))))
    pitch = [np.array([f.head_rotation[1] for f in frames(m, 1, 20)]) for m in (loud, silent)]
    brows = [np.array([f.weights[INDEX["browInnerUp"]] for f in frames(m, 20, 20.1)]) for m in (loud, silent)]
    assert np.abs(pitch[0] - pitch[1]).max() > 0.015
    assert len(brows[0])


def test_a_listener_nods_in_the_pauses_of_the_voice() -> None:
    def run(chunk_samples: int, speech: np.ndarray) -> np.ndarray:
        motion = Motion(seed=8)
        motion.set_state(AgentState.LISTENING, 0)
        rows, at = [], 0
        for tick in range(0, 30 * S, S // 50):
            while at < len(speech) and at * 3 <= tick:
                piece = speech[at : at + chunk_samples]
                motion.hear(AudioChunk(at * 3, 16_000, piece))
                at += len(piece)
            rows.append(motion.sample(tick).head_rotation[1])
        return np.array(rows)

    voice = syllables(30, 16_000)
    for start in (4, 11, 17, 24):
        voice[start * 16_000 : start * 16_000 + 14_000] = 0
    hum = np.random.default_rng(0).normal(0, 20, 30 * 16_000).astype(np.int16)
    nods = run(320, voice) - run(320, hum)
    assert np.abs(nods).max() > 0.02
    assert np.abs(nods[: 4 * 50]).max() < 1e-6, "not before the first pause"
    np.testing.assert_allclose(run(160, voice), run(320, voice), atol=1e-6)


@pytest.mark.parametrize(
    ("gesture", "axis", "least"), [(Gesture.NOD, 1, 0.06), (Gesture.SHAKE, 0, 0.1), (Gesture.TILT, 2, 0.1)]
)
def test_gestures_of_the_head(gesture: Gesture, axis: int, least: float) -> None:
    moved, still = Motion(seed=1), Motion(seed=1)
    moved.control(DoGesture(gesture=gesture), 2 * S)
    path = np.array(
        [a.head_rotation - b.head_rotation for a, b in zip(frames(moved, 1, 6, 100), frames(still, 1, 6, 100), strict=True)]
    )
    assert np.abs(path[:, axis]).max() > least
    assert np.abs(path[:100]).max() < 1e-6
    assert np.abs(path[400:]).max() < 1e-6


def test_gestures_of_the_face() -> None:
    def extra(gesture: Gesture) -> np.ndarray:
        moved, still = Motion(seed=1), Motion(seed=1)
        moved.control(DoGesture(gesture=gesture), 2 * S)
        pairs = zip(frames(moved, 2, 4, 100), frames(still, 2, 4, 100), strict=True)
        return np.max([a.weights - b.weights for a, b in pairs], axis=0)

    assert extra(Gesture.RAISE_BROWS)[INDEX["browInnerUp"]] > 0.4
    wink = extra(Gesture.WINK)
    eyes = sorted((wink[INDEX["eyeBlinkLeft"]], wink[INDEX["eyeBlinkRight"]]))
    assert eyes[0] < 0.1
    assert eyes[1] > 0.8
    aside = extra(Gesture.LOOK_ASIDE)
    assert max(aside[INDEX["eyeLookOutLeft"]], aside[INDEX["eyeLookInLeft"]]) > 0.2


def test_emotions_differ_fade_and_show() -> None:
    table = np.array([expression(e) for e in Emotion])
    apart = np.abs(table[:, None] - table[None]).sum(axis=2) + 10 * np.eye(7)
    assert apart.min() > 1.0
    motion, plain = Motion(seed=1), Motion(seed=1)
    motion.control(SetEmotion(emotion=Emotion.HAPPY, intensity=1.0, fade_ms=500), S)
    rows = np.array([a.weights - b.weights for a, b in zip(frames(motion, 0.9, 4), frames(plain, 0.9, 4), strict=True)])
    smile = rows[:, INDEX["mouthSmileLeft"]]
    assert smile[0] == pytest.approx(0, abs=1e-6)
    assert smile[-1] > 0.4
    assert np.abs(np.diff(smile)).max() < 0.06
    motion.control(SetEmotion(emotion=Emotion.HAPPY, intensity=0.3, fade_ms=0), 4 * S)
    assert motion.sample(round(4.1 * S)).weights[INDEX["mouthSmileLeft"]] < 0.6 * smile[-1]


def test_an_emotion_cue_fires_at_its_time_and_ends_with_its_speech() -> None:
    phones = espeak_phones("en-us")
    end = phones[-1].end_ticks
    motion = Motion(seed=1)
    motion.speak(SpeechChunk(tone(phones), (*phones, EmotionCue(2 * S, Emotion.SURPRISED)), phones_known=True))
    motion.end_speech(end)
    brow = np.array([f.weights[INDEX["browOuterUpLeft"]] for f in frames(motion, 0, end / S + 5, 30)])
    assert brow[58] < 0.4
    assert brow[75:120].mean() > 0.6
    assert brow[-30:].max() < 0.4


@pytest.mark.parametrize("emotion", [Emotion.NEUTRAL, Emotion.HAPPY, Emotion.SAD, Emotion.ANGRY])
def test_calm_faces_do_not_gape(emotion: Emotion) -> None:
    motion = Motion(seed=1)
    motion.control(SetEmotion(emotion=emotion, fade_ms=0), 0)
    assert max(mouth_opening(f.weights) for f in frames(motion, 0, 20, 30)) < 0.05


def _voice(hertz: np.ndarray) -> np.ndarray:
    phase = np.cumsum(hertz) / 16_000
    return (sum(np.sin(2 * np.pi * k * phase) / k for k in range(1, 12)) * 2500).astype(np.int16)


@pytest.mark.parametrize(("end_hz", "rises"), [(190.0, True), (110.0, False)])
def test_a_rising_end_is_answered_with_the_brows(end_hz: float, rises: bool) -> None:
    pitch = np.full(2 * 16_000, 130.0)
    pitch[-6_400:] = np.linspace(130.0, end_hz, 6_400)
    sound = np.concatenate([_voice(pitch), np.zeros(16_000, np.int16)])
    raised = []
    for ears in (True, False):
        motion = Motion(seed=5)
        motion.set_state(AgentState.LISTENING, 0)
        if ears:
            motion.hear(AudioChunk(0, 16_000, sound))
        raised.append(np.array([f.weights[INDEX["browInnerUp"]] for f in frames(motion, 2.0, 3.4)]))
    assert bool((raised[0] - raised[1]).max() > 0.2) == rises


def test_the_users_laughter_is_answered_with_a_smile_and_only_while_listening() -> None:
    kinds = np.zeros((100, len(KINDS)), np.float32)
    kinds[:, KINDS.index("laughter")] = 0.9
    laughs = HeardFrames(S, np.zeros((100, 54), np.float32), np.zeros((100, 40), np.float32), kinds, np.zeros(100, np.float32))
    smiles = {}
    for state in (AgentState.LISTENING, AgentState.THINKING):
        motion, still = Motion(seed=5), Motion(seed=5)
        for each in (motion, still):
            each.set_state(state, 0)
        motion.hear_user([laughs])
        rows = [[f.weights[INDEX["mouthSmileLeft"]] for f in frames(each, 1, 8)] for each in (motion, still)]
        smiles[state] = np.array(rows[0]) - np.array(rows[1])
    assert smiles[AgentState.LISTENING].max() > 0.1
    assert abs(smiles[AgentState.LISTENING][-1]) < 0.02
    assert np.abs(smiles[AgentState.THINKING]).max() == 0.0
