"""One options object for all hosted providers: who is shown, whose key pays, and how long to wait.

What is not given comes from each provider's own environment variables. Keys never stand in a repr.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import ClassVar, Final, Literal, get_args
from urllib.parse import urlsplit

from visavis.errors import BadSettings
from visavis.settings import is_loopback

Provider = Literal["tavus", "simli", "anam", "bey", "bithuman"]
PROVIDERS: Final[tuple[Provider, ...]] = get_args(Provider)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What every provider needs: a key, and where its API lives."""

    api_key: str | None = field(default=None, repr=False)
    api_url: str | None = None
    """Base URL of the API, for a proxy, a private deployment or a test."""

    KEYS: ClassVar[tuple[str, ...]]
    """Environment variables that may hold the key, the first one preferred."""
    API_URL: ClassVar[str]
    URL_VARIABLE: ClassVar[str | None] = None

    def key(self) -> str:
        """Raises BadSettings where there is none, or where it cannot be one."""
        name, key = self._given_key()
        if not key:
            raise BadSettings(f"{type(self).__name__} needs a key.", mend=f"Set {self.KEYS[0]}.")
        if key != key.strip() or any(sign in key for sign in " \t\r\n\"'"):
            raise BadSettings(f"{name} holds spaces, quotes or a line's end.", mend="Set it to the key alone.")
        return key

    def url(self) -> str:
        """The base URL without a slash at its end. Raises BadSettings for what a key must not be sent to."""
        variable = os.environ.get(self.URL_VARIABLE) if self.URL_VARIABLE else None
        url = (self.api_url or variable or self.API_URL).rstrip("/")
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise BadSettings(f"{type(self).__name__}'s api_url {url[:80]!r} is no http URL.", mend=f"Such as {self.API_URL}.")
        if parts.scheme == "http" and not is_loopback(parts.hostname):
            raise BadSettings(f"{type(self).__name__}'s key would travel in clear to {parts.hostname}.", mend="Use https.")
        return url

    def _given_key(self) -> tuple[str, str]:
        if self.api_key is not None:
            return "api_key", self.api_key
        for name in self.KEYS:
            if key := os.environ.get(name):
                return name, key
        return self.KEYS[0], ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tavus(Account):
    """Without ids its stock person answers. `face_id` was a replica, `pal_id` a persona."""

    KEYS = ("TAVUS_API_KEY",)
    API_URL = "https://tavusapi.com/v2"

    face_id: str | None = None
    pal_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Simli(Account):
    """Needs a face."""

    KEYS = ("SIMLI_API_KEY",)
    API_URL = "https://api.simli.ai"

    face_id: str | None = None
    """Default: SIMLI_FACE_ID."""
    emotion_id: str | None = None
    max_session_s: int = 600
    """Simli ends the session after this time, even while it speaks."""
    max_idle_s: int = 30

    def face(self) -> str:
        return named("Simli", "a face", self.face_id, "SIMLI_FACE_ID")


@dataclass(frozen=True, slots=True, kw_only=True)
class Anam(Account):
    """Needs an avatar."""

    KEYS = ("ANAM_API_KEY",)
    API_URL = "https://api.anam.ai"
    URL_VARIABLE = "ANAM_API_URL"

    avatar_id: str | None = None
    """Default: ANAM_AVATAR_ID."""
    name: str = "visavis"
    model: str | None = None

    def avatar(self) -> str:
        return named("Anam", "an avatar", self.avatar_id, "ANAM_AVATAR_ID")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bey(Account):
    """Beyond Presence; without an id its stock person answers."""

    KEYS = ("BEY_API_KEY",)
    API_URL = "https://api.bey.dev"
    URL_VARIABLE = "BEY_API_URL"

    avatar_id: str | None = None
    """Default: BEY_AVATAR_ID."""

    def person(self) -> str | None:
        return self.avatar_id or os.environ.get("BEY_AVATAR_ID")


