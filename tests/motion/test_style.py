from __future__ import annotations

import numpy as np
import pytest

from visavis.arkit import INDEX
from visavis.motion import Motion
from visavis.motion.style import Pace
from visavis.protocol import DoGesture, SetEmotion, SetStyle
from visavis.types import TICKS_HZ as S
from visavis.types import AgentState, Emotion, FaceFrame, Gesture

from .conftest import espeak_phones, frames, spoken


def styled(seed: int = 1, **traits: float) -> Motion:
    motion = Motion(seed=seed)
    motion.control(SetStyle(**traits, fade_ms=0), 0)
    return motion


def heads(seen: list[FaceFrame]) -> np.ndarray:
    return np.array([np.concatenate([f.head_rotation, f.head_translation]) for f in seen])


def blinks(seen: list[FaceFrame]) -> int:
    shut = np.array([f.weights[INDEX["eyeBlinkLeft"]] for f in seen]) > 0.5
    return int(np.count_nonzero(np.diff(shut.astype(int)) > 0))


def test_own_time_is_media_time_until_the_speed_changes_and_never_jumps() -> None:
    pace = Pace()
    assert [pace.at(t) for t in (-1.0, 0.0, 3.7)] == [-1.0, 0.0, 3.7]
    pace.to(2.0, 10.0, 1.0)
    pace.to(0.5, 20.0, 0.0)
    times = np.arange(0.0, 30.0, 0.01)
    steps = np.diff([pace.at(t) for t in times]) / 0.01
    assert np.abs(np.diff(steps)).max() < 1.6
    assert steps[500] == pytest.approx(1.0)
    assert steps[1500] == pytest.approx(2.0)
    assert steps[2500] == pytest.approx(0.5)
    assert pace.at(11.0) == pytest.approx(11.5)


def test_as_usual_changes_nothing() -> None:
    plain, usual = spoken(espeak_phones("en-us")), spoken(espeak_phones("en-us"))
    usual.control(SetStyle(speed=1.0, energy=1.0, blinks=1.0, eye_contact=1.0), 0)
    usual.control(SetStyle(), S)
    for a, b in zip(frames(plain, 0, 4), frames(usual, 0, 4), strict=True):
        np.testing.assert_array_equal(a.weights, b.weights)
        np.testing.assert_array_equal(a.head_rotation, b.head_rotation)


def test_speed_moves_the_idle_head_faster() -> None:
    slow, usual, fast = (np.abs(np.diff(heads(frames(styled(speed=v), 0, 40))[:, :3], axis=0)).mean() for v in (0.5, 1.0, 2.5))
    assert slow < 0.75 * usual
    assert fast > 1.4 * usual


def test_speed_shortens_gestures() -> None:
    ends = []
    for speed in (0.5, 2.0):
        motion, free = styled(speed=speed), styled(speed=speed)
        motion.control(DoGesture(gesture=Gesture.RAISE_BROWS), S)
        brow = INDEX["browOuterUpLeft"]
        raised = [
            a.weights[brow] - b.weights[brow] > 0.02 for a, b in zip(frames(motion, 1, 4), frames(free, 1, 4), strict=True)
        ]
        ends.append(np.flatnonzero(raised)[-1] / 60)
    assert ends[0] == pytest.approx(4 * ends[1], rel=0.15)


def test_energy_scales_the_head_and_zero_stills_it() -> None:
    still, usual, lively = (heads(frames(styled(energy=v), 0, 20)).std(axis=0)[5] for v in (0.0, 1.0, 2.0))
    assert still == 0.0
    assert lively == pytest.approx(2.0 * usual, rel=1e-4)


def test_gestures_have_a_strength() -> None:
    depths = []
    for strength in (0.4, 1.6):
        motion, free = Motion(seed=1), Motion(seed=1)
        motion.control(DoGesture(gesture=Gesture.NOD, strength=strength), S)
        change = heads(frames(motion, 1, 2)) - heads(frames(free, 1, 2))
        depths.append(np.abs(change[:, 1]).max())
    assert depths[1] == pytest.approx(4 * depths[0], rel=0.01)


def test_articulation_scales_the_mouth_in_speech_and_keeps_closures() -> None:
    phones = espeak_phones("en-us")
    jaws = []
    for articulation in (0.5, 1.0, 1.4):
        motion = spoken(phones)
        motion.control(SetStyle(articulation=articulation, fade_ms=0), 0)
        jaws.append(np.mean([f.weights[INDEX["jawOpen"]] for f in frames(motion, 0.5, 3)]))
    assert jaws[0] < 0.65 * jaws[1]
    assert jaws[2] > 1.25 * jaws[1]


def test_expression_scales_emotions() -> None:
    smiles = []
    for expression in (0.0, 0.5, 1.0):
        motion = styled(expression=expression)
        motion.control(SetEmotion(emotion=Emotion.HAPPY, fade_ms=0), 0)
        smiles.append(float(motion.sample(S).weights[INDEX["cheekSquintLeft"]]))
    assert smiles[2] > 0.5
    assert smiles[0] < 0.3 * smiles[1] < 0.3 * smiles[2]


def test_blinks_stop_double_and_come_back() -> None:
    usual, double = (blinks(frames(styled(blinks=v), 0, 90)) for v in (1.0, 2.0))
    assert double > 1.4 * usual
    motion = styled(blinks=0.0)
    assert blinks(frames(motion, 0, 60)) == 0
    motion.control(SetStyle(fade_ms=0), 60 * S)
    assert blinks(frames(motion, 60, 120)) > 6


def test_eye_contact() -> None:
    def away(eye_contact: float) -> float:
        motion = styled(eye_contact=eye_contact)
        motion.set_state(AgentState.LISTENING, 0)
        world = [f.gaze.mean(axis=0) + f.head_rotation[:2] for f in frames(motion, 1, 120, 10)]
        return float(np.mean(np.linalg.norm(world, axis=1) > 0.07))

    always, usual, shy = away(2.0), away(1.0), away(0.0)
    assert always == 0.0
    assert shy > 1.3 * usual > 0.0
