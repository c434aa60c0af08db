"""The session's audio output: livekit-agents on one side, our SpeechSink on the other."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
from livekit import rtc
from livekit.agents.voice.io import AudioOutput, AudioOutputCapabilities

from visavis.types import (
    SPEECH_HZ,
    AudioChunk,
    PlaybackEnd,
    SpeechChunk,
    SpeechSink,
    WordCue,
    s_from_ticks,
    ticks_from_samples,
)
from visavis.voice.timed import USERDATA_PHONES_KNOWN, frame_cues

CHUNK_SAMPLES: Final = SPEECH_HZ // 25
"""40 ms."""


class OnHeard(Protocol):
    def __call__(self, utterance: int, text: str, *, interrupted: bool) -> None: ...


@dataclass(slots=True)
class _Utterance:
    number: int | None = None
    samples: int = 0
    words: list[WordCue] = field(default_factory=list)

    def heard(self, end: PlaybackEnd) -> str:
        """The words that began before playback ended; all of them where it ran to its end."""
        if not end.interrupted:
            return " ".join(word.text for word in self.words)
        return " ".join(word.text for word in self.words if s_from_ticks(word.t_ticks) < end.position_s)


class SpeechOutput(AudioOutput):
    """Cuts frames into chunks with their cues, and hands livekit-agents what the sink says was heard."""

    def __init__(self, sink: SpeechSink, on_heard: OnHeard) -> None:
        super().__init__(label="visavis", capabilities=AudioOutputCapabilities(pause=False), sample_rate=SPEECH_HZ)
        self._sink = sink
        self._on_heard = on_heard
        self._current: _Utterance | None = None
        """Being pushed."""
        self._playing: list[_Utterance] = []
        """Pushed, in part or whole, and not yet reported as finished."""
        self._silenced = False
        sink.on_playback_started = self._started
        sink.on_playback_finished = self._finished

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        if self._silenced:
            return
        await super().capture_frame(frame)
        if self._current is None:
            self._current = _Utterance()
            self._playing.append(self._current)
        utterance = self._current
        cues = frame_cues(frame.userdata)
        utterance.words += [cue for cue in cues if isinstance(cue, WordCue)]
        known = bool(frame.userdata.get(USERDATA_PHONES_KNOWN))
        samples = np.frombuffer(frame.data, np.int16)
        for start in range(0, len(samples), CHUNK_SAMPLES):
            piece = samples[start : start + CHUNK_SAMPLES]
            audio = AudioChunk(ticks_from_samples(utterance.samples, SPEECH_HZ), SPEECH_HZ, piece)
            utterance.samples += len(piece)
            number = await self._sink.push(SpeechChunk(audio, cues if start == 0 else (), known))
            if utterance not in self._playing:  # silenced while we waited; the sink dropped this piece
                return
            utterance.number = number

    def flush(self) -> None:
        super().flush()
        self._silenced = False
        if self._current is not None:
            current, self._current = self._current, None
            if current in self._playing:
                self._sink.end_utterance()

    def clear_buffer(self) -> None:
        if self._playing:
            self._interrupt_sink()

    def silence(self) -> None:
        """At once, ahead of livekit-agents' own teardown; what it still pushes of this utterance goes nowhere."""
        self._silenced = self._current is not None
        if self._playing:
            self._interrupt_sink()

    def _interrupt_sink(self) -> None:
        self._sink.interrupt()
        for utterance in [u for u in self._playing if u.number is None]:  # its first push was cancelled: nothing sounded
            self._report(utterance, PlaybackEnd(-1, 0.0, interrupted=True))

    def _started(self, utterance: int) -> None:
        del utterance
        self.on_playback_started(created_at=time.time())

    def _finished(self, end: PlaybackEnd) -> None:
        for utterance in self._playing:
            if utterance.number in (end.utterance, None):
                utterance.number = end.utterance
                self._report(utterance, end)
                return

    def _report(self, utterance: _Utterance, end: PlaybackEnd) -> None:
        self._playing.remove(utterance)
        text = utterance.heard(end)
        if end.utterance >= 0:
            self._on_heard(end.utterance, text, interrupted=end.interrupted)
        self.on_playback_finished(
            playback_position=end.position_s,
            interrupted=end.interrupted,
            synchronized_transcript=text if end.interrupted else None,
        )
