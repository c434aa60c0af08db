"""What job processes report: figures while they live, a crash where they fall silent, nothing from nonsense."""

import json

import pytest

from visavis.server import worker
from visavis.server.worker import Reports


def report(job: str, **figures: float) -> bytes:
    return json.dumps({"job": job, "pid": 7, "figures": {"fps": 30.0, "interrupts": 2} | figures}).encode()


def test_figures_and_farewell() -> None:
    reports = Reports()
    reports.take(report("a"))
    reports.take(report("b", fps=24.0, av_offset_ms=-3.5))
    assert reports.figures["b"]["fps"] == 24.0
    assert reports.figures["b"]["av_offset_ms"] == -3.5
    assert reports.pids == {"a": 7, "b": 7}
    reports.take(json.dumps({"job": "a", "ended": True}).encode())
    reports.sweep()
    assert set(reports.figures) == {"b"}
    assert reports.crashed == 0
    assert reports.interrupts_before == 2


def test_silence_is_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    reports = Reports()
    reports.take(report("a"))
    monkeypatch.setattr(worker, "SILENT_S", -1.0)
    reports.sweep()
    reports.sweep()
    assert (reports.crashed, reports.figures, reports.pids) == (1, {}, {})


NONSENSE = [
    b"", b"{", b"\xff", b"[]", b"3", b'{"job":"a"}', b'{"job":"a","pid":"x","figures":{}}', b'{"job":"a","figures":[]}',
    b"[" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("data", NONSENSE)
def test_nonsense_is_left_out(data: bytes) -> None:
    reports = Reports()
    reports.take(data)
    reports.sweep()
    assert not reports.pids
