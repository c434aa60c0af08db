"""A talking video: both streams on one timeline, and nothing half-written."""

from pathlib import Path

import av
import numpy as np
import pytest

from visavis.errors import BadInput
from visavis.transports.mp4 import XMP_UUID, Mp4Writer
from visavis.types import SPEECH_HZ, VideoFrame, period_ticks


def picture(index: int, level: int = 100) -> VideoFrame:
    return VideoFrame(index * period_ticks(25), np.full((96, 64), level, np.uint8))


def write(path: Path, frames: int = 50) -> None:
    """Two seconds that flash white and click at second one."""
    sound = np.zeros(frames * SPEECH_HZ // 25, np.int16)
    sound[SPEECH_HZ : SPEECH_HZ + 240] = 20_000
    with Mp4Writer(path, width=64, height=64, fps=25, rate_hz=SPEECH_HZ) as writer:
        for index in range(frames):
            writer.write_video(picture(index, 235 if index == 25 else 60))
            writer.write_audio(sound[index * 960 : (index + 1) * 960])


def test_picture_and_sound_meet(tmp_path: Path) -> None:
    write(tmp_path / "clip.mp4")
    with av.open(str(tmp_path / "clip.mp4")) as clip:
        assert "trainedAlgorithmicMedia" in clip.metadata["comment"]
        flash = [float(f.time) for f in clip.decode(video=0) if f.to_ndarray()[:64].mean() > 180]
    with av.open(str(tmp_path / "clip.mp4")) as clip:
        parts = [(float(f.time), np.abs(f.to_ndarray()).max(0)) for f in clip.decode(audio=0)]
    samples = np.concatenate([part for _, part in parts])
    click = parts[0][0] + int(np.argmax(samples > 0.2)) / SPEECH_HZ
    assert flash == [pytest.approx(1.0)]
    assert click == pytest.approx(1.0, abs=0.01)


def boxes_of(data: bytes) -> list[tuple[bytes, bytes]]:
    """Kind and content of each top-level box; the sizes must add up."""
    found, at = [], 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        assert 8 <= size <= len(data) - at
        found.append((data[at + 4 : at + 8], data[at + 8 : at + size]))
        at += size
    return found


def test_every_video_says_that_it_is_synthetic(tmp_path: Path) -> None:
    from xml.etree import ElementTree as Xml

    write(tmp_path / "clip.mp4", 5)
    boxes = boxes_of((tmp_path / "clip.mp4").read_bytes())
    packets = [content[16:] for kind, content in boxes if kind == b"uuid" and content[:16] == XMP_UUID]
    assert len(packets) == 1
    description = next(
        iter(Xml.fromstring(packets[0].decode()).iter("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"))
    )
    said = description.get("{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType")
    assert said == "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


def broken_off(path: Path, failure: BaseException) -> None:
    with Mp4Writer(path, width=64, height=64, fps=25, rate_hz=SPEECH_HZ) as writer:
        writer.write_video(picture(0))
        raise failure


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        broken_off(tmp_path / "a.mp4", ZeroDivisionError())
    assert list(tmp_path.iterdir()) == []


def test_an_old_file_survives_a_failure(tmp_path: Path) -> None:
    write(tmp_path / "a.mp4", 10)
    before = (tmp_path / "a.mp4").read_bytes()
    with pytest.raises(KeyboardInterrupt):
        broken_off(tmp_path / "a.mp4", KeyboardInterrupt())
    assert (tmp_path / "a.mp4").read_bytes() == before


@pytest.mark.parametrize("name", ["clip.avi", "nowhere/clip.mp4"])
def test_unusable_names(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput):
        Mp4Writer(tmp_path / name, width=64, height=64, fps=25, rate_hz=SPEECH_HZ)


def test_a_coarser_clip_is_smaller(tmp_path: Path) -> None:
    noise = np.random.default_rng(2).integers(40, 200, (10, 96, 64)).astype(np.uint8)
    sizes = []
    for crf in (18, 34):
        path = tmp_path / f"{crf}.mp4"
        with Mp4Writer(path, width=64, height=64, fps=25, rate_hz=SPEECH_HZ, crf=crf) as writer:
            for index, i420 in enumerate(noise):
                writer.write_video(VideoFrame(index * period_ticks(25), i420))
        sizes.append(path.stat().st_size)
    assert sizes[1] < 0.7 * sizes[0]
