"""`visavis worker`: avatars for LiveKit rooms."""

from __future__ import annotations

import logging
from typing import Annotated

import typer

from visavis.cli.options import AvatarOption, EngineOption, FpsOption, SizeOption
from visavis.cli.progress import console

UrlOption = Annotated[str | None, typer.Option("--url", help="The LiveKit server: wss://…", envvar="LIVEKIT_URL")]
KeyOption = Annotated[str | None, typer.Option("--api-key", help="Its API key.", envvar="LIVEKIT_API_KEY")]
SecretOption = Annotated[
    str | None, typer.Option("--api-secret", help="Its API secret; better in the environment.", envvar="LIVEKIT_API_SECRET")
]
HealthHostOption = Annotated[str | None, typer.Option("--host", help="Bind address of /healthz, /readyz and /metrics.")]
HealthPortOption = Annotated[
    int, typer.Option("--port", help="TCP port of /healthz, /readyz and /metrics; 0 takes a free one.")
]
MostOption = Annotated[
    int | None, typer.Option("--max-sessions", help="At most so many rooms; default: what this machine holds.")
]
DrainOption = Annotated[int, typer.Option("--drain-s", help="After SIGTERM, rooms may go on for so many seconds.")]
VerboseOption = Annotated[bool, typer.Option("--verbose", "-v", help="Log what happens.")]


def worker(
    avatar: AvatarOption = None,
    engine: EngineOption = None,
    size: SizeOption = None,
    fps: FpsOption = None,
    url: UrlOption = None,
    api_key: KeyOption = None,
    api_secret: SecretOption = None,
    host: HealthHostOption = None,
    port: HealthPortOption = 8701,
    max_sessions: MostOption = None,
    drain_s: DrainOption = 1800,
    verbose: VerboseOption = False,
) -> None:
    """Draw avatars for LiveKit rooms, many at a time, each in a process of its own.

    [dim]LIVEKIT_API_KEY=devkey LIVEKIT_API_SECRET=secret visavis worker --url ws://localhost:7880[/]
    """
    import asyncio

    from visavis.cli.setup import prepare
    from visavis.server.run import bind, url_of
    from visavis.server.worker import run_worker
    from visavis.settings import load_settings
    from visavis.transports.livekit.access import LiveKitAccess

    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, format="%(asctime)s %(name)s %(message)s")
    settings = load_settings(
        avatar=avatar, engine=engine, size=size, fps=fps, host=host, port=port, max_sessions=max_sessions, livekit_url=url,
        livekit_api_key=api_key, livekit_api_secret=api_secret,
    )  # fmt: skip
    access = LiveKitAccess.of(settings)
    listening = bind(settings)
    prepare(settings, [settings.avatar])
    console.print(f"  Rooms of [bold]{access.url}[/]   [dim]{url_of(settings, listening)}metrics · Ctrl-C ends it.[/]")
    asyncio.run(run_worker(settings, access, listening, drain_s=drain_s))
