"""How exact times travel from our TTS through livekit-agents: as timed strings, which it hands on beside the audio.

A plain `TimedString` carries a word and its seconds. Ours carries in addition where the word stands in the text and the phones
in ticks. Anyone else's agent sees ordinary timed words.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from livekit.agents.types import TimedString

from visavis.types import TICKS_HZ, Cue, PhoneCue
from visavis.voice.espeak_speech import SpokenWord

USERDATA_CUES: Final = "visavis.cues"
"""Key of an audio frame's userdata: a tuple of cues, times counted from the utterance's first sample."""
USERDATA_PHONES_KNOWN: Final = "visavis.phones_known"


class TimedWord(TimedString):
    """A word with its place in the text and its exact time; "" carries phones alone. Times count from the segment's start."""

    word: SpokenWord | None
    phones: tuple[PhoneCue, ...]

    @staticmethod
    def of(word: SpokenWord | None, phones: Sequence[PhoneCue] = ()) -> TimedWord:
        if word is None:
            timed = TimedWord("")
        else:
            timed = TimedWord(f"{word.text} ", start_time=word.t_ticks / TICKS_HZ, end_time=word.end_ticks / TICKS_HZ)
        timed.word = word
        timed.phones = tuple(phones)
        return timed


def frame_cues(userdata: dict[str, object]) -> tuple[Cue, ...]:
    cues = userdata.get(USERDATA_CUES, ())
    assert isinstance(cues, tuple), type(cues)
    return cues
