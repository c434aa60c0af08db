"""Asking for an avatar in a room, over LiveKit's own dispatch: what is wanted travels as the job's metadata, no secret among it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from visavis.errors import BadInput, TooLarge, Unavailable
from visavis.transports.livekit.access import AVATAR_PREFIX, LiveKitAccess
from visavis.types import TICKS_HZ

if TYPE_CHECKING:
    from livekit.api import LiveKitAPI

MAX_WISH_BYTES: Final = 4_096
SERVER_MEND: Final = "Check the server's URL, key and secret."


def _divides_the_tick(fps: int) -> int:
    if TICKS_HZ % fps:
        raise ValueError(f"{fps} does not divide {TICKS_HZ}; take 25, 30, 50 or 60")
    return fps


class AvatarWish(BaseModel):
    """Who is wanted in front of whom. Sizes and rates are the worker's own where they are not given."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    identity: Annotated[str, Field(pattern=f"^{AVATAR_PREFIX}[A-Za-z0-9._-]{{1,56}}$")]
    agent: Annotated[str, Field(min_length=1, max_length=128)]
    avatar: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    engine: Annotated[str, Field(min_length=1, max_length=32)] | None = None
    name: Annotated[str, Field(max_length=64)] = "visavis"
    size: Annotated[int, Field(ge=128, le=1080, multiple_of=16)] | None = None
    fps: Annotated[int, Field(ge=5, le=60), AfterValidator(_divides_the_tick)] | None = None
    restart: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    """How often it was lost before."""


def decode_wish(metadata: str) -> AvatarWish:
    """Of a job's metadata. Raises BadInput or TooLarge."""
    if len(metadata.encode()) > MAX_WISH_BYTES:
        raise TooLarge(f"The job's metadata has more than {MAX_WISH_BYTES} bytes.")
    try:
        return AvatarWish.model_validate_json(metadata)
    except ValidationError as error:
        raise _fault(error) from None


def make_wish(**fields: Any) -> AvatarWish:
    """Raises BadInput."""
    try:
        return AvatarWish(**fields)
    except ValidationError as error:
        raise _fault(error) from None


def _fault(error: ValidationError) -> BadInput:
    fault = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in fault["loc"]) or "metadata"
    return BadInput(f"{where}: {fault['msg']}.", mend="Ask for an avatar through livekit.plugins.visavis.")


@asynccontextmanager
async def server_api(access: LiveKitAccess) -> AsyncIterator[LiveKitAPI]:
    """The server's own API. Raises Unavailable in one line, without the key, for whatever it refuses."""
    import aiohttp
    from livekit import api

    async with api.LiveKitAPI(access.url, access.api_key, access.api_secret) as server:
        try:
            yield server
        except api.TwirpError as error:
            raise Unavailable(f"LiveKit refused: {error.message} ({error.code}).", mend=SERVER_MEND) from None
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Unavailable(f"LiveKit cannot be reached: {type(error).__name__}.", mend=SERVER_MEND) from None


async def ask_for_avatar(access: LiveKitAccess, room: str, agent_name: str, wish: AvatarWish) -> str:
    """Returns the dispatch's id. Raises Unavailable."""
    from livekit import api

    metadata = wish.model_dump_json(exclude_none=True)
    request = api.CreateAgentDispatchRequest(room=room, agent_name=agent_name, metadata=metadata)
    async with server_api(access) as server:
        return str((await server.agent_dispatch.create_dispatch(request)).id)


async def withdraw(access: LiveKitAccess, room: str, dispatch: str) -> None:
    """Nobody need take it any more. Raises Unavailable."""
    async with server_api(access) as server:
        await server.agent_dispatch.delete_dispatch(dispatch_id=dispatch, room_name=room)


async def send_out(access: LiveKitAccess, room: str, identity: str) -> None:
    """The participant is put out, if it is there at all: one whose process died may be believed in for long. Raises Unavailable."""
    from livekit import api

    async with server_api(access) as server:
        try:
            await server.room.remove_participant(api.RoomParticipantIdentity(room=room, identity=identity))
        except api.TwirpError as error:
            if error.code != api.TwirpErrorCode.NOT_FOUND:
                raise


async def is_seen(access: LiveKitAccess, room: str, identity: str) -> bool:
    """Whether the participant is in the room and publishes video. Raises Unavailable."""
    from livekit import api
    from livekit.protocol.models import TrackType

    async with server_api(access) as server:
        listed = await server.room.list_participants(api.ListParticipantsRequest(room=room))
    return any(
        participant.identity == identity and any(track.type == TrackType.VIDEO for track in participant.tracks)
        for participant in listed.participants
    )
