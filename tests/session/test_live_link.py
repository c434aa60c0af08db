"""Performers who are followed over a bad link, and sessions that are followed, on virtual time."""

from __future__ import annotations

import asyncio
import heapq
from pathlib import Path

import numpy as np
from tests import needs

from visavis.arkit import INDEX
from visavis.clock import VirtualClock
from visavis.live_link import FrameTime, Packet, Sample, decode_packet, encode_packet
from visavis.motion import Motion
from visavis.motion.live_link_csv import read_live_link_samples
from visavis.motion.performers import Performer
from visavis.session.live_link import Broadcast, Broadcasts, Follower, Performers
from visavis.transports.livelink.sender import LiveLinkSubject
from visavis.transports.livelink.subjects import Subjects
from visavis.types import TICKS_HZ, FaceFrame

PERIOD = TICKS_HZ // 60
LEAD = TICKS_HZ * 24 // 1000
JAW, BROW = INDEX["jawOpen"], INDEX["browInnerUp"]


def sample_at(t_s: float, frame: int) -> Sample:
    weights = np.zeros(52, np.float32)
    weights[JAW] = 0.5 + 0.5 * np.sin(2 * np.pi * 2.0 * t_s)
    weights[BROW] = 0.5 + 0.5 * np.sin(2 * np.pi * 0.5 * t_s)
    face = FaceFrame(0, weights, np.array([0.3 * np.sin(3.0 * t_s), 0.0, 0.0], np.float32), np.zeros(3, np.float32),
                     np.zeros((2, 2), np.float32))  # fmt: skip
    return Sample.of(face, FrameTime(frame))


class LossyLink:
    """Drops, delays and so reorders datagrams; `step` hands over what has arrived by a time."""

    def __init__(self, seed: int, *, loss: float, jitter_ticks: int) -> None:
        self._random = np.random.default_rng(seed)
        self._loss, self._jitter = loss, jitter_ticks
        self._flying: list[tuple[int, int, bytes]] = []
        self._count = 0

    def send(self, data: bytes, t_ticks: int) -> None:
        self._count += 1
        if self._random.random() >= self._loss:
            heapq.heappush(self._flying, (t_ticks + 300 + int(self._random.integers(0, self._jitter + 1)), self._count, data))

    def arrived_by(self, t_ticks: int) -> list[tuple[int, bytes]]:
        out = []
        while self._flying and self._flying[0][0] <= t_ticks:
            at, _, data = heapq.heappop(self._flying)
            out.append((at, data))
        return out


async def watched(link: LossyLink, seconds: float, *, skew: float = 1.0) -> tuple[np.ndarray, np.ndarray, Subjects]:
    """[n] times and [n, 3] jaw, brow and yaw of pictures at 30 Hz, drawn 24 ms ahead, of a performer behind `link`."""
    clock = VirtualClock(5 * TICKS_HZ)
    start = clock.now_ticks()
    motion = Motion(seed=1)
    follower = Follower(motion, clock, lambda name: Performer())
    subjects = Subjects(follower.take)
    times, seen, frame = [], [], 0
    for picture in range(round(seconds * 30)):
        due = start + picture * 2 * PERIOD - LEAD
        while frame / 60 * TICKS_HZ <= due - start:
            data = encode_packet(Packet("D", "iPhone", sample_at(frame / 60, 4_000_000 + round(frame * skew))))
            link.send(data, start + frame * PERIOD)
            frame += 1
        for at, data in link.arrived_by(max(due, start)):
            await clock.advance_to(max(clock.now_ticks(), at))
            subjects.take(data, clock.now_ticks())
        await clock.advance_to(max(clock.now_ticks(), due))
        face = motion.sample(start + picture * 2 * PERIOD)
        times.append(picture / 30)
        seen.append([face.weights[JAW], face.weights[BROW], face.head_rotation[0]])
    return np.array(times), np.array(seen), subjects


def fit(times: np.ndarray, seen: np.ndarray) -> tuple[float, float]:
    """The delay in seconds that explains what was seen best, and the RMS error of the jaw left then."""
    best = (np.inf, 0.0)
    for delay in np.arange(0.0, 0.3, 0.002):
        truth = 0.5 + 0.5 * np.sin(2 * np.pi * 2.0 * (times - delay))
        best = min(best, (float(np.sqrt(np.mean((seen[:, 0] - truth) ** 2))), float(delay)))
    return best[1], best[0]


async def test_a_performer_over_a_good_link() -> None:
    times, seen, _ = await watched(LossyLink(1, loss=0.0, jitter_ticks=0), 8)
    late = times > 1.0
    delay_s, error = fit(times[late], seen[late])
    assert delay_s < 0.06
    assert error < 0.01


