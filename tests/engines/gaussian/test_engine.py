"""The gaussian engine: what moves, what is kept back, layers, levels, cameras."""

import logging

import numpy as np
import pytest
from tests.engines.gaussian.conftest import tiny_person

from visavis.arkit import COUNT, INDEX
from visavis.engines.gaussian.avatar import GaussianAvatar
from visavis.engines.gaussian.cameras import free, front, stereo
from visavis.engines.gaussian.engine import SHARES, GaussianEngine, beside, swapped, without
from visavis.errors import BadInput
from visavis.types import TICKS_HZ, FaceFrame

SIZE = 96


def face(n: int = 0, yaw: float = 0.0, **weights: float) -> FaceFrame:
    values = np.zeros(COUNT, np.float32)
    for name, value in weights.items():
        values[INDEX[name]] = value
    return FaceFrame(n * 10 * TICKS_HZ, values, np.array([yaw, 0, 0], np.float32), np.zeros(3, np.float32),
                     np.zeros((2, 2), np.float32), 3)  # fmt: skip


def luma(engine: GaussianEngine, frame: FaceFrame) -> np.ndarray:
    return engine.draw(frame).i420[:SIZE].astype(int)


def test_a_frame_is_stamped_and_has_its_own_memory(person: GaussianAvatar) -> None:
    engine = GaussianEngine(person, width=SIZE, height=SIZE)
    first = engine.draw(face(1))
    assert (first.width, first.height, first.t_ticks, first.generation) == (SIZE, SIZE, 10 * TICKS_HZ, 3)
    kept = first.i420.copy()
    engine.draw(face(2, jawOpen=0.8))
    assert np.array_equal(kept, first.i420)
    assert np.array_equal(kept, engine.draw(face(1)).i420)


@pytest.mark.parametrize("weights", [{"jawOpen": 0.8}, {"mouthSmileLeft": 0.8}, {"eyeBlinkLeft": 0.8}, {"cheekPuff": 0.8}])
def test_shapes_change_the_picture(person: GaussianAvatar, weights: dict[str, float]) -> None:
    engine = GaussianEngine(person, width=SIZE, height=SIZE)
    assert np.abs(luma(engine, face(1)) - luma(engine, face(2, **weights))).max() > 4


def test_a_turned_head_and_a_turned_camera_see_the_same(person: GaussianAvatar) -> None:
    """But for what does not follow the head, of which this person has nothing, and light, which turns with it."""
    engine = GaussianEngine(person, width=SIZE, height=SIZE)
    assert engine.avatar.driver.follow.sum(1).min() > 0.99
    pivot = person.driver.pivot
    engine.avatar.mix[:] = 0
    camera = front(person, SIZE, SIZE)
    angle = 0.3
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]], np.float32)
    turned = engine.draw_from(face(1, angle), camera)
    back = type(camera)(SIZE, SIZE, camera.fx, camera.fy, camera.cx, camera.cy, camera.rotation @ turn,
                        (camera.position - pivot) @ turn + pivot)  # fmt: skip
    still = engine.draw_from(face(2), back)
    assert np.abs(turned.alpha - still.alpha).max() < 0.02
    assert np.abs(turned.colour - still.colour).mean() < 1e-3
    assert np.abs(turned.depth - still.depth)[still.alpha > 0.9].max() < 2e-3


def test_weights_beyond_training_are_held_back_and_told(caplog: pytest.LogCaptureFixture) -> None:
    person = tiny_person()
    engine = GaussianEngine(person, width=SIZE, height=SIZE)
    with caplog.at_level(logging.WARNING):
        held = luma(engine, face(1, jawOpen=1.0))
        luma(engine, face(2, jawOpen=1.0))
    assert [r for r in caplog.records if "jawOpen" in r.getMessage()].__len__() == 1
    person.ranges[:, 1] = 1.0
    free_ = luma(GaussianEngine(person, width=SIZE, height=SIZE), face(1, jawOpen=1.0))
    assert np.abs(held - free_).max() > 0
    caplog.clear()
    luma(engine, face(3, jawOpen=0.5))
    assert not caplog.records


