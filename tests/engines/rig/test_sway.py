"""What trails behind the head: late, soft, bounded, the same for the same faces."""

import numpy as np
import pytest
from tests.engines.rig.test_engine import face

from visavis.engines.rig.sway import LIMIT, RESET_S, Sway
from visavis.types import TICKS_HZ


def run(rate_hz: int, seconds: float = 2.0, yaw: float = 0.04) -> np.ndarray:
    """Yaw of the sway while the head turns at once to `yaw` after a tenth of a second."""
    sway = Sway()
    step = TICKS_HZ // rate_hz
    return np.array([sway.follow(face(n * step, yaw=yaw if n * step >= 4800 else 0))[0] for n in range(int(seconds * rate_hz))])


def test_it_starts_where_the_head_is() -> None:
    np.testing.assert_allclose(Sway().follow(face(7, yaw=0.3, move=(0.1, 0, 0))), [0.3, 0, 0, 0.1, 0, 0], atol=1e-6)


def test_it_comes_late_overshoots_a_little_and_settles() -> None:
    yaw = run(50)
    assert yaw[6] < 0.02
    assert 0.04 < yaw.max() < 0.05
    assert yaw[-1] == pytest.approx(0.04, abs=0.0004)


def test_it_hardly_depends_on_the_frame_rate() -> None:
    assert np.abs(run(25)[5:] - run(50)[10::2]).max() < 0.009
    np.testing.assert_allclose(run(25)[-5:], run(50)[-10::2], atol=0.0003)


def test_gaps_and_jumps_back_start_from_rest() -> None:
    sway = Sway()
    sway.follow(face(0))
    late = int((RESET_S + 0.05) * TICKS_HZ)
    assert sway.follow(face(late, yaw=0.5))[0] == pytest.approx(0.5)
    assert sway.follow(face(late + 480, yaw=0.0))[0] > 0.05
    assert sway.follow(face(5, yaw=-0.2))[0] == pytest.approx(-0.2)


def test_the_same_instant_twice_changes_nothing() -> None:
    sway = Sway()
    sway.follow(face(0))
    once = sway.follow(face(1920, yaw=0.4))
    assert np.array_equal(once, sway.follow(face(1920, yaw=0.4)))


def test_nothing_trails_far() -> None:
    sway = Sway()
    for n in range(40):
        head = np.sin(n * 0.4)
        late = sway.follow(face(n * 1920, yaw=head, move=(0.1 * head, 0, 0)))
        assert abs(late[0] - head) <= LIMIT[0] + 1e-6
        assert abs(late[3] - 0.1 * head) <= LIMIT[3] + 1e-6
