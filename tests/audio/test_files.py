"""Strangers' recordings: read whole, or refused in one line."""

import wave
from pathlib import Path

import numpy as np
import pytest

from visavis.audio.files import load_audio
from visavis.errors import BadInput, NotFound, TooLarge


def write_wav(path: Path, samples: np.ndarray, rate_hz: int, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate_hz)
        out.writeframes(samples.astype("<i2").tobytes())
    return path


def test_stereo_wav_becomes_mono_at_the_asked_rate(tmp_path: Path) -> None:
    left = (np.sin(np.arange(8000) / 10) * 10000).astype(np.int16)
    both = np.stack([left, left], 1)
    sound = load_audio(write_wav(tmp_path / "a.wav", both, 8000, 2), 24000)
    assert sound.dtype == np.int16
    assert abs(len(sound) - 24000) <= 48
    assert 6000 < np.abs(sound).max() < 12000


@pytest.mark.parametrize("content", [b"", b"RIFF", b"not audio at all" * 100, b"RIFF\xff\xff\xff\x7fWAVEfmt " + b"\0" * 8])
def test_junk_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "junk.wav"
    path.write_bytes(content)
    with pytest.raises(BadInput) as caught:
        load_audio(path, 24000)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_long_one(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        load_audio(tmp_path / "none.wav", 24000)
    with pytest.raises(TooLarge):
        load_audio(write_wav(tmp_path / "long.wav", np.zeros(16000, np.int16), 8000), 24000, max_s=1.0)
