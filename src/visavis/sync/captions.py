"""Captions that keep to what was heard: the agent's words appear as they sound, the user's as they are understood."""

from __future__ import annotations

from visavis.protocol import Transcript
from visavis.types import PlaybackEnd, WordCue


class Captions:
    """The running text of both speakers."""

    def __init__(self) -> None:
        self._heard: dict[int, str] = {}
        self._user_turn = 1

    def heard(self, utterance: int, word: WordCue) -> Transcript:
        """The agent's caption when `word` begins to sound: everything heard so far of this utterance."""
        text = f"{self._heard.get(utterance, '')} {word.text}".strip()
        self._heard[utterance] = text
        return Transcript(speaker="agent", text=text, utterance=utterance, final=False)

    def finished(self, end: PlaybackEnd) -> Transcript | None:
        """The last caption of an utterance; None where no word of it was heard."""
        text = self._heard.pop(end.utterance, "")
        if not text:
            return None
        return Transcript(speaker="agent", text=text, utterance=end.utterance, final=True, interrupted=end.interrupted)

    def user(self, text: str, final: bool) -> Transcript:
        caption = Transcript(speaker="user", text=text, utterance=self._user_turn, final=final)
        self._user_turn += int(final)
        return caption
