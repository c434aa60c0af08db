"""The socket that faces go out through, as Live Link Face packets. It sends to the addresses that were named, nowhere else."""

from __future__ import annotations

import logging
import socket
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from visavis.errors import BadInput, Unavailable
from visavis.live_link import PORT, RATE_HZ, FrameTime, Packet, Sample, encode_packet
from visavis.types import TICKS_HZ, FaceFrame

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Target:
    """Where packets go. `parse` reads HOST, HOST:PORT or [IPv6]:PORT."""

    host: str
    port: int = PORT

    @staticmethod
    def parse(text: str) -> Target:
        host, bracket, rest = text.rpartition("]") if text.startswith("[") else (text, "", "")
        if bracket:
            host, rest = host[1:], rest.removeprefix(":")
        elif text.count(":") == 1:
            host, _, rest = text.partition(":")
        if not host or (rest and not rest.isdecimal()) or not 0 < int(rest or PORT) < 65_536:
            raise BadInput(f"{text!r} is no address.", mend="Give HOST or HOST:PORT, as in 192.168.1.20:11111.")
        return Target(host, int(rest or PORT))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class LiveLinkSender:
    """Sends to every target at once, never waiting. Drop rule: what the network does not take at once is gone, and counted."""

    def __init__(self, targets: Sequence[Target]) -> None:
        """Raises Unavailable for a name that leads nowhere."""
        self.sent = self.dropped = 0
        self._places = [_resolved(target) for target in targets]
        self._sockets: dict[socket.AddressFamily, socket.socket] = {}
        self._told = False
        for family, _ in self._places:
            if family not in self._sockets:
                self._sockets[family] = socket.socket(family, socket.SOCK_DGRAM)
                self._sockets[family].setblocking(False)

    def send(self, packet: Packet) -> None:
        data = encode_packet(packet)
        for family, address in self._places:
            try:
                self._sockets[family].sendto(data, address)
                self.sent += 1
            except OSError as error:
                self.dropped += 1
                if not self._told:
                    self._told = True
                    log.warning("live link: %s takes no packets: %s", address[0], error.strerror or error)

    def __enter__(self) -> LiveLinkSender:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        for opened in self._sockets.values():
            opened.close()


class LiveLinkSubject:
    """One avatar as a Live Link subject: a device id of its own, and frame times that are the time of day, as the app's are."""

    def __init__(self, name: str, sender: LiveLinkSender, *, media_zero_ticks: int = 0, day_s: float | None = None) -> None:
        """`day_s` is the time of day, in seconds, at the media time `media_zero_ticks`; by default it is now."""
        self.name, self.device_id = name, str(uuid.uuid4()).upper()
        self._sender = sender
        self._zero_s = (_second_of_day() if day_s is None else day_s) - media_zero_ticks / TICKS_HZ

    def send(self, face: FaceFrame) -> None:
        time = FrameTime.at(self._zero_s + face.t_ticks / TICKS_HZ, RATE_HZ)
        self._sender.send(Packet(self.device_id, self.name, Sample.of(face, time)))


def _second_of_day() -> float:
    now = datetime.now()
    return now.hour * 3600 + now.minute * 60 + now.second + now.microsecond / 1e6


def _resolved(target: Target) -> tuple[socket.AddressFamily, tuple[str, int]]:
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable(f"{target.host} is not found: {error}.", mend="Check the name, or give its IP address.") from None
    family, _, _, _, address = found[0]
    return family, address  # type: ignore[return-value]
