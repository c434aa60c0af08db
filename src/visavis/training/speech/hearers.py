"""Who is measured: our model and its peers, each from sound alone, as it would hear it live."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from visavis.motion import Motion, mouth_opening
from visavis.motion.heard import HeardFrames
from visavis.motion.mel import FRAME_CENTRE, HOP, RATE_HZ, frame_count
from visavis.motion.phone_groups import CLASS_OF_GROUP, SILENCE, classes_of, groups_of
from visavis.motion.voice_model import VoiceModel
from visavis.training.speech.sphinx_peer import PhoneRecogniser, joined
from visavis.types import F32, I16, AudioChunk, FaceFrame, FaceLayer, PhoneCue, SpeechChunk, ticks_from_samples

CHUNK: Final = 320


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What a hearer made of a recording, per frame of 10 ms: class int [t], opening float32 [t], ARKit weights float32 [t, 52]."""

    classes: npt.NDArray[np.intp]
    opening: F32
    weights: F32


class Hearer(Protocol):
    """One that hears a recording. `name` as in the table; `note` says how far behind the sound it is."""

    name: str
    note: str

    def hear(self, sound: F32) -> Shown: ...

    def listening_s(self, sound: F32) -> float:
        """CPU seconds of listening alone, fed in pieces of 20 ms."""
        ...


def pcm(sound: F32) -> I16:
    return np.clip(np.round(sound * 32767.0), -32768, 32767).astype(np.int16)


def chunks(samples: I16, size: int = CHUNK) -> Iterator[AudioChunk]:
    for at in range(0, len(samples), size):
        yield AudioChunk(ticks_from_samples(at, RATE_HZ), RATE_HZ, samples[at : at + size])


def frame_ticks(count: int) -> list[int]:
    return [ticks_from_samples(i * HOP + FRAME_CENTRE, RATE_HZ) for i in range(count)]


def bare_motion() -> Motion:
    """Motion with nothing but speech in it, so that an opening is speech's alone."""
    motion = Motion(seed=1)
    for layer in (FaceLayer.IDLE, FaceLayer.GESTURE, FaceLayer.EMOTION):
        motion.fade_layer(layer, 0.0, 0, 0.0)
    return motion


def sampled(motion: Motion, count: int) -> tuple[F32, F32]:
    """Opening [count] and weights [count, 52] at the centres of the frames."""
    faces: list[FaceFrame] = [motion.sample(t) for t in frame_ticks(count)]
    weights = np.array([face.weights for face in faces], np.float32).reshape(count, -1)
    return np.array([mouth_opening(row) for row in weights], np.float32), weights


class OurModel:
    """`motion.voice_model`, fed in pieces of 20 ms."""

    name, note = "visavis", "60 ms look-ahead"

    def __init__(self, model: VoiceModel) -> None:
        self._model = model

    def hear(self, sound: F32) -> Shown:
        samples = pcm(sound)
        heard = self._listen(samples)
        count = frame_count(len(samples))
        opening, weights = sampled(_motion_of(samples, heard), count)
        classes = classes_of(np.concatenate([frames.posteriors for frames in heard]))
        return Shown(classes[:count], opening, weights)

    def listening_s(self, sound: F32) -> float:
        start_s = time.thread_time()
        self._listen(pcm(sound))
        return time.thread_time() - start_s

    def _listen(self, samples: I16) -> list[HeardFrames]:
        self._model.reset()
        return [frames for chunk in chunks(samples) for frames in self._model.push(chunk)] + self._model.flush()


def _motion_of(samples: I16, heard: list[HeardFrames]) -> Motion:
    motion = bare_motion()
    motion.speak(SpeechChunk(AudioChunk(0, RATE_HZ, samples)))
    motion.hear_mouths(heard)
    return motion


class Sphinx:
    """pocketsphinx's English phone loop, as visavis used it before: final about 120 ms after the sound, its times taken as told."""

    name, note = "pocketsphinx phone loop", "about 120 ms behind"

    def __init__(self) -> None:
        self._recogniser = PhoneRecogniser()

    def hear(self, sound: F32) -> Shown:
        samples = pcm(sound)
        phones = self._listen(samples)
        count = frame_count(len(samples))
        opening, weights = sampled(known_motion(sound, tuple(phones)), count)
        return Shown(classes_of_phones(phones, count), opening, weights)

    def listening_s(self, sound: F32) -> float:
        start_s = time.thread_time()
        self._listen(pcm(sound))
        return time.thread_time() - start_s

    def _listen(self, samples: I16) -> list[PhoneCue]:
        self._recogniser.reset()
        return joined([cue for chunk in chunks(samples) for cue in self._recogniser.push(chunk)] + self._recogniser.flush())


def known_motion(sound: F32, phones: tuple[PhoneCue, ...]) -> Motion:
    """The mouth of phones that are known."""
    motion = bare_motion()
    motion.speak(SpeechChunk(AudioChunk(0, RATE_HZ, pcm(sound)), phones, phones_known=True))
    return motion


def classes_of_phones(phones: list[PhoneCue], count: int) -> npt.NDArray[np.intp]:
    ticks = np.array(frame_ticks(count))
    groups = np.full(count, SILENCE)
    for cue in phones:
        length = cue.end_ticks - cue.t_ticks
        for group, begin, end in groups_of(cue.ipa):
            groups[(ticks >= cue.t_ticks + begin * length) & (ticks < cue.t_ticks + end * length)] = group
    return np.asarray(CLASS_OF_GROUP[groups])
