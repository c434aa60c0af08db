from __future__ import annotations

import numpy as np
import pytest

from visavis.arkit import COUNT, INDEX, SHAPES
from visavis.motion.channels import GAZE, PITCH, WORLD, YAW, Fade, mouth_opening, neutral, seal_lips, shape_vector, to_frame


def test_mouth_opening_of_known_mouths() -> None:
    assert mouth_opening(np.zeros(52)) == 0.0
    assert mouth_opening(shape_vector({"jawOpen": 1.0})) == 1.0
    assert mouth_opening(shape_vector({"jawOpen": 0.4, "mouthClose": 0.4})) == pytest.approx(0.0)
    assert mouth_opening(shape_vector({"mouthClose": 1.0})) == 0.0
    assert mouth_opening(shape_vector({"mouthLowerDown": 0.5})) > 0.05
    assert mouth_opening(shape_vector({"jawOpen": 0.1, "mouthRollLower": 0.3})) < 0.1


def test_sealing_closes_any_mouth() -> None:
    random = np.random.default_rng(3)
    for _ in range(200):
        weights = random.uniform(0, 1, COUNT)
        half = weights.copy()
        before = mouth_opening(weights)
        seal_lips(half, 0.5)
        assert mouth_opening(half) <= before + 0.02
        seal_lips(weights, 1.0)
        assert mouth_opening(weights) < 0.01
        assert (weights >= 0).all()
        assert (weights <= 1).all()


def test_eyes_make_up_for_the_head_and_look_shapes_follow() -> None:
    face = neutral()
    face[[YAW, PITCH]] = 0.2, 0.1
    frame = to_frame(face, 0, 0)
    np.testing.assert_allclose(frame.gaze, [[-0.2, -0.1]] * 2, atol=1e-6)
    assert frame.weights[INDEX["eyeLookInLeft"]] > 0.2, "the left eye turns to the character's right"
    assert frame.weights[INDEX["eyeLookOutRight"]] > 0.2
    assert frame.weights[INDEX["eyeLookUpLeft"]] > 0.1
    assert frame.weights[INDEX["eyeLookDownLeft"]] == 0.0
    face[WORLD], face[GAZE] = 0.0, 0.0
    np.testing.assert_allclose(to_frame(face, 0, 0).gaze, 0.0)


def test_frames_are_in_range_whatever_the_layers_say() -> None:
    face = neutral()
    face[:] = np.random.default_rng(1).normal(0, 3, len(face))
    face[-3] = 0.5
    frame = to_frame(face, 5, 2)
    assert (frame.weights >= 0).all()
    assert (frame.weights <= 1).all()
    assert np.abs(frame.gaze).max() <= 0.71
    assert (frame.t_ticks, frame.generation) == (5, 2)


def test_a_fade_interrupted_goes_on_from_where_it_is() -> None:
    fade = Fade(np.zeros(1))
    fade.to(np.ones(1), 1.0, 1.0)
    assert fade.at(0.5)[0] == 0.0
    assert fade.at(1.5)[0] == pytest.approx(0.5)
    fade.to(np.zeros(1), 1.5, 0.5)
    assert fade.at(1.5)[0] == pytest.approx(0.5)
    assert fade.at(2.0)[0] == 0.0


def test_shape_vector_sets_both_sides() -> None:
    vector = shape_vector({"mouthSmile": 0.3, "browDownLeft": 0.2})
    assert {SHAPES[i] for i in np.flatnonzero(vector)} == {"mouthSmileLeft", "mouthSmileRight", "browDownLeft"}
