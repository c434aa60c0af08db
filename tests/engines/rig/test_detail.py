"""Levels of detail: chosen by size, changed with the load and without a jump. Time is media time throughout."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from tests.engines.rig.test_engine import face, talking

from visavis.engines.rig import RigEngine
from visavis.engines.rig.detail import BUDGET_MS, FADE_TICKS, PATIENCE_TICKS, Fade, Governor, drawn_sizes
from visavis.engines.rig.enlarge import enlarge, planes
from visavis.engines.rig.look import fitted_noise
from visavis.render.prepare import Prepared
from visavis.types import TICKS_HZ, period_ticks

PERIOD = period_ticks(25)
MEAN_JUMP_LEVELS, MOST_JUMP_LEVELS = 0.6, 8.0
"""Of luma between two frames of a still face while the level changes: mean, and what one pixel in a thousand exceeds."""


def run(
    governor: Governor, seconds: float, cost_ms: Callable[[int], float], *, start_s: float = 0.0, skip: int = 1
) -> list[int]:
    """Levels after each frame of a session at 25 fps of which only every `skip`-th is drawn in time."""
    first = round(start_s * 25)
    levels = []
    for n in range(first, first + round(seconds * 25), skip):
        governor.after(n * PERIOD, cost_ms(governor.level), 3)
        levels.append(governor.level)
    return levels


@pytest.mark.parametrize(("size", "drawn"), [(128, [128]), (256, [256]), (512, [512, 384, 256]), (720, [720, 540, 360]),
                                             (1080, [1080, 810, 540])])  # fmt: skip
def test_what_each_size_draws(size: int, drawn: list[int]) -> None:
    assert [width for width, _ in drawn_sizes(size, size)] == drawn
    assert all(side % 2 == 0 for both in drawn_sizes(size, size * 9 // 16 // 2 * 2) for side in both)


def test_a_fast_machine_stays_at_the_finest_level() -> None:
    assert set(run(Governor(), 60, lambda level: 9.0)) == {0}


def test_slow_frames_step_down_within_a_second_and_one_level_at_a_time() -> None:
    levels = run(Governor(), 4, lambda level: (35.0, 26.0, 17.0)[level])
    assert levels[25] >= 1
    assert levels[-1] == 2
    assert np.abs(np.diff(levels)).max() == 1


def test_late_frames_step_down_though_drawing_is_quick() -> None:
    governor = Governor()
    run(governor, 1, lambda level: 5.0)
    levels = run(governor, 3, lambda level: 5.0, start_s=1, skip=2)
    assert levels[-1] == 2


def test_single_slow_and_late_frames_change_nothing() -> None:
    governor = Governor()
    for n in range(400):
        if n not in {60, 160, 260}:
            governor.after(n * PERIOD, 90.0 if n % 10 == 4 else 8.0, 3)
    assert governor.level == 0


def test_it_rises_after_lasting_room_only() -> None:
    governor = Governor(start=1)
    levels = run(governor, 12, lambda level: 6.0)
    risen = levels.index(0) * PERIOD
    assert PATIENCE_TICKS < risen < 2 * PATIENCE_TICKS
    between = Governor(start=1)
    assert set(run(between, 60, lambda level: 0.8 * BUDGET_MS)) == {1}, "within the budget, but without room for more"


def test_a_level_that_does_not_hold_is_tried_ever_less_often() -> None:
    levels = run(Governor(start=1), 240, lambda level: (30.0, 7.0, 5.0)[level])
    rises = np.flatnonzero(np.diff(levels) < 0) / 25
    assert len(rises) >= 3
    assert (np.diff(np.diff(rises)) > 0).all()
    assert np.mean(np.array(levels) == 0) < 0.06
    assert max(levels) == 1


def test_a_size_with_one_level_has_nothing_to_choose() -> None:
    governor = Governor(start=2)
    for n in range(100):
        governor.after(n * PERIOD, 90.0, 1)
    assert governor.level == 0


def test_a_fade_runs_through_and_is_finished_before_the_next() -> None:
    fade = Fade(0)
    assert fade.towards(0, 0).share == 0
    steps = [fade.towards(1 if n < 3 else 0, TICKS_HZ + n * FADE_TICKS // 4) for n in range(9)]
    assert [(s.level, s.other, s.share) for s in steps[:4]] == [(0, 1, 0.0), (0, 1, 0.25), (0, 1, 0.5), (0, 1, 0.75)]
    assert [(s.level, s.other) for s in steps[4:8]] == [(1, 0)] * 4
    assert steps[8] == fade.towards(0, 3 * TICKS_HZ)
    assert steps[8].level == 0


def test_no_jump_when_the_level_changes(ball: Prepared) -> None:
    governor = Governor()
    engine = RigEngine(ball, width=512, height=512, detail=governor)
    lumas, levels = [], []
    for n in range(40):
        governor.level = 1 if 8 <= n < 24 else 0
        lumas.append(engine.draw(face(n * PERIOD, jawOpen=0.2)).i420[:512].astype(float))
        governor.level = 1 if 8 <= n < 24 else 0  # what this machine is doing meanwhile is no part of the test
        levels.append(engine.level)
    assert {0, 1} <= set(levels)
    apart = np.abs(np.diff(lumas, axis=0))
    assert apart.max() > 0, "the levels do differ"
    assert apart.mean((1, 2)).max() < MEAN_JUMP_LEVELS
    assert np.percentile(apart, 99.9, axis=(1, 2)).max() < MOST_JUMP_LEVELS


def test_levels_show_the_same_face(ball: Prepared) -> None:
    pictures = [
        RigEngine(ball, width=512, height=512, detail=level).draw(talking(9)).i420.astype(float) for level in (0, 1, 2, 9)
    ]
    fine, coarser, coarsest, beyond = pictures
    assert np.array_equal(coarsest, beyond)
    errors = [np.sqrt(((p - fine) ** 2).mean()) for p in (coarser, coarsest)]
    assert 0 < errors[0] < errors[1] < 5


def test_enlarging_keeps_places_and_colours() -> None:
    y, x = np.mgrid[0:60, 0:40]
    small = np.concatenate([x * 2 + y, np.full((30, 40), 128)]).astype(np.uint8)
    planes(small)[1][:, :10] = 90
    out = np.empty((180, 80), np.uint8)
    enlarge(small, out)
    luma, u, v = planes(out)
    assert luma[60, 40] == pytest.approx(small[30, 20], abs=2)
    assert (u[10, 5], u[10, 35], v[30, 20]) == (90, 128, 128)


def test_small_pictures_have_no_noise_finer_than_a_pixel(ball: Prepared) -> None:
    noise = ball.mesh.noise
    assert fitted_noise(noise, 512) is noise
    smooth = fitted_noise(noise, 256)
    assert smooth.shape == noise.shape
    np.testing.assert_allclose(smooth.mean((0, 1)), noise.mean((0, 1)), atol=1e-4)
    rough = [float(np.abs(np.diff(n, axis=1, append=n[:, :1])).mean()) for n in (noise, smooth)]
    assert rough[1] < 0.9 * rough[0]
    np.testing.assert_allclose(fitted_noise(np.roll(noise, 17, 0), 256), np.roll(smooth, 17, 0), atol=1e-5)
