"""An agent with a face in a LiveKit room, in a process of its own: what `bench.rooms` measures from another.

livekit-agents' own session with the embedded voice and guide, the face drawn in its process by the plugin, exactly as a user's
agent has it; pictures carry stamps and the talker clicks, as in `bench.host`. `python -m visavis.bench.room_host OPTIONS` prints
the avatar's identity when it is in the room, and runs until it is terminated. The key comes from the environment.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class RoomOptions:
    """What the process is told, as JSON in its only argument."""

    url: str
    room: str
    home: str
    cache: str
    engine: str
    avatar: str
    size: int
    fps: int
    plain_face: bool = False
    """A drawn bar instead of the engine: the bench's own tests."""


async def run(options: RoomOptions) -> None:
    from livekit import rtc
    from livekit.agents import Agent, AgentSession
    from livekit.api import AccessToken, VideoGrants
    from livekit.plugins import visavis

    from visavis.settings import Settings
    from visavis.voice.parts import build_parts
    from visavis.voice.persona import Persona

    settings = Settings(
        home=Path(options.home), cache=Path(options.cache), avatar=options.avatar, size=options.size, fps=options.fps,
        engine=None if options.plain_face else options.engine, host="127.0.0.1", port=0, max_sessions=None,
    )  # fmt: skip
    key, secret = os.environ["LIVEKIT_API_KEY"], os.environ["LIVEKIT_API_SECRET"]
    grants = VideoGrants(room_join=True, room=options.room, can_update_own_metadata=True, agent=True)
    token = AccessToken(key, secret).with_identity("agent-bench").with_kind("agent").with_grants(grants).to_jwt()
    room = rtc.Room()
    await room.connect(options.url, token)
    voice = await build_parts(settings, Persona(options.avatar))
    session: AgentSession[Any] = AgentSession(**voice.session_options())
    faces, flashes = _faces(settings, options)
    avatar = visavis.AvatarSession(settings=settings, faces=faces)
    try:
        await avatar.start(session, room, livekit_url=options.url, livekit_api_key=key, livekit_api_secret=secret)
        _let_it_click(avatar, flashes, options.fps)
        await session.start(agent=Agent(instructions="Answer."), room=room, record=False)
        os.write(1, f"{avatar.avatar_identity}\n".encode())
        await _terminated()
    finally:
        await avatar.aclose()
        await session.aclose()
        await voice.aclose()
        await room.disconnect()


def _faces(settings: Any, options: RoomOptions) -> tuple[Any, Any]:
    from visavis.bench.clicks import FlashTimes
    from visavis.bench.stamps import StampedEngine
    from visavis.bench.subject import subjects
    from visavis.testing.faces import PlainFaces

    flashes = FlashTimes(options.fps)
    inner: Any = PlainFaces() if options.plain_face else subjects([options.engine])[0].faces(settings)

    class Faces:
        def avatar(self, name: str) -> Any:
            return inner.avatar(name)

        def engine(self, *given: Any, **options: Any) -> Any:
            return StampedEngine(inner.engine(*given, **options), flashes.flashing)

    return Faces(), flashes


def _let_it_click(avatar: Any, flashes: Any, fps: int) -> None:
    """Before the face's own talker, as `bench.host` puts it."""
    from visavis.bench.clicks import ClickingTalker

    session = avatar._face._session
    session._talker = ClickingTalker(session._talker, session.player, session, flashes, fps)


async def _terminated() -> None:
    stop = asyncio.Event()
    for each in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    await stop.wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(run(RoomOptions(**json.loads(sys.argv[1]))))
