"""What a conversation tells the one who owns it."""

from __future__ import annotations

from typing import Protocol

from visavis.errors import VisavisError
from visavis.types import AgentState


class ConversationListener(Protocol):
    """Called on the event loop, in order. What these raise is not handled, but for `on_avatar_requested`."""

    def on_state(self, state: AgentState) -> None: ...

    def on_user_transcript(self, text: str, *, final: bool) -> None:
        """What the user said (interim results replace each other) or typed (final at once)."""
        ...

    def on_user_turn_ended(self, seconds_ago: float) -> None:
        """The user has stopped speaking, so long ago, for the length of a breath at least; no words need follow from it."""
        ...

    def on_agent_text(self, utterance: int, text: str, *, interrupted: bool) -> None:
        """An utterance is over; `text` is what was heard of it. While it runs, its WordCues are the captions."""
        ...

    async def on_avatar_requested(self, name: str) -> None:
        """The user wants to talk to somebody else. Raise a VisavisError where that cannot be: the agent says why."""
        ...

    def on_error(self, error: VisavisError) -> None:
        """Something of the voice failed; the conversation goes on as well as it can."""
        ...
