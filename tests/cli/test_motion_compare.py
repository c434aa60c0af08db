"""`visavis motion --compare`: figures of the made and the captured face side by side, or one line that says why not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests import needs
from typer.testing import CliRunner

from visavis.audio.files import load_audio
from visavis.cli.commands import app
from visavis.errors import BadInput
from visavis.motion import Motion
from visavis.motion.live_link_csv import write_live_link_csv
from visavis.types import SPEECH_HZ, period_ticks


def take(path: Path, seconds: float) -> Path:
    """A Live Link Face CSV of an idle face."""
    motion = Motion(seed=8)
    write_live_link_csv(path, [motion.sample(n * period_ticks(60)) for n in range(round(seconds * 60))])
    return path


def recording(path: Path, seconds: float) -> Path:
    import wave

    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SPEECH_HZ)
        tone = 3000 * np.sin(np.arange(round(seconds * SPEECH_HZ)) * 0.05)
        file.writeframes(tone.astype(np.int16).tobytes())
    assert len(load_audio(path, SPEECH_HZ)) > 0
    return path


def test_both_stand_side_by_side(tmp_path: Path) -> None:
    out = tmp_path / "made.csv"
    run = CliRunner().invoke(app, [
        "motion", str(recording(tmp_path / "a.wav", 4)), "--out", str(out), "--compare", str(take(tmp_path / "take.csv", 20))])  # fmt: skip
    assert run.exit_code == 0, run.output
    rows = {line.split()[0]: line.split()[1:] for line in run.stdout.splitlines() if len(line.split()) == 3}
    assert rows["duration_s"] == ["4.47", "19.98"]
    for figure in ("blinks_per_min", "gaze_at_viewer_share", "head_sd_deg"):
        assert all(float(value) >= 0 for value in rows[figure])
    assert out.is_file()


def test_too_short_a_take_is_told(tmp_path: Path) -> None:
    arguments = ["motion", str(recording(tmp_path / "a.wav", 3)), "--out", str(tmp_path / "o.csv")]
    with pytest.raises(BadInput, match="The take is too short"):
        CliRunner().invoke(app, [*arguments, "--compare", str(take(tmp_path / "short.csv", 1))], catch_exceptions=False)


def test_a_take_that_is_none_leaves_nothing_behind(tmp_path: Path) -> None:
    junk = tmp_path / "junk.csv"
    junk.write_text("not a take")
    arguments = ["motion", str(recording(tmp_path / "a.wav", 3)), "--out", str(tmp_path / "o.csv"), "--compare", str(junk)]
    with pytest.raises(BadInput):
        CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert not (tmp_path / "o.csv").exists()


def test_beside_a_real_capture(tmp_path: Path) -> None:
    speech, capture = needs.shared("speech/en_librivox_austen_0870.wav"), needs.shared("livelink/alex_rom_3.csv")
    run = CliRunner().invoke(app, ["motion", str(speech), "--out", str(tmp_path / "o.csv"), "--compare", str(capture)])
    assert run.exit_code == 0, run.output
    assert "saccades_per_min" in run.stdout
