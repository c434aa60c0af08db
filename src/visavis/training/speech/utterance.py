"""A stretch of sound whose phones are known."""

from __future__ import annotations

from dataclasses import dataclass, replace

from visavis.types import F32, TICKS_HZ, PhoneCue, ticks_from_s


@dataclass(frozen=True, slots=True, eq=False)
class Utterance:
    """`sound` float32 [n] at 16 kHz, full scale 1; times of `phones` count from its first sample.

    `kind`: "speech", "laughter", "breath", or "noise" for all other sound that moves no mouth.
    `source`, `language` and `speaker` say where it is from.
    """

    sound: F32
    phones: tuple[PhoneCue, ...]
    source: str
    language: str = ""
    speaker: str = ""
    kind: str = "speech"


def phone(start_s: float, end_s: float, ipa: str, stress: int = 0) -> PhoneCue:
    return PhoneCue(ticks_from_s(start_s), ticks_from_s(end_s), ipa, stress)


def stretched(utterance: Utterance, factor: float, sound: F32) -> Utterance:
    """The same phones in `sound`, which lasts `factor` times as long."""
    phones = tuple(
        replace(p, t_ticks=round(p.t_ticks * factor), end_ticks=round(p.end_ticks * factor)) for p in utterance.phones
    )
    return replace(utterance, sound=sound, phones=phones)


def last_s(phones: tuple[PhoneCue, ...]) -> float:
    return max((p.end_ticks for p in phones), default=0) / TICKS_HZ
