"""`POST /api/livekit/token`: a short-lived token with which a page joins a LiveKit room."""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field

from visavis.settings import Settings
from visavis.transports.livekit.access import VIEWER_TTL_S, LiveKitAccess, checked_identity, checked_room, new_identity


class RoomWish(BaseModel):
    """Which room, and as whom; without an identity the viewer gets one of its own."""

    model_config = ConfigDict(extra="forbid")

    room: Annotated[str, Field(min_length=1, max_length=64)]
    identity: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    name: Annotated[str, Field(max_length=64)] = ""


class RoomPass(BaseModel):
    """What `livekit-client` connects with."""

    url: str
    token: str
    room: str
    identity: str
    expires_s: int = VIEWER_TTL_S


def add_rooms(app: FastAPI) -> None:
    settings: Settings = app.state.settings

    @app.post("/api/livekit/token", tags=["livekit"])
    async def livekit_token(wish: RoomWish) -> RoomPass:
        """A token for a viewer: it may listen, look, speak and send control messages. 503 where LiveKit is not configured."""
        access = LiveKitAccess.of(settings)
        room = checked_room(wish.room)
        identity = checked_identity(wish.identity) if wish.identity is not None else new_identity("viewer")
        token = access.viewer_token(room, identity, name=wish.name)
        return RoomPass(url=access.url, token=token, room=room, identity=identity)
