"""Inline tags in an agent's text: `[smile] Hello!` is spoken as "Hello!", smiling.

A tag acts on the word it stands before. `TagReader` takes text as a language model streams it, cut anywhere, and never lets
half a tag through.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, TypeAlias

from visavis.types import Cue, Emotion, EmotionCue, Gesture, GestureCue

Act: TypeAlias = "Emoting | Gesture"


@dataclass(frozen=True, slots=True)
class Emoting:
    """An emotion and how much of it, 0 to 1."""

    emotion: Emotion
    intensity: float = 1.0


TAGS: Final[dict[str, Act]] = {
    "smile": Emoting(Emotion.HAPPY, 0.55),
    **{emotion.value: Emoting(emotion) for emotion in Emotion},
    **{gesture.value: gesture for gesture in Gesture},
    "brows": Gesture.RAISE_BROWS,
    "think": Gesture.LOOK_ASIDE,
    "aside": Gesture.LOOK_ASIDE,
}
"""Every tag that does something, without its brackets."""

LONGEST: Final = 28
"""A bracket that has not closed after so many characters is text."""
_CITATION: Final = re.compile(r"\d+(\s*[,–-]\s*\d+)*")
_STAGE_DIRECTION: Final = re.compile(r"[a-z]+([ _-][a-z]+){0,2}")

INSTRUCTIONS: Final = (
    "You have a face. Put a tag in square brackets before the word at which your face should change; it is never spoken. "
    "Feelings: [smile] [happy] [sad] [angry] [surprised] [afraid] [disgusted] [neutral]. "
    "Gestures: [nod] [shake] [tilt] [brows] [wink] [think]. "
    "Use them as a person would: at most one or two in a reply, and none where nothing is felt."
)
"""What a language model is told about tags."""


@dataclass(frozen=True, slots=True)
class PlacedTag:
    """A tag and the place in the spoken text, in characters, that it stands before."""

    offset: int
    act: Act

    def cue(self, t_ticks: int) -> Cue:
        match self.act:
            case Emoting(emotion, intensity):
                return EmotionCue(t_ticks, emotion, intensity)
            case Gesture() as gesture:
                return GestureCue(t_ticks, gesture)


class TagReader:
    """Splits streamed text into what is spoken and the tags in it.

    Known tags become acts; citations such as `[1]` and stage directions such as `[laughs]` are left out; any other bracket
    is text. Feeding a text in one piece or in many gives the same result.
    """

    def __init__(self) -> None:
        self.spoken = ""
        """All spoken text so far."""
        self.tags: list[PlacedTag] = []
        self._held = ""

    def push(self, text: str) -> str:
        """The spoken part of what has become certain with this piece; "" while a bracket is open."""
        start = len(self.spoken)
        for character in text:
            self._take(character)
        return self.spoken[start:]

    def flush(self) -> str:
        """What was held back: a bracket that never closed is text."""
        start = len(self.spoken)
        self._release()
        return self.spoken[start:]

    def _take(self, character: str) -> None:
        if character == "[":
            self._release()
            self._held = character
        elif not self._held:
            self._speak(character)
        elif character == "]":
            self._close()
        else:
            self._held += character
            if len(self._held) > LONGEST or character == "\n":
                self._release()

    def _close(self) -> None:
        inside = self._held[1:].strip().lower()
        act = TAGS.get(inside.replace(" ", "_").replace("-", "_"))
        if act is not None:
            self.tags.append(PlacedTag(len(self.spoken), act))
        elif not self._is_aside(inside):
            self._held += "]"
            self._release()
        self._held = ""

    def _is_aside(self, inside: str) -> bool:
        """Not for the ear: a citation anywhere, a stage direction that stands as a word of its own."""
        stands_alone = not self.spoken or self.spoken[-1].isspace()
        return bool(_CITATION.fullmatch(inside)) or (stands_alone and bool(_STAGE_DIRECTION.fullmatch(inside)))

    def _release(self) -> None:
        held, self._held = self._held, ""
        for character in held:
            self._speak(character)

    def _speak(self, character: str) -> None:
        # a tag between two blanks must not leave both of them, nor one at the very beginning
        if character == " " and (not self.spoken or self.spoken[-1].isspace()):
            return
        self.spoken += character


def without_tags(text: str) -> str:
    """A whole text as it is spoken and captioned."""
    reader = TagReader()
    return (reader.push(text) + reader.flush()).strip()
