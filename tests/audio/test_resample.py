"""Streaming equals offline, length and time are kept, and the tone survives."""

import numpy as np
import pytest

from visavis.audio.resample import StreamResampler, resample


def tone(hz: float, rate_hz: int, seconds: float) -> np.ndarray:
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    return (np.sin(2 * np.pi * hz * t) * 12000).astype(np.int16)


@pytest.mark.parametrize(("in_hz", "out_hz"), [(22050, 24000), (24000, 48000), (48000, 16000), (24000, 16000)])
def test_streaming_equals_offline(in_hz: int, out_hz: int) -> None:
    rng = np.random.default_rng(3)
    sound = (rng.normal(0, 3000, in_hz // 2)).astype(np.int16)
    whole = resample(sound, in_hz, out_hz)
    stream = StreamResampler(in_hz, out_hz)
    parts, at = [], 0
    while at < len(sound):
        step = int(rng.integers(1, 900))
        parts.append(stream.push(sound[at : at + step]))
        at += step
    parts.append(stream.flush())
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    assert len(whole) == round(len(sound) * out_hz / in_hz)


def test_output_is_aligned_in_time() -> None:
    """A click keeps its place within half a sample of the coarser rate."""
    sound = np.zeros(22050, np.int16)
    sound[11025] = 30000
    out = resample(sound, 22050, 24000)
    assert abs(int(np.argmax(np.abs(out))) - 12000) <= 1


def test_a_tone_keeps_its_pitch_and_level() -> None:
    out = resample(tone(440, 22050, 1.0), 22050, 24000)
    want = tone(440, 24000, 1.0)
    assert np.corrcoef(out[500:-500], want[500:-500])[0, 1] > 0.9999
    assert abs(out[500:-500].std() / want[500:-500].std() - 1) < 0.01


def test_same_rate_passes_through() -> None:
    sound = tone(440, 24000, 0.1)
    assert resample(sound, 24000, 24000) is not None
    np.testing.assert_array_equal(resample(sound, 24000, 24000), sound)
