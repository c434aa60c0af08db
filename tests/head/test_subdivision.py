"""Catmull-Clark against what it must do on shapes whose answer is known."""

from __future__ import annotations

import numpy as np

from visavis.head.subdivision import catmull_clark, grid_triangles, triangles_of

CUBE = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
FACES = np.array([[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]], np.int32)


def test_a_cube_becomes_the_known_shape() -> None:
    matrix, quads = catmull_clark(FACES, len(CUBE))
    points = matrix @ CUBE
    assert points.shape == (8 + 6 + 12, 3)
    assert quads.shape == (24, 4)
    np.testing.assert_allclose(points[:8], CUBE * 5 / 9)  # where the known rule takes a cube's corners
    np.testing.assert_allclose(np.abs(points[8:14]).sum(1), 1.0)  # face points: the faces' middles
    np.testing.assert_allclose(np.sort(np.abs(points[14:]), 1), np.tile([0, 0.75, 0.75], (12, 1)), atol=1e-12)


def test_weights_sum_to_one_so_that_it_commutes_with_moving() -> None:
    matrix, _ = catmull_clark(FACES, len(CUBE))
    np.testing.assert_allclose(np.asarray(matrix.sum(1)).ravel(), 1.0)


def test_borders_stay_on_the_border_and_unused_vertices_are_left_out() -> None:
    grid = np.array([[x, y, 0] for y in range(3) for x in range(3)] + [[9, 9, 9]], float)
    faces = np.array([[0, 1, 4, 3], [1, 2, 5, 4], [3, 4, 7, 6], [4, 5, 8, 7]], np.int32)
    matrix, quads = catmull_clark(faces, len(grid))
    points = matrix @ grid
    assert points.max() <= 2
    np.testing.assert_allclose(points[4], [1, 1, 0])
    assert len(quads) == 16
    assert (points[:, 1] == 0).sum() == 3, "a border's corner is rounded, its edges stay"


def test_orientation_is_kept() -> None:
    matrix, quads = catmull_clark(FACES, len(CUBE))
    points = matrix @ CUBE
    a, b, c = (points[triangles_of(quads)[:, i]] for i in range(3))
    volume = np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6
    before = CUBE[triangles_of(FACES)]
    assert np.sign(volume) == np.sign(np.einsum("ij,ij->i", before[:, 0], np.cross(before[:, 1], before[:, 2])).sum())
    assert 0.3 * 8 < abs(volume) < 8


def test_grid_triangles() -> None:
    assert len(grid_triangles(4, 3)) == 2 * 3 * 2
    assert len(grid_triangles(4, 3, closed=True)) == 2 * 3 * 3
    assert grid_triangles(4, 3, closed=True).max() == 11
