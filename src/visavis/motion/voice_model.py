"""From sound to a mouth, any voice, any language: a small recurrent network, streaming. A leaf: it alone imports onnxruntime.

How it was trained stands in docs/lipsync.md; its weights are voice_model.onnx.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from visavis.audio.resample import StreamResampler
from visavis.motion.channels import columns
from visavis.motion.heard import PERIOD_TICKS, HeardFrames
from visavis.motion.mel import BANDS, FEATURES, FRAME_CENTRE, HOP, RATE_HZ, WINDOW, StreamLevel, mel_power
from visavis.motion.phone_groups import GROUPS
from visavis.motion.pieces import MOUTH
from visavis.motion.voice_layout import CHANNELS, DELAY_FRAMES, KINDS, PAIR, QUIET, STACK, expanded, stacked
from visavis.types import F32, I16, TICKS_HZ, AudioChunk, ticks_from_samples

WEIGHTS: Final = Path(__file__).with_name("voice_model.onnx")
_STEP_SAMPLES: Final = PAIR * HOP
_CENTRE_TICKS: Final = ticks_from_samples(FRAME_CENTRE, RATE_HZ)
_TAIL: Final = np.zeros((DELAY_FRAMES + PAIR + 1) * HOP + WINDOW, np.int16)
_LAUGHS: Final[dict[str, float]] = {"mouthSmile": 0.55, "cheekSquint": 0.45, "eyeSquint": 0.30, "mouthUpperUp": 0.10}
_LAUGH_COLUMNS: Final = np.concatenate([columns(name) for name in _LAUGHS])
_LAUGH_WEIGHTS: Final = np.concatenate([np.full(len(columns(name)), weight) for name, weight in _LAUGHS.items()])
SEAL: Final = (0.50, 0.80)
"""Output at which lips begin to close, and at which they are sealed: `visavis train speech calibrate`."""
_PRESENCE_FROM, _PRESENCE_FULL = 0.20, 0.55
_SHAPES: Final = slice(len(GROUPS), len(GROUPS) + len(CHANNELS))
_NOISE: Final = [KINDS.index("breath"), KINDS.index("noise")]


class VoiceModel:
    """Audio in, mouths every 10 ms out. One owner, one thread at a time.

    The result does not depend on how the audio is cut, nor on sound later than `voice_layout.LOOK_AHEAD_S` after it; at rates
    other than 16 kHz the resampler adds about a millisecond.
    """

    def __init__(self, weights: Path = WEIGHTS, *, gap_s: float = 0.001) -> None:
        """`gap_s`: sound that comes so much earlier or later than where the last ended is another stream; a microphone's times jitter."""
        self._gap_ticks = gap_s * TICKS_HZ
        self._session = session_of(weights)
        self._state_shape = tuple(self._session.get_inputs()[1].shape)
        self.reset()

    def reset(self) -> None:
        """Forget everything: another voice, or the same after an interruption."""
        self._resampler: StreamResampler | None = None
        self._next_ticks: int | None = None
        self._first_ticks = 0
        self._generation = 0
        self._steps = 0
        self._sound: I16 = np.zeros(0, np.int16)
        self._level = StreamLevel()
        self._before: F32 = np.full((1, (STACK - 1) * PAIR, FEATURES), QUIET, np.float32)
        self._state: F32 = np.zeros(self._state_shape, np.float32)
        self._last: F32 | None = None

    def push(self, audio: AudioChunk) -> list[HeardFrames]:
        """What this audio made certain; times are media time. A gap in time ends what was before it."""
        told: list[HeardFrames] = []
        expected = self._next_ticks if self._resampler is not None and self._resampler.in_hz == audio.rate_hz else None
        if expected is None or abs(audio.t_ticks - expected) > self._gap_ticks:
            told += self.flush()
            self._resampler = StreamResampler(audio.rate_hz, RATE_HZ)
            expected = self._first_ticks = audio.t_ticks
        assert self._resampler is not None
        self._next_ticks = expected + audio.end_ticks - audio.t_ticks
        self._generation = audio.generation
        self._sound = np.concatenate([self._sound, self._resampler.push(audio.samples)])
        return told + self._run()

    def flush(self) -> list[HeardFrames]:
        """The sound ends here: what is still held back comes out, and the next sound starts afresh."""
        if self._resampler is None:
            return []
        end_ticks = self._next_ticks
        assert end_ticks is not None
        self._sound = np.concatenate([self._sound, self._resampler.flush(), _TAIL])
        told = [frames.until(end_ticks) for frames in self._run()]
        self.reset()
        return [frames for frames in told if len(frames)]

    def _run(self) -> list[HeardFrames]:
        steps = (len(self._sound) - WINDOW - HOP) // _STEP_SAMPLES + 1
        if steps < 1:
            return []
        power = mel_power(self._sound[: (steps * PAIR - 1) * HOP + WINDOW])
        self._sound = self._sound[steps * _STEP_SAMPLES :]
        assert power.shape == (steps * PAIR, BANDS), power.shape
        features = self._level.features(power[None])
        inputs = stacked(features, self._before)
        self._before = np.concatenate([self._before, features], axis=1)[:, -self._before.shape[1] :]
        said, self._state = self._session.run(None, {"stacked": inputs, "state": self._state})
        first = self._steps * PAIR - DELAY_FRAMES
        self._steps += steps
        rows, self._last = _smoothed(said[0].reshape(steps * PAIR, -1), self._last)
        rows = rows[max(0, -first) :]
        t_ticks = self._first_ticks + _CENTRE_TICKS + max(0, first) * PERIOD_TICKS
        return [heard_frames(rows, t_ticks, self._generation)] if len(rows) else []


@lru_cache(maxsize=2)
def session_of(weights: Path) -> Any:
    """onnxruntime's session: it keeps no state of a stream, so that all of a process share one."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])


def _smoothed(rows: F32, before: F32 | None) -> tuple[F32, F32]:
    """The mouth's shapes as the mean of each frame and the one before, and the last frame as it came: the two frames of a step
    are said by different outputs and would tremble against each other.
    """
    out = rows.copy()
    shapes = rows[:, _SHAPES]
    out[:, _SHAPES] = 0.5 * (shapes + np.concatenate([shapes[:1] if before is None else before, shapes[:-1]]))
    return out, shapes[-1:].copy()


def heard_frames(rows: F32, t_ticks: int, generation: int, *, seal: tuple[float, float] = SEAL) -> HeardFrames:
    """The network's outputs [n, 63], as probabilities and weights, as frames."""
    groups, channels, sealed, presence, accent, kinds = np.split(rows, np.cumsum([len(GROUPS), len(CHANNELS), 1, 1, 1]), axis=1)
    noise = kinds[:, _NOISE].sum(axis=1)
    laughs = kinds[:, KINDS.index("laughter")]
    there = _ramp(presence[:, 0], _PRESENCE_FROM, _PRESENCE_FULL) * (1.0 - _ramp(noise, 0.4, 0.8))
    mouths = np.zeros((len(rows), MOUTH), np.float32)
    mouths[:, :-2] = expanded(channels.astype(np.float64)) * there[:, None]
    mouths[:, _LAUGH_COLUMNS] += laughs[:, None] * _LAUGH_WEIGHTS
    mouths[:, -2] = _ramp(sealed[:, 0], *seal) * there
    mouths[:, -1] = there
    return HeardFrames(t_ticks, mouths, groups, kinds, accent[:, 0], generation)


def _ramp(x: F32, low: float, high: float) -> F32:
    x = np.clip((x - low) / (high - low), 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)
