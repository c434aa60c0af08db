"""The socket that Live Link Face packets come in through."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from visavis.clock import Clock
from visavis.errors import Unavailable
from visavis.transports.livelink.subjects import Received, Subjects


class LiveLinkReceiver:
    """Listens on a UDP port until closed. Packets are taken as they come, never queued."""

    def __init__(self, clock: Clock, on_face: Callable[[Received], None]) -> None:
        self._clock = clock
        self.subjects = Subjects(on_face)
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self, host: str, port: int) -> int:
        """The port that is listened on; 0 takes a free one. Raises Unavailable where it cannot be had."""
        loop = asyncio.get_running_loop()
        try:
            self._transport, _ = await loop.create_datagram_endpoint(lambda: _Inlet(self), local_addr=(host, port))
        except OSError as error:
            raise Unavailable(
                f"UDP port {port} on {host} cannot be listened on: {error.strerror or error}.",
                mend="Choose another port, or end the program that has it.",
            ) from None
        return int(self._transport.get_extra_info("sockname")[1])

    def take(self, data: bytes) -> None:
        self.subjects.take(data, self._clock.now_ticks())

    async def aclose(self) -> None:
        if self._transport is not None:
            self._transport.close()
            self._transport = None
            await asyncio.sleep(0)


class _Inlet(asyncio.DatagramProtocol):
    def __init__(self, receiver: LiveLinkReceiver) -> None:
        self._receiver = receiver

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        self._receiver.take(data)
