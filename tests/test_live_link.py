"""Live Link Face's bytes: real packets, an independent decoder, and everything a stranger could send instead."""

from __future__ import annotations

import contextlib
import gzip
import itertools
import struct
from pathlib import Path

import numpy as np
import pytest
from pylivelinkface import FaceBlendShape, PyLiveLinkFace

from tests import needs
from visavis.arkit import COUNT, INDEX, SHAPES
from visavis.errors import BadInput
from visavis.live_link import (
    MAX_PACKET_BYTES,
    VALUES,
    FrameTime,
    Packet,
    Sample,
    decode_packet,
    encode_packet,
    ticks_between,
)
from visavis.types import TICKS_HZ, FaceFrame

ID = "A1B2C3D4-0000-1111-2222-333344445555"


def recorded(name: str) -> list[bytes]:
    """The packets of a recording: u8 version, u32 count, then u32 length and packet each, gzipped."""
    data = gzip.decompress(needs.shared(f"livelink/{name}.gesichter").read_bytes())
    (count,), at, packets = struct.unpack_from(">I", data, 1), 5, []
    for _ in range(count):
        (length,) = struct.unpack_from(">I", data, at)
        packets.append(data[at + 4 : at + 4 + length])
        at += 4 + length
    assert at == len(data)
    return packets


def packet(seed: int = 1, subject: str = "iPhone") -> Packet:
    random = np.random.default_rng(seed)
    values = np.concatenate([random.uniform(0, 1, COUNT), random.uniform(-0.6, 0.6, 9)]).astype(np.float32)
    return Packet(ID, subject, Sample(FrameTime(2_851_912, 0.65234375), values))


@pytest.mark.parametrize(("name", "count"), [("dao", 180), ("debug-jawopen", 66)])
def test_recorded_packets_are_read_and_written_back_bit_for_bit(name: str, count: int) -> None:
    packets = recorded(name)
    assert len(packets) == count
    for data in packets:
        read = decode_packet(data)
        assert encode_packet(read) == data
        assert read.sample is not None
        assert (read.subject, read.sample.time.numerator, read.sample.time.denominator) == ("LLV Default Device", 60, 1)
        assert read.device_id == "DEADC0DE-1337-1337-1337-CAFEBABE"
        assert read.sample.values.tobytes() == np.frombuffer(data[-4 * VALUES :], ">f4").astype(np.float32).tobytes()


def test_recorded_times_go_on_as_the_phones_clock_does() -> None:
    times = [read.sample.time for read in map(decode_packet, recorded("dao")) if read.sample]
    gaps = [ticks_between(a, b) * 60 / TICKS_HZ for a, b in itertools.pairwise(times)]
    assert np.median(gaps) == pytest.approx(1.0, abs=0.01)
    assert min(gaps) > 0


def test_our_packets_are_what_an_independent_decoder_reads() -> None:
    for seed in range(20):
        sent = packet(seed)
        found, read = PyLiveLinkFace.decode(encode_packet(sent))
        assert found
        assert (read._version, read.uuid, read.name, read.fps) == (6, "$" + ID, "iPhone", 60)
        assert sent.sample is not None
        assert (read._frames, read._denominator) == (sent.sample.time.frame, 1)
        assert read._sub_frame == sent.sample.time.sub_frame
        for index, name in enumerate(SHAPES):
            theirs = read.get_blendshape(FaceBlendShape[name[0].upper() + name[1:]])
            assert theirs == float(sent.sample.face(0).weights[index]), name
        assert read.get_blendshape(FaceBlendShape.HeadYaw) == float(sent.sample.values[COUNT])
        assert read.get_blendshape(FaceBlendShape.RightEyeRoll) == float(sent.sample.values[-1])


def test_an_independent_encoders_packets_are_read() -> None:
    theirs = PyLiveLinkFace(name="stand-in", uuid=ID, fps=60)
    theirs.set_blendshape(FaceBlendShape.JawOpen, 0.75, no_filter=True)
    theirs.set_blendshape(FaceBlendShape.HeadPitch, -0.25, no_filter=True)
    data = theirs.encode()
    time_at = 1 + 4 + len(ID) + 4 + len("stand-in")
    frame_and_rest = data[:time_at] + data[time_at : time_at + 4] + struct.pack(">f", 0.5) + data[time_at + 8 :]
    read = decode_packet(frame_and_rest)  # it writes its sub-frame as an integer
    assert (read.device_id, read.subject) == (ID, "stand-in")
    assert read.sample is not None
    assert read.sample.values[17] == np.float32(0.75)
    assert read.sample.values[COUNT + 1] == np.float32(-0.25)


def test_a_face_goes_there_and_back() -> None:
    random = np.random.default_rng(3)
    face = FaceFrame(
        480_000, random.uniform(0, 1, COUNT).astype(np.float32), np.array([0.2, -0.1, 0.05], np.float32),
        np.zeros(3, np.float32), random.uniform(-0.5, 0.5, (2, 2)).astype(np.float32),
    )  # fmt: skip
    back = Sample.of(face, FrameTime.at(10.0)).face(face.t_ticks)
    for name in ("weights", "head_rotation", "head_translation", "gaze"):
        np.testing.assert_array_equal(getattr(back, name), getattr(face, name))
    assert Sample.of(face, FrameTime(0)).values[COUNT] == np.float32(-0.2)  # their yaw is to the right


