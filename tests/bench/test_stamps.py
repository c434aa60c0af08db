"""What is written into a picture is read back after VP8, and nothing is read where nothing was written."""

from fractions import Fraction

import av
import numpy as np
import pytest
from aiortc.codecs.vpx import Vp8Encoder

from visavis.bench.stamps import StampedEngine, flash_seen, read_stamp, write_stamp
from visavis.testing.engine import PlainEngine
from visavis.types import FaceFrame


def through_vp8(pictures: list[np.ndarray]) -> list[np.ndarray]:
    """Luma planes of I420 pictures, encoded as the transport does and decoded again."""
    encoder, decoder = Vp8Encoder(), av.CodecContext.create("libvpx", "r")
    out = []
    for index, i420 in enumerate(pictures):
        frame = av.VideoFrame.from_ndarray(i420, format="yuv420p")
        frame.pts, frame.time_base = index * 3000, Fraction(1, 90_000)
        payloads, _ = encoder.encode(frame)
        data = b"".join(payload[_descriptor(payload) :] for payload in payloads)
        out += [f.to_ndarray()[: f.height].copy() for f in decoder.decode(av.Packet(data))]
    return out


def _descriptor(payload: bytes) -> int:
    from aiortc.codecs.vpx import VpxPayloadDescriptor

    _, data = VpxPayloadDescriptor.parse(payload)
    return len(payload) - len(data)


@pytest.mark.parametrize("size", [192, 256, 512])
def test_stamps_survive_vp8_over_a_busy_picture(size: int) -> None:
    rng = np.random.default_rng(0)
    moments = [1000.0 + index / 30 for index in range(12)]
    pictures = []
    for index, moment in enumerate(moments):
        i420 = rng.integers(40, 200, (size * 3 // 2, size), np.uint8)
        write_stamp(i420[:size], moment, index / 11)
        pictures.append(i420)
    for index, luma in enumerate(through_vp8(pictures)):
        stamp = read_stamp(luma, moments[index] + 0.05)
        assert stamp is not None, index
        assert stamp.finished_s == pytest.approx(moments[index], abs=1e-4)
        assert stamp.opening == pytest.approx(index / 11, abs=0.003)


def test_a_picture_without_a_stamp_is_not_read() -> None:
    rng = np.random.default_rng(3)
    read = [read_stamp(rng.integers(0, 255, (256, 256), np.uint8), 5.0) for _ in range(300)]
    assert sum(stamp is not None for stamp in read) < 10
    assert read_stamp(np.zeros((32, 32), np.uint8), 5.0) is None


def test_the_clock_may_wrap() -> None:
    luma = np.zeros((256, 256), np.uint8)
    long_up_s = 2**32 / 10_000 - 0.01
    write_stamp(luma, long_up_s, 0.0)
    stamp = read_stamp(luma, long_up_s + 0.05)
    assert stamp is not None
    assert stamp.finished_s == pytest.approx(long_up_s, abs=1e-3)


def test_an_engine_flashes_only_when_told() -> None:
    engine = StampedEngine(PlainEngine(256, 256), lambda t_ticks: t_ticks == 3200)
    seen = [flash_seen(engine.draw(FaceFrame.neutral(t)).i420[:256]) for t in (0, 1600, 3200, 4800)]
    assert seen == [False, False, True, False]
    assert (engine.width, engine.height) == (256, 256)
