import random
from itertools import pairwise

import pytest

from visavis.types import Emotion, EmotionCue, Gesture, GestureCue
from visavis.voice.tags import TAGS, Emoting, TagReader, without_tags


def read(text: str, cuts: list[int] | None = None) -> TagReader:
    reader = TagReader()
    edges = [0, *(cuts or []), len(text)]
    for start, end in pairwise(edges):
        reader.push(text[start:end])
    reader.flush()
    return reader


def test_a_tag_is_not_spoken_and_stands_before_its_word() -> None:
    reader = read("Well, [surprised] what a day! [nod] Yes.")
    assert reader.spoken == "Well, what a day! Yes."
    assert [(reader.spoken[tag.offset :].split()[0], tag.act) for tag in reader.tags] == [
        ("what", Emoting(Emotion.SURPRISED)),
        ("Yes.", Gesture.NOD),
    ]


def test_any_cut_gives_the_same() -> None:
    text = "[smile] Hi [1], [laughs] see a[0] and [brows]now. [not a tag, much too long to be one] [wink"
    whole = read(text)
    rng = random.Random(7)
    for _ in range(200):
        cuts = sorted(rng.sample(range(1, len(text)), rng.randint(1, 12)))
        reader = read(text, cuts)
        assert (reader.spoken, reader.tags) == (whole.spoken, whole.tags)


def test_half_a_tag_never_gets_through() -> None:
    reader = TagReader()
    assert reader.push("Hello [sm") == "Hello "
    assert reader.push("ile") == ""
    assert reader.push("] you") == "you"


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("As shown [1] and [2, 3].", "As shown and ."),
        ("[laughs] Right.", "Right."),
        ("Use a[i] and x[10].", "Use a[i] and x."),
        ("Press [Ctrl+C] now.", "Press [Ctrl+C] now."),
        ("An open [bracket", "An open [bracket"),
        ("[[smile]] Hi", "[] Hi"),
        ("[Smile] Hi", "Hi"),
        ("[raise brows] Hi", "Hi"),
        ("", ""),
    ],
)
def test_other_brackets(text: str, spoken: str) -> None:
    assert without_tags(text) == spoken


def test_every_emotion_and_gesture_has_a_tag() -> None:
    acts = set(TAGS.values())
    assert {act.emotion for act in acts if isinstance(act, Emoting)} == set(Emotion)
    assert {act for act in acts if isinstance(act, Gesture)} == set(Gesture)


def test_cues_carry_the_time_they_are_given() -> None:
    reader = read("[smile] a [wink] b")
    assert [tag.cue(480) for tag in reader.tags] == [EmotionCue(480, Emotion.HAPPY, 0.55), GestureCue(480, Gesture.WINK)]
