import numpy as np
import pytest

from visavis.splats.cloud import COEFFICIENTS, Splats


def cloud(n: int = 300, degree: int = 3, seed: int = 0) -> Splats:
    """Random splats in a ball of one metre, none of them at a bound of a format."""
    rng = np.random.default_rng(seed)
    turns = rng.normal(size=(n, 4))
    turns /= np.linalg.norm(turns, axis=1, keepdims=True)
    sh = rng.normal(0, 0.2, (n, COEFFICIENTS[degree], 3))
    sh[:, 0] = rng.uniform(-1.5, 1.5, (n, 3))
    values = (rng.normal(0, 0.4, (n, 3)), turns, rng.uniform(-6, -2, (n, 3)), rng.normal(0, 2, n), sh)
    return Splats(*(np.asarray(v, np.float32) for v in values))


@pytest.fixture
def splats() -> Splats:
    return cloud()
