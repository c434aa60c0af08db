"""Nobody stands still: ten minutes of idling and listening as a viewer would get them, and what must not be in them.

The motion is `Motion`'s at 25 Hz, the pictures the rig's; people are built where they are not in the cache yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pytest

from tests.needs import missing
from visavis.arkit import COUNT, INDEX, SHAPES
from visavis.errors import VisavisError
from visavis.motion import Motion
from visavis.motion.statistics import liveliness
from visavis.types import SPEECH_HZ, AgentState, AudioChunk, FaceFrame, period_ticks, ticks_from_s

FPS = 25
MINUTES_S = 600
STATES = (AgentState.IDLE, AgentState.LISTENING)
MOVES = (0, 1, 2, 3, 4, 5, 6, 7)
"""Channels of `signals` that drift by themselves: head rotation and translation, gaze."""


@lru_cache(maxsize=4)
def ten_minutes(state: AgentState, seed: int = 1) -> tuple[FaceFrame, ...]:
    motion = Motion(seed=seed)
    motion.set_state(state, 0)
    faces = []
    voice = user_voice() if state is AgentState.LISTENING else iter(())
    for n in range(MINUTES_S * FPS):
        for chunk in voice:
            motion.hear(chunk)
            if chunk.end_ticks >= (n + 1) * period_ticks(FPS):
                break
        faces.append(motion.sample(n * period_ticks(FPS)))
    return tuple(faces)


def user_voice() -> Iterator[AudioChunk]:
    """Somebody who talks in phrases of a few seconds: noise with the level of a voice."""
    random = np.random.default_rng(4)
    t_ticks, samples = 0, SPEECH_HZ // 50
    while True:
        for level, seconds in ((3000, random.uniform(1, 4)), (10, random.uniform(0.4, 1.5))):
            for _ in range(round(seconds * 50)):
                yield AudioChunk(t_ticks, SPEECH_HZ, random.normal(0, level, samples).clip(-32000, 32000).astype(np.int16))
                t_ticks += ticks_from_s(0.02)


def signals(faces: tuple[FaceFrame, ...]) -> np.ndarray:
    """float64 [frames, 60]: head rotation, translation, the left eye's gaze, then the 52 weights."""
    return np.array([np.concatenate([f.head_rotation, f.head_translation, f.gaze[0], f.weights]) for f in faces], np.float64)


@pytest.mark.parametrize("state", STATES)
def test_no_two_faces_in_ten_minutes_are_alike(state: AgentState) -> None:
    values = signals(ten_minutes(state)).astype(np.float32)
    assert np.abs(np.diff(values, axis=0)).max(1).min() > 1e-6
    assert len(np.unique(values, axis=0)) == len(values)


