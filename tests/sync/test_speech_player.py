"""Audio is the master clock: every sample leaves exactly once, at its time, unless an interruption takes it away."""

import asyncio

import numpy as np
import pytest

from visavis.audio.resample import resample
from visavis.clock import VirtualClock
from visavis.sync.speech_player import FADE_TICKS, MAX_AHEAD_TICKS, SPEECH_LEAD_TICKS, SpeechPlayer
from visavis.types import (
    AUDIO_FRAME_TICKS,
    SPEECH_HZ,
    AudioChunk,
    PhoneCue,
    PlaybackEnd,
    SpeechChunk,
    WordCue,
    ticks_from_s,
    ticks_from_samples,
)


class Record:
    def __init__(self) -> None:
        self.placed: list[SpeechChunk] = []
        self.ends: list[int] = []
        self.stalls: list[int] = []
        self.words: list[tuple[int, str, int]] = []
        self.cuts: list[tuple[int, int]] = []
        self.starts: list[int] = []
        self.finishes: list[PlaybackEnd] = []

    def on_placed(self, chunk: SpeechChunk) -> None:
        self.placed.append(chunk)

    def on_speech_end(self, t_ticks: int) -> None:
        self.ends.append(t_ticks)

    def on_stall(self, t_ticks: int) -> None:
        self.stalls.append(t_ticks)

    def on_word(self, utterance: int, word: WordCue) -> None:
        self.words.append((utterance, word.text, word.t_ticks))

    def on_started(self, utterance: int) -> None:
        self.starts.append(utterance)

    def on_finished(self, end: PlaybackEnd) -> None:
        self.finishes.append(end)

    def on_cut(self, t_ticks: int, generation: int) -> None:
        self.cuts.append((t_ticks, generation))


def noise(samples: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 4000, samples).astype(np.int16)


def chunks(sound: np.ndarray, size: int = 480, cues: tuple = ()) -> list[SpeechChunk]:
    out = []
    for at in range(0, len(sound), size):
        t = ticks_from_samples(at, SPEECH_HZ)
        end = t + ticks_from_samples(size, SPEECH_HZ)
        mine = tuple(c for c in cues if t <= c.t_ticks < end)
        out.append(SpeechChunk(AudioChunk(t, SPEECH_HZ, sound[at : at + size]), mine, True))
    return out


