"""Speech with exact phone times from eSpeak NG: any language it has, many voices, rates and pitches."""

from __future__ import annotations

import json
import random
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Final

import numpy as np

from visavis.audio.resample import resample
from visavis.errors import Unavailable
from visavis.motion.mel import RATE_HZ
from visavis.training.speech.texts import SENTENCES, TEST_SENTENCES, line, words_of
from visavis.training.speech.utterance import Utterance, phone
from visavis.types import I16, PhoneCue
from visavis.voice import espeak_process

VARIANTS: Final = (
    "", "m1", "m2", "m3", "m4", "m5", "m6", "m8", "f1", "f2", "f3", "f5", "klatt", "klatt2", "klatt3", "klatt6", "Alex", "Alicia",
    "Andrea", "Denis", "Diogo", "Gene", "Henrique", "Hugo", "Jacky", "Lee", "Marco", "Mario", "Michael", "Mike", "Reed", "adam",
    "anika", "announcer", "antonio", "aunty", "belinda", "benjamin", "boris", "caleb", "ed", "edward", "grandma", "grandpa", "ian",
    "iven", "john", "linda", "marcelo", "max", "michel", "miguel", "norbert", "paul", "quincy", "rob", "robert", "sandro", "shelby",
    "travis", "victor", "zac", "whisper", "whisperf",
)  # fmt: skip
TEST_VARIANTS: Final = ("f4", "m7", "Annie", "david", "pablo", "steph", "klatt4", "gustave")
"""Heard by no training."""
_SHORTEST_S: Final = 0.4
_CLOSURE_S: Final = dict.fromkeys("ptkcqʈ", 0.045) | dict.fromkeys("bdgɡɟɖ", 0.020)
"""eSpeak NG times the bursts of stops and affricates; the silence of the closure lies so long before, measured on its own sound."""
_MOST_OF_THE_NEIGHBOUR: Final = 0.6


class EspeakVoices:
    """eSpeak NG's own process, asked one line at a time. A context manager."""

    def __init__(self) -> None:
        script = Path(espeak_process.__file__).with_name("espeak_worker.py")
        self._process = subprocess.Popen([sys.executable, str(script)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        kind, payload = self._read()
        assert kind == b"RATE", kind
        (self._rate_hz,) = struct.unpack("<I", payload)

    def __enter__(self) -> EspeakVoices:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def say(self, text: str, voice: str, *, rate: int = 165, pitch: int = 50, spread: int = 50) -> Utterance | None:
        """None where eSpeak has no such voice or says next to nothing."""
        assert self._process.stdin is not None
        request = {"text": text, "voice": voice, "rate": rate, "pitch": pitch, "range": spread}
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()
        kind, payload = self._read()
        if kind != b"SAID":
            return None
        (count,) = struct.unpack_from("<I", payload)
        samples: I16 = np.frombuffer(payload, np.dtype("<i2"), count, 4).astype(np.int16)
        if len(samples) < _SHORTEST_S * self._rate_hz:
            return None
        sound = resample(samples, self._rate_hz, RATE_HZ).astype(np.float32) / 32768.0
        phones = _phones(json.loads(payload[4 + 2 * count :]), len(samples), self._rate_hz)
        return Utterance(sound, phones, "espeak", voice.partition("+")[0], voice)

    def _read(self) -> tuple[bytes, bytes]:
        assert self._process.stdout is not None
        header = self._process.stdout.read(8)
        if len(header) < 8:
            raise Unavailable("eSpeak NG ended.", mend="Reinstall it with: pip install --force-reinstall espeakng-loader")
        kind, size = struct.unpack("<4sI", header)
        return kind, self._process.stdout.read(size)


def _phones(events: list[list[object]], samples: int, rate_hz: int) -> tuple[PhoneCue, ...]:
    """Each phone lasts to the next; stress is the mark before it. A stop begins with its closure, not with its burst."""
    starts = [(int(str(sample)), str(ipa)) for kind, sample, _, _, ipa in events if kind == "phone"]
    for i in range(len(starts) - 1, 0, -1):
        sample, ipa = starts[i]
        closure_s = _CLOSURE_S.get(ipa.lstrip("ˈˌ")[:1], 0.0)
        room = sample - starts[i - 1][0]
        starts[i] = (sample - min(round(closure_s * rate_hz), round(_MOST_OF_THE_NEIGHBOUR * room)), ipa)
    edges = [sample for sample, _ in starts[1:]] + [samples]
    return tuple(
        phone(start / rate_hz, end / rate_hz, ipa.lstrip("ˈˌ"), 2 if ipa.startswith("ˈ") else int(ipa.startswith("ˌ")))
        for (start, ipa), end in zip(starts, edges, strict=True)
        if end > start
    )


def training_lines(seed: int, seconds: float) -> Iterator[Utterance]:
    """At least `seconds` of speech, half of it spread evenly over the languages, a third English."""
    chance = random.Random(f"{seed}/espeak")
    languages = list(SENTENCES)
    with EspeakVoices() as voices:
        told_s = 0.0
        while told_s < seconds:
            language = "en-us" if chance.random() < 0.25 else chance.choice(languages)
            variant = chance.choice(VARIANTS)
            rate, pitch, spread = chance.randint(120, 240), chance.randint(15, 90), chance.randint(20, 90)
            text = line(language, chance, words_of(language))
            said = voices.say(text, f"{language}+{variant}" if variant else language, rate=rate, pitch=pitch, spread=spread)
            if said is not None:
                told_s += len(said.sound) / RATE_HZ
                yield said


def test_lines() -> Iterator[Utterance]:
    """Eight languages, each in two voices that training never heard, sentences it never read."""
    with EspeakVoices() as voices:
        for i, (language, text) in enumerate(TEST_SENTENCES.items()):
            for k in range(2):
                said = voices.say(text, f"{language}+{TEST_VARIANTS[(i + 4 * k) % 8]}", rate=150 + 25 * k, pitch=40 + 15 * k)
                assert said is not None, language
                yield said