@dataclass(frozen=True, slots=True, kw_only=True)
class BitHuman(Account):
    """bitHuman's cloud; needs an agent's code. Its secret is exchanged for a token of one hour and one room before each start,
    because its plugin shows whatever it is given to everyone in the room.
    """

    KEYS = ("BITHUMAN_MASTER_SECRET", "BITHUMAN_API_SECRET")
    API_URL = "https://api.bithuman.ai"

    agent_id: str | None = None
    """Default: BITHUMAN_AGENT_ID."""
    model: Literal["essence", "expression", "essence-2", "expression-2"] | None = None
    """None takes the one that the agent was made for."""

    def agent(self) -> str:
        return named("bitHuman", "an agent", self.agent_id, "BITHUMAN_AGENT_ID")


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedOptions:
    """Each provider's account and person, the LiveKit server that they are sent to, and the patience of a start."""

    tavus: Tavus = Tavus()
    simli: Simli = Simli()
    anam: Anam = Anam()
    bey: Bey = Bey()
    bithuman: BitHuman = BitHuman()

    livekit_url: str | None = None
    """Default: LIVEKIT_URL, and so for its key and secret."""
    livekit_api_key: str | None = field(default=None, repr=False)
    livekit_api_secret: str | None = field(default=None, repr=False)

    connect_timeout_s: float = 5.0
    """For one connection to the provider's API."""
    retries: int = 1
    """After a 429, a 5xx or a lost connection."""
    retry_wait_s: float = 1.0
    start_timeout_s: float = 20.0
    """For the provider's answer, retries included."""
    join_timeout_s: float = 20.0
    """For its picture to appear in the room, where a start waits for it."""

    def __post_init__(self) -> None:
        for name in ("connect_timeout_s", "start_timeout_s", "join_timeout_s"):
            if not 0.0 < getattr(self, name) <= 600.0:
                raise BadSettings(f"{name} is {getattr(self, name)}.", mend="Take seconds above 0, at most 600.")
        if not 0 <= self.retries <= 10 or not 0.0 <= self.retry_wait_s <= 60.0:
            raise BadSettings("retries must be 0 to 10 and retry_wait_s 0 to 60.")


@dataclass(frozen=True, slots=True)
class RoomServer:
    """The LiveKit server that a provider is sent to."""

    url: str
    api_key: str
    api_secret: str = field(repr=False)


def account(options: HostedOptions, provider: Provider) -> Account:
    match provider:
        case "tavus":
            return options.tavus
        case "simli":
            return options.simli
        case "anam":
            return options.anam
        case "bey":
            return options.bey
        case "bithuman":
            return options.bithuman


def check_person(options: HostedOptions, provider: Provider) -> None:
    """Raises BadSettings where the provider needs to be told who is shown, and was not."""
    match provider:
        case "simli":
            options.simli.face()
        case "anam":
            options.anam.avatar()
        case "bithuman":
            options.bithuman.agent()
        case "tavus" | "bey":
            pass


def room_server(options: HostedOptions, provider: Provider) -> RoomServer:
    """Raises BadSettings for a server that is not named, or that the provider's cloud cannot reach."""
    names = ("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET")
    given = (options.livekit_url, options.livekit_api_key, options.livekit_api_secret)
    url, key, secret = (value or os.environ.get(name, "") for value, name in zip(given, names, strict=True))
    lacking = [name for name, value in zip(names, (url, key, secret), strict=True) if not value]
    if lacking:
        raise BadSettings(f"{provider} must be told of a LiveKit server.", mend=f"Set {', '.join(lacking)}.")
    host = urlsplit(url).hostname
    if not host:
        raise BadSettings(f"LIVEKIT_URL {url[:80]!r} is no URL.", mend="Such as wss://livekit.example.com.")
    if is_loopback(host) and not is_loopback(urlsplit(account(options, provider).url()).hostname or ""):
        raise BadSettings(
            f"{provider} draws in its own cloud and cannot reach {host}.",
            mend="Give it a LIVEKIT_URL that the internet reaches.",
        )
    return RoomServer(url, key, secret)


def named(provider: str, what: str, given: str | None, variable: str) -> str:
    """An id given or from the environment. Raises BadSettings for neither."""
    found = given or os.environ.get(variable)
    if not found:
        raise BadSettings(f"{provider} needs {what}.", mend=f"Set {variable}.")
    return found
