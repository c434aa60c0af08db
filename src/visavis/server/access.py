"""Who may call: anyone on this machine, and elsewhere whoever holds the token."""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from visavis.errors import BadSettings, NotAllowed, Unavailable
from visavis.settings import Settings, is_loopback

TOKEN_FILE: Final = "token"  # noqa: S105
TOKEN_MEND: Final = "Print it with `visavis token` on the server, and send it as `Authorization: Bearer …`."  # noqa: S105


def check_token(authorization: str, expected: str) -> None:
    """Check an Authorization header. Raises NotAllowed; takes the same time for every wrong token."""
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), expected.encode()):
        raise NotAllowed("This server needs its access token.", mend=TOKEN_MEND)


def check_host(host: str) -> None:
    """A server on loopback answers to this machine's own names only: a website whose name was pointed here gets nothing."""
    name = host if host.startswith("[") else host.partition(":")[0]
    if not is_loopback(name.partition("]")[0].strip("[")):
        raise NotAllowed(f"This server does not answer to {host[:80]!r}.", mend="Open it as http://localhost.")


def check_origin(origin: str | None, host: str, allowed: list[str]) -> None:
    """A WebSocket from a browser must come from the server's own page or from an origin allowed by name."""
    if origin is not None and origin not in allowed and origin.partition("://")[2] != host:
        raise NotAllowed(f"Pages from {origin[:80]!r} may not control this session.", mend="Allow it by VISAVIS_CORS_ORIGINS.")


def kept_token(home: Path) -> str:
    """The machine's token, made on first use and readable by its owner alone. Raises Unavailable where it cannot be kept."""
    try:
        return _kept_token(home)
    except OSError as error:
        raise Unavailable(f"The token cannot be kept in {home}: {error.strerror}.", mend="Set VISAVIS_HOME.") from None


def _kept_token(home: Path) -> str:
    path = home / TOKEN_FILE
    if path.is_file():
        token = path.read_text().strip()
        if token:
            return token
    home.mkdir(parents=True, exist_ok=True)
    token = secrets.token_urlsafe(24)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as out:
        out.write(token + "\n")
    return token


def with_access(settings: Settings) -> Settings:
    """Settings whose bind address is safe: anything but loopback gets the kept token unless one is set."""
    if settings.loopback or settings.token is not None:
        if settings.token is not None and len(settings.token.get_secret_value()) < 16:
            raise BadSettings("VISAVIS_TOKEN is shorter than 16 characters.", mend="Leave it out: `visavis token` makes one.")
        return settings
    return settings.model_copy(update={"token": SecretStr(kept_token(settings.home))})
