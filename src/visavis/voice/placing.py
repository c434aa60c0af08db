"""Where in the audio each word and tag falls: told by the TTS, or estimated as the audio arrives."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from visavis.types import I16, SPEECH_HZ, TICKS_HZ, Cue, WordCue, ticks_from_samples
from visavis.voice.espeak_speech import SpokenWord
from visavis.voice.tags import TagReader

_TOKEN: Final = re.compile(r"\S+")
_LETTERS: Final = re.compile(r"\w")


class CuePlacer:
    """Turns words with times into word cues, and tags into the cues of the words they stand before. Times in the utterance."""

    def __init__(self, reader: TagReader) -> None:
        self._reader = reader
        self._tags_placed = 0
        self._end_ticks = 0

    def word(self, word: SpokenWord) -> list[Cue]:
        cues = self._tags_before(word.offset + 1, word.t_ticks)
        self._end_ticks = max(self._end_ticks, word.end_ticks)
        cues.append(WordCue(word.t_ticks, word.end_ticks, word.text))
        return cues

    def end(self) -> list[Cue]:
        """Tags that no word follows, at the end of what was spoken."""
        return self._tags_before(len(self._reader.spoken) + 1, self._end_ticks)

    def _tags_before(self, offset: int, t_ticks: int) -> list[Cue]:
        cues: list[Cue] = []
        tags = self._reader.tags
        while self._tags_placed < len(tags) and tags[self._tags_placed].offset < offset:
            cues.append(tags[self._tags_placed].cue(t_ticks))
            self._tags_placed += 1
        return cues


class WordFinder:
    """Finds the words that a TTS reports, in the text it was given: its own spelling and spacing may differ."""

    def __init__(self, spoken: Callable[[], str]) -> None:
        self._spoken = spoken
        self._at = 0

    def find(self, reported: str, start_ticks: int, end_ticks: int) -> list[SpokenWord]:
        """The text's words that a report covers, sharing its time by their length. Empty for blanks and punctuation alone."""
        count = sum(1 for token in _TOKEN.finditer(reported) if _LETTERS.search(token.group()))
        tokens = [m for m in _TOKEN.finditer(self._spoken(), self._at) if _LETTERS.search(m.group())][:count]
        if not tokens:
            return []
        self._at = tokens[-1].end()
        weight = sum(len(m.group()) for m in tokens)
        words: list[SpokenWord] = []
        done = 0
        for token in tokens:
            begin = start_ticks + (end_ticks - start_ticks) * done // weight
            done += len(token.group())
            words.append(
                SpokenWord(token.start(), token.group(), begin, start_ticks + (end_ticks - start_ticks) * done // weight)
            )
        return words


@dataclass(slots=True)
class _Pace:
    """How speech runs while nothing better is known."""

    characters_per_s: float = 15.0
    quiet_dbfs: float = -45.0
    pause_s: float = 0.15


class WordEstimator:
    """Word times for a TTS that gives none: the text runs at a usual pace while there is voice, stands still in silence, and
    is brought to the nearest end of a clause where the voice pauses. Causal: a word is told when its audio is there.
    """

    WINDOW: Final = SPEECH_HZ // 100

    def __init__(self, spoken: Callable[[], str]) -> None:
        self._spoken = spoken
        self._pace = _Pace()
        self._rest = np.zeros(0, np.int16)
        self._windows = 0
        self._quiet_windows = 0
        self._heard = False
        self._progress = 0.0
        """Characters of the text that should have sounded by now."""
        self._told = 0

    def push(self, samples: I16) -> list[SpokenWord]:
        """int16 [n] at `SPEECH_HZ`; the words that begin in what has come so far."""
        audio = np.concatenate([self._rest, samples])
        whole = len(audio) // self.WINDOW * self.WINDOW
        self._rest = audio[whole:]
        words: list[SpokenWord] = []
        for window in audio[:whole].reshape(-1, self.WINDOW):
            words += self._step(window)
        return words

    def flush(self) -> list[SpokenWord]:
        """The words that had no audio left, at its end."""
        self._progress = float("inf")
        return self._due()

    def _step(self, window: I16) -> list[SpokenWord]:
        power = float(np.mean(np.square(window.astype(np.float32) / 32768.0)))
        loud = 10.0 * np.log10(power + 1e-12) > self._pace.quiet_dbfs
        self._windows += 1
        if loud:
            self._heard = True
            self._quiet_windows = 0
            self._progress += self._pace.characters_per_s / 100.0
        else:
            self._quiet_windows += 1
            if self._heard and self._quiet_windows == round(self._pace.pause_s * 100):
                self._progress = self._clause_end_near(self._progress)
        return self._due() if self._heard else []

    def _clause_end_near(self, progress: float) -> float:
        reach = max(12.0, 0.35 * progress)
        ends = [m.end() for m in re.finditer(r"[.,;:!?…—](?=\s|$)", self._spoken())]
        near = [end for end in ends if abs(end - progress) <= reach]
        return float(min(near, key=lambda end: abs(end - progress))) if near else progress

    def _due(self) -> list[SpokenWord]:
        now = ticks_from_samples(self._windows * self.WINDOW, SPEECH_HZ)
        words: list[SpokenWord] = []
        for token in _TOKEN.finditer(self._spoken(), self._told):
            if token.start() > self._progress:
                break
            length_ticks = round(len(token.group()) / self._pace.characters_per_s * TICKS_HZ)
            words.append(SpokenWord(token.start(), token.group(), now, now + length_ticks))
            self._told = token.end()
        return words
