"""A tiny Gaussian person: a ball of skin with splats on every triangle, and a tuft on a cage."""

import numpy as np
import pytest

from visavis.arkit import COUNT
from visavis.engines.gaussian.avatar import GaussianAvatar, quantised
from visavis.engines.gaussian.features import FEATURES
from visavis.splats.cage import cells_of, with_cage
from visavis.splats.driver import driver_of
from visavis.testing.person import ball_person

BASES = 3


def tiny_person(seed: int = 0) -> GaussianAvatar:
    rng = np.random.default_rng(seed)
    mesh = ball_person()
    driver = driver_of(mesh)
    tuft = rng.uniform(-0.03, 0.03, (200, 3)) + np.array([0, 0.1, 0])
    caged = with_cage(driver, cells_of(tuft, 0.025), 0.025)
    triangles, tetrahedra = len(driver.triangles), len(caged.tetrahedra)
    parents = np.concatenate([np.arange(triangles), triangles + rng.integers(0, tetrahedra, 300)])
    n = len(parents)
    layers = np.where(np.arange(n) < triangles, 0, 1).astype(np.uint8)
    order = rng.permutation(n)
    parents, layers = parents[order].astype(np.int32), layers[order]
    rows = np.flatnonzero(layers == 0).astype(np.int32)
    bases, scales = quantised(rng.normal(0, 0.05, (len(rows), BASES, 9)).astype(np.float32))
    turns = np.tile(np.array([1, 0, 0, 0], np.float32), (n, 1))
    return GaussianAvatar(
        driver=caged, parents=parents, layers=layers, places=np.zeros((n, 3), np.float32), turns=turns,
        log_scales=np.log(np.tile(np.array([0.5, 0.1, 0.5], np.float32), (n, 1))), opacities=np.full(n, 0.9, np.float32),
        colours=np.where(layers[:, None] == 0, [0.8, 0.55, 0.45], [0.3, 0.2, 0.1]).astype(np.float32),
        sh=rng.normal(0, 0.05, (n, 3, 3)).astype(np.float32).clip(-0.4, 0.4), rows=rows, bases=bases, base_scales=scales,
        mix=rng.normal(0, 0.3, (BASES, FEATURES)).astype(np.float32), mean=np.zeros(FEATURES, np.float32),
        ranges=np.tile(np.array([-0.05, 0.8], np.float32), (COUNT, 1)), look_at=mesh.look_at, background=mesh.background,
    )  # fmt: skip


@pytest.fixture(scope="session")
def person() -> GaussianAvatar:
    return tiny_person()
