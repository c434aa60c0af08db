"""An avatar whose start was given up may still come: its token is good for hours. It is sent out, so that no room has two faces."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from visavis.hosted.options import RoomServer

if TYPE_CHECKING:
    from livekit import rtc

logger = logging.getLogger(__name__)


class Latecomer:
    """Removes the participant `identity` whenever it joins `room`, until `aclose`."""

    def __init__(self, room: rtc.Room, identity: str, server: RoomServer) -> None:
        self._room = room
        self._identity = identity
        self._server = server
        self._removals: set[asyncio.Task[None]] = set()
        room.on("participant_connected", self._joined)
        if identity in room.remote_participants:
            self._remove()

    def _joined(self, participant: Any) -> None:
        if participant.identity == self._identity:
            self._remove()

    def _remove(self) -> None:
        task = asyncio.create_task(self._send_out())
        self._removals.add(task)
        task.add_done_callback(self._removals.discard)

    async def _send_out(self) -> None:
        from livekit import api

        who = api.RoomParticipantIdentity(room=self._room.name, identity=self._identity)
        async with api.LiveKitAPI(self._server.url, self._server.api_key, self._server.api_secret) as server:
            try:
                await server.room.remove_participant(who)
            except (api.TwirpError, OSError) as error:
                logger.warning("%s joined after its start was given up, and could not be removed: %s", self._identity, error)
            else:
                logger.info("%s joined after its start was given up, and was removed", self._identity)

    async def aclose(self, *_reason: str) -> None:
        self._room.off("participant_connected", self._joined)
        await asyncio.gather(*self._removals, return_exceptions=True)
