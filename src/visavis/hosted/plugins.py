"""Each provider's own livekit plugin, made from our options. Nothing here speaks to a provider, but for bitHuman's token."""

from __future__ import annotations

import asyncio
import importlib
import json
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from visavis.errors import Unavailable
from visavis.hosted.options import BitHuman, HostedOptions, Provider
from visavis.hosted.refusals import not_understood, refusal, unreached

if TYPE_CHECKING:
    from livekit.agents.voice.avatar import AvatarSession

PASSING: Final = frozenset({408, 425, 429})
"""Refusals that a second try may outlive."""
MINT: Final = "/v1/runtime-tokens/mint"
REQUEST: Final = "/v1/runtime-tokens/request"
BITHUMAN_REQUEST: Final = "https://auth.api.bithuman.ai/v1/runtime-tokens/request"


def plugin(provider: Provider) -> Any:
    """The provider's plugin module. Raises Unavailable, with the command that installs it."""
    try:
        return importlib.import_module(f"livekit.plugins.{provider}")
    except ModuleNotFoundError as error:
        raise Unavailable(
            f"{provider} needs its plugin.", mend=f'Install it with: pip install "visavis[{provider}]"'
        ) from error


async def make_avatar(provider: Provider, options: HostedOptions, *, room: str, livekit_url: str) -> AvatarSession[Any]:
    """The plugin's session, not started. Raises BadSettings for a missing key or id, Unavailable without its plugin."""
    module = plugin(provider)
    with_retries = _patience(options, tries=options.retries)
    identity = f"{provider}-avatar-{uuid4().hex[:8]}"  # handlers of playback events are kept by identity, for the whole process
    common: dict[str, Any] = {"avatar_participant_identity": identity, "avatar_participant_name": provider}
    made: AvatarSession[Any]
    match provider:
        case "tavus":
            given = options.tavus
            made = module.AvatarSession(
                api_key=given.key(), api_url=given.url(), conn_options=with_retries, **common,
                **_given(face_id=given.face_id, pal_id=given.pal_id),
            )  # fmt: skip
        case "simli":
            made = module.AvatarSession(
                simli_config=_simli_config(module, options), api_url=options.simli.url(), conn_options=with_retries, **common
            )
        case "anam":
            persona = module.PersonaConfig(options.anam.name, options.anam.avatar(), avatarModel=options.anam.model)
            made = module.AvatarSession(
                persona_config=persona,
                api_key=options.anam.key(),
                api_url=options.anam.url(),
                conn_options=with_retries,
                **common,
            )
        case "bey":
            made = module.AvatarSession(
                api_key=options.bey.key(), api_url=options.bey.url(), conn_options=with_retries, **common,
                **_given(avatar_id=options.bey.person()),
            )  # fmt: skip
        case "bithuman":
            token = await bithuman_token(options, room=room, livekit_url=livekit_url)
            given_bithuman = options.bithuman
            made = module.AvatarSession(
                api_secret=token, avatar_id=given_bithuman.agent(), api_url=_bithuman_request(given_bithuman),
                conn_options=_patience(options, tries=options.retries + 1), **common, **_given(model=given_bithuman.model),
            )  # fmt: skip
    return made


async def bithuman_token(options: HostedOptions, *, room: str, livekit_url: str) -> str:
    """A token that starts one agent's avatar in one room for an hour, in exchange for the account's secret.

    Source: https://docs.bithuman.ai/platforms/livekit, "Authenticate".
    """
    import httpx

    account = options.bithuman
    secret = account.key()
    wish = {"agent_code": account.agent(), "scope": "livekit-cloud", "room_name": room, "livekit_url": livekit_url}
    answer = None
    async with httpx.AsyncClient(timeout=httpx.Timeout(None, connect=options.connect_timeout_s)) as http:
        for attempt in range(options.retries + 1):
            if attempt:
                await asyncio.sleep(options.retry_wait_s)
            try:
                answer = await http.post(account.url() + MINT, headers={"api-secret": secret}, json=wish)
            except httpx.HTTPError:
                continue
            if answer.status_code not in PASSING and answer.status_code < 500:
                break
    if answer is None:
        raise unreached("bithuman", account)
    if answer.is_error:
        raise refusal("bithuman", account, answer.status_code, answer.text, (secret,))
    return _scoped_token(answer.content)


def _scoped_token(body: bytes) -> str:
    try:
        token = json.loads(body)["scoped_token"]
    except (ValueError, KeyError, TypeError) as error:
        raise not_understood("bithuman") from error
    if not isinstance(token, str) or not token:
        raise not_understood("bithuman")
    return token


def _bithuman_request(account: BitHuman) -> str:
    """bitHuman's own cloud starts sessions at another host than the one that mints."""
    return BITHUMAN_REQUEST if account.url() == account.API_URL else account.url() + REQUEST


def _simli_config(module: Any, options: HostedOptions) -> Any:
    given = options.simli
    return module.SimliConfig(
        given.key(), given.face(), max_session_length=given.max_session_s, max_idle_time=given.max_idle_s,
        **_given(emotion_id=given.emotion_id),
    )  # fmt: skip


def _patience(options: HostedOptions, *, tries: int) -> Any:
    """`tries` counts retries for all plugins but bitHuman's, which counts attempts."""
    from livekit.agents import APIConnectOptions

    return APIConnectOptions(max_retry=tries, retry_interval=options.retry_wait_s, timeout=options.connect_timeout_s)


def _given(**arguments: str | None) -> dict[str, str]:
    """What was chosen; a plugin has its own defaults for the rest."""
    return {name: value for name, value in arguments.items() if value is not None}