@pytest.mark.parametrize("state", STATES)
def test_no_loop(state: AgentState) -> None:
    """Autocorrelation of each moving channel: nothing near 1 beyond three seconds, and less later on."""
    values = signals(ten_minutes(state))
    for channel in MOVES:
        again = autocorrelation(values[:, channel])
        assert again[3 * FPS : MINUTES_S * FPS // 2].max() < 0.85, channel
        assert again[20 * FPS : MINUTES_S * FPS // 2].max() < 0.55, channel


def test_the_loop_test_finds_a_loop() -> None:
    values = signals(ten_minutes(AgentState.IDLE))[: 60 * FPS]
    looped = np.tile(values, (10, 1))
    assert autocorrelation(looped[:, 0])[20 * FPS :].max() > 0.8


@pytest.mark.parametrize("state", STATES)
def test_the_second_half_lives_like_the_first(state: AgentState) -> None:
    faces = ten_minutes(state)
    one, two = liveliness(faces[: len(faces) // 2]), liveliness(faces[len(faces) // 2 :])
    for half in (one, two):
        assert 10 < half.blinks_per_min < 30
        assert 0.4 < half.head_sd_deg < 5
        assert half.saccades_per_min > 10
    assert two.head_sd_deg == pytest.approx(one.head_sd_deg, rel=0.6)


def test_listening_is_not_idling() -> None:
    idle, listening = (signals(ten_minutes(state)) for state in STATES)
    nods = [np.abs(np.diff(v[:, 1])).max() for v in (idle, listening)]
    assert nods[1] > nods[0], "a listener nods"


def test_other_seeds_are_other_people() -> None:
    one, two = (signals(ten_minutes(AgentState.IDLE, seed))[:, MOVES] for seed in (1, 2))
    for channel in range(len(MOVES)):
        assert abs(np.corrcoef(one[:, channel], two[:, channel])[0, 1]) < 0.5


def test_both_sides_of_the_face_differ_a_little() -> None:
    values = signals(ten_minutes(AgentState.IDLE))[:, 8:]
    for name in SHAPES:
        if (
            not name.endswith("Left")
            or name in {"mouthLeft", "jawLeft"}
            or name.startswith(("eyeLook", "eyeWide", "eyeSquint"))
        ):
            continue
        left, right = values[:, INDEX[name]], values[:, INDEX[name.removesuffix("Left") + "Right"]]
        if left.max() > 0.02:
            assert not np.array_equal(left, right), name
            assert np.abs(left - right).max() < 0.25, name


@pytest.mark.slow
@pytest.mark.parametrize("who", ["nova", "milo"])
@pytest.mark.parametrize("state", STATES)
def test_no_two_pictures_in_ten_minutes_are_alike(who: str, state: AgentState) -> None:
    """Successive pictures at 128 x 128 always differ, none returns, and no part of the person stands still for long."""
    engine = person_engine(who, 128)
    seen: set[bytes] = set()
    before = None
    last_change = np.zeros((8, 8), int)
    for n, face in enumerate(ten_minutes(state)):
        i420 = engine.draw(face).i420
        assert before is None or not np.array_equal(i420, before), n
        if before is not None:
            changed = (i420[:128] != before[:128]).reshape(8, 16, 8, 16).any((1, 3))
            last_change[changed] = n
            face_and_shoulders = last_change[1:, 2:6]
            assert n - face_and_shoulders.min() < 4 * FPS, (n, face_and_shoulders)
        seen.add(i420.tobytes())
        before = i420
    assert len(seen) == MINUTES_S * FPS


@pytest.mark.slow
def test_shoulders_follow_breath_and_head() -> None:
    """The lowest rows of the picture, where only the garment is, move with a breath and a little with a turning head."""
    engine = person_engine("nova", 256)
    zeros = np.zeros(3, np.float32)

    def shoulders(n: int, yaw: float, up_m: float) -> np.ndarray:
        face = FaceFrame(n * ticks_from_s(10), np.zeros(COUNT, np.float32), zeros + np.float32([yaw, 0, 0]),
                         zeros + np.float32([0, up_m, 0]), np.zeros((2, 2), np.float32))  # fmt: skip
        return engine.draw(face).i420[236:256].astype(int)

    still, breath, turned = shoulders(1, 0, 0), shoulders(2, 0, 0.0016), shoulders(3, 0.3, 0)
    assert 0.05 < np.abs(breath - still).mean() < 6
    assert 0.05 < np.abs(turned - still).mean() < 6


def person_engine(who: str, size: int) -> object:
    from visavis.avatars import load_avatar
    from visavis.engines.rig import RigEngine
    from visavis.engines.rig.people import load_person
    from visavis.settings import load_settings

    settings = load_settings()
    try:
        return RigEngine(load_person(load_avatar(who, settings.home), settings.cache), width=size, height=size)
    except VisavisError as error:
        missing("assets", f"{who} cannot be built: {error}")
        raise


def autocorrelation(signal: np.ndarray) -> np.ndarray:
    """Normalised, of the signal less its mean; index is the lag in frames, each value over the frames that overlap."""
    x = signal - signal.mean()
    spectrum = np.fft.rfft(x, 2 * len(x))
    raw = np.fft.irfft(np.abs(spectrum) ** 2)[: len(x)]
    return raw / (np.arange(len(x), 0, -1) / len(x)) / raw[0]
