"""Percentiles and slopes of series whose answer is known."""

import numpy as np
import pytest

from visavis.bench.statistics import signed_spread, slope, spread


def test_percentiles_of_a_known_series() -> None:
    found = spread([float(v) for v in range(101)])
    assert found is not None
    assert (found.p50, found.p95, found.n) == (50.0, 95.0, 101)
    assert spread([]) is None


def test_a_signed_figure_keeps_its_sign_and_its_size() -> None:
    found = signed_spread([-10.0, -12.0, -8.0, -11.0, 30.0])
    assert found is not None
    assert found.p50 == -10.0
    assert found.p95 > 20.0
    assert signed_spread([]) is None


def test_a_slope_is_found_inside_its_interval() -> None:
    rng = np.random.default_rng(1)
    x = np.arange(0, 600, 1.0)
    found = slope(x, 0.01 * x + rng.normal(0, 3, len(x)))
    assert found is not None
    assert found.low < 0.01 < found.high
    assert found.high - found.low < 0.008
    assert slope([0.0, 1.0], [0.0, 1.0]) is None


def test_errors_that_go_together_do_not_narrow_the_interval() -> None:
    """A slow wander is no drift: its interval must hold zero, and be wider than independent errors would make it."""
    rng = np.random.default_rng(2)
    x = np.arange(0, 600, 1.0)
    independent = rng.normal(0, 3, len(x))
    together = np.convolve(rng.normal(0, 3, len(x) + 39), np.ones(40) / np.sqrt(40), mode="valid")
    narrow, wide = slope(x, independent), slope(x, together)
    assert narrow is not None
    assert wide is not None
    assert wide.high - wide.low > 2 * (narrow.high - narrow.low)


@pytest.mark.parametrize("count", [1, 4])
def test_too_little_has_no_slope(count: int) -> None:
    assert slope([float(v) for v in range(count)], [0.0] * count) is None
