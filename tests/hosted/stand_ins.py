"""Providers on loopback: each speaks its provider's documented start call, checks key and token, and joins the room it is sent to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from aiohttp import web
from livekit import api, rtc

KEY = "a-key-that-must-not-be-told"
AGENT = "the-agent"
STAND_IN_SIZE = 64


@dataclass
class StandIn:
    """`answers` are statuses given instead of a start, one a call, until they run out; None hangs."""

    livekit_key: str
    livekit_secret: str
    joins: bool = True
    answers: list[int | None] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    claims: Any = None
    room: rtc.Room | None = None
    heard_samples: int = 0
    url: str = ""
    base: ClassVar[str] = ""

    def __post_init__(self) -> None:
        self._joined = asyncio.Event()
        self._heard = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def routes(self) -> list[web.RouteDef]:
        raise NotImplementedError

    def key_of(self, request: web.Request) -> str | None:
        return request.headers.get("x-api-key")

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[StandIn]:
        app = web.Application()
        app.add_routes(self.routes())
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{runner.addresses[0][1]}{self.base}"
        try:
            yield self
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            if self.room:
                await self.room.disconnect()
            await runner.cleanup()

    async def refused(self, request: web.Request) -> web.Response | None:
        """The answer to a call that does not start anything."""
        self.calls.append(await request.json())
        if self.answers:
            status = self.answers.pop(0)
            if status is None:
                await asyncio.sleep(30)
            return web.json_response({"error": f"no, and your key is {KEY}"}, status=status or 500)
        if self.key_of(request) != KEY:
            return web.json_response({"error": "invalid key"}, status=401)
        return None

    def start(self, url: str, token: str) -> None:
        """Checks the token as the server will, then joins and publishes."""
        self.claims = api.TokenVerifier(self.livekit_key, self.livekit_secret).verify(token)
        assert self.claims.kind == "agent"
        assert self.claims.video.room_join
        assert self.claims.video.room
        assert self.claims.attributes["lk.publish_on_behalf"] == AGENT
        if self.joins:
            self.keep(self._join(url, token))

    def keep(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _join(self, url: str, token: str) -> None:
        room = self.room = rtc.Room()
        await room.connect(url, token)
        room.register_byte_stream_handler("lk.audio_stream", self._hear)
        source = rtc.VideoSource(STAND_IN_SIZE, STAND_IN_SIZE)
        track = rtc.LocalVideoTrack.create_video_track("avatar_video", source)
        await room.local_participant.publish_track(track, rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_CAMERA))
        self._joined.set()
        grey = 0
        while True:
            grey = (grey + 8) % 256
            picture = np.full((STAND_IN_SIZE, STAND_IN_SIZE, 4), grey, np.uint8)
            source.capture_frame(rtc.VideoFrame(STAND_IN_SIZE, STAND_IN_SIZE, rtc.VideoBufferType.RGBA, picture.tobytes()))
            await asyncio.sleep(0.05)

    def _hear(self, reader: rtc.ByteStreamReader, identity: str) -> None:
        assert identity == AGENT
        self.keep(self._listen(reader))

    async def _listen(self, reader: rtc.ByteStreamReader) -> None:
        async for chunk in reader:
            self.heard_samples += len(chunk) // 2
            self._heard.set()

    async def joined(self) -> None:
        await asyncio.wait_for(self._joined.wait(), 10)

    async def heard(self) -> None:
        await asyncio.wait_for(self._heard.wait(), 10)


class TavusStandIn(StandIn):
    base = "/v2"

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v2/conversations", self.conversation)]

    async def conversation(self, request: web.Request) -> web.Response:
        if (refused := await self.refused(request)) is not None:
            return refused
        asked = self.calls[-1]
        if asked.get("face_id") != "a-face" or not asked.get("pal_id"):
            return web.json_response({"error": "no such face"}, status=400)
        self.start(asked["properties"]["livekit_ws_url"], asked["properties"]["livekit_room_token"])
        return web.json_response({"conversation_id": "c1", "status": "active"})


class SimliStandIn(StandIn):
    def routes(self) -> list[web.RouteDef]:
        return [web.post("/compose/token", self.token), web.post("/integrations/livekit/agents", self.agents)]

    def key_of(self, request: web.Request) -> str | None:
        return request.headers.get("x-simli-api-key")

    async def token(self, request: web.Request) -> web.Response:
        if (refused := await self.refused(request)) is not None:
            return refused
        face, _, emotion = self.calls[-1]["faceId"].partition("/")
        if face != "a-face" or not emotion or not self.calls[-1]["handleSilence"]:
            return web.json_response({"detail": "no such face"}, status=400)
        return web.json_response({"session_token": "simli-session"})

    async def agents(self, request: web.Request) -> web.Response:
        asked = await request.json()
        self.calls.append(asked)
        if asked["session_token"] != "simli-session":
            return web.json_response({"detail": "session"}, status=401)
        self.start(asked["livekit_url"], asked["livekit_token"])
        return web.json_response({})


class AnamStandIn(StandIn):
    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v1/engine/session", self.session)]

    def key_of(self, request: web.Request) -> str | None:
        return request.headers.get("Authorization", "").removeprefix("Bearer ")

    async def session(self, request: web.Request) -> web.Response:
        if (refused := await self.refused(request)) is not None:
            return refused
        asked = self.calls[-1]
        persona = asked["personaConfig"]
        if persona["avatarId"] != "a-face" or persona["llmId"] != "CUSTOMER_CLIENT_V1" or persona["type"] != "ephemeral":
            return web.json_response({"error": "no such avatar"}, status=400)
        self.start(asked["environment"]["livekitUrl"], asked["environment"]["livekitToken"])
        return web.json_response({"sessionId": "s1"})


class BeyStandIn(StandIn):
    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v1/sessions", self.session)]

    async def session(self, request: web.Request) -> web.Response:
        if (refused := await self.refused(request)) is not None:
            return refused
        asked = self.calls[-1]
        if asked["avatar_id"] != "a-face" or asked["transport"] != "livekit":
            return web.json_response({"detail": "no such avatar"}, status=404)
        self.start(asked["url"], asked["token"])
        return web.json_response({"id": "s1"}, status=201)


class BitHumanStandIn(StandIn):
    """Mints a token for one room and one agent, and starts for that token alone."""

    MINTED: ClassVar[str] = "minted-for-an-hour"

    def routes(self) -> list[web.RouteDef]:
        return [web.post("/v1/runtime-tokens/mint", self.mint), web.post("/v1/runtime-tokens/request", self.request)]

    def key_of(self, request: web.Request) -> str | None:
        return request.headers.get("api-secret")

    async def mint(self, request: web.Request) -> web.Response:
        if (refused := await self.refused(request)) is not None:
            return refused
        asked = self.calls[-1]
        if asked["agent_code"] != "a-face" or asked["scope"] != "livekit-cloud" or not asked["livekit_url"]:
            return web.json_response({"error": "no such agent"}, status=404)
        return web.json_response({"scoped_token": self.MINTED, "room": asked["room_name"]})

    async def request(self, request: web.Request) -> web.Response:
        asked = await request.json()
        self.calls.append(asked)
        if self.key_of(request) != self.MINTED:
            return web.json_response({"error": "invalid token"}, status=401)
        assert asked["agent_id"] == "a-face"
        assert asked["room_name"] == self.calls[0]["room_name"]
        self.start(asked["livekit_url"], asked["livekit_token"])
        return web.json_response({"status": "ok"})
