"""Who sends: datagrams sorted by device and subject, with the sender's time of each frame. No socket and no clock of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from visavis.errors import BadInput
from visavis.live_link import FrameTime, Sample, decode_packet, ticks_between
from visavis.types import TICKS_HZ

log = logging.getLogger(__name__)

MAX_SUBJECTS: Final = 32
"""More at once are dropped, and told of once."""
FORGET_TICKS: Final = 30 * TICKS_HZ
"""A subject that is silent for so long gives its place away."""
SILENT_TICKS: Final = TICKS_HZ
LOG_EVERY_TICKS: Final = 10 * TICKS_HZ


@dataclass(eq=False)
class Subject:
    """One performer on one device, and how well the link to it does."""

    name: str
    device_id: str
    first: FrameTime
    packets: int = 0
    without_face: int = 0
    reordered: int = 0
    lost: int = 0
    seen_ticks: int = 0
    newest_ticks: int = -1
    period_ticks: int = 0
    silent: bool = False
    """It has sent nothing for a second."""


@dataclass(frozen=True, slots=True, eq=False)
class Received:
    """A face that came: whose, when by the sender's clock (ticks since its first packet), and everything the packet held."""

    subject: Subject
    source_ticks: int
    sample: Sample


class Subjects:
    """Takes datagrams, whatever they are; what is no packet is counted and changes nothing."""

    def __init__(self, on_face: Callable[[Received], None]) -> None:
        self._on_face = on_face
        self._known: dict[tuple[str, str], Subject] = {}
        self._quiet_until_ticks = -1
        self.malformed = 0
        self.crowded = 0

    def __iter__(self) -> Iterator[Subject]:
        return iter(list(self._known.values()))

    def take(self, data: bytes, arrival_ticks: int) -> None:
        """A datagram, and when it came by any clock that goes on."""
        try:
            packet = decode_packet(data)
        except BadInput as error:
            self.malformed += 1
            self._complain(f"a datagram was dropped ({self.malformed} so far): {error}", arrival_ticks)
            return
        for known in self._known.values():
            known.silent = arrival_ticks - known.seen_ticks > SILENT_TICKS
        sample = packet.sample
        subject = self._known.get((packet.device_id, packet.subject))
        if subject is None:
            if sample is None or not self._has_room(arrival_ticks):
                return
            subject = Subject(packet.subject, packet.device_id, sample.time)
            self._known[packet.device_id, packet.subject] = subject
            log.info("live link: %s sends", packet.subject)
        subject.packets += 1
        subject.seen_ticks, subject.silent = arrival_ticks, False
        if sample is None:
            subject.without_face += 1
            return
        source_ticks = ticks_between(subject.first, sample.time)
        _count(subject, source_ticks)
        self._on_face(Received(subject, source_ticks, sample))

    def _has_room(self, now_ticks: int) -> bool:
        self._known = {key: one for key, one in self._known.items() if now_ticks - one.seen_ticks < FORGET_TICKS}
        if len(self._known) < MAX_SUBJECTS:
            return True
        self.crowded += 1
        self._complain(f"more than {MAX_SUBJECTS} subjects send at once; the newest are left out", now_ticks)
        return False

    def _complain(self, text: str, now_ticks: int) -> None:
        """One line at most every ten seconds, however much comes."""
        if now_ticks >= self._quiet_until_ticks:
            self._quiet_until_ticks = now_ticks + LOG_EVERY_TICKS
            log.warning("live link: %s", text)


def _count(subject: Subject, source_ticks: int) -> None:
    """Losses show as gaps in the sender's time, and are taken back where a packet comes late after all."""
    gap = source_ticks - subject.newest_ticks
    if -TICKS_HZ < gap <= 0:
        subject.reordered += 1
        subject.lost = max(0, subject.lost - 1)
        return
    if subject.newest_ticks >= 0 and 0 < gap < TICKS_HZ:
        subject.period_ticks = min(gap, subject.period_ticks or gap)
        subject.lost += round(gap / subject.period_ticks) - 1
    subject.newest_ticks = source_ticks
