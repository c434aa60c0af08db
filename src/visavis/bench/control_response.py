"""`control_ms`: from a control message sent to the first motion frame at the viewer that shows it, a viewer that draws by itself.

A weight that nothing else moves is held at 1 and at 0 in turn, without a fade; inside are the data channel both ways, the wait for
the next of 60 frames a second, motion and the viewer's decoding. What the viewer then needs to draw is its own.
"""

from __future__ import annotations

import asyncio
import time
from typing import Final

from visavis import protocol
from visavis.arkit import INDEX
from visavis.testing.viewer import Viewer

SHAPE: Final = "cheekPuff"
APART_S: Final = 0.15
STAGGER_S: Final = 0.0073
"""Messages go out at another place between two frames each time."""
WITHIN_S: Final = 2.0


async def measure_control(viewer: Viewer, *, times: int) -> list[float]:
    """Milliseconds of each message; the viewer is connected with `draw="viewer"`."""
    values = []
    for index in range(times):
        await asyncio.sleep(APART_S + STAGGER_S * (index % 9))
        wanted = float(index % 2 == 0)
        come = asyncio.get_running_loop().create_future()

        def shown(data: bytes, wanted: float = wanted, come: asyncio.Future[float] = come) -> None:
            weight = protocol.decode_motion(data).weights[INDEX[SHAPE]]
            if abs(float(weight) - wanted) < 0.01 and not come.done():
                come.set_result(time.monotonic())

        viewer.on_motion = shown
        sent_s = viewer.tell(protocol.Weights(weights={SHAPE: wanted}, fade_ms=0))
        async with asyncio.timeout(WITHIN_S):
            values.append((await come - sent_s) * 1000)
    viewer.on_motion = None
    return values
