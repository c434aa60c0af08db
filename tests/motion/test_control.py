from __future__ import annotations

import numpy as np
import pytest

from visavis.arkit import INDEX
from visavis.motion import Motion
from visavis.motion.channels import mouth_opening
from visavis.motion.look import CAMERA_M, EYES_M, PIVOT_M, head_matrix, screen_point
from visavis.protocol import FadeLayer, HoldHead, LookAt, SetEmotion, Weights
from visavis.types import TICKS_HZ as S
from visavis.types import Emotion, FaceFrame, FaceLayer, FacePart

from .conftest import espeak_phones, frames, spoken

JAW, SMILE, BROW = INDEX["jawOpen"], INDEX["mouthSmileLeft"], INDEX["browInnerUp"]


def at(motion: Motion, t_s: float) -> FaceFrame:
    return motion.sample(round(t_s * S))


def missed_by(face: FaceFrame, point: np.ndarray) -> float:
    """The larger angle between where an eye looks and where `point` is, with the eyes of the average head."""
    head = head_matrix(*map(float, face.head_rotation))
    eyes = PIVOT_M + (EYES_M - PIVOT_M) @ head.T + face.head_translation
    worst = 0.0
    for eye, (yaw, pitch) in zip(eyes, face.gaze.astype(float), strict=True):
        looks = head @ [np.sin(yaw) * np.cos(pitch), -np.sin(pitch), np.cos(yaw) * np.cos(pitch)]
        towards = (point - eye) / np.linalg.norm(point - eye)
        worst = max(worst, float(np.arccos(min(1.0, looks @ towards))))
    return worst


def test_opacity_shares_a_weight_between_the_hand_and_what_lies_below() -> None:
    motion, free = (spoken(espeak_phones("en-us")) for _ in range(2))
    motion.control(Weights(weights={"browInnerUp": 1.0}, opacity=0.5, fade_ms=0), 0)
    for held, below in zip(frames(motion, 0.5, 2), frames(free, 0.5, 2), strict=True):
        assert held.weights[BROW] == pytest.approx(0.5 + 0.5 * below.weights[BROW], abs=1e-6)


