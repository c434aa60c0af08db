"""Control messages that are the agent's to carry out: say, chat and interrupt. The rest are the face's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from livekit import rtc
from livekit.agents import AgentSession

from visavis import protocol
from visavis.errors import VisavisError
from visavis.protocol import LIVEKIT_TOPIC, MAX_MESSAGE_BYTES

from .log import logger


class AgentControl:
    """Listens on the agent's room from `start` to `stop`. `heard` gets the events of the avatar `identity`."""

    def __init__(
        self, session: AgentSession[Any], room: rtc.Room, identity: str, heard: Callable[[protocol.Event], None]
    ) -> None:
        self._session = session
        self._room = room
        self._identity = identity
        self._heard = heard

    def start(self) -> None:
        self._room.on("data_received", self._received)

    def stop(self) -> None:
        self._room.off("data_received", self._received)

    def _received(self, packet: rtc.DataPacket) -> None:
        if packet.topic != LIVEKIT_TOPIC or len(packet.data) > MAX_MESSAGE_BYTES:
            return
        sender = packet.participant
        if sender is not None and sender.identity == self._identity:
            self._hear(packet.data)
        elif sender is None or sender.kind != rtc.ParticipantKind.PARTICIPANT_KIND_AGENT:
            self._obey(packet.data)

    def _hear(self, data: bytes) -> None:
        try:
            self._heard(protocol.decode_event(data))
        except VisavisError as error:
            logger.debug("an event of the avatar is not understood: %s", error)

    def _obey(self, data: bytes) -> None:
        try:
            message = protocol.decode_message(data)
        except VisavisError:
            return  # the face answers to it
        try:
            match message:
                case protocol.Say(text=text):
                    self._session.say(text)
                case protocol.Chat(text=text):
                    self._session.interrupt(force=True)
                    self._session.generate_reply(user_input=text)
                case protocol.Interrupt():
                    self._session.interrupt(force=True)
        except RuntimeError as error:
            logger.warning("%s was not carried out: %s", message.type, error)
