"""Cues as JSON lines: what goes in comes out, however the bytes are cut; what strangers send is refused in one line."""

import pytest

from visavis.errors import BadInput
from visavis.transports.livekit.cues import MAX_CUES, MAX_LINE_BYTES, CueReader, encode_cues
from visavis.types import Emotion, EmotionCue, Gesture, GestureCue, PhoneCue, WordCue

CUES = [
    PhoneCue(0, 4_800, "h"),
    PhoneCue(4_800, 9_600, "ɑː", 2),
    WordCue(0, 24_000, "Hafen\nlicht “ja”"),
    EmotionCue(24_000, Emotion.HAPPY, 0.55),
    GestureCue(48_000, Gesture.NOD),
]


@pytest.mark.parametrize("cut", [1, 2, 3, 7, 64, 10_000])
def test_the_same_comes_out_however_it_is_cut(cut: int) -> None:
    data = encode_cues(CUES)
    reader = CueReader()
    assert [cue for at in range(0, len(data), cut) for cue in reader.push(data[at : at + cut])] == CUES


@pytest.mark.parametrize(
    "line",
    [
        b"{", b"[]", b"\xff\xfe", b"null", b'{"type":"phone"}', b'{"type":"word","t_ticks":-1,"end_ticks":0,"text":"a"}',
        b'{"type":"word","t_ticks":1e99,"end_ticks":0,"text":"a"}', b'{"type":"emotion","t_ticks":0,"emotion":"furious"}',
        b'{"type":"emotion","t_ticks":0,"emotion":"happy","intensity":NaN}',
        b'{"type":"gesture","t_ticks":0,"gesture":"nod","more":1}', b"a" * (MAX_LINE_BYTES + 1),
        b'{"type":"word","t_ticks":999999999999,"end_ticks":0,"text":"a"}',
    ],
)  # fmt: skip
def test_what_is_no_cue_is_one_line(line: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        CueReader().push(line + b"\n")
    assert "\n" not in str(caught.value)


def test_a_line_without_end_and_too_many_lines_are_refused() -> None:
    with pytest.raises(BadInput):
        CueReader().push(b"x" * (MAX_LINE_BYTES + 1))
    reader = CueReader()
    line = encode_cues([GestureCue(0, Gesture.NOD)])
    reader.push(line * MAX_CUES)
    with pytest.raises(BadInput, match="at most"):
        reader.push(line)


def test_a_word_that_ends_before_it_begins_has_no_length() -> None:
    (word,) = CueReader().push(b'{"type":"word","t_ticks":500,"end_ticks":20,"text":"a"}\n')
    assert word == WordCue(500, 500, "a")
