"""The rasteriser against its plain twin, against itself from other cameras, and against what can be said by hand."""

import numpy as np
import pytest
from tests.splats.conftest import cloud

from visavis.render.camera import Camera, look_at
from visavis.render.picture import rgb_from_i420
from visavis.splats.cloud import SH_0, Splats, checked
from visavis.splats.painter import Painter, Posed
from visavis.splats.plain import plain_draw
from visavis.splats.still import still

TWIN_DB = 45.0
"""The fast path stays within this of the exact twin."""


def seen_from(azimuth: float = 0.0, *, size: tuple[int, int] = (96, 80)) -> Camera:
    at = (3 * np.sin(azimuth), 0.4, 3 * np.cos(azimuth))
    return look_at(at, (0, 0, 0), width=size[0], height=size[1], vertical_fov_rad=0.7)


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return float(-10 * np.log10(np.mean((a.astype(float) - b) ** 2) + 1e-20))


def one(opacity_logit: float = 4.0, size_m: float = 0.1, at: tuple[float, float, float] = (0, 0, 0)) -> Splats:
    sh = np.array([[[1.0, 0, -1]]], np.float32) * (0.5 / SH_0)
    return Splats(
        np.array([at], np.float32), np.array([[1, 0, 0, 0]], np.float32), np.full((1, 3), np.log(size_m), np.float32),
        np.array([opacity_logit], np.float32), sh.astype(np.float32),
    )  # fmt: skip


@pytest.mark.parametrize("azimuth", [0.0, 1.0, 3.0])
@pytest.mark.parametrize("degree", [0, 3])
def test_fast_and_exact_agree(azimuth: float, degree: int) -> None:
    camera = seen_from(azimuth)
    posed = still(cloud(400, degree), camera)
    fast, exact = Painter(96, 80).draw(posed, camera), plain_draw(posed, camera)
    assert psnr(fast.colour, exact.colour) > TWIN_DB
    assert psnr(fast.alpha, exact.alpha) > TWIN_DB
    there = exact.alpha > 0.5
    assert np.abs(fast.depth - exact.depth)[there].max() < 0.02


@pytest.mark.parametrize("size_m", [0.005, 0.1, 0.6])
@pytest.mark.parametrize("at", [(0.0, 0.0, 0.0), (0.9, -0.7, 0.3), (-1.3, 0.2, 0.0)])
def test_one_splat_is_a_gaussian_wherever_tiles_end(size_m: float, at: tuple[float, float, float]) -> None:
    camera = seen_from(size=(90, 70))
    posed = still(one(size_m=size_m, at=at), camera)
    fast, exact = Painter(90, 70).draw(posed, camera), plain_draw(posed, camera)
    assert np.abs(fast.alpha - exact.alpha).max() < 1.05 / 255  # what lies at the cut may fall to either side


def test_long_slanted_splats_lose_no_tile() -> None:
    rng = np.random.default_rng(2)
    turns = rng.normal(size=(40, 4))
    turns /= np.linalg.norm(turns, axis=1, keepdims=True)
    scales = np.log(np.tile([0.5, 0.01, 0.01], (40, 1)))
    splats = Splats(
        *(
            np.asarray(v, np.float32)
            for v in (rng.normal(0, 0.3, (40, 3)), turns, scales, np.full(40, 3.0), np.ones((40, 1, 3)))
        )
    )
    camera = seen_from(size=(128, 128))
    posed = still(splats, camera)
    assert np.abs(Painter(128, 128).draw(posed, camera).alpha - plain_draw(posed, camera).alpha).max() < 0.02


def test_depth_is_where_the_splat_is() -> None:
    camera = seen_from(size=(64, 64))
    drawn = Painter(64, 64).draw(still(one(size_m=0.2), camera), camera)
    assert drawn.depth[32, 32] == pytest.approx(np.linalg.norm(camera.position), abs=1e-3)
    assert drawn.depth[0, 0] == 0


def test_nearer_splats_hide_farther_ones() -> None:
    camera = seen_from(size=(64, 64))
    both = Splats(*(np.concatenate([getattr(a, f) for a in (one(9, 0.2, (0, 0, -0.5)), one(9, 0.2, (0, 0, 0.5)))])
                    for f in ("positions", "rotations", "log_scales", "opacity_logits", "sh")))  # fmt: skip
    both.sh[1] = -both.sh[1]
    drawn = Painter(64, 64).draw(still(both, camera), camera)
    assert drawn.colour[32, 32, 2] > 0.9 > 0.1 > drawn.colour[32, 32, 0]


def test_a_turned_world_and_a_turned_camera_are_the_same() -> None:
    angle = 0.8
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    splats = cloud(200, 3)
    before, after = seen_from(), seen_from(angle)
    a = Painter(96, 80).draw(still(splats, before), before)
    b = Painter(96, 80).draw(still(splats.moved(np.c_[turn, np.zeros(3)]), after), after)
    assert psnr(a.colour, b.colour) > TWIN_DB


def test_i420_is_the_same_picture_and_workers_change_nothing() -> None:
    camera = seen_from()
    posed = still(cloud(300, 0), camera)
    background = np.full((3, 80, 96), 100.0, np.float32)
    alone, shared = Painter(96, 80), Painter(96, 80, workers=2)
    picture = alone.i420(posed, camera, background)
    assert np.array_equal(picture, shared.i420(posed, camera, background))
    shared.close()
    drawn = alone.draw(posed, camera)
    rgb = np.clip(drawn.colour * 255 + (1 - drawn.alpha[..., None]) * 100, 0, 255)
    smooth = rgb.reshape(40, 2, 48, 2, 3).mean((1, 3))
    assert np.abs(rgb_from_i420(picture).reshape(40, 2, 48, 2, 3).mean((1, 3)) - smooth).mean() < 2.5


def test_nothing_to_draw_and_splats_behind_the_camera() -> None:
    camera = seen_from(size=(64, 48))
    behind = still(one(at=(0, 0, 9)), camera)
    painter = Painter(64, 48)
    assert painter.draw(behind, camera).alpha.max() == 0
    nothing = Posed(behind.parents[:0], behind.frames, behind.places[:0], behind.covariances[:0], behind.opacities[:0],
                    behind.colours[:0])  # fmt: skip
    assert painter.draw(nothing, camera).alpha.max() == 0


def test_values_at_their_bounds_are_drawn_or_left_out_but_never_overflow() -> None:
    rng = np.random.default_rng(0)
    n = 400
    turns = rng.normal(size=(n, 4))
    positions = rng.choice([-9e5, -1.0, 0.0, 2.95, 9e5], (n, 3)) + rng.normal(0, 0.1, (n, 3))
    wild = checked(
        "wild",
        positions,
        turns,
        rng.choice([-30.0, 0.0, 12.0], (n, 3)),
        rng.choice([-100.0, 100.0], n),
        np.full((n, 1, 3), 50.0),
    )
    camera = seen_from()
    drawn = Painter(96, 80).draw(still(wild, camera), camera)
    assert np.isfinite(drawn.colour).all()
    assert drawn.alpha.min() >= 0
    assert drawn.alpha.max() <= 1
