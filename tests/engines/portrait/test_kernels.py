"""Every kernel gives what its plain twin gives."""

import numpy as np
import pytest

from visavis.engines.portrait import kernels, plain
from visavis.engines.portrait.motion import axis_angle
from visavis.head.fit import turned
from visavis.render.prepare import rotation

RNG = np.random.default_rng(0)


def f32(*shape: int, low: float = 0.0, high: float = 1.0) -> np.ndarray:
    return RNG.uniform(low, high, shape).astype(np.float32)


def u8(*shape: int) -> np.ndarray:
    return RNG.integers(0, 256, shape, dtype=np.uint8)


def ids_of(*shape: int) -> np.ndarray:
    return RNG.integers(-1, 4, shape, dtype=np.int32)


@pytest.mark.parametrize("angles", [(0.2, -0.1, 0.05), (0.0, 0.0, 0.0), (-0.4, 0.2, 0.3)])
def test_turn_project(angles: tuple[float, float, float]) -> None:
    points, follow = f32(300, 3, low=-0.2, high=0.2), np.repeat(f32(30), 10)
    given = (axis_angle(*angles), f32(3, low=-0.02, high=0.02), f32(3, low=-0.1, high=0.1))
    camera, rates = np.array([1300, 256, 240, 1.2], np.float32), np.array([0.05, 0.3], np.float32)
    screen, depth = np.empty((300, 2), np.float32), np.empty(300, np.float32)
    kernels.turn_project(points, follow, *given, camera, rates, screen, depth)
    want_screen, want_depth = plain.turn_project(points, follow, *given, camera, rates)
    assert np.abs(screen - want_screen).max() < 0.01
    assert np.abs(depth - want_depth).max() < 1e-5


def test_axis_angle_is_the_rotation_of_a_face_frame() -> None:
    for angles in ((0.3, -0.2, 0.1), (-1.0, 0.5, -0.4), (0.0, 0.0, 0.0)):
        turn = axis_angle(*angles)
        assert np.allclose(turned(turn[:3].astype(float) * float(turn[3])), rotation(*angles), atol=1e-6)


def test_look_up() -> None:
    sheet, ids, uv = u8(30, 40, 3), ids_of(50, 60), f32(50, 60, 2, low=-5, high=60)
    corner, colours = np.array([7, 9], np.float32), np.zeros((50, 60, 3), np.float32)
    kernels.look_up(ids, uv, sheet, corner, colours)
    want = np.where((ids >= 0)[..., None], plain.sample(sheet, uv - corner), 0)
    assert np.abs(colours - want).max() < 0.02


def test_shades() -> None:
    hole, ids, near, above = RNG.integers(0, 2, (40, 50)).astype(np.uint8), ids_of(40, 50), f32(40, 50), f32(40, 50)
    warmth, dark, colours = f32(3, low=0.7, high=1.4), f32(3, high=50), f32(40, 50, 3, high=255)
    want = plain.shade_depths(hole, near, above, warmth, dark, ids, colours)
    kernels.shade_depths(hole, near, above, warmth, dark, ids, colours)
    assert np.abs(colours - want).max() < 0.05
    want = plain.shade_ball(hole, near, 0.7, colours)
    kernels.shade_ball(hole, near, np.float32(0.7), colours)
    assert np.abs(colours - want).max() < 0.05


def test_mix_own() -> None:
    hole, sheet, corner = RNG.integers(0, 2, (40, 60)).astype(np.uint8), u8(25, 35, 3), np.array([5, 6], np.float32)
    ids, uv, colours = ids_of(64, 64), f32(64, 64, 2, low=0, high=50), f32(40, 60, 3, high=255)
    box = np.array([22, 14, 60, 40], np.int32)
    want = plain.mix_own(hole, sheet, corner, ids, uv, box, 0.6, colours)
    kernels.mix_own(hole, sheet, corner, ids, uv, box, np.float32(0.6), colours)
    assert np.abs(colours - want).max() < 0.05


def test_gather_samples() -> None:
    picture, skin_ids, hole = u8(64, 64, 4), ids_of(40, 60), (RNG.random((40, 60)) < 0.15).astype(np.uint8)
    grid = np.stack(np.meshgrid(np.arange(60), np.arange(40)), -1) / 2 + 5
    skin_uv = grid + 0.4 * RNG.random((40, 60, 2)) + 20 * (RNG.random((40, 60, 1)) < 0.05)
    skin_rows = np.dstack([skin_uv, RNG.random((40, 60)) * (RNG.random((40, 60)) < 0.1)]).astype(np.float32)
    tint = f32(3, high=255)
    colours, ids, uv = f32(40, 60, 3, high=255), ids_of(64, 64), f32(64, 64, 2, high=60)
    box, over = np.array([5, 7, 30, 20], np.int32), np.zeros((20, 30, 4), np.float32)
    kernels.gather_samples(picture, skin_ids, skin_rows, hole, colours, box, ids, uv, tint, np.float32(0.7), over)
    want = plain.gather_samples(picture, skin_ids, skin_rows, hole, colours, box, ids, uv, tint, np.float32(0.7))
    assert (over[..., 3] == want[..., 3]).all()
    assert np.abs(np.where(over[..., 3:] > 0, over - want, 0)).max() < 0.05


def test_compose_and_i420() -> None:
    picture, background = u8(64, 64, 4), u8(64, 64, 3)
    ids, uv, over = ids_of(64, 64), f32(64, 64, 2, low=-3, high=70), f32(64, 64, 4, high=255)
    over[..., 3] = RNG.integers(0, 2, (64, 64))
    has_over = RNG.integers(0, 2, (64, 64)).astype(np.uint8)
    out = np.empty((64, 64, 3), np.uint8)
    kernels.compose(picture, background, ids, uv, over, has_over, 0, 64, out)
    want = plain.compose(picture, background, ids, uv, over, has_over)
    assert np.abs(out.astype(int) - want).max() <= 1
    i420 = np.empty((96, 64), np.uint8)
    kernels.to_i420(out, i420)
    assert np.abs(i420.astype(int) - plain.to_i420(out)).max() <= 1
