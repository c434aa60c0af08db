"""The bench through a real LiveKit room, with a bar for a face: every figure is found and can be believed."""

from pathlib import Path

import pytest
from tests.needs import livekit_server

from visavis.bench.rooms import measure_room
from visavis.bench.run import Plan
from visavis.bench.subject import subjects
from visavis.settings import load_settings


@pytest.mark.slow
def test_a_row_through_a_room(tmp_path: Path) -> None:
    plan = Plan(frames=0, audio_s=0, first_frames=1, responses=1, turns=0, interrupts=2, load_s=1.0, flashes_s=5.0)
    settings = load_settings(size=256, fps=30, cache=tmp_path)
    row = measure_room(
        subjects(["rig"])[0], settings, "nova", plan, binary=livekit_server(), report=lambda what, part: None, plain_face=True
    )
    assert row.engine == "rig (livekit)"
    assert 0 < row.first_frame_ms < 20_000
    assert row.response_ms.p50 > 0
    assert 0 < row.interrupt_ms.p50 < 2_000
    assert 0 < row.glass_ms.p50 < 2_000
    assert abs(row.av_offset_ms.p50) < 300
    assert row.cores > 0
    assert row.memory_mb > 50
