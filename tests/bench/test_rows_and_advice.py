"""Rows go to JSON and back whole; advice follows from them."""

import io
import json
from typing import Any

import pytest
from rich.console import Console

from visavis.bench.advise import advise, misfits, read_needs
from visavis.bench.machine import describe_machine
from visavis.bench.row import Row
from visavis.bench.statistics import Slope, Spread
from visavis.bench.subject import Facts, Subject, subjects
from visavis.bench.table import render_table
from visavis.errors import BadInput

FACTS = Facts("drawn", "a text file", frozenset({"character"}), "none", "cpu", "any machine")
NEURAL = Facts("a photograph", "a photo", frozenset({"photo"}), "none", "gpu", "likeness")


def subject(engine: str, facts: Facts) -> Subject:
    def nothing(*args: Any) -> Any:
        raise AssertionError

    return Subject(engine, "nova", facts, nothing, nothing)


def full_row(engine: str = "rig") -> Row:
    row = Row(engine, "nova", 512, fps=90.0, frame_ms=Spread(9.0, 12.0, 300), response_ms=Spread(180.0, 240.0, 20), cores=0.4)
    row.av_drift_ms_per_h = Slope(1.0, -2.0, 4.0)
    row.controls = {"working": 68, "of": 68, "weights": 52, "head": 6, "gaze": 4, "emotions": 6, "failing": {}}
    row.sessions = 4
    return row


def test_a_row_survives_json() -> None:
    data = json.loads(json.dumps(full_row().to_json()))
    assert Row.from_json(data) == full_row()
    assert data["frame_ms"] == {"p50": 9.0, "p95": 12.0, "n": 300}
    assert data["av_drift_ms_per_h"] == 1.0
    assert data["av_drift_interval_ms_per_h"] == [-2.0, 4.0]


def test_what_was_not_measured_is_null() -> None:
    data = Row("rig", "nova", 512).to_json()
    named = {
        "engine", "avatar", "size", "fps", "frame_ms", "core_ms_per_frame", "audio_to_frame_ms", "first_frame_ms", "cold_start_s",
        "create_s", "response_ms", "turn_ms", "glass_ms", "interrupt_ms", "av_offset_ms", "av_drift_ms_per_h", "sessions",
        "controls", "realism", "cores", "memory_mb", "kbps",
    }  # fmt: skip
    assert named <= set(data)
    assert data["realism"] == {"psnr": None, "ssim": None}
    assert all(data[name] is None for name in named - {"engine", "avatar", "size", "realism"})
    assert Row.from_json(data) == Row("rig", "nova", 512)


def test_the_machine_is_described_without_its_name() -> None:
    import platform

    machine = describe_machine()
    assert machine["cores"] >= 1
    assert {"cpu", "load_average_1min", "python", "versions"} <= set(machine)
    assert platform.node() not in json.dumps(machine) or not platform.node()


@pytest.mark.parametrize(
    ("needs", "says"),
    [
        ("latency=200", None),
        ("latency=100", "answers after 180 ms"),
        ("hardware=cpu control=60 training=none sessions=4", None),
        ("control=69", "68 controls"),
        ("likeness=photo", "not from a photo"),
        ("sessions=5", "holds 4 sessions"),
    ],
)
def test_needs_are_judged_from_the_row(needs: str, says: str | None) -> None:
    reasons = misfits(read_needs(needs), full_row(), FACTS)
    assert (reasons == []) if says is None else (says in reasons[0])


def test_what_was_not_measured_is_not_promised() -> None:
    assert "not measured" in misfits(read_needs("latency=200"), Row("rig", "nova", 512), FACTS)[0]
    assert "not measured" in misfits(read_needs("sessions=1"), Row("rig", "nova", 512), FACTS)[0]


def test_advice_names_the_cheapest_that_fits_or_why_none_does() -> None:
    costly = full_row("gaussian")
    costly.cores = 1.5
    known = [subject("rig", FACTS), subject("gaussian", FACTS), subject("diffusion", NEURAL)]
    assert advise(read_needs("latency=300"), [costly, full_row()], known).startswith("Take rig")
    said = advise(read_needs("likeness=photo hardware=cpu"), [full_row(), full_row("diffusion")], known)
    assert said.startswith("No engine fits")
    assert "needs a GPU" in said
    assert "not from a photo" in said


@pytest.mark.parametrize("text", ["", "fast", "latency=soon", "latency=-1", "hardware=abacus", "likeness=ghost"])
def test_needs_that_mean_nothing_are_refused(text: str) -> None:
    with pytest.raises(BadInput):
        read_needs(text)


def test_an_unknown_engine_is_told_the_known_ones() -> None:
    with pytest.raises(BadInput, match="rig"):
        subjects(["nonsense"])


@pytest.mark.parametrize("wide", [True, False])
def test_the_table_holds_every_figure(wide: bool) -> None:
    from io import StringIO

    from rich.console import Console

    out = StringIO()
    Console(file=out, width=200).print(render_table(describe_machine(), [full_row()], [subject("rig", FACTS)], wide=wide))
    text = out.getvalue()
    for column in ("latency", "realism", "controllability", "new identity", "training required", "hardware", "best for"):
        assert column in text
    assert "68 of 68" in text
    assert "9.0  p95 12.0" in text
    assert "+1.0  -2.0 to +4.0" in text


def test_a_row_through_a_room_stands_beside_its_engine_and_is_no_engine_to_advise() -> None:
    rows = [full_row(), full_row("rig (livekit)")]
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(render_table(describe_machine(), rows, [subject("rig", FACTS)], wide=True))
    assert "rig (livekit) 512" in console.export_text()
    assert "livekit" not in advise(read_needs("latency=900"), rows, [subject("rig", FACTS)])
