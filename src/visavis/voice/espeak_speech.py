"""A sentence of eSpeak's made ready for a face: 24 kHz at an even level, words and phones with exact times in ticks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import numpy as np

from visavis.audio.resample import resample
from visavis.types import I16, SPEECH_HZ, TICKS_HZ, PhoneCue
from visavis.voice.espeak_process import EspeakEvent, Spoken

TARGET_DBFS: Final = -20.0
CEILING: Final = 0.89
"""Peaks are bent, never cut, above half of full scale; nothing passes this."""
_TOKEN: Final = re.compile(r"\S+")
_STRESS: Final = {"ˈ": 2, "ˌ": 1}
_NOT_SOUNDS: Final = str.maketrans("", "", "ˈˌ|_‿.,0123456789'\u200d")


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word as written, with its punctuation; `offset` is its first character in the text."""

    offset: int
    text: str
    t_ticks: int
    end_ticks: int


@dataclass(frozen=True, slots=True, eq=False)
class Sentence:
    """int16 [n] at `SPEECH_HZ`; times count from its first sample."""

    samples: I16
    words: tuple[SpokenWord, ...]
    phones: tuple[PhoneCue, ...]


def sentence_of(text: str, spoken: Spoken, gain: float) -> Sentence:
    """`text` is what was asked; `gain` a factor on the samples."""
    samples = resample(spoken.samples, spoken.rate_hz, SPEECH_HZ)
    end = len(spoken.samples)
    return Sentence(
        levelled(samples, gain),
        tuple(_words(text, [e for e in spoken.events if e.kind == "word"], end, spoken.rate_hz)),
        tuple(_phones([e for e in spoken.events if e.kind == "phone"], end, spoken.rate_hz)),
    )


def gain_for(samples: I16) -> float:
    """The factor that brings speech, its pauses left out, to `TARGET_DBFS`."""
    signal = samples.astype(np.float64) / 32768.0
    usable = len(signal) // 441 * 441
    power = np.square(signal[:usable]).reshape(-1, 441).mean(axis=1)
    voiced = power[power > power.max(initial=0.0) * 1e-3]
    if not len(voiced):
        return 1.0
    return float(10.0 ** (TARGET_DBFS / 20.0) / np.sqrt(voiced.mean()))


def levelled(samples: I16, gain: float) -> I16:
    """Louder or softer by a factor, with a soft knee from half of full scale to `CEILING`."""
    signal = samples.astype(np.float32) * np.float32(gain / 32768.0)
    over = np.abs(signal) > 0.5
    room = CEILING - 0.5
    signal[over] = np.sign(signal[over]) * (0.5 + room * np.tanh((np.abs(signal[over]) - 0.5) / room))
    out: I16 = np.round(signal * 32767.0).astype(np.int16)
    return out


def _ticks(sample: int, rate_hz: int) -> int:
    return round(sample * TICKS_HZ / rate_hz)


def _words(text: str, events: list[EspeakEvent], end: int, rate_hz: int) -> list[SpokenWord]:
    """One for each run of characters between blanks. eSpeak joins some ("was a") and takes others apart ("2024"): the first
    event in a run begins it, and runs without an event share the time of the one before, by their length.
    """
    tokens = list(_TOKEN.finditer(text))
    begins: dict[int, int] = {}
    index = 0
    for event in events:
        while index < len(tokens) and tokens[index].end() <= event.position - 1:
            index += 1
        if index < len(tokens):
            begins.setdefault(index, event.sample)
    firsts = sorted(begins)
    words: list[SpokenWord] = []
    for number, first in enumerate(firsts):
        group = tokens[first if number else 0 : firsts[number + 1] if number + 1 < len(firsts) else len(tokens)]
        stop = begins[firsts[number + 1]] if number + 1 < len(firsts) else end
        words += _shared(group, _ticks(begins[first], rate_hz), _ticks(stop, rate_hz))
    return words


def _shared(tokens: list[re.Match[str]], start_ticks: int, end_ticks: int) -> list[SpokenWord]:
    total = sum(len(token.group()) for token in tokens)
    words: list[SpokenWord] = []
    done = 0
    for token in tokens:
        begin = start_ticks + (end_ticks - start_ticks) * done // total
        done += len(token.group())
        words.append(SpokenWord(token.start(), token.group(), begin, start_ticks + (end_ticks - start_ticks) * done // total))
    return words


def _phones(events: list[EspeakEvent], end: int, rate_hz: int) -> list[PhoneCue]:
    """Phones one after another; those without length are left out, pauses that touch are one."""
    phones: list[PhoneCue] = []
    edges = [event.sample for event in events[1:]] + [end]
    for event, stop in zip(events, edges, strict=True):
        start_ticks, end_ticks = _ticks(event.sample, rate_hz), _ticks(stop, rate_hz)
        if end_ticks <= start_ticks:
            continue
        ipa = event.ipa.translate(_NOT_SOUNDS).strip()
        if not ipa and phones and not phones[-1].ipa:
            phones[-1] = PhoneCue(phones[-1].t_ticks, end_ticks, "")
            continue
        stress = max((_STRESS.get(mark, 0) for mark in event.ipa), default=0)
        phones.append(PhoneCue(start_ticks, end_ticks, ipa, stress if ipa else 0))
    return phones
