from collections.abc import Callable

import numpy as np

from visavis.types import I16, SPEECH_HZ, TICKS_HZ, EmotionCue, GestureCue, WordCue, s_from_ticks, ticks_from_s
from visavis.voice.espeak_speech import SpokenWord
from visavis.voice.placing import CuePlacer, WordEstimator, WordFinder
from visavis.voice.tags import TagReader


def reader_of(text: str) -> TagReader:
    reader = TagReader()
    reader.push(text)
    reader.flush()
    return reader


def test_tags_fall_on_the_word_they_stand_before() -> None:
    reader = reader_of("[smile] Hello dear [wink][nod] friend. [sad]")
    placer = CuePlacer(reader)
    finder = WordFinder(lambda: reader.spoken)
    cues = []
    for index, reported in enumerate(["hello ", "dear", " friend."]):
        for word in finder.find(reported, index * 1000, index * 1000 + 900):
            cues += placer.word(word)
    cues += placer.end()
    assert [(type(cue).__name__, cue.t_ticks) for cue in cues] == [
        ("EmotionCue", 0), ("WordCue", 0), ("WordCue", 1000), ("GestureCue", 2000), ("GestureCue", 2000), ("WordCue", 2000),
        ("EmotionCue", 2900),
    ]  # fmt: skip
    assert [cue.text for cue in cues if isinstance(cue, WordCue)] == ["Hello", "dear", "friend."]


def test_a_report_of_several_words_is_shared_among_them() -> None:
    finder = WordFinder(lambda: "One three, seven.")
    words = finder.find("One three, seven.", 0, 14_000)
    assert [word.text for word in words] == ["One", "three,", "seven."]
    assert words[0].t_ticks == 0
    assert words[-1].end_ticks == 14_000
    assert finder.find(" . ", 0, 10) == []
    assert finder.find("more", 0, 10) == []


def estimate(text: str, audio: I16, step: int) -> list[SpokenWord]:
    estimator = WordEstimator(lambda: text)
    words: list[SpokenWord] = []
    for start in range(0, len(audio), step):
        words += estimator.push(audio[start : start + step])
    return words + estimator.flush()


def test_estimates_are_causal_and_do_not_depend_on_how_the_audio_is_cut(recording: Callable[..., I16]) -> None:
    audio = recording("en_LJ001-0002.wav", SPEECH_HZ)
    text = "in being comparatively modern."
    whole = estimate(text, audio, len(audio))
    assert [word.text for word in whole] == text.split()
    for step in (97, 480, 2400):
        assert estimate(text, audio, step) == whole
    estimator = WordEstimator(lambda: text)
    for start in range(0, len(audio), 480):
        for word in estimator.push(audio[start : start + 480]):
            assert word.t_ticks <= (start + 480) * TICKS_HZ // SPEECH_HZ


async def test_estimates_land_near_the_true_words() -> None:
    from visavis.voice.espeak import EspeakTTS

    text = "The morning was bright and cold. Nobody had expected that, least of all the children, who ran outside at once."
    tts = EspeakTTS()
    try:
        sentence = await tts.say(text)
    finally:
        await tts.aclose()
    guessed = estimate(text, sentence.samples, 960)
    errors = [abs(s_from_ticks(a.t_ticks - b.t_ticks)) for a, b in zip(guessed, sentence.words, strict=True)]
    assert np.median(errors) < 0.35
    assert max(errors) < 1.0


def test_silence_moves_nothing() -> None:
    estimator = WordEstimator(lambda: "Hello there")
    assert estimator.push(np.zeros(SPEECH_HZ, np.int16)) == []


def test_cues_have_their_types() -> None:
    placer = CuePlacer(reader_of("[happy] a [nod] b"))
    cues = placer.word(SpokenWord(0, "a", 0, 10)) + placer.word(SpokenWord(2, "b", 10, ticks_from_s(1)))
    assert [type(cue) for cue in cues] == [EmotionCue, WordCue, GestureCue, WordCue]
