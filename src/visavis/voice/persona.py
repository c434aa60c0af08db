"""Who speaks: a name, a voice and a first sentence."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Persona:
    """The person in front of the conversation. Pitch and range are eSpeak's 0 to 100, the rate is in words a minute."""

    name: str
    variant: str = "f3"
    """Which of eSpeak's voice variants; the language is the settings'."""
    pitch: int = 50
    pitch_range: int = 50
    rate_wpm: int = 165
    greeting: str = ""
    """Spoken when the conversation starts; "" takes the guide's own."""

    def __post_init__(self) -> None:
        assert 0 <= self.pitch <= 100, self.pitch
        assert 0 <= self.pitch_range <= 100, self.pitch_range
        assert 80 <= self.rate_wpm <= 450, self.rate_wpm
