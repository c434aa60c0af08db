"""One strict settings object, filled from `VISAVIS_*` variables and flags. An unknown `VISAVIS_*` key is an error."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import platformdirs
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from visavis.errors import BadSettings
from visavis.types import TICKS_HZ

PREFIX: Final = "VISAVIS_"
NOT_SETTINGS: Final = frozenset({"VISAVIS_REQUIRE"})
"""Variables of this prefix that speak to the tests, not to the program."""


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
    cors_origins: list[str] = []
    ice_servers: list[str] = []
    """STUN and TURN URLs, as in RTCIceServer; none by default."""
    ice_username: str | None = None
    ice_credential: SecretStr | None = None

    avatar: str = "nova"
    engine: str | None = None
    size: int = Field(512, ge=128, le=1080, multiple_of=16)
    fps: int = Field(30, ge=5, le=60)
    max_sessions: int | None = Field(None, ge=1)
    """At most so many at once; None finds it from the measured cost of a session."""

    stt: str = "pocketsphinx"
    llm: str = "guide"
    tts: str = "espeak"
    voice: str | None = None
    """The embedded TTS's voice; None takes the avatar's own."""
    language: str = "en-us"
    openai_base_url: str | None = None
    """Any OpenAI-compatible server for `llm="openai/..."`: Ollama, vLLM, llama.cpp."""
    instructions: str | None = None

    @field_validator("fps")
    @classmethod
    def _fps_divides_the_tick(cls, fps: int) -> int:
        if TICKS_HZ % fps:
            raise ValueError(f"{fps} does not divide {TICKS_HZ}; take 25, 30, 50 or 60")
        return fps

    @property
    def loopback(self) -> bool:
        return self.host in {"localhost", "::1"} or self.host.startswith("127.")


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