class Rig:
    """A player, its clock, and a transport that reads 20 ms every 20 ms."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.record = Record()
        self.player = SpeechPlayer(self.clock, self.record)
        self.started: list[int] = []
        self.finished: list[PlaybackEnd] = []
        self.player.on_playback_started = self.started.append
        self.player.on_playback_finished = self.finished.append
        self.heard: list[np.ndarray] = []

    async def play(self, frames: int) -> np.ndarray:
        before = len(self.heard)
        for _ in range(frames):
            await self.clock.advance_to(len(self.heard) * AUDIO_FRAME_TICKS)
            self.heard.append(self.player.read(len(self.heard) * AUDIO_FRAME_TICKS))
        return np.concatenate(self.heard[before:])


async def test_every_sample_is_heard_once_at_its_time() -> None:
    rig = Rig()
    await rig.play(3)
    sound = noise(SPEECH_HZ)
    for chunk in chunks(sound):
        await rig.player.push(chunk)
    rig.player.end_utterance()
    start = rig.record.placed[0].audio.t_ticks
    await rig.play(60)
    heard = np.concatenate(rig.heard)
    want = resample(sound, SPEECH_HZ, 48_000)
    np.testing.assert_array_equal(heard[start : start + len(want)], want)
    assert not heard[:start].any()
    assert not heard[start + len(want) :].any()
    assert start >= SPEECH_LEAD_TICKS
    assert rig.started == rig.record.starts == [1]
    assert rig.finished == rig.record.finishes == [PlaybackEnd(1, 1.0, False)]
    assert rig.record.ends == [start + len(want)]


async def test_cut_sizes_do_not_change_what_is_heard() -> None:
    sound = noise(SPEECH_HZ // 2)
    results = []
    for size in (480, 100, 1111, len(sound)):
        rig = Rig()
        for chunk in chunks(sound, size):
            await rig.player.push(chunk)
        rig.player.end_utterance()
        results.append(await rig.play(40))
    for other in results[1:]:
        np.testing.assert_array_equal(results[0], other)


async def test_cues_are_placed_with_their_audio() -> None:
    rig = Rig()
    cue = PhoneCue(ticks_from_s(0.3), ticks_from_s(0.4), "m")
    for chunk in chunks(noise(SPEECH_HZ), cues=(cue,)):
        await rig.player.push(chunk)
    start = rig.record.placed[0].audio.t_ticks
    (placed,) = [c for chunk in rig.record.placed for c in chunk.cues]
    assert placed == PhoneCue(cue.t_ticks + start, cue.end_ticks + start, "m")


async def test_words_are_told_when_they_sound() -> None:
    rig = Rig()
    words = tuple(WordCue(ticks_from_s(0.25 * k), ticks_from_s(0.25 * (k + 1)), f"w{k}") for k in range(4))
    for chunk in chunks(noise(SPEECH_HZ), cues=words):
        await rig.player.push(chunk)
    rig.player.end_utterance()
    for frame in range(80):
        await rig.play(1)
        for _, _, t_ticks in rig.record.words:
            assert t_ticks < (frame + 1) * AUDIO_FRAME_TICKS
    start = rig.record.placed[0].audio.t_ticks
    assert [(u, w) for u, w, _ in rig.record.words] == [(1, "w0"), (1, "w1"), (1, "w2"), (1, "w3")]
    assert [t - start for _, _, t in rig.record.words] == [w.t_ticks for w in words]


@pytest.mark.parametrize("frames", [3, 10, 33])
async def test_an_interruption_is_silent_at_the_next_frame_and_tells_the_truth(frames: int) -> None:
    rig = Rig()
    for chunk in chunks(noise(2 * SPEECH_HZ)):
        await rig.player.push(chunk)
    start = rig.record.placed[0].audio.t_ticks
    await rig.play(frames)
    rig.player.interrupt()
    after = await rig.play(20)
    assert not after[FADE_TICKS:].any()
    assert rig.player.generation == 1
    heard_s = max(0, frames * AUDIO_FRAME_TICKS - start) / 48_000
    assert rig.finished == [PlaybackEnd(1, pytest.approx(heard_s), True)]
    assert rig.record.cuts == [(frames * AUDIO_FRAME_TICKS, 1)]
    assert not rig.player.speaking


async def test_speech_after_an_interruption_is_a_new_utterance_of_the_new_generation() -> None:
    rig = Rig()
    await rig.player.push(chunks(noise(4800))[0])
    await rig.play(5)
    rig.player.interrupt()
    number = await rig.player.push(chunks(noise(4800, 1))[0])
    assert number == 2
    assert rig.record.placed[-1].audio.generation == 1


async def test_a_voice_that_falls_behind_stalls_and_loses_nothing() -> None:
    rig = Rig()
    sound = noise(SPEECH_HZ // 2)
    pieces = chunks(sound)
    for chunk in pieces[:5]:
        await rig.player.push(chunk)
    await rig.play(20)
    for chunk in pieces[5:]:
        await rig.player.push(chunk)
    rig.player.end_utterance()
    await rig.play(40)
    heard = np.concatenate(rig.heard)
    want = resample(sound, SPEECH_HZ, 48_000)
    start = rig.record.placed[0].audio.t_ticks
    again = rig.record.placed[5].audio.t_ticks
    assert again >= 20 * AUDIO_FRAME_TICKS
    # the resampler keeps a few samples back over the stall, so parts are compared by content, not by position
    voiced = np.concatenate([heard[start : start + 4900], heard[again - 100 : again + len(want)]])
    assert np.count_nonzero(voiced) == pytest.approx(np.count_nonzero(want), abs=8)
    assert rig.player.stall_ticks > 0
    assert rig.finished[0].position_s == pytest.approx(0.5)


async def test_cues_wait_out_a_stall_with_their_sound() -> None:
    """A voice that tells all its cues at once and then falls behind: words and phones come when their sound does."""
    rig = Rig()
    phones = tuple(PhoneCue(ticks_from_s(0.1 * k), ticks_from_s(0.1 * (k + 1)), "m") for k in range(10))
    words = tuple(WordCue(ticks_from_s(0.25 * k), ticks_from_s(0.25 * (k + 1)), f"w{k}") for k in range(4))
    pieces = chunks(noise(SPEECH_HZ))
    pieces[0] = SpeechChunk(pieces[0].audio, (*phones, *words), True)
    for chunk in pieces[:20]:
        await rig.player.push(chunk)
    start = rig.record.placed[0].audio.t_ticks
    told = [cue for chunk in rig.record.placed for cue in chunk.cues if isinstance(cue, PhoneCue)]
    assert max(cue.t_ticks for cue in told) - start < ticks_from_s(0.4 + 0.25)
    await rig.play(50)
    assert [text for _, text, _ in rig.record.words] == ["w0", "w1"]
    assert rig.record.stalls == [pytest.approx(start + ticks_from_s(0.4), abs=100)]
    before = len(rig.record.placed)
    for chunk in pieces[20:]:
        await rig.player.push(chunk)
    rig.player.end_utterance()
    await rig.play(60)
    shift = rig.record.placed[before].audio.t_ticks - start - ticks_from_s(0.4)
    again = [cue for chunk in rig.record.placed[before:] for cue in chunk.cues if isinstance(cue, PhoneCue)]
    want = [(cue.t_ticks + start + shift) for cue in phones[4:]]
    assert sorted({cue.t_ticks for cue in again}) == pytest.approx(want, abs=100)
    assert len(again) == len(set(again)), "no phone is told twice after the stall"
    assert [t for _, text, t in rig.record.words if text == "w3"] == [
        pytest.approx(start + shift + ticks_from_s(0.75), abs=100)
    ]


async def test_a_word_beyond_the_last_sample_is_told_at_the_end() -> None:
    rig = Rig()
    late = WordCue(ticks_from_s(0.3), ticks_from_s(0.4), "late")
    pieces = chunks(noise(SPEECH_HZ // 4))
    pieces[0] = SpeechChunk(pieces[0].audio, (late,), True)
    for chunk in pieces:
        await rig.player.push(chunk)
    rig.player.end_utterance()
    await rig.play(40)
    assert [text for _, text, _ in rig.record.words] == ["late"]


async def test_utterances_follow_each_other_without_overlap() -> None:
    rig = Rig()
    first, second = noise(SPEECH_HZ // 4, 1), noise(SPEECH_HZ // 4, 2)
    for sound in (first, second):
        for chunk in chunks(sound):
            await rig.player.push(chunk)
        rig.player.end_utterance()
    heard = await rig.play(40)
    want = np.concatenate([resample(s, SPEECH_HZ, 48_000) for s in (first, second)])
    start = rig.record.placed[0].audio.t_ticks
    np.testing.assert_array_equal(heard[start : start + len(want)], want)
    assert [end.utterance for end in rig.finished] == [1, 2]


async def test_push_waits_while_too_much_is_ahead_and_an_interruption_frees_it() -> None:
    rig = Rig()
    second = chunks(noise(SPEECH_HZ), SPEECH_HZ)[0]
    while rig.player.ahead_ticks <= MAX_AHEAD_TICKS:
        await rig.player.push(second)
    waiting = asyncio.create_task(rig.player.push(second))
    await rig.play(1)
    assert not waiting.done()
    placed = len(rig.record.placed)
    rig.player.interrupt()
    assert await waiting == 1
    assert len(rig.record.placed) == placed
    assert not rig.player.speaking
