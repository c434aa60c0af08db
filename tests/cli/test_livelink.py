"""`visavis livelink` as it is typed, over UDP on this machine."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from tests import needs
from typer.testing import CliRunner

from visavis.cli.commands import app
from visavis.errors import BadInput, NotFound, Unavailable, VisavisError
from visavis.live_link import FrameTime, Packet, Sample, decode_packet, encode_packet
from visavis.motion.live_link_csv import LiveLinkCsvWriter, read_live_link_csv, read_live_link_samples
from visavis.motion.performers import load_performer
from visavis.types import FaceFrame

pytestmark = pytest.mark.network


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["livelink", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def sample(index: int, jaw: float = 0.5) -> Sample:
    weights = np.full(52, 0.1, np.float32)
    weights[17] = jaw
    face = FaceFrame(0, weights, np.array([0.1, 0.05, 0.0], np.float32), np.zeros(3, np.float32), np.zeros((2, 2), np.float32))
    return Sample.of(face, FrameTime(3_000_000 + index, 0.5))


@pytest.fixture
def take(tmp_path: Path) -> Path:
    path = tmp_path / "take.csv"
    with LiveLinkCsvWriter(path) as writer:
        for index in range(40):
            writer.write(sample(index, jaw=index / 40))
    return path


@pytest.fixture
def listener() -> socket.socket:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as opened:
        opened.bind(("127.0.0.1", 0))
        opened.settimeout(5)
        yield opened


def place(listener: socket.socket) -> str:
    return f"127.0.0.1:{listener.getsockname()[1]}"


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def send_soon(port: int, names: tuple[str, ...] = ("Ann",), *, count: int = 60) -> threading.Thread:
    """Sends while the command under test listens, some of it overtaken, some of it rubbish."""

    def work() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
            for index in range(count):
                time.sleep(0.02)
                for name in names:
                    swapped = index ^ 1 if index < 20 else index
                    out.sendto(encode_packet(Packet(name, name, sample(swapped))), ("127.0.0.1", port))
                out.sendto(b"rubbish", ("127.0.0.1", port))

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_a_take_is_replayed_as_it_was_recorded(take: Path, listener: socket.socket) -> None:
    said = run("replay", str(take), "--to", place(listener), "--subject", "Ann")
    assert "40 packets as 'Ann'" in said
    came = [decode_packet(listener.recv(2048)) for _ in range(40)]
    for packet, row in zip(came, read_live_link_samples(take), strict=True):
        assert packet.subject == "Ann"
        assert len(packet.device_id) == 36
        assert packet.sample is not None
        assert packet.sample.values.tobytes() == row.values.tobytes()
        assert packet.sample.time.frame == row.time.frame


def test_receiving_records_every_value_and_keeps_performers_apart(tmp_path: Path) -> None:
    port, out = free_port(), tmp_path / "take.csv"
    sending = send_soon(port, ("Ann", "Ben"), count=40)
    said = run("receive", "--host", "127.0.0.1", "--port", str(port), "--record", str(out), "--seconds", "2.5")
    sending.join()
    assert "Ann:" in said
    assert "datagrams were no packets" in said
    for path in (out, tmp_path / "take.Ben.csv"):
        rows = read_live_link_samples(path)
        assert len(rows) > 20
        np.testing.assert_allclose(rows[0].values, sample(0).values, atol=1e-9)
        times = [row.time.frame for row in rows]
        assert times == sorted(times)  # what was overtaken has found its place
        assert rows[1].time.frame - rows[0].time.frame <= 3  # a busy machine may lose a datagram
    assert sorted(path.name for path in tmp_path.iterdir()) == ["take.Ben.csv", "take.csv"]


HEED_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from visavis.cli import main; main()"
"""The command line as a person starts it: a shell's background jobs, and what they start, ignore Ctrl-C."""


