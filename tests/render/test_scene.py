"""Any mesh from any camera: places, depth, perspective and edges where geometry says they are."""

import numpy as np
import pytest

from visavis.render.camera import look_at
from visavis.render.scene import Surface, render_mesh
from visavis.testing.person import ball

QUAD = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], np.float32)
FACES = np.array([[0, 1, 2], [0, 2, 3]], np.int32)


def test_a_point_lands_where_a_pinhole_puts_it() -> None:
    camera = look_at((0, 0, 4), (0, 0, 0), width=200, height=100, vertical_fov_rad=np.pi / 2)
    shown = camera.project(np.array([[0, 0, 0], [2, 1, 0], [0, 0, 5], [0, 4, 0]], np.float32))
    np.testing.assert_allclose(shown[0], [100, 50, 0.25], atol=1e-5)
    np.testing.assert_allclose(shown[1], [125, 37.5, 0.25], atol=1e-5)
    assert shown[2, 2] == 0
    np.testing.assert_allclose(shown[3, :2], [100, 0], atol=1e-4)
    k = camera.intrinsics()
    x, y, z = camera.in_view(np.array([[2, 1, 0]], np.float32))[0]
    np.testing.assert_allclose((k @ [x, -y, -z] / -z)[:2], [125, 37.5], atol=1e-4)


def test_looking_from_the_side_turns_the_picture() -> None:
    camera = look_at((3, 0, 0), (0, 0, 0), width=64, height=64, vertical_fov_rad=1)
    shown = camera.project(np.array([[0, 0, -0.5], [0, 0.5, 0]], np.float32))
    assert shown[0, 0] > 32 + 5
    assert shown[1, 1] < 32 - 5


def test_depth_of_a_sphere() -> None:
    points, faces = ball(80, 96)
    camera = look_at((0, 0, 5), (0, 0, 0), width=120, height=120, vertical_fov_rad=0.6)
    drawn = render_mesh(points.astype(np.float32), faces.astype(np.int32), camera)
    y, x = np.nonzero(drawn.triangle >= 0)
    ray = np.stack([(x + 0.5 - 60) / camera.fx, -(y + 0.5 - 60) / camera.fy, -np.ones(len(x))], 1)
    length = np.linalg.norm(ray, axis=1)
    cosine = 5 / length
    reach = cosine - np.sqrt(np.maximum(cosine**2 - 24, 0))
    true = reach / length
    clear = 25 - cosine**2 < 0.9
    assert clear.sum() > 3000
    np.testing.assert_allclose(drawn.depth[y, x][clear], true[clear], atol=0.01)
    assert np.isinf(drawn.depth[0, 0])
    assert drawn.triangle[0, 0] == -1


def test_texture_is_perspective_correct() -> None:
    tilted = QUAD @ np.array([[1, 0, 0], [0, 0.3, -0.954], [0, 0.954, 0.3]], np.float32)
    camera = look_at((0, 0, 3), (0, 0, 0), width=160, height=160, vertical_fov_rad=1.0)
    ramp = np.repeat(np.linspace(0, 1, 256, dtype=np.float32)[::-1, None, None], 3, 2)
    uv = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)
    drawn = render_mesh(tilted, FACES, camera, Surface(uv=uv, texture=ramp, two_sided=True))
    for share in (0.2, 0.5, 0.8):
        x, y, _ = camera.project((tilted[:1] * (1 - share) + tilted[3:] * share + [[1, 0, 0]]).astype(np.float32))[0]
        assert drawn.colour[int(y), int(x), 0] == pytest.approx(share, abs=0.03)


def test_edges_are_smooth_and_backs_are_culled() -> None:
    camera = look_at((0, 0, 3), (0, 0, 0), width=64, height=64, vertical_fov_rad=1.2)
    turn = np.array([[0.9, -0.43, 0], [0.43, 0.9, 0], [0, 0, 1]], np.float32)
    drawn = render_mesh(QUAD @ turn, FACES, camera, Surface(colours=np.tile(np.float32([1, 0.5, 0]), (4, 1))))
    edge = (drawn.alpha > 0) & (drawn.alpha < 1)
    assert 40 < edge.sum() < 400
    np.testing.assert_allclose(drawn.colour[..., 1], drawn.alpha * 0.5, atol=1e-5)
    assert drawn.alpha.sum() == pytest.approx(4 * 0.97 * (camera.fx / 3) ** 2, rel=0.05)
    behind = render_mesh(QUAD, FACES[:, ::-1].copy(), camera)
    assert behind.alpha.max() == 0
    assert render_mesh(QUAD, FACES[:, ::-1].copy(), camera, Surface(two_sided=True)).alpha.max() == 1


def test_light_falls_by_the_cosine() -> None:
    camera = look_at((0, 0, 3), (0, 0, 0), width=32, height=32, vertical_fov_rad=0.5)
    lights = np.array([[0, 0.6, 0.8, 2, 1, 0.5]], np.float32)
    drawn = render_mesh(QUAD, FACES, camera, Surface(lights=lights, ambient=(0.1, 0, 0)))
    np.testing.assert_allclose(drawn.colour[16, 16], [1.7, 0.8, 0.4], atol=1e-5)


def test_what_reaches_behind_the_camera_is_left_out() -> None:
    camera = look_at((0, 0, 3), (0, 0, 0), width=32, height=32, vertical_fov_rad=0.5)
    crossing = np.array([[-1, -1, 0], [1, -1, 0], [0, 1, 9]], np.float32)
    assert render_mesh(crossing, np.array([[0, 1, 2]], np.int32), camera, Surface(two_sided=True)).alpha.max() == 0
