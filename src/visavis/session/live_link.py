"""Live Link Face beside a conversation: performers whose faces sessions follow, and sessions that Unreal follows."""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from visavis.clock import Clock, MonotonicClock
from visavis.errors import BadInput
from visavis.live_link import RATE_HZ
from visavis.motion import Motion
from visavis.motion.performers import Performer, load_performer
from visavis.sync.arrivals import ArrivalClock
from visavis.transports.livelink.receiver import LiveLinkReceiver
from visavis.transports.livelink.sender import LiveLinkSender, LiveLinkSubject
from visavis.transports.livelink.subjects import Received, Subject
from visavis.types import F32, FaceFrame, period_ticks, ticks_from_s

log = logging.getLogger(__name__)

BEHIND_TICKS: Final = ticks_from_s(0.017)
"""Faces leave so long after their time: the next picture's face is known by then, and what lies between can be sent too."""
_KEPT: Final = 32
ANY: Final = ""


class Follower:
    """Feeds one session's motion with the faces of one subject: calibrated, and on the session's own media time."""

    def __init__(self, motion: Motion, clock: Clock, performer_of: Callable[[str], Performer], subject: str = ANY) -> None:
        """`subject` is whom to follow; by default whoever sends first."""
        self.subject: str | None = subject
        self._motion, self._clock = motion, clock
        self._performer_of = performer_of
        self._leader: Subject | None = None
        self._arrivals = ArrivalClock()
        self._performer = Performer()

    def follow(self, subject: str | None) -> None:
        """From now on another; None: nobody, and the face goes back to its own."""
        self.subject, self._leader = subject, None

    def take(self, received: Received) -> None:
        subject = received.subject
        if subject is not self._leader:
            if self.subject is None or self.subject not in {ANY, subject.name} or not self._gone():
                return
            self._leader, self._arrivals = subject, ArrivalClock()
            self._performer = self._performer_of(subject.name)
        t_ticks = self._arrivals.media_ticks(received.source_ticks, self._clock.now_ticks())
        self._motion.live(self._performer.apply(received.sample.face(t_ticks)))

    def _gone(self) -> bool:
        """Whether there is no leader, or it has been silent so long that another may take over."""
        return self._leader is None or self._leader.silent


class Performers:
    """The receiver of a server, and everyone who follows somebody there."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._followers: set[Follower] = set()
        self.receiver = LiveLinkReceiver(MonotonicClock(), self._hand_on)

    def join(self, follower: Follower) -> None:
        self._followers.add(follower)

    def leave(self, follower: Follower) -> None:
        self._followers.discard(follower)

    def performer_of(self, subject: str) -> Performer:
        """Their calibration; a damaged one is told of and left out."""
        try:
            return load_performer(self._home, subject)
        except BadInput as error:
            log.warning("live link: %s is not calibrated: %s", subject, error)
            return Performer()

    async def aclose(self) -> None:
        await self.receiver.aclose()

    def _hand_on(self, received: Received) -> None:
        for follower in tuple(self._followers):
            follower.take(received)


class Broadcast:
    """One session's face as a Live Link subject at 60 Hz, on the media time that its sound is on."""

    def __init__(self, subject: LiveLinkSubject, clock: Clock, *, delay_s: float = 0.0) -> None:
        """`delay_s` later than the sound leaves the server, for those who hear it late."""
        self.subject = subject
        self._clock = clock
        self._behind_ticks = BEHIND_TICKS + ticks_from_s(delay_s)
        self._faces: deque[FaceFrame] = deque(maxlen=_KEPT + round(delay_s * RATE_HZ))

    def on_face(self, face: FaceFrame) -> None:
        """Every face the session samples, in order of time."""
        self._faces.append(face)

    async def run(self) -> None:
        """Until cancelled."""
        period = period_ticks(RATE_HZ)
        index = self._clock.now_ticks() // period + 1
        while True:
            await self._clock.sleep_until(index * period + self._behind_ticks)
            face = self._at(index * period)
            if face is not None:
                self.subject.send(face)
            index = max(index + 1, (self._clock.now_ticks() - self._behind_ticks) // period)

    def _at(self, t_ticks: int) -> FaceFrame | None:
        """The face at a time: between the two that lie around it, the newest where there is none later yet."""
        at = bisect_right(self._faces, t_ticks, key=lambda face: face.t_ticks)
        if at == 0:
            return None
        before = self._faces[at - 1]
        if at == len(self._faces) or before.t_ticks == t_ticks:
            return replace(before, t_ticks=t_ticks)
        after = self._faces[at]
        return between(before, after, t_ticks)


class Broadcasts:
    """The sender of a server, and a subject name for each session."""

    def __init__(self, sender: LiveLinkSender, name: str, *, delay_s: float) -> None:
        self.sender, self._name, self._delay_s = sender, name, delay_s
        self._taken: dict[str, Broadcast] = {}

    def open(self, clock: Clock) -> Broadcast:
        """The first session is named as it was asked for, those beside it get a number."""
        numbers = (self._name if n == 1 else f"{self._name}-{n}" for n in range(1, len(self._taken) + 2))
        name = next(name for name in numbers if name not in self._taken)
        subject = LiveLinkSubject(name, self.sender, media_zero_ticks=clock.now_ticks())
        self._taken[name] = Broadcast(subject, clock, delay_s=self._delay_s)
        return self._taken[name]

    def close(self, broadcast: Broadcast) -> None:
        self._taken.pop(broadcast.subject.name, None)

    def aclose(self) -> None:
        self.sender.close()


def between(before: FaceFrame, after: FaceFrame, t_ticks: int) -> FaceFrame:
    """The face at a time between two, each value on the straight line."""
    x = (t_ticks - before.t_ticks) / (after.t_ticks - before.t_ticks)

    def mixed(a: F32, b: F32) -> F32:
        return a + (b - a) * np.float32(x)

    return FaceFrame(
        t_ticks, mixed(before.weights, after.weights), mixed(before.head_rotation, after.head_rotation),
        mixed(before.head_translation, after.head_translation), mixed(before.gaze, after.gaze), before.generation,
    )  # fmt: skip
