"""Ten-second clips and a picture of the built-in people for the docs: `python scripts/record_clips.py [--only talking]`.

Each person talks (the embedded voice, whose phones are known), listens (to the other's voice) and thinks. The motion is what a
session would show; only the clock runs as fast as it can. Written to docs/clips and docs/images.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from visavis.arkit import INDEX
from visavis.avatars import Avatar
from visavis.engines.rig import RigEngine
from visavis.engines.rig.people import load_person
from visavis.motion import Motion
from visavis.motion.emotions import expression
from visavis.render.mesh import RenderMesh
from visavis.session.faces import InstalledFaces
from visavis.session.sessions import persona_of
from visavis.settings import load_settings
from visavis.transports.mp4 import Mp4Writer
from visavis.types import (
    I16,
    SPEECH_HZ,
    U8,
    AgentState,
    AudioChunk,
    Cue,
    Emotion,
    EmotionCue,
    FaceFrame,
    Gesture,
    GestureCue,
    SpeechChunk,
    period_ticks,
    shift_cue,
    ticks_from_s,
    ticks_from_samples,
)  # fmt: skip
from visavis.voice.espeak import EspeakTTS, voicing_for

DOCS: Final = Path(__file__).resolve().parent.parent / "docs"
SIZE, FPS, SECONDS = 512, 25, 10
MAX_BYTES: Final = 600_000
CRF, AUDIO_BITS_PER_S = 24, 48_000
SEED: Final = 7
START_S: Final = 0.5
SAYS: Final = {
    "nova": "Hello, I am Nova. Give your agent a face, and it looks at you, listens to you, and stops the moment you interrupt. "
            "All of this is drawn on your own machine.",
    "milo": "Good afternoon, my name is Milo. Nobody filmed me: I am drawn sixty times a second, "
            "lips, lids and all, by an ordinary processor. Ask me anything.",
}  # fmt: skip
"""Each about nine seconds."""
PLAYS: Final = {
    "nova": (EmotionCue(0, Emotion.HAPPY, 0.5), GestureCue(ticks_from_s(3.4), Gesture.NOD)),
    "milo": (EmotionCue(0, Emotion.HAPPY, 0.35), GestureCue(ticks_from_s(4.2), Gesture.RAISE_BROWS)),
}
STILL_CUT: Final = (85, 1480, 180, 1420)
"""Top, bottom, left and right of a picture of 1600 x 1600."""
STILL_SIZE: Final = (800, 900)
CHUNK: Final = SPEECH_HZ // 50


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("talking", "listening", "thinking", "picture"), help="just one of them")
    only = parser.parse_args().only
    settings = load_settings()
    faces = InstalledFaces(settings.home, settings.cache)
    people = {name: faces.avatar(name) for name in SAYS}
    voices = {name: asyncio.run(speak(avatar, SAYS[name])) for name, avatar in people.items()}
    for name, avatar in people.items():
        other = next(voice for whose, voice in voices.items() if whose != name)
        engine = RigEngine(load_person(avatar, settings.cache), width=SIZE, height=SIZE)
        for what, (sound, shown) in {
            "talking": talking(voices[name], PLAYS[name]), "listening": listening(other[0]), "thinking": thinking(),
        }.items():  # fmt: skip
            if only in {None, what}:
                record(engine, sound, shown, DOCS / "clips" / f"{name}-{what}.mp4")
    if only in {None, "picture"}:
        picture([load_person(avatar, settings.cache) for avatar in people.values()], DOCS / "images" / "people.jpg")


async def speak(avatar: Avatar, text: str) -> tuple[I16, tuple[Cue, ...]]:
    """The text in the avatar's voice, and its phones in ticks from the first sample."""
    tts = EspeakTTS(voicing_for(persona_of(avatar), "en", None))
    try:
        sentence = await tts.say(text)
    finally:
        await tts.aclose()
    return sentence.samples, sentence.phones


