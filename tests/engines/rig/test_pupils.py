"""Pupils: unrest that never comes back, arousal that widens slowly, the picture that shows it."""

from __future__ import annotations

import numpy as np
import pytest
from tests.engines.rig.test_engine import SIZE, face, iris

from visavis.engines.rig import RigEngine
from visavis.engines.rig.pupils import HIPPUS, LEAST, MOST, Pupils, hippus
from visavis.render.prepare import Prepared
from visavis.types import TICKS_HZ

STEP = TICKS_HZ // 25


def follow(seconds: float, *, wide_from_s: float, wide_to_s: float, rate_hz: int = 25) -> np.ndarray:
    """The pupils less their unrest while the eyes are wide for a time."""
    pupils, out = Pupils(), []
    for n in range(round(seconds * rate_hz)):
        t_s = n / rate_hz
        wide = 1.0 if wide_from_s <= t_s < wide_to_s else 0.0
        at = face(n * (TICKS_HZ // rate_hz), eyeWideLeft=wide, eyeWideRight=wide)
        out.append(pupils.follow(at) - hippus(t_s))
    return np.array(out)


def test_arousal_widens_within_seconds_and_calm_narrows_sooner() -> None:
    width = follow(12, wide_from_s=2, wide_to_s=8)
    assert width[49] == pytest.approx(1.0)
    assert 1.03 < width[60] < 1.15
    assert width[190] == pytest.approx(1.22, abs=0.01)
    assert width[220] < width[60], "narrower after 0.8 s than wide after 0.4 s"
    assert width[-1] == pytest.approx(1.0, abs=0.01)


def test_it_hardly_depends_on_the_frame_rate() -> None:
    slow, quick = (follow(6, wide_from_s=1, wide_to_s=4, rate_hz=rate) for rate in (25, 50))
    assert np.abs(slow - quick[::2]).max() < 0.02


def test_the_unrest_is_small_slow_and_never_comes_back() -> None:
    t_s = np.arange(0, 3600, 0.1)
    unrest = np.array([hippus(t) for t in t_s])
    assert 0.02 < unrest.std() < 0.05
    assert np.abs(np.diff(unrest)).max() < 0.03
    first = unrest[:600]
    again = [np.abs(unrest[k : k + 600] - first).max() for k in range(100, len(unrest) - 600, 5)]
    assert min(again) > 0.01, "no minute of an hour is like the first"
    assert len(HIPPUS) == 4


def test_they_stay_pupils_whatever_the_face() -> None:
    pupils = Pupils()
    widths = [pupils.follow(face(n * STEP, **dict.fromkeys(("eyeWideLeft", "eyeWideRight", "browInnerUp", "mouthSmileLeft"), 9.0)))
              for n in range(200)]  # fmt: skip
    assert LEAST <= min(widths) <= max(widths) <= MOST


def test_the_same_instant_twice_and_time_going_back() -> None:
    pupils = Pupils()
    pupils.follow(face(0))
    once = pupils.follow(face(STEP, eyeWideLeft=1))
    assert pupils.follow(face(STEP, eyeWideLeft=1)) == once
    assert pupils.follow(face(0, eyeWideLeft=1)) == pytest.approx(1.11 + hippus(0))


def test_the_picture_shows_them(ball: Prepared) -> None:
    engine = RigEngine(ball, width=SIZE, height=SIZE)
    look = engine._canvases[0].look
    narrow, wide = (float(look.arrays(width)[2][2]) for width in (0.8, 1.3))
    assert wide == pytest.approx(narrow * 1.3 / 0.8)
    assert float(look.arrays(99.0)[2][2]) < ball.mesh.iris_radius
    calm = engine.draw_rgb(face(0), transparent=True)
    times = [t for t in range(0, 60 * TICKS_HZ, TICKS_HZ) if abs(hippus(t / TICKS_HZ) - hippus(0)) > 0.05]
    later = engine.draw_rgb(face(times[0]), transparent=True)
    assert not np.array_equal(calm, later)
    changed = (calm != later).any(2)
    y, x = np.nonzero(changed)
    eye_y, eye_x = np.nonzero(iris(calm))
    assert eye_y.min() - 3 <= y.min() <= y.max() <= eye_y.max() + 3
    assert eye_x.min() - 3 <= x.min() <= x.max() <= eye_x.max() + 3
