from __future__ import annotations

import numpy as np
import pytest

from visavis.sync.arrivals import LEAST_DELAY_TICKS, MOST_DELAY_TICKS, ArrivalClock
from visavis.types import TICKS_HZ

PERIOD = TICKS_HZ // 60


def media_times(delays: np.ndarray, *, drift: float = 0.0, zero: int = 7_000_000) -> np.ndarray:
    """Media times of packets sent every 1/60 s that travel `delays` ticks, by a sender whose clock runs off by `drift`."""
    clock = ArrivalClock()
    sent = np.arange(len(delays)) * PERIOD
    arrivals = sent + delays
    order = np.argsort(arrivals, kind="stable")
    out = np.zeros(len(delays))
    for index in order:
        out[index] = clock.media_ticks(round(sent[index] * (1.0 + drift)) - zero, int(arrivals[index]))
    return out


def test_without_jitter_a_frame_is_seen_as_early_as_it_can_be_drawn() -> None:
    times = media_times(np.full(300, 500))
    np.testing.assert_array_equal(times, np.arange(300) * PERIOD + 500 + LEAST_DELAY_TICKS)


def test_with_jitter_nearly_all_frames_come_before_their_time() -> None:
    delays = np.random.default_rng(1).gamma(2.0, 400.0, 2000).astype(int)
    times = media_times(delays)
    slack = times - (np.arange(2000) * PERIOD + delays)
    assert np.mean(slack[200:] > 1200) > 0.98  # 24 ms: the lead that a picture is drawn with
    assert times.max() - 1999 * PERIOD < MOST_DELAY_TICKS + delays.min() + 100


@pytest.mark.parametrize("drift", [-2e-4, 2e-4])
def test_a_clock_that_runs_off_is_followed_without_a_jump(drift: float) -> None:
    times = media_times(np.random.default_rng(2).integers(0, 500, 60 * 120), drift=drift)
    slack = times - np.arange(len(times)) * PERIOD
    assert slack.max() < 0.11 * TICKS_HZ
    assert slack.min() > 0
    steps = np.diff(times)
    assert steps.min() > 0.9 * PERIOD
    assert steps.max() < 1.1 * PERIOD


def test_delay_grows_smoothly_when_the_link_gets_worse() -> None:
    random = np.random.default_rng(3)
    times = media_times(np.concatenate([np.full(300, 100), random.integers(100, 6000, 900)]))
    assert np.diff(times).max() < 1.2 * PERIOD
    assert (times[-1] - 1199 * PERIOD) > (times[0]) + 4000


def test_a_sender_that_starts_anew_is_placed_anew() -> None:
    clock = ArrivalClock()
    first = clock.media_ticks(0, 10_000)
    assert clock.media_ticks(-500 * TICKS_HZ, 10_000 + PERIOD) == first + PERIOD
