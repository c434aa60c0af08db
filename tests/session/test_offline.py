"""Recordings without a viewer: the same face as live where the future is not needed, closed in silence, in time with the sound."""

import numpy as np
import pytest
from tests import needs

from visavis.audio.files import load_audio
from visavis.motion import mouth_opening
from visavis.session.offline import faces_of_recording
from visavis.types import SPEECH_HZ


def openings(sound: np.ndarray, **options: object) -> np.ndarray:
    return np.array([mouth_opening(face.weights) for face in faces_of_recording(sound, fps=60, seed=3, **options)])  # type: ignore[arg-type]


def test_silence_and_noise_keep_the_mouth_closed() -> None:
    noise = np.random.default_rng(0).normal(0, 300, 2 * SPEECH_HZ).astype(np.int16)
    for sound in (np.zeros(2 * SPEECH_HZ, np.int16), noise):
        assert openings(sound).mean() < 0.03
        assert openings(sound, streaming=True).mean() < 0.03


def test_breath_keeps_the_mouth_closed() -> None:
    assert openings(load_audio(needs.shared("speech/en_mfa_breaths.flac"), SPEECH_HZ, max_s=60)).mean() < 0.06


@pytest.mark.parametrize("streaming", [False, True])
def test_speech_opens_the_mouth_and_its_end_closes_it(streaming: bool) -> None:
    speech = load_audio(needs.shared("speech/en_LJ001-0002.wav"), SPEECH_HZ)
    opened = openings(speech, streaming=streaming)
    talking = len(speech) * 60 // SPEECH_HZ
    assert opened[:talking].max() > 0.2
    assert (opened[:talking] > 0.08).mean() > 0.3
    assert opened[talking + 18 :].max() < 0.05


def test_the_same_seed_gives_the_same_faces() -> None:
    sound = np.random.default_rng(1).normal(0, 3000, SPEECH_HZ).astype(np.int16)
    first, second = (list(faces_of_recording(sound, fps=30, seed=5)) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a.weights, b.weights)
        np.testing.assert_array_equal(a.head_rotation, b.head_rotation)
