"""A shift that was put in is the shift that is found."""

from fractions import Fraction

import av
import numpy as np
import pytest
from aiortc.codecs.opus import OpusDecoder, OpusEncoder
from aiortc.jitterbuffer import JitterFrame
from aiortc.rtp import RtcpSenderInfo, RtcpSrPacket

from visavis.audio.resample import resample
from visavis.bench.av_sync import ClickFinder, Seen, pair
from visavis.bench.clicks import click
from visavis.bench.rtp_clock import SenderClock, follow_reports
from visavis.testing.viewer import HeardFrame
from visavis.types import SPEECH_HZ

OPUS_LOOK_AHEAD = 312
"""Samples by which the encoder's look-ahead delays decoded sound."""


def frames_of(sound: np.ndarray, *, opus: bool) -> list[HeardFrame]:
    encoder, decoder = OpusEncoder(), OpusDecoder()
    out = []
    for at in range(0, len(sound) - 959, 960):
        piece = sound[at : at + 960]
        if opus:
            frame = av.AudioFrame.from_ndarray(piece[None], format="s16", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = 48_000, at, Fraction(1, 48_000)
            payloads, timestamp = encoder.encode(frame)
            if not payloads:
                continue
            (decoded,) = decoder.decode(JitterFrame(payloads[0], timestamp))
            out.append(HeardFrame(decoded.pts / 48_000, decoded.pts, decoded.to_ndarray().reshape(-1, 2)[:, 0]))
        else:
            out.append(HeardFrame(at / 48_000, at, piece))
    return out


@pytest.mark.parametrize("opus", [False, True])
def test_clicks_are_found_where_they_are(opus: bool) -> None:
    shape = resample(click(), SPEECH_HZ, 48_000)
    sound = np.zeros(48_000 * 4, np.int16)
    wanted = [12_345, 60_000, 60_480 + 48_000, 150_001]
    for at in wanted:
        sound[at : at + len(shape)] = shape
    finder = ClickFinder()
    found = [onset for frame in frames_of(sound, opus=opus) for onset, _ in finder.push(frame)]
    delay = OPUS_LOOK_AHEAD if opus else 0
    assert found == pytest.approx([at + delay for at in wanted], abs=24 if opus else 2)


def test_speech_is_no_click_twice() -> None:
    """However long something is loud, it counts once until there was quiet."""
    finder = ClickFinder()
    loud = np.full(960 * 15, 20_000, np.int16)
    found = [onset for frame in frames_of(loud, opus=False) for onset, _ in finder.push(frame)]
    assert len(found) == 1


def test_a_shifted_flash_is_found_shifted() -> None:
    clicks = [Seen(100.0 + k, 200.08 + k) for k in range(8)]
    flashes = [Seen(100.037 + k, 200.05 + k) for k in range(8)] + [Seen(120.0, 220.0)]
    found = pair(flashes, clicks)
    assert found.offset is not None
    assert found.offset.p50 == pytest.approx(37.0)
    assert found.offset.n == 8
    assert found.arrival is not None
    assert found.arrival.p50 == pytest.approx(-30.0)
    assert found.drift_ms_per_h is None


def test_a_drift_is_found_with_its_interval() -> None:
    rng = np.random.default_rng(4)
    at = np.arange(0, 630, 0.97)
    offsets = 5.0 + 40.0 * at / 3600 + rng.normal(0, 2, len(at))
    found = pair([Seen(t + o / 1000, 0.0) for t, o in zip(at, offsets, strict=True)], [Seen(t, 0.0) for t in at])
    assert found.drift_ms_per_h is not None
    assert found.drift_ms_per_h.low < 40.0 < found.drift_ms_per_h.high
    assert found.drift_ms_per_h.low > 20.0


def test_a_clock_of_reports_reads_through_their_noise() -> None:
    rng = np.random.default_rng(5)
    clock = SenderClock(90_000)
    assert not clock.ready
    for second in range(20):
        clock.add(second * 90_000, 1_700_000_000.0 + second + rng.normal(0, 0.002))
    assert clock.ready
    assert clock.wall_s(19 * 90_000 + 45_000) == pytest.approx(1_700_000_019.5, abs=0.003)


async def test_reports_reach_the_clock_across_the_wrap_of_rtp_time() -> None:
    class Mapper:
        _origin = 2**32 - 90_000

    class Receiver:
        _RTCRtpReceiver__timestamp_mapper = Mapper()
        passed_on = 0

        async def _handle_rtcp_packet(self, packet: object) -> None:
            self.passed_on += 1

    receiver, clock = Receiver(), SenderClock(90_000)
    follow_reports(receiver, clock)
    for second in range(4):
        rtp = (2**32 - 90_000 + second * 90_000 + 9_000) % 2**32
        info = RtcpSenderInfo(ntp_timestamp=int((5_000.0 + second) * 2**32), rtp_timestamp=rtp, packet_count=0, octet_count=0)
        await receiver._handle_rtcp_packet(RtcpSrPacket(ssrc=1, sender_info=info))
    assert receiver.passed_on == 4
    assert clock.wall_s(9_000) == pytest.approx(5_000.0, abs=1e-6)
    assert clock.wall_s(9_000 + 2 * 90_000) == pytest.approx(5_002.0, abs=1e-6)
