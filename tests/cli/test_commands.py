"""Commands as a person types them: a result, or one clear line and nothing left behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests import needs
from tests.head_data import head_asset

from visavis.motion.live_link_csv import read_live_link_csv


def visavis(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "visavis.cli", *map(str, arguments)],
        capture_output=True, text=True, timeout=240, check=False, env={**os.environ, **environment},
    )  # fmt: skip


COMMANDS = ("talk", "serve", "render", "motion", "avatars", "sheet", "setup", "token", "bench", "doctor")


def test_help_names_every_command_and_each_has_an_example() -> None:
    listed = visavis("--help").stdout
    for command in COMMANDS:
        assert command in listed
        assert f"visavis {command}" in visavis(command, "--help").stdout, command


def test_motion_writes_what_live_link_face_would(tmp_path: Path) -> None:
    out = tmp_path / "speech.csv"
    run = visavis("motion", needs.shared("speech/en_librivox_austen_0870.wav"), "--out", out)
    assert run.returncode == 0, run.stderr
    frames = read_live_link_csv(out)
    assert len(frames) > 100
    assert max(float(frame.weights.max()) for frame in frames) > 0.2


def test_render_makes_a_video(tmp_path: Path) -> None:
    import av

    head_asset()
    out = tmp_path / "clip.mp4"
    recording = needs.shared("speech/en_librivox_austen_0870.wav")
    run = visavis("render", "--audio", recording, "--out", out, "--size", "128", "--fps", "25", "--avatar", "milo")
    assert run.returncode == 0, run.stderr
    with av.open(str(out)) as clip:
        assert {stream.type for stream in clip.streams} == {"audio", "video"}
        assert (clip.streams.video[0].width, clip.streams.video[0].height) == (128, 128)
        assert sum(1 for _ in clip.decode(video=0)) > 60


@pytest.mark.parametrize(
    "arguments",
    [
        ("motion", "{junk}", "--out", "{out}.csv"),
        ("motion", "nowhere.wav", "--out", "{out}.csv"),
        ("render", "--audio", "{junk}", "--out", "{out}.mp4"),
        ("render", "--audio", "{wav}", "--out", "{out}.avi", "--size", "128"),
        ("render", "--audio", "{wav}", "--out", "{out}.mp4", "--avatar", "nobody"),
        ("render", "--audio", "{wav}", "--out", "{out}.mp4", "--size", "77"),
        ("talk", "--avatar", "../../etc"),
        ("serve", "--port", "99999"),
        ("serve", "--fps", "29"),
        ("avatars", "--install", "{junk}"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    import wave

    inputs = tmp_path / "in"
    inputs.mkdir()
    (inputs / "junk").write_bytes(b"\x00junk" * 50)
    with wave.open(str(inputs / "a.wav"), "wb") as wav:
        wav.setparams((1, 2, 8000, 0, "NONE", ""))
        wav.writeframes(b"\0\0" * 800)
    (tmp_path / "out").mkdir()
    names = {"junk": str(inputs / "junk"), "wav": str(inputs / "a.wav"), "out": str(tmp_path / "out" / "x")}
    run = visavis(*(argument.format(**names) for argument in arguments), VISAVIS_HOME=str(tmp_path / "home"))
    assert run.returncode == 1, run.stdout + run.stderr
    last = run.stderr.strip().splitlines()[-1]
    assert last.startswith("visavis: ")
    assert "Traceback" not in run.stderr
    assert list((tmp_path / "out").iterdir()) == []


def test_an_unknown_setting_is_named() -> None:
    run = visavis("avatars", VISAVIS_PROT="1")
    assert run.returncode == 1
    assert "VISAVIS_PROT is not a setting" in run.stderr


def test_the_token_is_kept_and_private(tmp_path: Path) -> None:
    first, second = (visavis("token", VISAVIS_HOME=str(tmp_path)).stdout.strip() for _ in range(2))
    assert first == second
    assert len(first) >= 24
    assert (tmp_path / "token").stat().st_mode & 0o077 == 0
