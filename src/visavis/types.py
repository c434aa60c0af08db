"""The values that cross stages and the protocols the stages meet through. Everything later stands on this file.

Conventions: right-handed, +Y up, +Z towards the viewer, the character's left is +X. Angles in radians, lengths in metres.
Media time is an integer number of ticks at `TICKS_HZ`. Arrays inside values are never written to after construction.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from visavis.arkit import COUNT

F32: TypeAlias = npt.NDArray[np.float32]
I16: TypeAlias = npt.NDArray[np.int16]
U8: TypeAlias = npt.NDArray[np.uint8]

TICKS_HZ: Final = 48_000
SPEECH_HZ: Final = 24_000
"""The rate of speech from the voice's door onwards; every TTS is resampled to it there."""
HEARING_HZ: Final = 16_000
"""The rate at which the user is listened to."""
AUDIO_FRAME_TICKS: Final = TICKS_HZ // 50
"""20 ms: one Opus packet."""


def ticks_from_s(seconds: float) -> int:
    """Nearest tick to a time in seconds."""
    return round(seconds * TICKS_HZ)


def s_from_ticks(ticks: int) -> float:
    return ticks / TICKS_HZ


def ticks_from_samples(samples: int, rate_hz: int) -> int:
    """Exact for rates that divide `TICKS_HZ`; asserted, because anything else must be resampled at the door."""
    assert TICKS_HZ % rate_hz == 0, f"{rate_hz} Hz does not divide {TICKS_HZ} Hz"
    return samples * (TICKS_HZ // rate_hz)


def period_ticks(rate_hz: int) -> int:
    """Ticks between frames at a frame rate that divides `TICKS_HZ` (25, 30, 50, 60 …)."""
    return ticks_from_samples(1, rate_hz)


@dataclass(frozen=True, slots=True, eq=False)
class AudioChunk:
    """Mono PCM. `samples` is int16 [n]; `t_ticks` is the media time of its first sample."""

    t_ticks: int
    rate_hz: int
    samples: I16
    generation: int = 0

    def __post_init__(self) -> None:
        assert self.samples.dtype == np.int16, self.samples.dtype
        assert self.samples.ndim == 1, self.samples.shape

    @property
    def end_ticks(self) -> int:
        return self.t_ticks + ticks_from_samples(len(self.samples), self.rate_hz)


@dataclass(frozen=True, slots=True, eq=False)
class FaceFrame:
    """A face at one instant of media time.

    weights          float32 [52], 0 to 1, in the order of `arkit.SHAPES`
    head_rotation    float32 [3] yaw, pitch, roll; intrinsic Y-X-Z; +yaw turns to the character's left, +pitch looks down,
                     +roll raises the character's left side
    head_translation float32 [3] metres
    gaze             float32 [2, 2] (left, right eye) x (yaw, pitch), relative to the head, same signs as the head's

    Where an eye looks is said twice, by `gaze` and by the eyeLook weights, as ARKit does; whichever asks for more counts.
    """

    t_ticks: int
    weights: F32
    head_rotation: F32
    head_translation: F32
    gaze: F32
    generation: int = 0

    def __post_init__(self) -> None:
        assert self.weights.shape == (COUNT,), self.weights.shape
        assert self.head_rotation.shape == self.head_translation.shape == (3,)
        assert self.gaze.shape == (2, 2), self.gaze.shape

    @staticmethod
    def neutral(t_ticks: int = 0, generation: int = 0) -> FaceFrame:
        zeros = np.zeros
        return FaceFrame(t_ticks, zeros(COUNT, np.float32), zeros(3, np.float32), zeros(3, np.float32),
                         zeros((2, 2), np.float32), generation)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class VideoFrame:
    """A picture: I420 as uint8 [height * 3 // 2, width] (BT.601, limited range), both sides even."""

    t_ticks: int
    i420: U8
    generation: int = 0

    @property
    def width(self) -> int:
        return int(self.i420.shape[1])

    @property
    def height(self) -> int:
        return int(self.i420.shape[0]) * 2 // 3


class Emotion(StrEnum):
    NEUTRAL = "neutral"
    HAPPY = "happy"
    SAD = "sad"
    ANGRY = "angry"
    SURPRISED = "surprised"
    AFRAID = "afraid"
    DISGUSTED = "disgusted"


class Gesture(StrEnum):
    NOD = "nod"
    SHAKE = "shake"
    TILT = "tilt"
    RAISE_BROWS = "raise_brows"
    WINK = "wink"
    LOOK_ASIDE = "look_aside"


class FaceLayer(StrEnum):
    """What moves a face, lowest first: each lies over the ones before it, and has a weight that can be faded."""

    IDLE = "idle"
    SPEECH = "speech"
    EMOTION = "emotion"
    GESTURE = "gesture"
    CONTROL = "control"
    LIVE = "live"


class FacePart(StrEnum):
    """A part of the face for which a layer can be turned down apart from the rest."""

    ALL = "all"
    MOUTH = "mouth"
    EYES = "eyes"
    BROWS = "brows"
    HEAD = "head"


class AgentState(StrEnum):
    IDLE = "idle"
    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"


@dataclass(frozen=True, slots=True)
class PhoneCue:
    """One phone of known timing. `ipa` without stress marks, "" for a pause; `stress` 0 none, 1 secondary, 2 primary."""

    t_ticks: int
    end_ticks: int
    ipa: str
    stress: int = 0


@dataclass(frozen=True, slots=True)
class WordCue:
    t_ticks: int
    end_ticks: int
    text: str


@dataclass(frozen=True, slots=True)
class EmotionCue:
    t_ticks: int
    emotion: Emotion
    intensity: float = 1.0


@dataclass(frozen=True, slots=True)
class GestureCue:
    t_ticks: int
    gesture: Gesture


Cue: TypeAlias = PhoneCue | WordCue | EmotionCue | GestureCue


def shift_cue(cue: Cue, ticks: int) -> Cue:
    """The same cue, later by `ticks`: from an utterance's own time to media time."""
    match cue:
        case PhoneCue() | WordCue():
            return replace(cue, t_ticks=cue.t_ticks + ticks, end_ticks=cue.end_ticks + ticks)
        case EmotionCue() | GestureCue():
            return replace(cue, t_ticks=cue.t_ticks + ticks)


@dataclass(frozen=True, slots=True, eq=False)
class SpeechChunk:
    """A piece of an utterance: audio, and the cues that begin in it or were learnt with it (they may lie ahead of it).

    `phones_known` says whether the voice gives phone times; without them motion listens to the audio.
    As it leaves the voice, times count from the utterance's first sample; once placed, they are media time.
    """

    audio: AudioChunk
    cues: tuple[Cue, ...] = ()
    phones_known: bool = False

    def placed(self, start_ticks: int, generation: int) -> SpeechChunk:
        audio = replace(self.audio, t_ticks=self.audio.t_ticks + start_ticks, generation=generation)
        return SpeechChunk(audio, tuple(shift_cue(c, start_ticks) for c in self.cues), self.phones_known)


@dataclass(frozen=True, slots=True)
class PlaybackEnd:
    """How an utterance ended: what the listener truly heard of it."""

    utterance: int
    position_s: float
    interrupted: bool


class SpeechSink(Protocol):
    """Where the voice puts speech. The voice never sees a transport; this never sees an agent.

    One utterance is open at a time: `push` opens it, `end_utterance` closes it, `interrupt` drops everything not yet heard.
    """

    on_playback_started: Callable[[int], None]
    """Called with the utterance's number when its first sample is handed to the transport."""
    on_playback_finished: Callable[[PlaybackEnd], None]

    async def push(self, chunk: SpeechChunk) -> int:
        """Take a chunk at `SPEECH_HZ`, waiting while more than a bounded amount is ahead. Returns the utterance's number.

        A chunk that waits when an interruption comes is dropped with the utterance it belongs to.
        """
        ...

    def end_utterance(self) -> None: ...

    def interrupt(self) -> None:
        """Raise the generation: silence at the next audio frame, a closed mouth within 80 ms, the truth to the callbacks."""
        ...


class Engine(Protocol):
    """Pixels from FaceFrames. One owner, one call at a time, from any thread; drawing releases the GIL."""

    @property
    def width(self) -> int: ...

    @property
    def height(self) -> int: ...

    @property
    def drawn_share(self) -> float:
        """How finely the next frame is drawn: the share of the picture's sides, or of the splats; 1 at full detail."""
        ...

    def draw(self, face: FaceFrame) -> VideoFrame:
        """The face as a picture of its own memory, stamped with the face's time and generation."""
        ...

    def close(self) -> None: ...