def test_ctrl_c_ends_a_recording_well(tmp_path: Path) -> None:
    port, out = free_port(), tmp_path / "take.csv"
    command = [sys.executable, "-c", HEED_CTRL_C, "livelink", "receive", "--host", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(
        [*command, "--record", str(out)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            assert process.stdout is not None
            assert "listening" in process.stdout.readline()
            send_soon(port, count=30).join()
            process.send_signal(signal.SIGINT)
            said, _ = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == 0
    assert "rows" in said
    assert len(read_live_link_csv(out)) > 10


def test_nobody_sent(tmp_path: Path) -> None:
    out = tmp_path / "take.csv"
    with pytest.raises(BadInput, match="nothing was written"):
        run("receive", "--host", "127.0.0.1", "--port", str(free_port()), "--record", str(out), "--seconds", "0.2")
    assert list(tmp_path.iterdir()) == []


def test_calibrating_a_performer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VISAVIS_HOME", str(tmp_path))
    port = free_port()
    sending = send_soon(port)
    said = run("receive", "--host", "127.0.0.1", "--port", str(port), "--calibrate", "--subject", "Ann", "--seconds", "2.2")
    sending.join()
    assert "Ann is calibrated" in said
    performer = load_performer(tmp_path, "Ann")
    assert performer.neutral[17] == pytest.approx(0.5)
    assert performer.head[0] == pytest.approx(0.1, abs=1e-6)


def test_a_taken_port_is_one_clear_line() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", 0))
        with pytest.raises(Unavailable, match="cannot be listened on"):
            run("receive", "--host", "127.0.0.1", "--port", str(holder.getsockname()[1]), "--seconds", "0.2")


def test_converting_to_another_rate(take: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    assert "20 frames at 30 fps" in run("convert", str(take), "--fps", "30", "--out", str(out))
    before, after = read_live_link_csv(take), read_live_link_csv(out, rate_hz=30)
    for index, face in enumerate(after[:-1]):
        np.testing.assert_allclose(face.weights, before[2 * index].weights, atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (("replay", "gone.csv", "--to", "127.0.0.1"), NotFound, "gone.csv"),
        (("replay", "TAKE", "--to", "127.0.0.1:0"), BadInput, "is no address"),
        (("convert", "TAKE", "--fps", "37", "--out", "x.csv"), BadInput, "37 frames"),
        (("convert", "TAKE", "--performer", "nobody", "--out", "x.csv"), BadInput, "not calibrated"),
        (("send", "--to", "127.0.0.1", "--play"), BadInput, "--play is for a recording"),
        (("send", "--to", "127.0.0.1", "--audio", "gone.wav"), NotFound, "gone.wav"),
    ],
)
def test_bad_input_is_one_clear_line(
    arguments: tuple[str, ...],
    error: type[VisavisError],
    says: str,
    take: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("VISAVIS_HOME", str(tmp_path / "home"))
    with pytest.raises(error, match=says) as caught:
        run(*(str(take) if part == "TAKE" else part for part in arguments))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "x.csv").exists()


def test_a_recording_is_said_in_real_time_and_played_meanwhile(
    listener: socket.socket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    player = tmp_path / "bin" / "ffplay"
    player.parent.mkdir()
    player.write_text('#!/bin/sh\nfor last; do :; done\ncp "$last" "$(dirname "$0")/played.wav"\nsleep 30\n')
    player.chmod(0o755)
    monkeypatch.setenv("PATH", f"{player.parent}:{os.environ['PATH']}")
    audio = needs.shared("speech/en_speechbrain_spk1_snt1.wav")
    begun = time.monotonic()
    said = run("send", "--to", place(listener), "--audio", str(audio), "--play")
    assert time.monotonic() - begun > 2.5
    count = int(said.split(" faces")[0].split()[-1])
    came = [decode_packet(listener.recv(2048)) for _ in range(min(count, 150))]
    frames = [packet.sample.time.frame for packet in came if packet.sample]
    assert frames == list(range(frames[0], frames[0] + len(frames)))
    assert max(packet.sample.face(0).weights[17] for packet in came if packet.sample) > 0.15
    assert (player.parent / "played.wav").stat().st_size > 50_000
