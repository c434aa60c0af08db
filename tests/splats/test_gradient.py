"""Every analytic derivative against finite differences, in double precision; and the forward picture against the twin of drawing."""

import numpy as np
import pytest

from visavis.render.camera import look_at
from visavis.splats.differentiable import Differentiable, Values
from visavis.splats.gradient import shape_up
from visavis.splats.painter import Posed
from visavis.splats.plain import plain_draw

N = 14
STEP = 1e-5
WORST = 1e-4
CAMERA = look_at((0.3, 0.5, 3), (0, 0, 0), width=45, height=37, vertical_fov_rad=0.7)
BACKGROUND = np.array([0.3, 0.6, 0.9])


def scene(dtype: type) -> tuple[Values, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(4)
    frames = np.concatenate([rng.normal(0, 0.3, (5, 9)) + np.eye(3).ravel(), rng.normal(0, 0.3, (5, 3))], 1)
    values = Values(
        rng.normal(0, 0.3, (N, 3)), rng.normal(size=(N, 4)), np.zeros((N, 3)), rng.uniform(-2.5, -1.2, (N, 3)), rng.normal(0, 1.2, N),
        rng.uniform(0, 1, (N, 3)),
    )  # fmt: skip
    cast = Values(*(np.ascontiguousarray(getattr(values, f), dtype) for f in Values.__dataclass_fields__))
    return cast, rng.integers(0, 5, N).astype(np.int32), frames.astype(dtype)


@pytest.mark.parametrize("field", ["places", "turns", "small", "log_scales", "logits", "colours"])
def test_gradients_are_those_of_finite_differences(field: str) -> None:
    values, parents, frames = scene(np.float64)
    drawing = Differentiable(45, 37, np.float64)
    weight = np.random.default_rng(5).normal(size=(37, 45, 3))

    def loss() -> float:
        return float((weight * drawing.forward(values, parents, frames, CAMERA, BACKGROUND) ** 2).sum())

    loss()
    assert drawing.count == N
    analytic = getattr(drawing.backward(2 * weight * drawing.picture), field).copy().ravel()
    flat = getattr(values, field).reshape(-1)
    numeric = np.zeros_like(flat)
    for i in range(flat.size):
        before = flat[i]
        flat[i] = before + STEP
        up = loss()
        flat[i] = before - STEP
        numeric[i] = (up - loss()) / (2 * STEP)
        flat[i] = before
    assert np.abs(numeric).max() > 1e-3
    worst = np.abs(analytic - numeric) / (np.abs(numeric) + 1e-3 * np.abs(numeric).max())
    assert worst.max() < WORST, worst.max()


def test_the_forward_picture_is_the_drawn_one() -> None:
    values, parents, frames = scene(np.float32)
    picture = Differentiable(45, 37).forward(values, parents, frames, CAMERA, BACKGROUND.astype(np.float32))
    covariances = np.empty((N, 6), np.float32)
    shape_up(values.turns, values.small, values.log_scales, covariances)
    opacity = (1 / (1 + np.exp(-values.logits))).astype(np.float32)
    exact = plain_draw(Posed(parents, frames, values.places, covariances, opacity, values.colours * 255), CAMERA)
    over = exact.colour + (1 - exact.alpha[..., None]) * BACKGROUND
    assert np.abs(picture - over).max() < 6e-3


def test_what_is_not_drawn_has_no_gradient() -> None:
    values, parents, frames = scene(np.float32)
    values.logits[:7] = -12
    drawing = Differentiable(45, 37)
    drawing.forward(values, parents, frames, CAMERA, BACKGROUND.astype(np.float32))
    g = drawing.backward(np.ones((37, 45, 3), np.float32))
    for field in ("places", "turns", "log_scales", "logits", "colours"):
        assert not getattr(g, field)[:7].any()
        assert getattr(g, field)[7:].any()
