"""`glass_ms`: from a frame finished by its engine to the same frame decoded at the viewer.

Every picture carries the moment it was finished (`bench.stamps`); the viewer, another process on the same machine with the same
monotonic clock, reads it back from the decoded pixels. Inside: waiting for the frame's media time, VP8, RTP over loopback, and
aiortc's receiver, which hands a frame to its decoder only when the next one begins (one frame period; a browser does not wait).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from visavis.bench.hooks import on_every_frame
from visavis.bench.stamps import read_stamp
from visavis.testing.viewer import SeenFrame, Viewer


@dataclass(frozen=True, slots=True)
class Sighting:
    """A decoded frame: when, how long after it was finished, how far its mouth is open."""

    at_s: float
    glass_ms: float
    opening: float


@dataclass
class Glass:
    """Follows a viewer's pictures from now on; keeps their stamps alone."""

    viewer: Viewer
    sightings: list[Sighting] = field(default_factory=list)
    unread: int = 0

    def __post_init__(self) -> None:
        on_every_frame(self.viewer, self._saw)

    def _saw(self, frame: SeenFrame) -> None:
        assert frame.luma is not None
        stamp = read_stamp(frame.luma, frame.at_s)
        if stamp is None:
            self.unread += 1
        else:
            self.sightings.append(Sighting(frame.at_s, (frame.at_s - stamp.finished_s) * 1000, stamp.opening))

    @property
    def values_ms(self) -> list[float]:
        return [sighting.glass_ms for sighting in self.sightings]
