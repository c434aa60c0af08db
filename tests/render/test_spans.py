"""Spans draw what a test of every pixel against every triangle would."""

import numpy as np

from visavis.render.spans import SpanBuffers, draw_spans


def plain_draw(screen: np.ndarray, depth: np.ndarray, triangles: np.ndarray, attributes: np.ndarray, at: SpanBuffers) -> None:
    """The twin: every pixel of every triangle, by barycentric coordinates in double precision."""
    left, top, width, height = at.box
    y, x = np.mgrid[0:height, 0:width]
    for t, corners in enumerate(triangles):
        a, b, c = screen[corners].astype(float)
        area = (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1])
        if abs(area) < 1e-6:
            continue
        px, py = x + left - a[0], y + top - a[1]
        wb = (px * (c[1] - a[1]) - (c[0] - a[0]) * py) / area
        wc = ((b[0] - a[0]) * py - px * (b[1] - a[1])) / area
        weights = np.stack([1 - wb - wc, wb, wc], -1)
        z = weights @ depth[corners]
        won = (weights >= 0).all(-1) & (z > at.nearest)
        at.nearest[won], at.ids[won] = z[won], t
        at.out[won] = (weights @ attributes[corners])[won]


def test_against_the_plain_twin() -> None:
    rng = np.random.default_rng(0)
    screen = rng.uniform(-20, 120, (60, 2)).astype(np.float32)
    depth = rng.uniform(-1, 1, 60).astype(np.float32)
    triangles = rng.integers(0, 60, (80, 3)).astype(np.int32)
    attributes = rng.uniform(0, 100, (60, 3)).astype(np.float32)
    fast, slow = SpanBuffers(90, 70, 3, 5, 8), SpanBuffers(90, 70, 3, 5, 8)
    draw_spans(screen, depth, triangles, attributes, fast.box, fast.out, fast.nearest, fast.ids)
    plain_draw(screen, depth, triangles, attributes, slow)
    same = fast.ids == slow.ids
    assert same.mean() > 0.995  # a pixel on an edge may go to either side
    assert np.abs(fast.out - slow.out)[same & (fast.ids >= 0)].max() < 0.15


def test_neighbours_leave_no_pixel_out() -> None:
    n = 9
    x, y = np.meshgrid(np.linspace(3, 96.7, n), np.linspace(2, 77.3, n))
    rng = np.random.default_rng(1)
    screen = (np.stack([x, y], -1) + rng.uniform(-2, 2, (n, n, 2))).reshape(-1, 2).astype(np.float32)
    q = np.arange(n * n).reshape(n, n)
    a, b, c, d = q[:-1, :-1].ravel(), q[:-1, 1:].ravel(), q[1:, :-1].ravel(), q[1:, 1:].ravel()
    triangles = np.concatenate([np.c_[a, b, c], np.c_[b, d, c]]).astype(np.int32)
    at = SpanBuffers(100, 80, 2)
    draw_spans(screen, np.zeros(n * n, np.float32), triangles, screen, at.box, at.out, at.nearest, at.ids)
    assert (at.ids[8:70, 10:88] >= 0).all()
    y, x = np.mgrid[8:70, 10:88]
    assert np.abs(at.out[8:70, 10:88] - np.stack([x, y], -1)).max() < 0.02


def test_nothing_is_drawn_beyond_the_buffers() -> None:
    screen = np.array([[-1e6, -1e6], [1e6, -5e5], [3e5, 1e6], [np.nan, 0], [5, 5]], np.float32)
    triangles = np.array([[0, 1, 2], [3, 4, 0]], np.int32)
    at = SpanBuffers(8, 8, 1)
    draw_spans(screen, np.zeros(5, np.float32), triangles, np.ones((5, 1), np.float32), at.box, at.out, at.nearest, at.ids)
    assert (at.ids == 0).all()
