"""One strict settings object, filled from `VISAVIS_*` variables and flags. An unknown `VISAVIS_*` key is an error."""

from __future__ import annotations

import ipaddress
import json
import os
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from visavis.errors import BadSettings
from visavis.types import TICKS_HZ

PREFIX: Final = "VISAVIS_"
NOT_SETTINGS: Final = frozenset({"VISAVIS_REQUIRE"})
"""Variables of this prefix that speak to the tests, not to the program."""


class LiveLinkSource(BaseModel):
    """A UDP port, and the subject to follow; an empty one is whoever sends first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    port: int = Field(ge=0, le=65535)
    subject: str = Field("", max_length=256)


class Settings(BaseSettings):
    """Everything that can be chosen from outside. Each field is `VISAVIS_<NAME>` in the environment."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, hide_input_in_errors=True)

    home: Path = Field(default_factory=lambda: Path(platformdirs.user_data_dir("visavis")))
    """Avatar bundles and tokens."""
    cache: Path = Field(default_factory=lambda: Path(platformdirs.user_cache_dir("visavis")))
    """Fetched assets and whatever can be built again."""

    host: str = "127.0.0.1"
    port: int = Field(8700, ge=0, le=65535)
    token: SecretStr | None = None
    """Needed on every call when the bind address is not loopback."""
    cors_origins: Annotated[list[str], NoDecode] = []
    """Origins whose pages may embed the avatar, separated by commas."""
    ice_servers: Annotated[list[str], NoDecode] = []
    """STUN and TURN URLs, as in RTCIceServer, separated by commas; none by default."""
    ice_username: str | None = None
    ice_credential: SecretStr | None = None

    livekit_url: str | None = None
    """A LiveKit server, wss://… (ws://… on this machine): pages get tokens for its rooms, `visavis worker` serves them."""
    livekit_api_key: str | None = None
    livekit_api_secret: SecretStr | None = None

    avatar: str = "nova"
    engine: str | None = None
    size: int = Field(512, ge=128, le=1080, multiple_of=16)
    fps: int = Field(30, ge=5, le=60)
    max_sessions: int | None = Field(None, ge=1)
    """At most so many at once; None finds it from the measured cost of a session."""

    providers: Annotated[list[str], NoDecode] = []
    """Faces that an agent may ask for, in the order to try, hosted ones and engines: the doctor looks whether they are ready."""

    stt: str = "pocketsphinx"
    llm: str = "guide"
    tts: str = "espeak"
    voice: str | None = None
    """The embedded TTS's voice; None takes the avatar's own."""
    language: str = "en-us"
    openai_base_url: str | None = None
    """Any OpenAI-compatible server for `llm="openai/..."`: Ollama, vLLM, llama.cpp."""
    instructions: str | None = None

    livelink: Annotated[LiveLinkSource | None, NoDecode] = None
    """UDP port to listen on for Live Link Face, and whom to follow: `11111` or `11111:iPhone`."""
    livelink_host: str = "0.0.0.0"  # noqa: S104
    """The address of that port: iPhones are on the network."""
    livelink_mouth: Literal["performer", "speech"] = "performer"
    """While there is speech, whose is the mouth of a face that follows a performer."""
    livelink_to: Annotated[list[str], NoDecode] = []
    """HOST or HOST:PORT, separated by commas, where every session's face goes as Live Link Face, to Unreal for one."""
    livelink_subject: Annotated[str, Field(min_length=1, max_length=64)] = "visavis"
    livelink_delay_ms: Annotated[int, Field(ge=0, le=2000)] = 0
    """Faces leave so much later than the sound does, for where the sound is heard late."""

    @field_validator("fps")
    @classmethod
    def _fps_divides_the_tick(cls, fps: int) -> int:
        if TICKS_HZ % fps:
            raise ValueError(f"{fps} does not divide {TICKS_HZ}; take 25, 30, 50 or 60")
        return fps

    @field_validator("cors_origins", "ice_servers", "providers", mode="before")
    @classmethod
    def _listed(cls, given: Any) -> Any:
        """Commas, or a JSON list."""
        if not isinstance(given, str):
            return given
        return (
            json.loads(given) if given.lstrip().startswith("[") else [part.strip() for part in given.split(",") if part.strip()]
        )

    @field_validator("livelink", mode="before")
    @classmethod
    def _port_and_subject(cls, given: Any) -> Any:
        if not isinstance(given, str | int):
            return given
        port, _, subject = str(given).partition(":")
        if not port.isdecimal():
            raise ValueError(f"{given!r} is no port; take 11111 or 11111:iPhone")
        return {"port": int(port), "subject": subject}

    @field_validator("ice_servers")
    @classmethod
    def _ice_urls(cls, urls: list[str]) -> list[str]:
        for url in urls:
            if not url.startswith(("stun:", "stuns:", "turn:", "turns:")):
                raise ValueError(f"{url!r} is not a stun: or turn: URL")
        return urls

    @field_validator("livekit_url")
    @classmethod
    def _livekit_url(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("ws://", "wss://", "http://", "https://")):
            raise ValueError("not a ws:// or wss:// URL")
        return url

    @property
    def loopback(self) -> bool:
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine alone."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def load_settings(**flags: Any) -> Settings:
    """Settings from the environment, overridden by `flags` that are not None. Raises BadSettings in one line."""
    known = {PREFIX + name.upper() for name in Settings.model_fields} | NOT_SETTINGS
    unknown = sorted(key for key in os.environ if key.upper().startswith(PREFIX) and key.upper() not in known)
    if unknown:
        raise BadSettings(f"{unknown[0]} is not a setting.", mend=f"Known: {', '.join(sorted(known - NOT_SETTINGS))}.")
    try:
        return Settings(**{key: value for key, value in flags.items() if value is not None})
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        name = ".".join(str(part) for part in fault["loc"])
        raise BadSettings(f"{PREFIX}{name.upper()}: {fault['msg']}.") from None
