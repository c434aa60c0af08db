"""Takes: recorded from performers, sent again as they were, resampled, and laid over what a recording says."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from visavis.clock import Clock
from visavis.live_link import Packet, Sample, ticks_between
from visavis.motion import Motion
from visavis.motion.live_link_csv import MAX_ROWS, LiveLinkCsvWriter
from visavis.session.live_link import between
from visavis.session.offline import known_feed
from visavis.transports.livelink.sender import LiveLinkSender, LiveLinkSubject
from visavis.transports.livelink.subjects import Received
from visavis.types import I16, SPEECH_HZ, FaceFrame, period_ticks, ticks_from_s

REORDER: Final = 16
"""A row is written when so many later ones have come: a packet that was overtaken finds its place."""


class TakeRecorder:
    """A CSV for each subject, every value as it came; the files appear when the `with` block is left well.

    The first subject's has the name that was asked for, those beside it have theirs added.
    """

    def __init__(self, path: Path, *, only: str | None = None) -> None:
        self._path, self._only = path, only
        self._rolls: dict[tuple[str, str], _Roll] = {}

    def __enter__(self) -> TakeRecorder:
        return self

    def take(self, received: Received) -> None:
        subject = received.subject
        if self._only is not None and subject.name != self._only:
            return
        key = subject.device_id, subject.name
        if key not in self._rolls:
            self._rolls[key] = _Roll(self._path_of(subject.name))
        self._rolls[key].add(received)

    def files(self) -> dict[Path, int]:
        """Rows of each file so far."""
        return {roll.path: roll.rows for roll in self._rolls.values()}

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        for roll in self._rolls.values():
            roll.end(kind, error)

    def _path_of(self, name: str) -> Path:
        if not self._rolls:
            return self._path
        safe = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in name)[:64]
        taken = {roll.path for roll in self._rolls.values()}
        stems = (f"{self._path.stem}.{safe}{'' if n == 1 else n}" for n in range(1, len(taken) + 2))
        return next(path for path in map(self._path.with_stem, stems) if path not in taken)


class _Roll:
    """One subject's rows, in order of their time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._writer = LiveLinkCsvWriter(path).__enter__()
        self._waiting: list[tuple[int, int, Sample]] = []
        self._count, self._written_ticks = 0, -1

    @property
    def rows(self) -> int:
        return self._writer.rows + len(self._waiting)

    def add(self, received: Received) -> None:
        self._count += 1
        heapq.heappush(self._waiting, (received.source_ticks, self._count, received.sample))
        if len(self._waiting) > REORDER:
            self._write()

    def end(self, kind: type[BaseException] | None, error: BaseException | None) -> None:
        while self._waiting:
            self._write()
        self._writer.__exit__(kind, error, None)

    def _write(self) -> None:
        t_ticks, _, sample = heapq.heappop(self._waiting)
        if t_ticks > self._written_ticks and self._writer.rows < MAX_ROWS:  # what came too late, or twice, is left out
            self._written_ticks = t_ticks
            self._writer.write(sample)


async def send_faces(faces: Iterable[FaceFrame], subject: LiveLinkSubject, clock: Clock, *, from_ticks: int) -> int:
    """Send each face when its time, counted from `from_ticks`, has come; returns how many."""
    count = 0
    for face in faces:
        await clock.sleep_until(from_ticks + face.t_ticks)
        subject.send(face)
        count += 1
    return count


async def send_samples(
    samples: Sequence[Sample], sender: LiveLinkSender, clock: Clock, *, subject: str, device_id: str, loop: bool = False
) -> int:
    """Send a take again, values and times as they were recorded, at its own pace; returns how many packets."""
    count = 0
    while True:
        begun = clock.now_ticks()
        for sample in samples:
            await clock.sleep_until(begun + ticks_between(samples[0].time, sample.time))
            sender.send(Packet(device_id, subject, sample))
            count += 1
        if not loop:
            return count


def resampled(faces: Sequence[FaceFrame], fps: int) -> Iterator[FaceFrame]:
    """A take at another rate, from its first face to its last, each value on the straight line between its neighbours."""
    assert faces, "a take has a face"
    at, period = 0, period_ticks(fps)
    for index in range((faces[-1].t_ticks - faces[0].t_ticks) // period + 1):
        t_ticks = faces[0].t_ticks + index * period
        while at + 2 < len(faces) and faces[at + 1].t_ticks <= t_ticks:
            at += 1
        yield between(faces[at], faces[at + 1], t_ticks) if len(faces) > 1 else faces[0]


def faces_of_take(
    take: Sequence[FaceFrame],
    sound: I16 | None,
    *,
    fps: int,
    seed: int,
    gains: dict[str, float] | None = None,
    least_s: float = 0.0,
) -> Iterator[FaceFrame]:
    """FaceFrames at `fps` from media time 0: the take as it is; after it, up to `least_s`, the face's own life.

    With `sound`, int16 [n] at `SPEECH_HZ`, the mouth is left to it while it speaks.
    """
    motion = Motion(seed=seed, gains=gains)
    motion.leave_mouth_to_speech(sound is not None)
    if sound is not None:
        known_feed(motion, sound)
        least_s = max(least_s, len(sound) / SPEECH_HZ)
    period, coming = period_ticks(fps), iter(resampled(take, fps))
    upcoming = next(coming, None)
    count = max(-(-ticks_from_s(least_s) // period), take[-1].t_ticks // period + 1)
    for index in range(count):
        t_ticks = index * period
        while upcoming is not None and upcoming.t_ticks <= t_ticks + period:
            motion.live(upcoming)
            upcoming = next(coming, None)
        yield motion.sample(t_ticks)
