"""`interrupt_ms`: from the interrupt sent to silence and a closed mouth at the viewer, whichever comes last.

Silence: the last loud sample heard. Closed mouth: the first decoded frame from which on the mouth stays closed, read from the
stamp that carries the drawn FaceFrame's mouth opening (not from the mouth's pixels). Inside: the data channel, the player's
fade, motion's closing (up to 80 ms), drawing, both codecs, and aiortc's receiver (80 ms of sound, one frame of picture).
The interrupt is sent while speech is heard and the mouth has been seen open.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from visavis import protocol
from visavis.bench.ear import Ear
from visavis.bench.glass import Glass, Sighting
from visavis.bench.response import hush
from visavis.bench.speech_sample import TEXT
from visavis.testing.viewer import Viewer

CLOSED: Final = 0.04
"""Of the mouth's opening: a slit of a pixel or two at 512 pixels."""
SETTLE_S: Final = 0.45
STARTS_WITHIN_S: Final = 5.0
SPEAK_FOR_S: Final = (0.6, 0.85, 1.1, 0.7, 0.95, 1.2)
"""How long it has been speaking when it is interrupted: each time at another place of the sentence."""


async def measure_interrupt(viewer: Viewer, ear: Ear, glass: Glass, *, times: int, text: str = TEXT) -> list[float]:
    """Milliseconds of each interruption; one in whose place nothing was being said is left out."""
    values = []
    for index in range(times):
        await hush(viewer, ear)
        viewer.tell(protocol.Say(text=text))
        if not await ear.loud_now(STARTS_WITHIN_S):
            continue
        await asyncio.sleep(SPEAK_FOR_S[index % len(SPEAK_FOR_S)])
        await _mouth_open(glass)
        if not await ear.loud_now(1.0):
            continue
        sent_s = viewer.tell(protocol.Interrupt())
        await asyncio.sleep(SETTLE_S)
        silent_s = ear.last_loud_s or sent_s
        values.append((max(silent_s, closed_s(glass.sightings, sent_s)) - sent_s) * 1000)
    await hush(viewer, ear)
    return values


def closed_s(sightings: Sequence[Sighting], sent_s: float) -> float:
    """When the frame was decoded from which on the mouth is closed to the end of `sightings`; their end if it never closes."""
    closed_at = None
    for sighting in reversed(sightings):
        if sighting.at_s < sent_s or sighting.opening > CLOSED:
            break
        closed_at = sighting.at_s
    return closed_at if closed_at is not None else sightings[-1].at_s


async def _mouth_open(glass: Glass) -> None:
    for _ in range(100):
        if glass.sightings and glass.sightings[-1].opening > 2 * CLOSED:
            return
        await asyncio.sleep(0.01)
