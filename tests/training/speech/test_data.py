"""Targets, varied sound and batches: what the network is taught."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from visavis.motion.mel import BANDS, StreamLevel, frame_count, mel_power
from visavis.motion.phone_groups import GROUPS
from visavis.motion.voice_layout import CHANNELS, DELAY_FRAMES, QUIET, stacked
from visavis.training.speech.augment import over_telephone, varied, whispered
from visavis.training.speech.batches import FRAMES, Mixer
from visavis.training.speech.data import SOURCES, Source, make
from visavis.training.speech.noises import laughter, without_words
from visavis.training.speech.recordings import SPLIT
from visavis.training.speech.targets import targets_of
from visavis.training.speech.utterance import Utterance, phone


def utterance() -> Utterance:
    t = np.arange(32_000) / 16_000
    sound = (0.2 * np.sign(np.sin(2 * np.pi * 120 * t))).astype(np.float32)
    sound[:8_000] = sound[24_000:] = 0.0
    phones = (
        phone(0.5, 0.8, "a", 2),
        phone(0.8, 0.9, "m"),
        phone(0.9, 1.2, "u", 1),
        phone(1.2, 1.3, "p"),
        phone(1.3, 1.5, "i"),
    )
    return Utterance(sound, phones, "test")


def test_targets_are_the_mouth_of_the_phones() -> None:
    targets = targets_of(utterance())
    assert len(targets.groups) == frame_count(32_000)
    at = {cue.ipa: round((cue.t_ticks + cue.end_ticks) / 960) - 1 for cue in utterance().phones}
    assert [GROUPS[targets.groups[i]] for i in at.values()] == ["a", "m", "u", "p", "i"]
    assert targets.seal[at["m"]] > 0.99
    assert targets.seal[at["a"]] == 0.0
    assert targets.mouth[at["a"], CHANNELS.index("jawOpen")] > 0.2
    assert targets.mouth[at["u"], CHANNELS.index("mouthPucker")] > 0.4
    assert targets.presence[[2, -2]].max() == 0.0
    assert targets.accent[at["a"]] == 1


def test_mel_power_sees_a_tone_where_it_is_and_the_level_takes_gain_away() -> None:
    t = np.arange(16_000) / 16_000
    low, high = (mel_power((0.1 * np.sin(2 * np.pi * hertz * t)).astype(np.float32)) for hertz in (300, 3000))
    assert low.shape == (frame_count(16_000), BANDS)
    assert low.mean(axis=0).argmax() < high.mean(axis=0).argmax()
    loud, soft = (StreamLevel().features(low[None] * gain)[0, -20:] for gain in (1.0, 0.05))
    np.testing.assert_allclose(loud, soft, atol=0.05)
    steps = stacked(StreamLevel().features(low[None, :98]))
    assert steps.shape == (1, 49, 246)
    assert (steps[0, 0, : 4 * 41] == QUIET).all()


def test_varied_speech_keeps_its_phones_in_place() -> None:
    for seed in range(6):
        other = varied(utterance(), np.random.default_rng(seed))
        assert np.isfinite(other.sound).all()
        assert np.abs(other.sound).max() < 4.0
        start, end = other.phones[0].t_ticks / 48_000, other.phones[-1].end_ticks / 48_000
        loud = np.square(other.sound[round(start * 16_000) : round(end * 16_000)]).mean()
        assert loud > 20 * np.square(other.sound[: round((start - 0.03) * 16_000)]).mean()


def test_a_whisper_has_no_pitch_and_a_telephone_no_highs() -> None:
    random = np.random.default_rng(1)
    sound = utterance().sound
    spoken, hissed = (np.abs(np.fft.rfft(each[8_000:24_000])) for each in (sound, whispered(sound, random)))
    peak = 120  # one bin a hertz
    assert spoken[peak] > 20 * np.median(spoken[100:1000])
    assert hissed[peak] < 8 * np.median(hissed[100:1000])
    narrow = mel_power(over_telephone(sound, random))[100]
    assert narrow[-3:].max() < 0.01 * narrow.max()


def test_laughter_and_noise_are_what_they_say() -> None:
    laughs = laughter(np.random.default_rng(3))
    assert laughs.kind == "laughter"
    assert len(laughs.phones) > 6
    kinds = {each.kind for each in without_words(1, 240)}
    assert kinds == {"laughter", "breath", "noise"}


def _tiny(seed: int, seconds: float) -> list[Utterance]:
    return [utterance()] * 6


def test_batches_are_the_same_from_the_same_seed_and_as_late_as_the_network(tmp_path: Path) -> None:
    for name in ("espeak", "without_words"):
        source = Source(name, _tiny, 0.01, 1)
        path = make(source, tmp_path, 1, 1.0, lambda doing, part: None)
        assert make(source, tmp_path, 1, 1.0, lambda doing, part: None) == path
    one, same, other = (Mixer(tmp_path, seed).batch(5, 4) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.stacked, same.stacked)
    assert not np.array_equal(one.stacked, other.stacked)
    assert one.stacked.shape == (4, FRAMES // 2, 246)
    plain = Mixer(tmp_path, 1).dev("espeak", 1)
    assert plain.targets["groups"].shape == (1, FRAMES // 2, 2)
    assert (plain.targets["groups"].reshape(-1)[:DELAY_FRAMES] == 255).all()


def test_nobody_is_in_both_training_and_test() -> None:
    assert not set(SPLIT["train"]) & set(SPLIT["test"])
    assert len({source.name for source in SOURCES}) == len(SOURCES)