def test_added_weights_lie_on_top_and_leave_speech_its_closures() -> None:
    phones = espeak_phones("en-us")
    motion, free = spoken(phones), spoken(phones)
    motion.control(Weights(weights={"mouthSmileLeft": 0.3, "jawOpen": 0.2}, blend="add", fade_ms=0), 0)
    seen = list(zip(frames(motion, 0.5, 2), frames(free, 0.5, 2), strict=True))
    assert np.mean([a.weights[SMILE] - b.weights[SMILE] for a, b in seen]) > 0.2
    for phone in phones:
        if phone.ipa and phone.ipa in "pbm" and phone.t_ticks > 2 * S:
            assert mouth_opening(motion.sample((phone.t_ticks + phone.end_ticks) // 2).weights) < 0.05


def test_one_held_weight_is_released_and_the_others_stay() -> None:
    motion, free = Motion(seed=1), Motion(seed=1)
    motion.control(Weights(weights={"jawOpen": 0.8, "cheekPuff": 0.5}, fade_ms=0), 0)
    motion.control(Weights(weights={"jawOpen": None}, fade_ms=100), S)
    face = at(motion, 1.2)
    assert face.weights[JAW] == pytest.approx(at(free, 1.2).weights[JAW], abs=1e-6)
    assert face.weights[INDEX["cheekPuff"]] == pytest.approx(0.5)


def test_what_is_held_for_a_time_goes_by_itself_and_newer_holds_outlive_it() -> None:
    motion, free = Motion(seed=1), Motion(seed=1)
    motion.control(Weights(weights={"jawOpen": 0.8, "cheekPuff": 0.5}, fade_ms=100, hold_ms=1000), 0)
    motion.control(Weights(weights={"cheekPuff": 0.7}, fade_ms=0), S // 2)
    motion.control(HoldHead(yaw=0.5, fade_ms=0, hold_ms=800), 0)
    motion.control(LookAt(yaw=-0.3, fade_ms=0, head_share=0.0, hold_ms=800), 0)
    early = at(motion, 0.7)
    assert early.weights[JAW] == pytest.approx(0.8)
    assert early.head_rotation[0] == pytest.approx(0.5)
    assert float(early.gaze[:, 0].mean()) == pytest.approx(-0.7, abs=0.02)
    at(motion, 1.05)  # a frame in the middle of the fade
    late, untouched = at(motion, 1.3), at(free, 1.3)
    assert late.weights[JAW] == pytest.approx(untouched.weights[JAW], abs=1e-6)
    assert late.weights[INDEX["cheekPuff"]] == pytest.approx(0.7)
    np.testing.assert_allclose(late.head_rotation, untouched.head_rotation, atol=1e-6)
    np.testing.assert_allclose(late.gaze, untouched.gaze, atol=1e-6)


def test_the_head_is_held_axis_by_axis_and_eyes_make_up_for_it() -> None:
    motion, free = Motion(seed=1), Motion(seed=1)
    motion.control(HoldHead(yaw=0.3, z=0.05, fade_ms=0), 0)
    motion.control(HoldHead(pitch=-0.2, fade_ms=0), 0)
    face, below = at(motion, 1), at(free, 1)
    np.testing.assert_allclose(face.head_rotation, [0.3, -0.2, below.head_rotation[2]], atol=1e-6)
    assert face.head_translation[2] == pytest.approx(0.05)
    world = face.gaze.mean(axis=0) + face.head_rotation[:2]
    np.testing.assert_allclose(world, below.gaze.mean(axis=0) + below.head_rotation[:2], atol=1e-6)
    motion.control(HoldHead(fade_ms=0), S)
    np.testing.assert_allclose(at(motion, 1.1).head_rotation, at(free, 1.1).head_rotation, atol=1e-6)


def test_an_added_head_turn_keeps_the_head_alive() -> None:
    motion, free = Motion(seed=1), Motion(seed=1)
    motion.control(HoldHead(yaw=0.3, blend="add", fade_ms=0), 0)
    turned, below = (np.array([f.head_rotation for f in frames(m, 1, 6)]) for m in (motion, free))
    np.testing.assert_allclose(turned - below, [[0.3, 0.0, 0.0]] * len(below), atol=1e-6)
    assert turned.std(axis=0).min() > 0.001


@pytest.mark.parametrize("point", [(0.0, 0.0, 0.4), (0.25, -0.1, 0.5), (-1.5, 0.8, 3.0), (0.02, 0.3, 0.9)])
def test_eyes_stay_on_a_point_of_the_world_whatever_the_head_does(point: tuple[float, float, float]) -> None:
    motion = spoken(espeak_phones("en-us"))
    motion.control(LookAt(world=point, fade_ms=200), 0)
    seen = frames(motion, 1, 3)
    assert max(missed_by(face, np.array(point)) for face in seen) < 0.005
    assert np.ptp([f.head_rotation[0] for f in seen]) > 0.002
    motion.control(HoldHead(yaw=0.1, roll=-0.2, x=0.05, fade_ms=0), 3 * S)
    assert missed_by(at(motion, 3.1), np.array(point)) < 0.005


def test_eyes_converge_on_what_is_near() -> None:
    near, far = Motion(seed=1), Motion(seed=1)
    near.control(LookAt(world=(0.0, 0.0, 0.25), fade_ms=0), 0)
    far.control(LookAt(world=(0.0, 0.0, 20.0), fade_ms=0), 0)
    turned_in = [float(np.subtract(*at(motion, 1).gaze[::-1, 0])) for motion in (near, far)]
    assert turned_in[0] > 0.2
    assert abs(turned_in[1]) < 0.01


def test_a_place_on_the_picture_lies_on_the_viewers_line_of_sight() -> None:
    for x, y in ((0.5, 0.5), (0.0, 1.0), (2.0, 0.25)):
        point = screen_point(x, y)
        on_face = CAMERA_M + (point - CAMERA_M) * CAMERA_M[2] / (CAMERA_M[2] - point[2])
        assert on_face[2] == pytest.approx(0.0)
        motion = Motion(seed=1)
        motion.control(LookAt(screen=(x, y), fade_ms=0), 0)
        assert missed_by(at(motion, 1), point) < 0.005
    right, left = (screen_point(x, 0.5)[0] for x in (1.0, 0.0))
    assert right > 0.05
    assert left == pytest.approx(-right)


def test_a_look_glides_from_angles_to_a_point() -> None:
    motion = Motion(seed=1)
    motion.control(LookAt(yaw=-0.3, fade_ms=0, head_share=0.0), 0)
    motion.control(LookAt(world=(0.4, 0.0, 0.8), head_share=0.0, fade_ms=400), S)
    yaw = np.array([f.gaze[:, 0].mean() + f.head_rotation[0] for f in frames(motion, 0.9, 1.6)])
    assert yaw[0] == pytest.approx(-0.3, abs=0.01)
    assert yaw[-1] == pytest.approx(np.arctan2(0.4, 0.8), abs=0.02)
    assert np.abs(np.diff(yaw)).max() < 0.08


def test_a_layer_is_turned_down_for_one_part_of_the_face() -> None:
    calm, mixed, happy = (Motion(seed=1) for _ in range(3))
    for motion in (mixed, happy):
        motion.control(SetEmotion(emotion=Emotion.SURPRISED, fade_ms=0), 0)
    mixed.control(FadeLayer(layer=FaceLayer.EMOTION, weight=0.0, part=FacePart.BROWS, fade_ms=0), 0)
    without, part, whole = (at(motion, 1).weights for motion in (calm, mixed, happy))
    assert part[BROW] == pytest.approx(without[BROW], abs=1e-6)
    assert part[JAW] == pytest.approx(whole[JAW], abs=1e-6)
    assert whole[BROW] > without[BROW] + 0.3


def test_a_capture_can_leave_the_mouth_to_speech() -> None:
    motion, free = (spoken(espeak_phones("en-us")) for _ in range(2))
    motion.leave_mouth_to_speech(True)
    captured = np.zeros(52, np.float32)
    captured[[SMILE, BROW]] = 0.6, 0.9
    head = np.array([0.3, 0.0, 0.0], np.float32)
    for i in range(240):
        motion.live(FaceFrame(i * S // 60, captured, head, np.zeros(3, np.float32), np.zeros((2, 2), np.float32)))
    speaking = list(zip(frames(motion, 1.0, 2.0), frames(free, 1.0, 2.0), strict=True))
    assert max(abs(a.weights[JAW] - b.weights[JAW]) for a, b in speaking) < 0.05
    assert all(a.weights[BROW] == pytest.approx(0.9, abs=1e-5) for a, _ in speaking)
    assert all(a.head_rotation[0] == pytest.approx(0.3, abs=1e-5) for a, _ in speaking)
    for i in range(240, 480):
        motion.live(FaceFrame(i * S // 60, captured, head, np.zeros(3, np.float32), np.zeros((2, 2), np.float32)))
    quiet = at(motion, 7.9)
    assert quiet.weights[SMILE] == pytest.approx(0.6, abs=1e-5)
