"""`start_avatar`: one call for every provider, and the next in the list when one fails."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from visavis.errors import BadSettings, Unavailable, VisavisError
from visavis.hosted.options import PROVIDERS, HostedOptions

if TYPE_CHECKING:
    from livekit import rtc
    from livekit.agents import AgentSession

logger = logging.getLogger(__name__)

HEDRA: Final = "hedra"
HEDRA_GONE: Final = "Hedra withdrew its real-time avatars in April 2026."


class Avatar(Protocol):
    """What a start hands back, hosted or drawn here; livekit's `AvatarSession` is one."""

    @property
    def avatar_identity(self) -> str: ...
    async def wait_for_join(self, *, timeout: float | None = 30.0) -> None: ...
    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Failure:
    """Why one of the names before the one that started did not."""

    name: str
    error: VisavisError


@dataclass(frozen=True, slots=True)
class StartedAvatar:
    name: str
    """The provider or engine that answers."""
    avatar: Avatar
    failures: tuple[Failure, ...] = ()


async def start_avatar(
    providers: str | Sequence[str],
    options: HostedOptions,
    agent_session: AgentSession[Any],
    room: rtc.Room,
    *,
    engines: Collection[str] = (),
    start_engine: Callable[[str], Awaitable[Avatar]] | None = None,
) -> StartedAvatar:
    """Starts the first of `providers` that can be started: a hosted provider, or one of `engines` by way of `start_engine`.

    Where another name follows, a hosted face must also appear in the room within `options.join_timeout_s`, if the room is
    connected; the last one's is left to `wait_for_join`. Raises BadSettings for an unknown name before anything is started, the
    error of a sole name, or Unavailable with every reason.
    """
    from visavis.hosted.launch import launch

    names = checked_names(providers, engines if start_engine else ())
    failures: list[Failure] = []
    avatar: Avatar
    for index, name in enumerate(names):
        try:
            match name:
                case "tavus" | "simli" | "anam" | "bey" | "bithuman":
                    avatar = await launch(name, options, agent_session, room, wait_for_join=index < len(names) - 1)
                case "hedra":
                    raise hedra_gone()
                case engine:
                    assert start_engine is not None
                    avatar = await start_engine(engine)
        except VisavisError as error:
            failures.append(Failure(name, error))
            if index < len(names) - 1:
                logger.warning("%s Now %s is tried.", error, names[index + 1])
        else:
            return StartedAvatar(name, avatar, tuple(failures))
    raise _none(failures)


def checked_names(providers: str | Sequence[str], engines: Collection[str]) -> list[str]:
    """The names in order. Raises BadSettings for an empty list, a repetition, or a name that means nothing."""
    names = [providers] if isinstance(providers, str) else list(providers)
    valid = (*PROVIDERS, *engines)
    if not names:
        raise BadSettings("No provider is named.", mend=f"Take {', '.join(valid)}.")
    for name in names:
        if name != HEDRA and name not in valid:
            raise BadSettings(f"provider {str(name)[:60]!r} means nothing.", mend=f"Take {', '.join(valid)}.")
    if len(set(names)) < len(names):
        raise BadSettings(f"A provider is named twice: {', '.join(names)}.", mend="Name each once, in the order to try.")
    return names


def hedra_gone() -> Unavailable:
    return Unavailable(HEDRA_GONE, mend=f"Take {', '.join(PROVIDERS)}, or an engine of this machine such as rig.")


def _none(failures: list[Failure]) -> VisavisError:
    if len(failures) == 1:
        return failures[0].error
    return Unavailable("No face started. " + " ".join(f"{failure.name}: {failure.error}" for failure in failures))
