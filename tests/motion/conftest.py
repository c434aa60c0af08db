"""Speech for motion's tests: recorded phone events of eSpeak NG, and real recordings from the shared folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests import needs

from visavis.audio.files import load_audio
from visavis.motion import Motion
from visavis.motion.ipa import IPA_OF_ARPABET
from visavis.types import SPEECH_HZ, TICKS_HZ, AudioChunk, FaceFrame, PhoneCue, SpeechChunk, ticks_from_s

RECORDED = json.loads((Path(__file__).parent / "data" / "espeak_phones.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """A file of the shared data; the test is skipped where it is absent and not required."""
    return needs.shared


def espeak_phones(voice: str, start_ticks: int = TICKS_HZ // 2) -> list[PhoneCue]:
    """What eSpeak NG told of a sentence, half a second after media time 0."""
    return [PhoneCue(start_ticks + a, start_ticks + b, ipa, stress) for a, b, ipa, stress in RECORDED["speech"][voice]]


def tone(phones: list[PhoneCue], *, t_ticks: int = 0, generation: int = 0, tail_s: float = 0.0) -> AudioChunk:
    """Audio that lasts as long as the phones: loud in vowels, soft elsewhere."""
    count = (phones[-1].end_ticks - t_ticks) // 2 + int(tail_s * SPEECH_HZ)
    loud = np.zeros(count)
    for phone in phones:
        loud[(phone.t_ticks - t_ticks) // 2 : (phone.end_ticks - t_ticks) // 2] = (
            6000 if len(phone.ipa) and phone.stress else 1500
        )
    samples = (loud * np.sin(np.arange(count) * 0.045)).astype(np.int16)
    return AudioChunk(t_ticks, SPEECH_HZ, samples, generation)


def spoken(phones: list[PhoneCue], *, seed: int = 1, generation: int = 0) -> Motion:
    motion = Motion(seed=seed)
    motion.speak(SpeechChunk(tone(phones, generation=generation), tuple(phones), phones_known=True))
    return motion


def frames(motion: Motion, start_s: float, end_s: float, rate_hz: int = 60) -> list[FaceFrame]:
    step = TICKS_HZ // rate_hz
    first = round(start_s * rate_hz)
    return [motion.sample(i * step) for i in range(first, round(end_s * rate_hz))]


def aligned_phones(path: Path) -> list[PhoneCue]:
    """Phones of a pocketsphinx alignment."""
    return [
        PhoneCue(ticks_from_s(p["b"]), ticks_from_s(p["b"] + p["d"]), IPA_OF_ARPABET[p["t"]], 1)
        for word in json.loads(path.read_text())["w"]
        for p in word["w"]
    ]


@pytest.fixture(scope="session", params=["0870", "0880", "0890"])
def human(request: pytest.FixtureRequest, shared: Callable[[str], Path]) -> tuple[np.ndarray, list[PhoneCue]]:
    """A person reading: int16 [n] at 24 kHz and aligned phones."""
    audio = load_audio(shared(f"speech/en_librivox_austen_{request.param}.wav"), SPEECH_HZ)
    return audio, aligned_phones(shared(f"speech/align/en_librivox_austen_{request.param}.phone.json"))
