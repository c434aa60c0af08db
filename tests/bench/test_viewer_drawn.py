"""The row of avatars that viewers draw: motion is what is counted."""

from __future__ import annotations

import asyncio

import pytest

from visavis.bench import load, starting
from visavis.bench.host import HostOptions, serving
from visavis.bench.sessions import Trial, try_sessions
from visavis.bench.subject import subjects


def test_the_row_is_known_by_its_name() -> None:
    (subject,) = subjects(["rig (viewer)"])
    assert (subject.engine, subject.draw, subject.name) == ("rig", "viewer", "rig (viewer)")


def test_a_trial_is_judged_by_the_frames_that_were_due() -> None:
    assert Trial(20, 59.0, 30.0, 60.0).smooth
    assert not Trial(20, 57.0, 30.0, 60.0).smooth
    assert Trial(4, 24.6, 50.0).smooth


@pytest.mark.network
def test_a_session_without_pictures_is_measured(tmp_path) -> None:
    options = HostOptions(
        home=str(tmp_path), cache=str(tmp_path), engine="rig", avatar="nova", size=128, fps=25, unlimited=True, plain_face=True,
        plain_voice=True,
    )  # fmt: skip
    with serving(options) as host:
        assert asyncio.run(starting.measure_cold_start(host, draw="viewer")) > 0
        taken = asyncio.run(load.measure_load(host, seconds=1.0, settle_s=0.2, draw="viewer"))
        assert 0 < taken.kbps < 400
        trial = try_sessions(host, 2, 1.0, draw="viewer")
        assert trial.wanted_fps == 60
        assert trial.fps > 5
