"""Packets over a real socket on this machine, several senders and strangers at once."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import numpy as np
import pytest
from pylivelinkface import FaceBlendShape, PyLiveLinkFace

from visavis.clock import MonotonicClock
from visavis.errors import BadInput, Unavailable
from visavis.live_link import FrameTime, Packet, Sample, encode_packet
from visavis.transports.livelink.receiver import LiveLinkReceiver
from visavis.transports.livelink.sender import LiveLinkSender, LiveLinkSubject, Target
from visavis.transports.livelink.subjects import MAX_SUBJECTS, Received, Subjects
from visavis.types import TICKS_HZ, FaceFrame

pytestmark = pytest.mark.network
PERIOD = TICKS_HZ // 60


def face(index: int) -> FaceFrame:
    weights = np.random.default_rng(abs(index)).uniform(0, 1, 52).astype(np.float32)
    return FaceFrame(index * PERIOD, weights, np.array([0.1, -0.2, 0.05], np.float32), np.zeros(3, np.float32),
                     np.full((2, 2), 0.1, np.float32))  # fmt: skip


def packet(index: int, subject: str = "iPhone", device: str = "D") -> bytes:
    return encode_packet(Packet(device, subject, Sample.of(face(index), FrameTime(3_000_000 + index, 0.25))))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_what_is_sent_arrives_bit_for_bit_at_every_target() -> None:
    came: list[list[Received]] = [[], []]
    receivers = [LiveLinkReceiver(MonotonicClock(), came[i].append) for i in range(2)]
    ports = [await receiver.open("127.0.0.1", 0) for receiver in receivers]
    sender = LiveLinkSender([Target("127.0.0.1", port) for port in ports])
    subject = LiveLinkSubject("nova", sender, day_s=36_000.0)
    for index in range(50):
        subject.send(face(index))
    await until(lambda: all(len(seen) == 50 for seen in came))
    for seen in came:
        for index, received in enumerate(seen):
            sent = face(index)
            back = received.sample.face(sent.t_ticks)
            assert back.weights.tobytes() == sent.weights.tobytes()
            assert back.head_rotation.tobytes() == sent.head_rotation.tobytes()
            assert back.gaze.tobytes() == sent.gaze.tobytes()
            assert received.source_ticks == pytest.approx(index * PERIOD, abs=1)
            assert received.subject.name == "nova"
    assert seen[0].sample.time.frame == 36_000 * 60
    assert sender.sent == 100
    sender.close()
    for receiver in receivers:
        await receiver.aclose()


async def test_an_independent_receiver_reads_our_packets_off_the_wire() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as theirs:
        theirs.bind(("127.0.0.1", 0))
        theirs.settimeout(5)
        sender = LiveLinkSender([Target("127.0.0.1", theirs.getsockname()[1])])
        LiveLinkSubject("nova", sender).send(face(1))
        found, read = PyLiveLinkFace.decode(theirs.recv(2048))
        sender.close()
    assert found
    assert read.name == "nova"
    assert read.get_blendshape(FaceBlendShape.JawOpen) == float(face(1).weights[17])
    assert read.get_blendshape(FaceBlendShape.HeadYaw) == pytest.approx(-0.1)


async def test_several_subjects_and_strangers_at_once(caplog: pytest.LogCaptureFixture) -> None:
    came: list[Received] = []
    receiver = LiveLinkReceiver(MonotonicClock(), came.append)
    port = await receiver.open("127.0.0.1", 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as out:
        for index in range(20):
            for name in ("ann", "ben", "cem"):
                out.sendto(packet(index, name, "X"), ("127.0.0.1", port))
            out.sendto(b"\x06" + bytes(np.random.default_rng(index).integers(0, 256, 300, np.uint8)), ("127.0.0.1", port))
            out.sendto(b"", ("127.0.0.1", port))
        await until(lambda: len(came) == 60 and receiver.subjects.malformed == 40)
    assert {subject.name: subject.packets for subject in receiver.subjects} == {"ann": 20, "ben": 20, "cem": 20}
    assert sum("was dropped" in record.message for record in caplog.records) == 1
    await receiver.aclose()


async def test_a_port_that_is_taken_is_one_clear_line() -> None:
    receiver, second = (LiveLinkReceiver(MonotonicClock(), lambda received: None) for _ in range(2))
    port = await receiver.open("127.0.0.1", 0)
    with pytest.raises(Unavailable, match=f"UDP port {port} on 127.0.0.1"):
        await second.open("127.0.0.1", port)
    await receiver.aclose()


async def test_a_target_that_nobody_listens_at_is_no_fault() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    sender = LiveLinkSender([Target("127.0.0.1", port)])
    subject = LiveLinkSubject("nova", sender)
    for index in range(20):
        subject.send(face(index))
        await asyncio.sleep(0)
    assert sender.sent + sender.dropped == 20
    sender.close()


def test_losses_and_reordering_are_counted_and_a_restart_is_none() -> None:
    subjects = Subjects(lambda received: None)
    for at, index in enumerate([0, 1, 2, 5, 4, 6, 7]):
        subjects.take(packet(index), at * PERIOD)
    (subject,) = subjects
    assert (subject.packets, subject.reordered, subject.lost) == (7, 1, 1)
    subjects.take(packet(-60 * 60), 8 * PERIOD)  # the phone's clock was set back a minute
    subjects.take(packet(-60 * 60 + 1), 9 * PERIOD)
    assert (subject.packets, subject.reordered, subject.lost) == (9, 1, 1)


def test_packets_without_a_face_are_counted_apart() -> None:
    came: list[Received] = []
    subjects = Subjects(came.append)
    subjects.take(packet(0), 0)
    subjects.take(encode_packet(Packet("D", "iPhone", None)), PERIOD)
    (subject,) = subjects
    assert (subject.packets, subject.without_face, len(came)) == (2, 1, 1)


def test_strangers_cannot_fill_the_memory_with_subjects() -> None:
    subjects = Subjects(lambda received: None)
    for index in range(500):
        subjects.take(packet(0, f"s{index}"), index)
    assert len(list(subjects)) == MAX_SUBJECTS
    assert subjects.crowded == 500 - MAX_SUBJECTS
    subjects.take(packet(0, "late"), 60 * TICKS_HZ)
    assert [subject.name for subject in subjects] == ["late"]


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("192.168.1.20", Target("192.168.1.20", 11111)),
        ("studio.local:12000", Target("studio.local", 12000)),
        ("[::1]:9000", Target("::1", 9000)),
        ("[::1]", Target("::1", 11111)),
        ("fe80::1", Target("fe80::1", 11111)),
    ],
)
def test_addresses(text: str, target: Target) -> None:
    assert Target.parse(text) == target


@pytest.mark.parametrize("text", ["", ":11111", "host:port", "host:0", "host:70000", "[::1]x:1"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(BadInput, match="is no address"):
        Target.parse(text)


def test_a_name_that_leads_nowhere() -> None:
    with pytest.raises(Unavailable, match="is not found"):
        LiveLinkSender([Target("no such host.invalid")])
