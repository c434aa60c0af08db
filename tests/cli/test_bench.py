"""`visavis bench` on rows of an earlier run, and what it refuses before anything is measured."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from visavis.bench.machine import describe_machine
from visavis.bench.row import Row
from visavis.bench.statistics import Spread
from visavis.cli.commands import app
from visavis.errors import VisavisError

run = CliRunner()


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    row = Row("rig", "nova", 512, response_ms=Spread(180.0, 200.0, 4))
    path = tmp_path / "rows.json"
    path.write_text(json.dumps({"machine": describe_machine(), "quick": True, "rows": [row.to_json()]}))
    return path


def test_advice_from_a_file_ends_in_one_json_line(rows: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.json"
    result = run.invoke(app, ["bench", "--rows", str(rows), "--advise", "latency=300", "--json", str(copy)])
    assert result.exit_code == 0, result.output
    assert "Take rig" in result.output
    assert json.loads(result.stdout.splitlines()[-1])["rows"][0]["engine"] == "rig"
    assert json.loads(copy.read_text()) == json.loads(rows.read_text())
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--rows", "missing.json"],
        ["--rows", "{broken}"],
        ["--rows", "{other}"],
        ["--advise", "quickly"],
        ["--engine", "nonsense"],
        ["--json", "no/such/folder/x.json"],
        ["--sizes", "big"],
    ],
)
def test_what_cannot_be_used_is_one_line(arguments: list[str], tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "other.json").write_text('{"rows": 3}')
    names = {"{broken}": str(tmp_path / "broken.json"), "{other}": str(tmp_path / "other.json")}
    result = run.invoke(app, ["bench", *[names.get(one, one) for one in arguments]])
    assert isinstance(result.exception, VisavisError)
    assert "\n" not in str(result.exception)
