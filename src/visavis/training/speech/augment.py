"""The same words otherwise: another pace and pitch, a room, a telephone, a whisper."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from scipy.signal import butter, fftconvolve, lfilter, resample_poly, sosfilt

from visavis.motion.mel import RATE_HZ
from visavis.training.speech.utterance import Utterance, stretched
from visavis.types import F32

_FFT: Final = 512
_STEP: Final = 128


def other_pace(utterance: Utterance, random: np.random.Generator) -> Utterance:
    """Played faster or slower: pace, pitch and the size of the throat change together."""
    up = int(random.integers(82, 122))
    sound = resample_poly(utterance.sound, up, 100).astype(np.float32)
    return stretched(utterance, len(sound) / len(utterance.sound), sound)


def in_a_room(sound: F32, random: np.random.Generator) -> F32:
    """Early reflections and a decaying tail; the direct sound keeps its place."""
    decay_s = random.uniform(0.08, 0.7)
    t = np.arange(int(min(0.5, 1.2 * decay_s) * RATE_HZ)) / RATE_HZ
    tail = random.normal(size=len(t)) * np.exp(-6.9 * t / decay_s)
    tail[: int(0.002 * RATE_HZ)] = 0.0
    response = random.uniform(0.02, 0.12) * tail
    response[0] = 1.0
    for _ in range(4):
        response[int(random.uniform(0.002, 0.03) * RATE_HZ)] += random.uniform(-0.4, 0.4)
    wet = fftconvolve(sound, response)[: len(sound)]
    return np.asarray(wet * (np.abs(sound).max() / (np.abs(wet).max() + 1e-9)), np.float32)


def over_telephone(sound: F32, random: np.random.Generator) -> F32:
    """300 to 3400 Hz and eight bits of mu-law."""
    narrow = sosfilt(
        butter(4, [random.uniform(200, 330), random.uniform(3200, 3600)], "bandpass", fs=RATE_HZ, output="sos"), sound
    )
    scale = 0.7 / (np.abs(narrow).max() + 1e-9)
    companded = np.sign(narrow) * np.log1p(255.0 * np.abs(narrow) * scale) / np.log(256.0)
    companded = np.round(companded * 127.0) / 127.0
    return np.asarray(np.sign(companded) * np.expm1(np.abs(companded) * np.log(256.0)) / 255.0 / scale, np.float32)


def whispered(sound: F32, random: np.random.Generator) -> F32:
    """The envelope of the spectrum filled with noise instead of a voice, its lows taken away."""
    padded = np.pad(sound, (_FFT, _FFT))
    taper = np.hanning(_FFT + 1)[:-1]
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FFT)[::_STEP] * taper
    log = np.log(np.abs(np.fft.rfft(frames)) + 1e-5)
    cepstrum = np.fft.irfft(log, axis=-1)
    cepstrum[:, 26:-25] = 0.0
    envelope = np.exp(np.fft.rfft(cepstrum, axis=-1).real)
    noise = np.fft.rfft(random.normal(size=frames.shape) * taper)
    hertz = np.fft.rfftfreq(_FFT, 1 / RATE_HZ)
    tilt = (np.maximum(hertz, 100.0) / 1500.0) ** random.uniform(0.2, 0.7)
    pieces = np.fft.irfft(noise / (np.abs(noise).mean() + 1e-9) * envelope * tilt) * taper
    out = np.zeros(len(padded) + _FFT)
    for i, piece in enumerate(pieces):
        out[i * _STEP : i * _STEP + _FFT] += piece
    out = out[_FFT : _FFT + len(sound)]
    return np.asarray(out * (random.uniform(0.1, 0.6) * np.abs(sound).max() / (np.abs(out).max() + 1e-9)), np.float32)


def shouted(sound: F32, random: np.random.Generator) -> F32:
    """Loud effort: the spectrum tilted up, the peaks flattened."""
    bright = sound - random.uniform(0.5, 0.9) * np.concatenate([[0.0], sound[:-1]])
    bright = bright / (np.abs(bright).max() + 1e-9)
    return np.asarray(0.8 * np.tanh(random.uniform(1.5, 4.0) * bright), np.float32)


def coloured_by_microphone(sound: F32, random: np.random.Generator) -> F32:
    edge = random.uniform(-0.6, 0.6)
    return np.asarray(lfilter([1.0, edge], [1.0, random.uniform(-0.3, 0.3)], sound), np.float32)


def varied(utterance: Utterance, random: np.random.Generator) -> Utterance:
    """One of the many ways in which the same may sound."""
    out = other_pace(utterance, random) if random.random() < 0.7 else utterance
    sound = out.sound
    effort = random.random()
    if effort < 0.07:
        sound = whispered(sound, random)
    elif effort < 0.14:
        sound = shouted(sound, random)
    if random.random() < 0.4:
        sound = coloured_by_microphone(sound, random)
    if random.random() < 0.3:
        sound = in_a_room(sound, random)
    if random.random() < 0.12:
        sound = over_telephone(sound, random)
    return replace(out, sound=sound)