async def test_lost_late_and_reordered_packets_are_lived_with() -> None:
    times, seen, subjects = await watched(LossyLink(2, loss=0.1, jitter_ticks=40 * TICKS_HZ // 1000), 12)
    (subject,) = subjects
    assert subject.reordered > 50
    assert subject.lost > 30
    late = times > 1.0
    delay_s, error = fit(times[late], seen[late])
    assert delay_s < 0.12
    assert error < 0.05
    steps = np.abs(np.diff(seen[late][:, 0]))
    assert steps.max() < 1.35 * np.pi * 2.0 / 30  # the steepest the jaw truly moves between two pictures, and a little


async def test_a_bad_link_is_smoother_than_taking_packets_as_they_come() -> None:
    link = LossyLink(3, loss=0.1, jitter_ticks=60 * TICKS_HZ // 1000)
    times, seen, _ = await watched(link, 10)
    late = times > 1.0
    _, ours = fit(times[late], seen[late])
    link, newest, naive = LossyLink(3, loss=0.1, jitter_ticks=60 * TICKS_HZ // 1000), 0.0, []
    for picture in range(300):
        for frame in (2 * picture, 2 * picture + 1):
            link.send(encode_packet(Packet("D", "i", sample_at(frame / 60, frame))), frame * PERIOD)
        for _, data in link.arrived_by(picture * 2 * PERIOD):
            newest = float(decode_packet(data).sample.values[JAW])  # type: ignore[union-attr]
        naive.append([newest, 0.0, 0.0])
    _, theirs = fit(times[late], np.array(naive)[late])
    assert ours < 0.4 * theirs


async def test_a_real_capture_is_followed_and_let_go() -> None:
    samples = read_live_link_samples(needs.shared("livelink/alex_rom_3.csv"))[300:420]
    clock = VirtualClock()
    motion, free = Motion(seed=1), Motion(seed=1)
    subjects = Subjects(Follower(motion, clock, lambda name: Performer()).take)
    first = samples[0].time
    seen = []
    for sample in samples:
        t_ticks = round((sample.time.seconds - first.seconds) * TICKS_HZ)
        await clock.advance_to(max(clock.now_ticks(), t_ticks))
        subjects.take(encode_packet(Packet("D", "alex", sample)), clock.now_ticks())
        if clock.now_ticks() - LEAD > 0:
            seen.append((motion.sample(clock.now_ticks()), sample))
    truth = np.array([sample.face(0).weights[JAW] for _, sample in seen[30:]])
    ours = np.array([face.weights[JAW] for face, _ in seen[30:]])
    assert np.corrcoef(ours[2:], truth[:-2])[0, 1] > 0.95
    end = clock.now_ticks() + 2 * TICKS_HZ
    np.testing.assert_allclose(motion.sample(end).weights, free.sample(end).weights, atol=1e-6)


async def test_whom_a_session_follows(tmp_path: Path) -> None:
    clock = VirtualClock()
    performers = Performers(tmp_path)
    motions = [Motion(seed=1) for _ in range(3)]
    followers = [Follower(motion, clock, performers.performer_of, name)
                 for motion, name in zip(motions, ("ann", "ben", ""), strict=True)]  # fmt: skip
    for follower in followers:
        performers.join(follower)

    def sent(name: str, jaw: float, index: int) -> bytes:
        weights = np.zeros(52, np.float32)
        weights[JAW] = jaw
        face = FaceFrame(0, weights, *(np.zeros(3, np.float32),) * 2, np.zeros((2, 2), np.float32))
        return encode_packet(Packet(name, name, Sample.of(face, FrameTime(index))))

    async def play(begin: int, count: int, names: dict[str, float]) -> list[float]:
        for index in range(begin, begin + count):
            await clock.advance_to(index * PERIOD)
            for name, jaw in names.items():
                performers.receiver.subjects.take(sent(name, jaw, index), clock.now_ticks())
        return [float(motion.sample(clock.now_ticks()).weights[JAW]) for motion in motions]

    ann, ben, first = await play(0, 60, {"ann": 0.2, "ben": 0.8})
    np.testing.assert_allclose([ann, ben, first], [0.2, 0.8, 0.2], atol=1e-3)
    followers[0].follow("ben")
    followers[1].follow(None)
    switched, free, still = await play(60, 90, {"ann": 0.2, "ben": 0.8})
    np.testing.assert_allclose([switched, still], [0.8, 0.2], atol=1e-3)
    assert free < 0.1
    _, _, taken_over = await play(150, 150, {"ben": 0.8})  # ann is gone; who follows anyone follows who is left
    np.testing.assert_allclose(taken_over, 0.8, atol=1e-3)


class Sent:
    """A sender that keeps what it is given."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []

    def send(self, packet: Packet) -> None:
        self.packets.append(decode_packet(encode_packet(packet)))

    def close(self) -> None:
        pass


async def test_a_session_sampled_at_30_hz_is_sent_at_60_hz_on_media_time() -> None:
    sent, clock, motion = Sent(), VirtualClock(), Motion(seed=1)
    broadcast = Broadcast(LiveLinkSubject("nova", sent, day_s=0.0), clock)  # type: ignore[arg-type]
    task = asyncio.create_task(broadcast.run())
    for picture in range(1, 150):
        await clock.advance_to(picture * 2 * PERIOD - LEAD)
        broadcast.on_face(motion.sample(picture * 2 * PERIOD))
    task.cancel()
    frames = [packet.sample.time.frame for packet in sent.packets if packet.sample]
    assert frames == list(range(frames[0], frames[0] + len(frames)))
    assert 285 < len(frames) <= 300
    again = Motion(seed=1)
    pictures = [packet.sample for packet in sent.packets if packet.sample and packet.sample.time.frame % 2 == 0]
    assert len(pictures) > 140
    for sample in pictures:
        truth = again.sample(sample.time.frame * PERIOD)
        np.testing.assert_allclose(sample.face(0).weights, truth.weights, atol=1e-6)


def test_sessions_at_once_have_names_of_their_own() -> None:
    broadcasts = Broadcasts(Sent(), "visavis", delay_s=0.0)  # type: ignore[arg-type]
    one, two = broadcasts.open(VirtualClock()), broadcasts.open(VirtualClock())
    assert (one.subject.name, two.subject.name) == ("visavis", "visavis-2")
    assert len({one.subject.device_id, two.subject.device_id}) == 2
    assert len(one.subject.device_id) == 36
    broadcasts.close(one)
    assert broadcasts.open(VirtualClock()).subject.name == "visavis"