def test_the_mouth_goes_to_the_side_whose_cheek_goes_with_it() -> None:
    from visavis.motion.live_link_csv import read_live_link_csv

    weights = np.array([face.weights for face in read_live_link_csv(needs.shared("livelink/alex_rom_3.csv"))])

    def leftwards(name: str) -> np.ndarray:
        return weights[:, INDEX[name + "Left"]] - weights[:, INDEX[name + "Right"]]

    drawn = np.abs(leftwards("mouth")) > 0.15
    assert np.count_nonzero(drawn) > 100
    for name in ("mouthDimple", "cheekSquint", "mouthUpperUp", "mouthStretch"):
        assert np.corrcoef(leftwards("mouth")[drawn], leftwards(name)[drawn])[0, 1] > 0.8, name


@pytest.mark.parametrize("rate_hz", [24, 30, 60])
def test_times_are_exact_to_the_tick_late_in_the_day(rate_hz: int) -> None:
    for t_s in (0.0, 1.0 / 3.0, 47_471.651999, 86_399.99999):
        time = FrameTime.at(t_s, rate_hz)
        assert 0.0 <= time.sub_frame < 1.0
        assert time.seconds == pytest.approx(t_s, abs=1e-8)
    late = FrameTime(86_399 * rate_hz, 0.5, rate_hz)
    assert ticks_between(late, FrameTime(0, 0.5, rate_hz)) == TICKS_HZ


@pytest.mark.parametrize("tail", [b"", b"\0" * 16, b"\0" * 17])
def test_a_packet_without_a_face(tail: bytes) -> None:
    data = encode_packet(Packet(ID, "iPhone", None)) + tail
    assert decode_packet(data).sample is None


def test_every_truncation_is_refused_or_says_that_no_face_is_there() -> None:
    data = encode_packet(packet())
    for length in range(len(data)):
        with contextlib.suppress(BadInput):
            assert decode_packet(data[:length]).sample is None
    with pytest.raises(BadInput):
        decode_packet(data + b"\0")


def _spoiled(at: int, content: bytes) -> bytes:
    data = bytearray(encode_packet(packet()))
    data[at : at + len(content)] = content
    return bytes(data)


END = len(encode_packet(packet()))


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "1 to"),
        (b"\x06" * (MAX_PACKET_BYTES + 1), "1 to"),
        (b"GET / HTTP/1.1\r\n\r\n", "version 71"),
        (_spoiled(0, b"\x05"), "version 5"),
        (_spoiled(1, b"\x7f\xff\xff\xff"), "claims 2147483647 bytes"),
        (_spoiled(1, b"\xff\xff\xff\xff"), "claims -1 bytes"),
        (_spoiled(41, b"\x00\x00\x00\x00"), "no subject"),
        (_spoiled(45, b"\xff\xfe"), "not UTF-8"),
        (_spoiled(45, b"\x1b[31m"), "cannot be printed"),
        (_spoiled(END - 245, b"\xff"), "counts 255 values"),
        (_spoiled(END - 245, b"\x3c"), "counts 60 values"),
        (_spoiled(END - 244, struct.pack(">f", np.nan)), "weight outside"),
        (_spoiled(END - 244, struct.pack(">f", np.inf)), "weight outside"),
        (_spoiled(END - 244, struct.pack(">f", 1e9)), "weight outside"),
        (_spoiled(END - 4, struct.pack(">f", np.nan)), "not in radians"),
        (_spoiled(END - 4, struct.pack(">f", 90.0)), "not in radians"),
        (_spoiled(END - 257, struct.pack(">f", np.nan)), "sub-frame"),
        (_spoiled(END - 257, struct.pack(">f", 1.5)), "sub-frame"),
        (_spoiled(END - 253, struct.pack(">ii", 0, 1)), "frame rate"),
        (_spoiled(END - 253, struct.pack(">ii", 60, 0)), "frame rate"),
        (_spoiled(END - 253, struct.pack(">ii", 2**31 - 1, 1)), "frame rate"),
    ],
)
def test_malformed_packets_are_refused_in_one_line(data: bytes, says: str) -> None:
    with pytest.raises(BadInput, match=says) as caught:
        decode_packet(data)
    assert "\n" not in str(caught.value)


def test_random_damage_never_escapes_as_anything_else() -> None:
    random = np.random.default_rng(7)
    good = encode_packet(packet())
    for _ in range(3000):
        bad = bytearray(good)
        for at in random.integers(0, len(bad), random.integers(1, 8)):
            bad[at] = random.integers(0, 256)
        try:
            read = decode_packet(bytes(bad))
        except BadInput:
            continue
        assert read.sample is None or np.isfinite(read.sample.values).all()


def test_a_name_too_long_is_not_sent() -> None:
    with pytest.raises(BadInput, match="longer than 256"):
        encode_packet(packet(subject="ü" * 200))


def test_the_capture_is_read_with_every_value_as_the_app_wrote_it(tmp_path: Path) -> None:
    from visavis.motion.live_link_csv import LiveLinkCsvWriter, read_live_link_samples

    source = needs.shared("livelink/alex_rom_3.csv")
    samples = read_live_link_samples(source)
    assert len(samples) == 4030
    with LiveLinkCsvWriter(tmp_path / "copy.csv") as writer:
        for sample in samples:
            writer.write(decode_packet(encode_packet(Packet(ID, "take", sample))).sample or pytest.fail("no face"))
    assert (tmp_path / "copy.csv").read_text() == source.read_text().replace("\r\n", "\n")