def talking(voice: tuple[I16, tuple[Cue, ...]], plays: tuple[Cue, ...]) -> tuple[I16, Iterator[FaceFrame]]:
    samples, phones = voice
    start = ticks_from_s(START_S)
    motion = Motion(seed=SEED)
    motion.set_state(AgentState.SPEAKING, start)
    cues = sorted((shift_cue(cue, start) for cue in (*phones, *plays)), key=lambda cue: cue.t_ticks)
    for at in range(0, len(samples), CHUNK):
        begin, end = (start + ticks_from_samples(n, SPEECH_HZ) for n in (at, at + CHUNK))
        due = tuple(cue for cue in cues if begin <= cue.t_ticks < end)
        motion.speak(SpeechChunk(AudioChunk(begin, SPEECH_HZ, samples[at : at + CHUNK]), due, phones_known=True))
    motion.end_speech(start + ticks_from_samples(len(samples), SPEECH_HZ))
    return at_start(samples), frames(motion)


def listening(heard: I16) -> tuple[I16, Iterator[FaceFrame]]:
    motion = Motion(seed=SEED + 1)
    motion.set_state(AgentState.LISTENING, 0)
    sound = at_start(heard)
    return (sound * 0.5).astype(np.int16), frames(motion, sound)


def thinking() -> tuple[I16, Iterator[FaceFrame]]:
    motion = Motion(seed=SEED + 2)
    motion.set_state(AgentState.THINKING, ticks_from_s(0.4))
    return np.zeros(SECONDS * SPEECH_HZ, np.int16), frames(motion)


def at_start(samples: I16) -> I16:
    """The clip's sound: these samples after a moment, then silence."""
    sound = np.zeros(SECONDS * SPEECH_HZ, np.int16)
    first = round(START_S * SPEECH_HZ)
    kept = samples[: len(sound) - first]
    sound[first : first + len(kept)] = kept
    return sound


def frames(motion: Motion, heard: I16 | None = None) -> Iterator[FaceFrame]:
    for n in range(SECONDS * FPS):
        if heard is not None:
            for at in range(n * SPEECH_HZ // FPS, (n + 1) * SPEECH_HZ // FPS, CHUNK):
                motion.hear(AudioChunk(ticks_from_samples(at, SPEECH_HZ), SPEECH_HZ, heard[at : at + CHUNK]))
        yield motion.sample(n * period_ticks(FPS))


def record(engine: RigEngine, sound: I16, shown: Iterator[FaceFrame], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    piece = SPEECH_HZ // FPS
    with Mp4Writer(
        path, width=SIZE, height=SIZE, fps=FPS, rate_hz=SPEECH_HZ, crf=CRF, audio_bits_per_s=AUDIO_BITS_PER_S
    ) as writer:
        for n, face in enumerate(shown):
            writer.write_video(engine.draw(face))
            writer.write_audio(sound[n * piece : (n + 1) * piece])
    size = path.stat().st_size
    print(f"  {path}: {size // 1000} kB")
    if size > MAX_BYTES:
        raise SystemExit(f"{path.name} is larger than {MAX_BYTES // 1000} kB")


def picture(people: list[RenderMesh], path: Path) -> None:
    """Everybody side by side, with a slight smile."""
    weights = 0.45 * np.asarray(expression(Emotion.HAPPY), np.float32)
    weights[INDEX["mouthSmileLeft"]] *= 1.08
    shown_people = []
    for person, yaw in zip(people, (0.10, -0.10), strict=True):
        neutral = FaceFrame.neutral()
        gaze = (neutral.gaze - np.array([yaw, 0])).astype(np.float32)
        face = replace(neutral, weights=weights, head_rotation=np.array([yaw, 0.0, 0.02], np.float32), gaze=gaze)
        drawn = RigEngine(person, width=1600, height=1600).draw_rgb(face)
        cut = drawn[STILL_CUT[0] : STILL_CUT[1], STILL_CUT[2] : STILL_CUT[3]]
        shown_people.append(cv2.resize(cut, STILL_SIZE, interpolation=cv2.INTER_AREA))
    shown: U8 = np.hstack(shown_people)
    path.parent.mkdir(parents=True, exist_ok=True)
    ok, data = cv2.imencode(".jpg", shown[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
    assert ok
    path.write_bytes(data.tobytes())
    print(f"  {path}: {len(data) // 1000} kB")


if __name__ == "__main__":
    main()
