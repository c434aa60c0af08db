"""The pixel kernels against their plain twins: the same triangle at 99.8 % of the samples, 45 dB of the finished picture."""

from collections.abc import Callable

import numpy as np
import pytest

from visavis.arkit import INDEX
from visavis.engines.rig.engine import RigEngine
from visavis.render import raster
from visavis.render.lanes import LANES
from visavis.render.mesh import RenderMesh
from visavis.render.paint import band_buffers, paint
from visavis.render.picture import rgb_from_i420
from visavis.render.plain_paint import plain_paint, plain_samples
from visavis.types import FaceFrame

SIZE = 128


@pytest.fixture(scope="module")
def engine(person: RenderMesh) -> RigEngine:
    engine = RigEngine(person, width=SIZE, height=SIZE)
    weights = np.zeros(52, np.float32)
    weights[INDEX["jawOpen"]] = 0.8
    engine.draw(
        FaceFrame(0, weights, np.array([0.3, 0.1, 0.1], np.float32), np.zeros(3, np.float32), np.full((2, 2), 0.1, np.float32))
    )
    return engine


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.mean((a.astype(np.float64) - b) ** 2)))


def random_triangles(count: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    middle = rng.uniform(-10, SIZE + 10, (count, 1, 2))
    screen = np.concatenate([middle + rng.normal(0, 9, (count, 3, 2)), rng.uniform(0.5, 2, (count, 3, 1))], 2)
    return screen.reshape(-1, 3).astype(np.float32), np.arange(3 * count, dtype=np.int32).reshape(-1, 3)


def test_samples_four_a_pixel() -> None:
    screen, triangles = random_triangles(400)
    two_sided = np.arange(400) % 2 == 0
    blocks = SIZE // 2
    chosen = np.arange(400, dtype=np.uint32)
    first, last = np.empty(400, np.int32), np.empty(400, np.int32)
    depth, ids = np.empty(blocks * blocks * LANES, np.float32), np.empty(blocks * blocks * LANES, np.int32)
    corners = triangles.astype(np.uint32)
    raster.cull(screen, corners, two_sided, chosen, SIZE, SIZE, first, last)
    raster.draw_band_4(screen, corners, chosen[first >= 0], 0, blocks, blocks, depth, ids, np.empty((400, 12), np.float32))
    plain, plain_depth = plain_samples(screen, triangles, two_sided, SIZE, SIZE)
    agree = raster.pixels_4(ids, blocks, blocks) == plain
    assert (plain >= 0).mean() > 0.5
    assert agree.mean() > 0.998
    near = raster.pixels_4(depth, blocks, blocks)
    assert np.abs(near - plain_depth)[agree].max() < 1e-3


def test_one_sample_at_the_centre_is_found_exactly() -> None:
    screen = np.array([[10.5, 10.4, 1], [10.5, 20.6, 1], [30.6, 10.4, 1]], np.float32)
    depth, ids = raster.visible(screen, np.array([[0, 1, 2]], np.int32), np.array([True]), 40, 30)
    inside = np.array([[x + 0.5 >= 10.5 and (x + 0.5 - 10.5) / 20.1 + (y + 0.5 - 10.4) / 10.2 <= 1 and y + 0.5 >= 10.4
                        for x in range(40)] for y in range(30)])  # fmt: skip
    assert np.array_equal(ids == 0, inside)
    assert np.array_equal(depth > 0, inside)


def test_adjacent_triangles_leave_no_crack() -> None:
    """A finely cut sheet over the whole picture covers every sample."""
    n = 60
    y, x = np.mgrid[0:n, 0:n] / (n - 1) * (SIZE + 4) - 2
    rng = np.random.default_rng(4)
    screen = np.stack([x + rng.uniform(-0.6, 0.6, x.shape), y + rng.uniform(-0.6, 0.6, x.shape), np.ones_like(x)], -1)
    i, j = np.mgrid[0 : n - 1, 0 : n - 1]
    a = (i * n + j).ravel()
    triangles = np.concatenate([np.stack([a, a + n, a + n + 1], 1), np.stack([a, a + n + 1, a + 1], 1)]).astype(np.uint32)
    blocks = SIZE // 2
    depth, ids = np.empty(blocks * blocks * LANES, np.float32), np.empty(blocks * blocks * LANES, np.int32)
    listed = np.arange(len(triangles), dtype=np.uint32)
    planes = np.empty((len(triangles), 12), np.float32)
    raster.draw_band_4(screen.reshape(-1, 3).astype(np.float32), triangles, listed, 0, blocks, blocks, depth, ids, planes)
    assert (ids >= 0).all()


def test_a_band_list_too_short_is_left_alone() -> None:
    first, last = np.array([0, 1, -1], np.int32), np.array([2, 1, 0], np.int32)
    starts, short, room = np.zeros(4, np.int32), np.full(2, 9, np.uint32), np.zeros(8, np.uint32)
    chosen = np.array([4, 5, 6], np.uint32)
    assert raster.fill_bands(chosen, first, last, starts, short) == 4
    assert (short == 9).all()
    assert raster.fill_bands(chosen, first, last, starts, room) == 4
    assert starts.tolist() == [0, 1, 3, 4]
    assert room[:4].tolist() == [4, 4, 5, 4]


def test_the_painted_picture(engine: RigEngine) -> None:
    look = engine._canvases[0].look
    geometry, arrays = engine._canvases[0].frame.geometry(engine._person), look.arrays(1.1)
    drawn = np.empty((SIZE, SIZE, 3), np.uint8)
    paint(0, SIZE // 16, geometry, arrays, band_buffers(SIZE), look.background, drawn)
    plain = plain_paint(geometry, arrays, engine._person.mesh.two_sided, look.background)
    assert psnr(drawn, look.background.transpose(1, 2, 0)) < 25
    assert psnr(drawn, plain) > 45


def test_i420_is_the_same_picture(engine: RigEngine) -> None:
    look = engine._canvases[0].look
    geometry, arrays = engine._canvases[0].frame.geometry(engine._person), look.arrays(1.1)
    rgb, i420 = np.empty((SIZE, SIZE, 3), np.uint8), np.empty((SIZE * 3 // 2, SIZE), np.uint8)
    room = band_buffers(SIZE)
    paint(0, SIZE // 16, geometry, arrays, room, look.background, rgb)
    paint(0, SIZE // 16, geometry, arrays, room, look.background, i420)
    red, green, blue = rgb.astype(np.float64).transpose(2, 0, 1)
    np.testing.assert_allclose(i420[:SIZE], 16 + (65.481 * red + 128.553 * green + 24.966 * blue) / 255, atol=1.1)
    block: Callable[[np.ndarray], np.ndarray] = lambda c: c.reshape(SIZE // 2, 2, SIZE // 2, 2).mean((1, 3))  # noqa: E731
    u = 128 + block(-37.797 * red - 74.203 * green + 112.0 * blue) / 255
    v = 128 + block(112.0 * red - 93.786 * green - 18.214 * blue) / 255
    np.testing.assert_allclose(i420[SIZE:].reshape(2, SIZE // 2, SIZE // 2), np.stack([u, v]), atol=1.1)
    assert psnr(rgb_from_i420(i420), rgb) > 28


def test_bands_can_be_painted_one_by_one(engine: RigEngine) -> None:
    look = engine._canvases[0].look
    geometry, arrays = engine._canvases[0].frame.geometry(engine._person), look.arrays(1.1)
    whole, pieces = np.empty((SIZE, SIZE, 3), np.uint8), np.empty((SIZE, SIZE, 3), np.uint8)
    paint(0, SIZE // 16, geometry, arrays, band_buffers(SIZE), look.background, whole)
    for first, past in ((4, 8), (0, 1), (1, 4)):
        paint(first, past, geometry, arrays, band_buffers(SIZE), look.background, pieces)
    assert np.array_equal(whole, pieces)
