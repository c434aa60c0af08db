"""Where a LiveKit server is and how to be let in: tokens for viewers and for avatars, minted here and nowhere else."""

from __future__ import annotations

import datetime
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from visavis.errors import BadInput, Unavailable
from visavis.settings import Settings

VIEWER_TTL_S: Final = 600
"""A viewer's token opens the door for ten minutes; who is inside is not put out when it ends."""
AVATAR_TTL_S: Final = 3_600
AVATAR_PREFIX: Final = "visavis-"
"""Identities of avatars; a viewer cannot take one, for a second participant of an identity puts the first one out."""
AGENT_PREFIX: Final = "agent-"
"""How LiveKit names its agents."""
ROOM_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
IDENTITY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
MAX_NAME_CHARACTERS: Final = 64
NAME_MEND: Final = "Take 1 to 64 letters, digits, dots, hyphens or underscores."
SETTINGS_MEND: Final = "Set VISAVIS_LIVEKIT_URL, VISAVIS_LIVEKIT_API_KEY and VISAVIS_LIVEKIT_API_SECRET."
ON_BEHALF: Final = "lk.publish_on_behalf"
"""Participant attribute: the agent whose voice and face this avatar is."""


@dataclass(frozen=True)
class LiveKitAccess:
    """A server and the key that signs for it. The secret is never printed."""

    url: str
    api_key: str
    api_secret: str = field(repr=False)

    @staticmethod
    def of(settings: Settings) -> LiveKitAccess:
        """Raises Unavailable where LiveKit is not configured."""
        if not settings.livekit_url or not settings.livekit_api_key or settings.livekit_api_secret is None:
            raise Unavailable("LiveKit is not configured here.", mend=SETTINGS_MEND)
        return LiveKitAccess(settings.livekit_url, settings.livekit_api_key, settings.livekit_api_secret.get_secret_value())

    def viewer_token(self, room: str, identity: str, *, name: str = "") -> str:
        """For a person who looks, listens, speaks and sends control messages. Raises BadInput."""
        from livekit.api import VideoGrants

        if identity.lower().startswith((AVATAR_PREFIX, AGENT_PREFIX)):
            raise BadInput(f"identity: {identity!r} is an avatar's or an agent's.", mend="Take another, or leave it out.")
        grants = VideoGrants(
            room_join=True, room=room, can_publish=True, can_publish_sources=["microphone"], can_subscribe=True,
            can_publish_data=True, can_update_own_metadata=False,
        )  # fmt: skip
        return self._token(grants, room, identity, name=name, kind="standard", ttl_s=VIEWER_TTL_S)

    def avatar_token(self, room: str, identity: str, *, name: str, agent_identity: str, attributes: Mapping[str, str]) -> str:
        """For an avatar that publishes on behalf of an agent."""
        from livekit.api import VideoGrants

        grants = VideoGrants(room_join=True, room=room, can_publish=True, can_subscribe=True, can_publish_data=True)
        given = {ON_BEHALF: agent_identity, **attributes}
        return self._token(grants, room, identity, name=name, kind="agent", ttl_s=AVATAR_TTL_S, attributes=given)

    def _token(
        self, grants: object, room: str, identity: str, *, name: str, kind: str, ttl_s: int,
        attributes: Mapping[str, str] | None = None,
    ) -> str:  # fmt: skip
        from livekit.api import AccessToken

        if len(name) > MAX_NAME_CHARACTERS or any(ord(character) < 32 for character in name):
            raise BadInput(f"name: at most {MAX_NAME_CHARACTERS} printable characters are taken.")
        token = AccessToken(self.api_key, self.api_secret).with_identity(identity).with_kind(kind)  # type: ignore[arg-type]
        token = token.with_grants(grants).with_ttl(datetime.timedelta(seconds=ttl_s))  # type: ignore[arg-type]
        if name:
            token = token.with_name(name)
        if attributes:
            token = token.with_attributes(dict(attributes))
        return token.to_jwt()


def checked_room(name: str) -> str:
    """A room's name from outside. Raises BadInput."""
    if ROOM_NAME.fullmatch(name) is None:
        raise BadInput(f"room: {name[:64]!r} is not a room's name.", mend=NAME_MEND)
    return name


def checked_identity(identity: str) -> str:
    """A participant's identity from outside. Raises BadInput."""
    if IDENTITY.fullmatch(identity) is None:
        raise BadInput(f"identity: {identity[:64]!r} is not an identity.", mend=NAME_MEND)
    return identity


def new_identity(kind: str) -> str:
    """An identity that no other participant has: `viewer-…`, `visavis-…`."""
    return f"{kind}-{secrets.token_hex(6)}"
