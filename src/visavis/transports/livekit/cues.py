"""Cues as JSON lines, for the byte stream `visavis.cues` that runs beside an utterance's audio.

One stream an utterance, opened before its audio stream; times are ticks (1/48 000 s) from the utterance's first sample.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from visavis.errors import BadInput, TooLarge
from visavis.types import Cue, Emotion, EmotionCue, Gesture, GestureCue, PhoneCue, WordCue

MAX_LINE_BYTES: Final = 1_024
MAX_CUES: Final = 20_000
"""Of one utterance: half an hour of speech."""
MAX_TICKS: Final = 48_000 * 3_600

Ticks: TypeAlias = Annotated[int, Field(ge=0, le=MAX_TICKS)]


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    t_ticks: Ticks


class _Phone(_Line):
    type: Literal["phone"]
    end_ticks: Ticks
    ipa: Annotated[str, Field(max_length=8)]
    stress: Annotated[int, Field(ge=0, le=2)] = 0


class _Word(_Line):
    type: Literal["word"]
    end_ticks: Ticks
    text: Annotated[str, Field(max_length=200)]


class _Emotion(_Line):
    type: Literal["emotion"]
    emotion: Emotion
    intensity: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 1.0


class _Gesture(_Line):
    type: Literal["gesture"]
    gesture: Gesture


_lines: Final[TypeAdapter[_Phone | _Word | _Emotion | _Gesture]] = TypeAdapter(
    Annotated[_Phone | _Word | _Emotion | _Gesture, Field(discriminator="type")]
)


def encode_cues(cues: Iterable[Cue]) -> bytes:
    """UTF-8 lines, each ended by a newline."""
    return b"".join(json.dumps(_fields(cue), ensure_ascii=False, separators=(",", ":")).encode() + b"\n" for cue in cues)


def _fields(cue: Cue) -> dict[str, object]:
    match cue:
        case PhoneCue():
            return {
                "type": "phone", "t_ticks": cue.t_ticks, "end_ticks": cue.end_ticks, "ipa": cue.ipa, "stress": cue.stress,
            }  # fmt: skip
        case WordCue():
            return {"type": "word", "t_ticks": cue.t_ticks, "end_ticks": cue.end_ticks, "text": cue.text}
        case EmotionCue():
            return {"type": "emotion", "t_ticks": cue.t_ticks, "emotion": cue.emotion, "intensity": cue.intensity}
        case GestureCue():
            return {"type": "gesture", "t_ticks": cue.t_ticks, "gesture": cue.gesture}


class CueReader:
    """Takes the stream's bytes as they come, cut anywhere. Raises BadInput or TooLarge, and is then of no more use."""

    def __init__(self) -> None:
        self._rest = b""
        self._count = 0

    def push(self, data: bytes) -> list[Cue]:
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > MAX_LINE_BYTES:
            raise TooLarge(f"A cue has more than {MAX_LINE_BYTES} bytes.")
        return [self._cue(line) for line in lines if line]

    def _cue(self, line: bytes) -> Cue:
        self._count += 1
        if len(line) > MAX_LINE_BYTES or self._count > MAX_CUES:
            raise TooLarge(f"Cues: at most {MAX_CUES} of {MAX_LINE_BYTES} bytes are taken.")
        try:
            read = _lines.validate_json(line)
        except ValidationError as error:
            fault = error.errors(include_url=False, include_input=False)[0]
            raise BadInput(f"cue: {fault['msg']}.") from None
        match read:
            case _Phone():
                return PhoneCue(read.t_ticks, max(read.t_ticks, read.end_ticks), read.ipa, read.stress)
            case _Word():
                return WordCue(read.t_ticks, max(read.t_ticks, read.end_ticks), read.text)
            case _Emotion():
                return EmotionCue(read.t_ticks, read.emotion, read.intensity)
            case _Gesture():
                return GestureCue(read.t_ticks, read.gesture)
