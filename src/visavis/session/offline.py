"""Work without a viewer: a recording becomes motion, or a talking video, as fast as the machine can."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from visavis.motion import Motion
from visavis.motion.voice_model import VoiceModel
from visavis.transports.mp4 import Mp4Writer
from visavis.types import (
    I16,
    SPEECH_HZ,
    AudioChunk,
    Engine,
    FaceFrame,
    SpeechChunk,
    period_ticks,
    ticks_from_s,
    ticks_from_samples,
)

CHUNK_SAMPLES: Final = SPEECH_HZ // 50
SETTLE_TICKS: Final = ticks_from_s(0.5)
"""Drawn after the last sound, for the mouth to close and the face to come to rest."""

STILL_SHARE: Final = 0.2

Progress = Callable[[float], None]
"""Called with the part done, 0 to 1."""


def faces_of_recording(
    sound: I16, *, fps: int, seed: int, gains: dict[str, float] | None = None, streaming: bool = False
) -> Iterator[FaceFrame]:
    """FaceFrames at `fps` for int16 [n] at `SPEECH_HZ`, from media time 0 until the face has come to rest.

    `streaming` gives motion each 20 ms of sound when it would arrive live, the mouth as late as it is heard; without it
    motion knows all sound beforehand.
    """
    motion = Motion(seed=seed, gains=gains)
    end_ticks = ticks_from_samples(len(sound), SPEECH_HZ)
    feed = _live_feed(motion, sound) if streaming else known_feed(motion, sound)
    period = period_ticks(fps)
    for index in range(-(-(end_ticks + SETTLE_TICKS) // period)):
        feed(index * period)
        yield motion.sample(index * period)


def calmer(face: FaceFrame) -> FaceFrame:
    """The same face with `STILL_SHARE` of the head's motion; the eyes keep looking where they looked."""
    share = np.float32(STILL_SHARE)
    gaze = face.gaze + face.head_rotation[None, :2] * (1 - share)
    return replace(face, head_rotation=face.head_rotation * share, head_translation=face.head_translation * share, gaze=gaze)


def render_recording(
    sound: I16, engine: Engine, writer: Mp4Writer, faces: Sequence[FaceFrame], *, fps: int, progress: Progress
) -> None:
    """Draw `faces` and write them with the sound they belong to."""
    per_frame = SPEECH_HZ // fps
    for index, face in enumerate(faces):
        writer.write_video(engine.draw(face))
        piece = sound[index * per_frame : (index + 1) * per_frame]
        if len(piece):
            writer.write_audio(piece)
        progress((index + 1) / len(faces))


def known_feed(motion: Motion, sound: I16) -> Callable[[int], None]:
    """Tells motion all of int16 [n] at `SPEECH_HZ` beforehand; nothing is left to be fed."""
    model = VoiceModel()
    for chunk in _chunks(sound):
        motion.speak(SpeechChunk(chunk))
        motion.hear_mouths(model.push(chunk))
    motion.hear_mouths(model.flush())
    motion.end_speech(ticks_from_samples(len(sound), SPEECH_HZ))
    return lambda t_ticks: None


def _live_feed(motion: Motion, sound: I16) -> Callable[[int], None]:
    """Feeds what has been heard by `t_ticks`: a chunk counts when its last sample has passed."""
    model = VoiceModel()
    waiting = iter(_chunks(sound))
    upcoming = next(waiting, None)
    ended = False

    def feed(t_ticks: int) -> None:
        nonlocal upcoming, ended
        while upcoming is not None and upcoming.end_ticks <= t_ticks:
            motion.speak(SpeechChunk(upcoming))
            motion.hear_mouths(model.push(upcoming))
            upcoming = next(waiting, None)
        if upcoming is None and not ended:
            ended = True
            motion.hear_mouths(model.flush())
            motion.end_speech(ticks_from_samples(len(sound), SPEECH_HZ))

    return feed


def _chunks(sound: I16) -> Iterator[AudioChunk]:
    for at in range(0, len(sound), CHUNK_SAMPLES):
        yield AudioChunk(ticks_from_samples(at, SPEECH_HZ), SPEECH_HZ, sound[at : at + CHUNK_SAMPLES])
