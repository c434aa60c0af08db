"""What moves splats: triangles and tetrahedra, bound and unbound, under shapes, eyes and the head's pose."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from tests.splats.conftest import cloud

from visavis.arkit import COUNT, INDEX
from visavis.errors import BadInput
from visavis.render.prepare import rotation
from visavis.splats.bind import nearest_triangle, rest_frames, to_local, to_world
from visavis.splats.cage import cells_of, tetrahedron_of, with_cage
from visavis.splats.capture import load_driver, save_driver
from visavis.splats.driver import Driver, PosedDriver, driver_of
from visavis.splats.move import turn_covariance, vary
from visavis.splats.still import covariances_of
from visavis.testing.person import ball_person

STILL = np.zeros(6, np.float32)
NO_LOOKS = np.zeros((2, 2), np.float32)
NO_WEIGHTS = np.zeros(COUNT, np.float32)
SIDE_M = 0.03


@pytest.fixture(scope="module")
def driver() -> Driver:
    found = driver_of(ball_person())
    found.validate()
    return found


@pytest.fixture(scope="module")
def caged(driver: Driver) -> tuple[Driver, np.ndarray]:
    cells = cells_of(np.random.default_rng(0).uniform(-0.14, 0.14, (400, 3)), SIDE_M)
    return with_cage(driver, cells, SIDE_M), cells


def head(yaw: float, up_m: float = 0.0) -> np.ndarray:
    return np.array([yaw, 0.1, -0.05, 0, up_m, 0], np.float32)


def test_triangles_have_frames_of_their_size(driver: Driver) -> None:
    frames = rest_frames(driver)
    linear = frames[:, :9].reshape(-1, 3, 3).astype(float)
    gram = np.swapaxes(linear, 1, 2) @ linear
    size = np.sqrt(gram[:, 0, 0])
    assert np.allclose(gram, size[:, None, None] ** 2 * np.eye(3), atol=1e-6)
    assert (np.linalg.det(linear) > 0).all()
    corners = driver.points[driver.triangles].astype(float)
    outward = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    real = np.linalg.norm(outward, axis=1) > 1e-8
    assert ((linear[:, :, 1] * outward).sum(1)[real] > 0).all()
    assert np.allclose(frames[:, 9:], corners.mean(1), atol=1e-6)


def test_a_turned_head_turns_what_follows_it_rigidly(driver: Driver) -> None:
    posed = PosedDriver(driver)
    before = posed.pose(NO_WEIGHTS, NO_LOOKS, STILL, STILL).copy()
    pose = head(0.4, 0.01)
    after = posed.pose(NO_WEIGHTS, NO_LOOKS, pose, pose)
    rigid = driver.follow[driver.triangles].sum(2).min(1) > 0.999
    turn = rotation(0.4, 0.1, -0.05)
    wanted = turn @ before[rigid, :9].reshape(-1, 3, 3)
    assert np.allclose(after[rigid, :9].reshape(-1, 3, 3), wanted, atol=1e-5)
    places = (before[rigid, 9:] - driver.pivot) @ turn.T + driver.pivot + [0, 0.01, 0]
    assert np.allclose(after[rigid, 9:], places, atol=1e-5)


def test_shapes_and_eyes_move_their_triangles_alone(driver: Driver) -> None:
    posed = PosedDriver(driver)
    rest = posed.pose(NO_WEIGHTS, NO_LOOKS, STILL, STILL).copy()
    weights = NO_WEIGHTS.copy()
    weights[INDEX["jawOpen"]] = 1
    opened = posed.pose(weights, NO_LOOKS, STILL, STILL).copy()
    moved = np.abs(opened - rest).max(1) > 1e-6
    part = slice(driver.shape_offsets[INDEX["jawOpen"]], driver.shape_offsets[INDEX["jawOpen"] + 1])
    touched = np.isin(driver.triangles, driver.shape_indices[part]).any(1)
    assert moved.any()
    assert not (moved & ~touched).any()
    looked = posed.pose(NO_WEIGHTS, np.array([[0.3, 0], [0, 0]], np.float32), STILL, STILL)
    eye = np.isin(driver.triangles, np.arange(*driver.eye_ranges[0])).all(1)
    assert (np.abs(looked - rest).max(1) > 1e-6).sum() == eye.sum()


def test_a_cage_at_rest_is_the_identity_and_bends_linearly(caged: tuple[Driver, np.ndarray]) -> None:
    driver, cells = caged
    driver.validate()
    assert len(driver.tetrahedra) == 6 * len(cells)
    frames = rest_frames(driver)[len(driver.triangles) :]
    assert np.allclose(frames[:, :9].reshape(-1, 3, 3), SIDE_M * np.eye(3), atol=1e-6)
    stretch = np.array([[1.2, 0.1, 0], [0, 0.9, 0], [0.05, 0, 1]], np.float32)
    bent = dataclasses.replace(driver, points=(driver.points @ stretch.T).astype(np.float32))
    posed = PosedDriver(driver)
    posed.driver = bent  # the rest of the cage stays what it was
    now = posed.pose(NO_WEIGHTS, NO_LOOKS, STILL, STILL)[len(driver.triangles) :]
    assert np.allclose(now[:, :9].reshape(-1, 3, 3), SIDE_M * stretch, atol=2e-5)


def test_every_point_of_a_cell_lies_in_the_tetrahedron_found(caged: tuple[Driver, np.ndarray]) -> None:
    driver, cells = caged
    rng = np.random.default_rng(1)
    points = ((cells[rng.integers(0, len(cells), 500)] + rng.uniform(0, 1, (500, 3))) * SIDE_M).astype(np.float32)
    which = tetrahedron_of(points, cells, SIDE_M)
    corners = driver.points[driver.tetrahedra[which]].astype(float)
    edges = np.swapaxes(corners[:, 1:] - corners[:, :1], 1, 2)
    shares = np.linalg.solve(edges, (points - corners[:, 0])[..., None])[..., 0]
    assert shares.min() > -1e-3
    assert shares.sum(1).max() < 1 + 1e-3
    assert (tetrahedron_of(np.full((1, 3), 9.0, np.float32), cells, SIDE_M) == -1).all()


def test_what_is_bound_is_where_it_was(caged: tuple[Driver, np.ndarray]) -> None:
    driver, cells = caged
    splats = cloud(300, 0)
    splats = splats.moved(np.c_[np.eye(3) * 0.05, np.zeros(3)])
    parents, far = nearest_triangle(splats.positions, driver)
    inside = tetrahedron_of(splats.positions, cells, SIDE_M)
    parents = np.where((inside >= 0) & (far > 0.01), inside + len(driver.triangles), parents).astype(np.int32)
    frames = rest_frames(driver)
    local = to_local(frames, parents, splats.positions, splats.rotations, splats.log_scales)
    positions, rotations, log_scales = to_world(frames, parents, *local)
    assert np.allclose(positions, splats.positions, atol=1e-5)
    assert np.allclose(np.abs((rotations * splats.rotations).sum(1)), 1, atol=1e-4)
    assert np.allclose(log_scales, splats.log_scales, atol=1e-4)


def test_the_nearest_triangle_is_the_nearest(driver: Driver) -> None:
    points = np.random.default_rng(2).normal(0, 0.06, (40, 3))
    chosen, far = nearest_triangle(points, driver)
    corners = driver.points[driver.triangles].astype(float)
    shares = np.random.default_rng(3).dirichlet((1, 1, 1), 60)
    samples = np.einsum("sk,tkc->tsc", shares, corners)
    sampled = np.linalg.norm(points[:, None, None] - samples[None], axis=3).min(2)
    assert (far <= sampled.min(1) + 1e-6).mean() > 0.9  # candidates are the triangles with the nearest middles
    assert (far <= sampled[np.arange(40), chosen] + 1e-6).all()


def test_the_low_rank_part() -> None:
    rng = np.random.default_rng(6)
    n, m, k = 30, 12, 4
    rows = np.sort(rng.choice(n, m, replace=False)).astype(np.int32)
    bases, scales = rng.integers(-127, 128, (m, k, 9)).astype(np.int8), rng.uniform(1e-4, 1e-3, (k, 9)).astype(np.float32)
    amounts = rng.normal(size=k).astype(np.float32)
    turns, logs = cloud(n).rotations, cloud(n).log_scales
    places, colours = rng.normal(size=(n, 3)).astype(np.float32), rng.uniform(50, 200, (n, 3)).astype(np.float32)
    covariances = covariances_of(turns, logs)
    out = places.copy(), covariances.copy(), colours.copy()
    vary(rows, bases, scales, amounts, places, covariances, colours, *out)
    gain = np.einsum("k,mkc,kc->mc", amounts, bases, scales)
    assert np.allclose(out[0][rows], places[rows] + gain[:, :3], atol=1e-5)
    assert np.allclose(out[2][rows], colours[rows] + gain[:, 6:], atol=1e-4)
    rest = np.setdiff1d(np.arange(n), rows)
    assert np.array_equal(out[1][rest], covariances[rest])
    assert not np.array_equal(out[1][rows], covariances[rows])


def test_a_small_turn_of_a_covariance_is_a_rotation() -> None:
    rest = covariances_of(cloud(1).rotations, cloud(1).log_scales)[0]
    out = np.empty(6, np.float32)
    turn_covariance(rest, np.float32(0.2), np.float32(-0.1), np.float32(0.3), out)

    def full(c: np.ndarray) -> np.ndarray:
        return np.array([[c[0], c[1], c[2]], [c[1], c[3], c[4]], [c[2], c[4], c[5]]], float)

    assert np.allclose(np.linalg.eigvalsh(full(out)), np.linalg.eigvalsh(full(rest)), rtol=1e-4)


def test_a_driver_is_kept_and_a_bad_one_refused(tmp_path: Path, driver: Driver) -> None:
    save_driver(driver, tmp_path / "head.npz")
    assert np.array_equal(load_driver(tmp_path / "head.npz").shape_deltas, driver.shape_deltas)
    changes = [
        {"triangles": driver.triangles + 99_999}, {"points": driver.points * np.nan}, {"eye_ranges": driver.eye_ranges + 99_999},
        {"shape_offsets": driver.shape_offsets[::-1]}, {"tetrahedra": np.zeros((1, 4), np.int32)},
    ]  # fmt: skip
    for change in changes:
        save_driver(dataclasses.replace(driver, **change), tmp_path / "bad.npz")
        with pytest.raises(BadInput):
            load_driver(tmp_path / "bad.npz")
    (tmp_path / "bad.npz").write_bytes((tmp_path / "head.npz").read_bytes()[:900])
    with pytest.raises(BadInput, match="cannot be read"):
        load_driver(tmp_path / "bad.npz")
