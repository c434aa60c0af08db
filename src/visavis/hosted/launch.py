"""One provider's start through its plugin: called in time, believed only when it took hold, undone when it failed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any, Final

import aiohttp
from livekit import rtc
from livekit.agents import AgentSession, APIConnectionError, APIStatusError, get_job_context
from livekit.agents.utils import http_context
from livekit.agents.voice.avatar import AvatarSession
from livekit.agents.voice.io import AudioOutput

from visavis.errors import BadSettings
from visavis.hosted.latecomers import Latecomer
from visavis.hosted.options import HostedOptions, Provider, RoomServer, account, check_person, room_server
from visavis.hosted.plugins import make_avatar
from visavis.hosted.refusals import Overheard, not_understood, refusal, too_late, unreached

NOT_UNDERSTOOD: Final = (ValueError, LookupError, TypeError, aiohttp.ClientError)
"""What plugins raise on an answer of another shape than they expect."""


async def launch(
    provider: Provider, options: HostedOptions, agent_session: AgentSession[Any], room: rtc.Room, *, wait_for_join: bool
) -> AvatarSession[Any]:
    """The provider's session, started. Raises BadSettings or Unavailable, with the agent's audio where it was."""
    account(options, provider).key()
    check_person(options, provider)
    server = room_server(options, provider)
    if get_job_context(required=False) is None:
        raise BadSettings(f"{provider} starts inside a LiveKit job only.", mend="Call it from the agent's entrypoint.")
    tail = _audio_tail(agent_session)
    async with http_context.open():
        async with _in_time(provider, options):
            avatar = await make_avatar(provider, options, room=room.name, livekit_url=server.url)
        try:
            await _call(avatar, provider, options, server, agent_session, room)
            if wait_for_join and room.isconnected():
                await _joined(avatar, provider, options)
        except BaseException as error:
            await _undo(avatar, agent_session, tail)
            if not isinstance(error, BadSettings):
                get_job_context().add_shutdown_callback(Latecomer(room, avatar.avatar_identity, server).aclose)
            raise
    return avatar


async def _call(
    avatar: AvatarSession[Any],
    provider: Provider,
    options: HostedOptions,
    server: RoomServer,
    agent_session: AgentSession[Any],
    room: rtc.Room,
) -> None:
    """The plugin's `start`, whose failures differ by plugin: raised with a status, raised without one, or only logged."""
    chosen = account(options, provider)
    secrets = (chosen.key(), server.api_secret)
    tail = _audio_tail(agent_session)
    with Overheard(provider) as overheard:
        try:
            async with _in_time(provider, options):
                await avatar.start(  # type: ignore[call-arg]  # the base class knows the first two alone
                    agent_session, room,
                    livekit_url=server.url, livekit_api_key=server.api_key, livekit_api_secret=server.api_secret,
                )  # fmt: skip
        except APIStatusError as error:
            raise refusal(provider, chosen, error.status_code, str(error.body or ""), secrets) from None
        except APIConnectionError as error:
            if overheard.status is not None:
                raise refusal(provider, chosen, overheard.status, overheard.body, secrets) from None
            raise (unreached(provider, chosen) if error.retryable else not_understood(provider)) from None
        except NOT_UNDERSTOOD as error:
            raise not_understood(provider) from error
    if _audio_tail(agent_session) is not tail:
        return
    if overheard.status is not None:
        raise refusal(provider, chosen, overheard.status, overheard.body, secrets)
    raise unreached(provider, chosen)


@contextlib.asynccontextmanager
async def _in_time(provider: Provider, options: HostedOptions) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(options.start_timeout_s):
            yield
    except TimeoutError as error:
        raise too_late(provider, "did not answer", options.start_timeout_s) from error


async def _joined(avatar: AvatarSession[Any], provider: Provider, options: HostedOptions) -> None:
    try:
        await avatar.wait_for_join(timeout=options.join_timeout_s)
    except TimeoutError as error:
        raise too_late(provider, "took the start but showed no picture in the room", options.join_timeout_s) from error


async def _undo(avatar: AvatarSession[Any], agent_session: AgentSession[Any], tail: AudioOutput | None) -> None:
    """Puts the agent's audio back and closes the plugin's session."""
    if tail is None:
        agent_session.output.audio = None
    elif _audio_tail(agent_session) is not tail:
        agent_session.output.replace_audio_tail(tail)
    await avatar.aclose()


def _audio_tail(agent_session: AgentSession[Any]) -> AudioOutput | None:
    """Where the agent's audio ends up; a plugin that started has put its own stream there."""
    tail = agent_session.output.audio
    while tail is not None and tail.next_in_chain is not None:
        tail = tail.next_in_chain
    return tail
