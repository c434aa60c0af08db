"""Sounds that move no mouth, and the two that do without words: breath and laughter. All made here, from a seed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from scipy.signal import lfilter

from visavis.motion.channels import F64
from visavis.motion.mel import RATE_HZ
from visavis.training.speech.utterance import Utterance, phone
from visavis.types import F32, PhoneCue

_LENGTH_S: Final = 6.0


def coloured(random: np.random.Generator, count: int, slope_db: float) -> F32:
    """Noise whose power falls by `slope_db` an octave, about full scale 0.1."""
    spectrum = np.fft.rfft(random.normal(size=count))
    hertz = np.maximum(np.fft.rfftfreq(count, 1 / RATE_HZ), 30.0)
    sound = np.fft.irfft(spectrum * (hertz / 1000.0) ** (-slope_db / 6.02), count)
    return np.asarray(0.1 * sound / (sound.std() + 1e-9), np.float32)


def _band(random: np.random.Generator, count: int, low_hz: float, high_hz: float) -> F32:
    spectrum = np.fft.rfft(random.normal(size=count))
    hertz = np.fft.rfftfreq(count, 1 / RATE_HZ)
    gain = 1.0 / (1.0 + (low_hz / np.maximum(hertz, 1.0)) ** 4) / (1.0 + (hertz / high_hz) ** 4)
    sound = np.fft.irfft(spectrum * gain, count)
    return np.asarray(0.1 * sound / (sound.std() + 1e-9), np.float32)


def music(random: np.random.Generator, count: int) -> F32:
    """Chords of decaying harmonic tones, a bass and a drum, from no score."""
    t = np.arange(count) / RATE_HZ
    out = np.zeros(count)
    beat_s = random.uniform(0.25, 0.6)
    scale = 110.0 * 2.0 ** (np.array([0, 2, 4, 5, 7, 9, 11, 12, 14, 16, 19, 24]) / 12) * 2.0 ** random.uniform(-0.5, 1.0)
    bright = random.uniform(0.8, 2.0)
    for begin_s in np.arange(0.0, count / RATE_HZ, beat_s):
        first = int(begin_s * RATE_HZ)
        local = t[: min(count - first, int(1.5 * RATE_HZ))]
        for pitch in random.choice(scale, random.integers(1, 5)):
            harmonics = np.arange(1, random.integers(3, 14))
            tone = (np.sin(2 * np.pi * np.outer(local, pitch * harmonics)) / harmonics**bright).sum(axis=1)
            out[first : first + len(local)] += (
                tone * np.exp(-local / random.uniform(0.1, 1.2)) * min(1.0, random.uniform(0.3, 1.2))
            )
        if random.random() < 0.6:
            hit = local[: int(0.2 * RATE_HZ)]
            out[first : first + len(hit)] += random.normal(size=len(hit)) * np.exp(-hit / random.uniform(0.01, 0.06))
    return np.asarray(0.1 * out / (out.std() + 1e-9), np.float32)


def clicks(random: np.random.Generator, count: int) -> F32:
    """Keys, taps and knocks: short decaying resonances."""
    out = np.zeros(count)
    for first in random.integers(0, count - 2000, random.integers(5, 40)):
        t = np.arange(2000) / RATE_HZ
        ring = np.sin(2 * np.pi * random.uniform(150, 4000) * t) + 0.5 * random.normal(size=2000)
        out[first : first + 2000] += random.uniform(0.1, 1.0) * ring * np.exp(-t / random.uniform(0.002, 0.03))
    return np.asarray(0.2 * out / (np.abs(out).max() + 1e-9), np.float32)


def hum(random: np.random.Generator, count: int) -> F32:
    t = np.arange(count) / RATE_HZ
    base = random.choice([50.0, 60.0, 100.0, 120.0, 440.0, 1000.0]) * random.uniform(0.98, 1.02)
    parts = sum(np.sin(2 * np.pi * base * k * t + random.uniform(0, 6)) * random.random() / k for k in range(1, 8))
    return np.asarray(0.05 * np.asarray(parts) + 0.1 * coloured(random, count, random.uniform(0, 6)), np.float32)


def breath(random: np.random.Generator, count: int) -> F32:
    """In and out through nose or mouth: shaped, slowly swelling noise."""
    out = np.zeros(count)
    at = int(random.uniform(0, 0.8) * RATE_HZ)
    while at < count - RATE_HZ // 4:
        length = min(count - at, int(random.uniform(0.25, 1.4) * RATE_HZ))
        low = random.uniform(200, 900)
        part = _band(random, length, low, random.uniform(1.8, 6.0) * low + 1500)
        swell = np.sin(np.pi * np.linspace(0, 1, length) ** random.uniform(0.6, 1.6)) ** 1.5
        out[at : at + length] += part * swell * random.uniform(0.3, 1.0)
        at += length + int(random.uniform(0.1, 1.2) * RATE_HZ)
    return np.asarray(0.6 * out, np.float32)


def laughter(random: np.random.Generator) -> Utterance:
    """Bursts of an aspirated open vowel, four to six a second, falling in pitch and loudness; each opens the mouth."""
    count = int(_LENGTH_S * RATE_HZ)
    out = np.zeros(count)
    phones: list[PhoneCue] = []
    formants = np.array([random.uniform(550, 950), random.uniform(1100, 1900), random.uniform(2400, 3200)])
    at_s, pitch, loud, rate = random.uniform(0.1, 1.0), random.uniform(130, 480), 1.0, random.uniform(3.8, 6.2)
    voiced_share = random.choice([0.0, 0.5, 1.0, 1.0])
    while at_s < _LENGTH_S - 0.4:
        burst_s = random.uniform(0.45, 0.65) / rate
        length = int(burst_s * RATE_HZ)
        phase = np.cumsum(pitch * np.linspace(1.08, 0.92, length)) / RATE_HZ
        source = voiced_share * ((phase % 1.0) - 0.5) * 2 + random.uniform(0.15, 0.6) * random.normal(size=length)
        out[int(at_s * RATE_HZ) :][:length] += (
            _formants(source, formants) * np.sin(np.pi * np.linspace(0, 1, length)) ** 0.7 * loud
        )
        breathy = int(0.35 / rate * RATE_HZ)
        first = int((at_s + burst_s) * RATE_HZ)
        out[first : first + breathy] += 0.12 * loud * _formants(random.normal(size=breathy), formants)[: len(out[first:])]
        phones.append(phone(at_s, at_s + burst_s, "a", 1))
        phones.append(phone(at_s + burst_s, at_s + 1.0 / rate, "h", 0))
        at_s, pitch, loud = at_s + 1.0 / rate, pitch * random.uniform(0.93, 1.03), loud * random.uniform(0.82, 1.05)
        if loud < 0.25 or random.random() < 0.04:
            at_s, pitch, loud = at_s + random.uniform(0.3, 1.2), pitch * random.uniform(1.1, 1.5), 1.0
            pitch = min(pitch, 520.0)
    return Utterance((0.15 * out / (np.abs(out).max() + 1e-9)).astype(np.float32), tuple(phones), "made", kind="laughter")


def _formants(source: F64, formants: F64) -> F64:
    sound = source
    for hertz in formants:
        radius = np.exp(-np.pi * (60 + 0.06 * hertz) / RATE_HZ)
        sound = lfilter([1.0 - radius], [1.0, -2.0 * radius * np.cos(2 * np.pi * hertz / RATE_HZ), radius**2], sound)
    return np.asarray(sound / (np.abs(sound).max() + 1e-9))


def without_words(seed: int, seconds: float) -> Iterator[Utterance]:
    """At least `seconds` of sound that is not speech."""
    random = np.random.default_rng([seed, 5])
    count = int(_LENGTH_S * RATE_HZ)
    for _ in range(-(-int(seconds) // int(_LENGTH_S))):
        which = random.choice(
            ["colour", "music", "clicks", "hum", "breath", "laughter", "silence"], p=[0.16, 0.22, 0.1, 0.08, 0.18, 0.2, 0.06]
        )
        match which:
            case "colour":
                sound = coloured(random, count, random.uniform(-2, 9))
            case "music":
                sound = music(random, count)
            case "clicks":
                sound = clicks(random, count)
            case "hum":
                sound = hum(random, count)
            case "breath":
                sound = breath(random, count)
            case "silence":
                sound = (1e-4 * random.normal(size=count)).astype(np.float32)
            case _:
                yield laughter(random)
                continue
        yield Utterance(sound, (), "made", kind="breath" if which == "breath" else "noise")
