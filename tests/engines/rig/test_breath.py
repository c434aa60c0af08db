"""Breath: what the head leaves of the body rises with it, the chest comes forward, and a head that is carried away goes alone."""

from __future__ import annotations

import numpy as np
import pytest
from tests.engines.rig.test_engine import SIZE, face

from visavis.engines.rig.frame import CHEST_FORWARD, LIFT_MOST_M, FrameBuffers, prepare_frame, torso_of
from visavis.render.prepare import Prepared


def posed(person: Prepared, up_m: float) -> np.ndarray:
    at = FrameBuffers(person, SIZE, SIZE)
    prepare_frame(person, at, face(0, move=(0, up_m, 0)), np.zeros(6, np.float32))
    return at.posed.copy()


def test_the_torso_is_what_does_not_follow_the_head(ball: Prepared) -> None:
    torso, rise = torso_of(ball)
    left = 1 - ball.follow.sum(1)
    assert 0 < len(torso) < len(ball.positions)
    assert (left[torso] > 0).all()
    assert (left[np.setdiff1d(np.arange(len(left)), torso)] <= 1e-3).all()
    np.testing.assert_allclose(rise[:, 1], left[torso], atol=1e-6)
    assert (rise[:, 0] == 0).all()
    assert 0 <= rise[:, 2].min() <= rise[:, 2].max() <= CHEST_FORWARD


def test_a_breath_lifts_all_alike_so_that_nothing_opens(ball: Prepared) -> None:
    lag = ball.follow[:, 1] > 0
    up = (posed(ball, 0.001) - posed(ball, 0.0))[~lag]
    assert up[:, 1].min() > 0.0009
    assert up[:, 1].max() == pytest.approx(0.001, rel=0.01)
    assert up[:, 2].min() > -1e-6


def test_a_head_that_is_carried_away_leaves_the_shoulders(ball: Prepared) -> None:
    torso, _ = torso_of(ball)
    still = torso[ball.follow[torso].sum(1) < 1e-6]
    far = (posed(ball, 0.05) - posed(ball, 0.0))[still]
    assert len(still)
    assert far[:, 1].max() <= LIFT_MOST_M * 1.001
