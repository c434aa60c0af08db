"""The running server: uvicorn around the application, on a socket that is already bound."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable
from typing import Final

import uvicorn
from fastapi import FastAPI

from visavis.errors import BadSettings
from visavis.settings import Settings

GRACE_S: Final = 3


class _AnnouncingServer(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_ready()


def run_server(app: FastAPI, listening: socket.socket, *, on_ready: Callable[[], None], verbose: bool = False) -> None:
    """Serve until Ctrl-C or SIGTERM; sessions are ended before it returns."""
    level = "info" if verbose else "warning"
    config = uvicorn.Config(app, log_level=level, lifespan="on", timeout_graceful_shutdown=GRACE_S)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_AnnouncingServer(config, on_ready).serve([listening]))


def bind(settings: Settings) -> socket.socket:
    """A listening socket at the settings' address. Raises BadSettings with the reason."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise BadSettings(
            f"{settings.host}:{settings.port} cannot be bound: {reason}.", mend="Choose another --port."
        ) from None
    return listening


def url_of(settings: Settings, listening: socket.socket) -> str:
    """Where a browser on this machine finds the page."""
    host = "localhost" if settings.host in {"0.0.0.0", "::"} else settings.host  # noqa: S104
    return f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}/"