def test_layers_are_hidden_and_swapped(person: GaussianAvatar) -> None:
    whole = GaussianEngine(person, width=SIZE, height=SIZE)
    bald = GaussianEngine(person, width=SIZE, height=SIZE, hidden=["hair"])
    assert np.abs(luma(whole, face(1)) - luma(bald, face(1))).max() > 20
    assert (bald.avatar.layers != 1).all()
    other = tiny_person(5)
    other.colours[other.layers == 1] = (0.9, 0.1, 0.1)
    red = swapped(person, other, "hair")
    assert len(red) == len(person)
    assert np.allclose(red.colours[red.layers == 1], (0.9, 0.1, 0.1))
    assert np.allclose(np.sort(red.parents[red.layers == 0]), np.sort(person.parents[person.layers == 0]))
    with pytest.raises(BadInput, match="Known"):
        without(person, ["hat"])
    with pytest.raises(BadInput, match="Nothing"):
        without(person, ["head", "hair"])


def test_levels_draw_fewer_splats_of_the_same_face(person: GaussianAvatar) -> None:
    pictures = [luma(GaussianEngine(person, width=SIZE, height=SIZE, detail=k), face(1)) for k in range(len(SHARES))]
    engines = [GaussianEngine(person, detail=k) for k in range(len(SHARES) + 3)]
    assert [e.drawn_share for e in engines] == [*SHARES, *[SHARES[-1]] * 3]
    apart = [np.abs(p - pictures[0]).mean() for p in pictures]
    assert 0 == apart[0] < apart[1] < apart[2] < 40


def test_cameras(person: GaussianAvatar) -> None:
    straight, same = front(person, SIZE, SIZE), free(person, SIZE, SIZE)
    assert np.allclose(straight.rotation, same.rotation, atol=1e-6)
    assert np.allclose(straight.position, same.position, atol=1e-6)
    left, right = stereo(person, 2 * SIZE, SIZE)
    at = person.look_at[None]
    assert np.allclose(left.project(at)[0, :2], right.project(at)[0, :2], atol=1e-3)
    near = (person.look_at + np.array([0, 0, 0.1], np.float32))[None]
    assert left.project(near)[0, 0] > right.project(near)[0, 0] + 1
    pair = GaussianEngine(person, width=2 * SIZE, height=SIZE, shot="stereo").draw(face(1))
    assert (pair.width, pair.height) == (2 * SIZE, SIZE)
    halves = pair.i420[:SIZE, :SIZE].astype(int), pair.i420[:SIZE, SIZE:].astype(int)
    assert 0.2 < np.abs(halves[0] - halves[1]).mean() < 25
    orbit = GaussianEngine(person, width=SIZE, height=SIZE, shot="orbit")
    first, later = orbit.draw(face(0)), orbit.draw(FaceFrame.neutral(2 * TICKS_HZ))
    assert np.abs(first.i420.astype(int) - later.i420).max() > 20


def test_two_pictures_stand_side_by_side() -> None:
    rng = np.random.default_rng(0)
    a, b = (rng.integers(0, 255, (24 * 3 // 2, 16), np.uint8) for _ in range(2))
    both = beside(a, b)
    assert np.array_equal(both[:24, :16], a[:24])
    assert np.array_equal(both[:24, 16:], b[:24])
    assert np.array_equal(both[24:30].reshape(12, 16)[:, :8], a[24:30].reshape(12, 8))


@pytest.mark.parametrize("given", [{"width": 97}, {"height": 4096}, {"width": 98, "shot": "stereo"}, {"shot": "above"}])
def test_pictures_that_cannot_be(person: GaussianAvatar, given: dict) -> None:
    with pytest.raises(BadInput):
        GaussianEngine(person, **{"width": 96, "height": 96, **given})
