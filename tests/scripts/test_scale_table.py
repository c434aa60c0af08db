"""The arithmetic of docs/scale.md, and that the page holds nothing that the script did not write."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from visavis.session import capacity

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def script() -> Any:
    spec = importlib.util.spec_from_file_location("scale_table", ROOT / "scripts" / "scale_table.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def run(**row: Any) -> dict[str, Any]:
    measured = {
        "engine": "rig",
        "avatar": "nova",
        "size": 512,
        "cores": 0.6,
        "memory_mb": 170.0,
        "kbps": 900.0,
        "sessions": 2,
    } | row
    return {"machine": {"cpu": "A CPU", "cores": 2, "load_average_1min": 0.1}, "rows": [measured]}


def test_the_dearer_of_cost_and_count_decides(script: Any) -> None:
    (by_count,) = script.read_costs([run()])
    assert by_count.usable_cores == pytest.approx(1.0)
    (by_cost,) = script.read_costs([run(sessions=3)])
    assert by_cost.usable_cores == pytest.approx(0.75)
    (alone,) = script.read_costs([run(sessions=None)])
    assert alone.usable_cores == pytest.approx(0.75)


def test_a_fleet(script: Any) -> None:
    (cost,) = script.read_costs([run()])
    hundred = script.fleet(cost, 100)
    assert (hundred.machines, hundred.workers) == (7, 9)
    assert hundred.cores == pytest.approx(100.0)
    assert hundred.memory_gb == pytest.approx(17.0)
    assert hundred.mbit_s == pytest.approx(90.0)
    assert hundred.gb_an_hour == pytest.approx(40.5)
    assert script.fleet(cost, 1).machines == 1


def test_a_session_larger_than_a_machine_has_one_of_its_own(script: Any) -> None:
    (cost,) = script.read_costs([run(cores=30.0)])
    assert script.fleet(cost, 10).machines == 10


def test_what_was_not_measured_stays_empty(script: Any) -> None:
    table = script.tables(script.read_costs([run(memory_mb=None, kbps=None)]), run()["machine"])
    assert "memory of the sessions |  |  |  |" in table
    with pytest.raises(SystemExit, match="without --quick"):
        script.read_costs([run(cores=None)])


def test_a_later_file_counts(script: Any) -> None:
    costs = script.read_costs([run(), run(engine="portrait", cores=0.5), run(cores=0.4, sessions=None)])
    assert {cost.engine: cost.cores for cost in costs} == {"rig": 0.4, "portrait": 0.5}


def test_the_page_is_written_between_its_marks(script: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page, bench = tmp_path / "scale.md", tmp_path / "bench.json"
    page.write_text(f"before\n{script.BEGIN}old\n{script.END}\nafter\n")
    bench.write_text(json.dumps(run()))
    monkeypatch.setattr(script, "PAGE", page)
    script.main(str(bench))
    written = page.read_text()
    assert written.startswith("before\n")
    assert written.endswith("\nafter\n")
    assert "old" not in written
    assert "| `rig`: machines of 16 cores, full | 1 | 7 | 625 |" in written


def test_the_shares_are_those_of_admission_and_of_autoscaling(script: Any) -> None:
    assert script.USABLE_SHARE == capacity.USABLE_SHARE
    scaler = yaml.safe_load((ROOT / "deploy" / "kubernetes" / "hpa.yaml").read_text())
    target = scaler["spec"]["metrics"][0]["pods"]["target"]["averageValue"]
    assert f"{script.TARGET_LOAD * 1000:.0f}m" == target


def test_the_page_in_the_repository_has_its_tables() -> None:
    page = (ROOT / "docs" / "scale.md").read_text()
    assert "| sessions at once | 1 | 100 | 10 000 |" in page
