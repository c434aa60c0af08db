"""`response_ms`: typed text, from the moment the viewer sends it to the first sample of the reply that it hears.

A real server on loopback, the embedded voice and guide, a Python viewer. Inside: the data channel, the agent, synthesis of the
first sentence, the player's lead, Opus, and aiortc's receiver, which holds sound back by 4 packets (80 ms).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from visavis import protocol
from visavis.bench.ear import Ear
from visavis.testing.viewer import Viewer

TEXTS: Final = ("Hello!", "What can you do?", "Who are you?", "Can you smile?", "How fast are you?", "Tell me about visavis.")
TIMEOUT_S: Final = 10.0
QUIET_S: Final = 0.5


async def measure_response(viewer: Viewer, ear: Ear, *, times: int, texts: Sequence[str] = TEXTS) -> list[float]:
    """Milliseconds of each reply; one that never came is left out."""
    values = []
    for index in range(times):
        await hush(viewer, ear)
        sent_s = viewer.tell(protocol.Chat(text=texts[index % len(texts)]))
        heard_s = await ear.first_sound_after(sent_s, TIMEOUT_S)
        if heard_s is not None:
            values.append((heard_s - sent_s) * 1000)
    await hush(viewer, ear)
    return values


async def hush(viewer: Viewer, ear: Ear) -> None:
    """Interrupt whatever is being said and wait for quiet."""
    viewer.tell(protocol.Interrupt())
    await ear.quiet(QUIET_S)
