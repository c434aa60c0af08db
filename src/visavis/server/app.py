"""The HTTP surface: the page, avatars, sessions by SDP as WHIP and WHEP do, control, health and metrics."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from fastapi import FastAPI, Query, Request, Response, WebSocket, WebSocketDisconnect
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse
from fastapi.staticfiles import StaticFiles

from visavis import __version__
from visavis.avatars import list_avatars
from visavis.errors import BadInput, NotAllowed, TooLarge, VisavisError
from visavis.protocol import MAX_MESSAGE_BYTES, MAX_SDP_BYTES, decode_message
from visavis.server.access import check_host, check_origin, check_token
from visavis.server.api_page import render_api_page
from visavis.server.metrics import render_metrics
from visavis.server.models import add_models
from visavis.server.rooms import add_rooms
from visavis.server.uploads import add_uploads
from visavis.session.live import LiveSession
from visavis.session.sessions import GUIDE, Sessions
from visavis.settings import Settings

log = logging.getLogger(__name__)

PAGE: Final = Path(__file__).parent / "page"
SDP: Final = "application/sdp"
TOKEN_PROTOCOL: Final = "bearer."  # noqa: S105
CONTENT_POLICY: Final = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' blob: mediastream:; "
    "connect-src 'self' http: https: ws: wss:; object-src 'none'; base-uri 'none'"
)
"""The page loads nothing from elsewhere; it may talk to a server at another address."""
NO_PAGE: Final = "The page is not built. Run `make page` (needs Node 20), or install the published wheel."


def create_app(settings: Settings, *, sessions: Sessions | None = None) -> FastAPI:
    """The application; it owns `sessions` and ends them when it stops."""
    owned = sessions or Sessions(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.preparing = asyncio.create_task(_prepare(owned), name="prepare")
        app.state.preparing.add_done_callback(_log_failure)
        yield
        app.state.preparing.cancel()
        await asyncio.gather(app.state.preparing, return_exceptions=True)
        await owned.aclose()

    about = "A face for any voice agent."
    app = FastAPI(title="visavis", version=__version__, lifespan=lifespan, description=about, docs_url=None, redoc_url=None)
    app.state.sessions = owned
    app.state.settings = settings
    app.add_exception_handler(VisavisError, _answer_error)
    app.add_exception_handler(RequestValidationError, _answer_bad_request)
    app.middleware("http")(_guard)
    if settings.cors_origins:  # outermost: a refusal must be readable to the page it is given to
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["Authorization", "Content-Type"],
            expose_headers=["Location", "ETag"],
        )
    _add_health(app)
    _add_avatars(app)
    add_models(app)
    add_uploads(app)
    _add_sessions(app)
    _add_control(app)
    add_rooms(app)
    _add_page(app)
    return app


async def _prepare(sessions: Sessions) -> None:
    await sessions.prepare()


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("not ready: %s", task.exception(), exc_info=task.exception())


def _answer_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, VisavisError)
    headers = {"WWW-Authenticate": "Bearer"} if isinstance(error, NotAllowed) else None
    return JSONResponse({"code": error.code, "message": str(error)}, error.http_status, headers)


def _answer_bad_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    fault = error.errors()[0]
    return _answer_error(request, BadInput(f"{fault['loc'][-1]}: {fault['msg']}."))


async def _guard(request: Request, call_next: Any) -> Response:
    """API calls need the token wherever one is set; the page and the health checks do not."""
    settings: Settings = request.app.state.settings
    guarded = request.url.path.startswith("/api/") or request.url.path == "/metrics"
    try:
        if settings.loopback:
            check_host(request.headers.get("host", ""))
        if guarded and settings.token is not None and request.method != "OPTIONS":
            check_token(request.headers.get("authorization", ""), settings.token.get_secret_value())
    except NotAllowed as error:
        return _answer_error(request, error)
    response: Response = await call_next(request)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "no-referrer")
    response.headers.setdefault("Content-Security-Policy", CONTENT_POLICY)
    return response


def _add_health(app: FastAPI) -> None:
    sessions: Sessions = app.state.sessions

    @app.get("/healthz", tags=["health"])
    async def healthz() -> dict[str, str]:
        """The process answers."""
        return {"status": "ok", "version": __version__}

    @app.get("/readyz", tags=["health"])
    async def readyz() -> JSONResponse:
        """Whether a session would be taken now."""
        capacity = sessions.capacity
        if capacity is None:
            preparing: asyncio.Task[None] = app.state.preparing
            failure = preparing.exception() if preparing.done() and not preparing.cancelled() else None
            body = {"status": "failed", "message": str(failure)} if failure else {"status": "preparing"}
            return JSONResponse(body, 503)
        free = capacity.room(*sessions.counts, by_viewer=False)
        room = {"status": "ready" if free else "full", "free": free, "limit": capacity.limit,
                "free_drawn_by_viewers": capacity.room(*sessions.counts, by_viewer=True)}  # fmt: skip
        return JSONResponse(room, 200 if free else 503)

    @app.get("/metrics", tags=["health"], response_class=PlainTextResponse)
    async def metrics() -> Response:
        """Prometheus text."""
        body, content_type = render_metrics(sessions)
        return Response(body, media_type=content_type)


def _add_avatars(app: FastAPI) -> None:
    settings: Settings = app.state.settings

    @app.get("/api/avatars", tags=["avatars"])
    async def avatars() -> dict[str, Any]:
        """Who can be put in front."""
        known = await asyncio.to_thread(list_avatars, settings.home)
        return {
            "avatars": [
                {"name": a.name, "title": a.title, "engines": list(a.engines), "licence": a.licence} for a in known
            ],
            "default": settings.avatar,
            "language_model": settings.llm != GUIDE,
            "ice_servers": _ice_servers(settings),
        }  # fmt: skip


def _ice_servers(settings: Settings) -> list[dict[str, str]]:
    """As RTCIceServer; the viewer needs the same STUN and TURN servers."""
    login: dict[str, str] = {}
    if settings.ice_username is not None and settings.ice_credential is not None:
        login = {"username": settings.ice_username, "credential": settings.ice_credential.get_secret_value()}
    return [{"urls": url} | (login if url.startswith("turn") else {}) for url in settings.ice_servers]


def _add_sessions(app: FastAPI) -> None:
    sessions: Sessions = app.state.sessions

    @app.post("/api/sessions", status_code=201, tags=["sessions"], response_class=PlainTextResponse)
    async def open_session(
        request: Request,
        avatar: Annotated[str | None, Query(max_length=64)] = None,
        engine: Annotated[str | None, Query(max_length=32)] = None,
        draw: Annotated[Literal["server", "viewer"], Query()] = "server",
    ) -> Response:
        """An SDP offer (`application/sdp`) is answered with an SDP answer; `Location` names the session."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != SDP:
            raise BadInput(f"The content type is {kind or 'missing'}.", mend=f"Send the SDP offer as {SDP}.")
        offer = (await _body(request, MAX_SDP_BYTES)).decode("utf-8", "replace")
        session, answer = await sessions.open(offer, avatar=avatar or None, engine=engine or None, draw=draw)
        return Response(answer, 201, {"Location": f"/api/sessions/{session.name}"}, SDP)

    @app.delete("/api/sessions/{name}", status_code=204, tags=["sessions"])
    async def close_session(name: str) -> Response:
        await sessions.get(name).aclose()
        return Response(status_code=204)

    @app.get("/api/sessions/{name}/stats", tags=["sessions"])
    async def session_stats(name: str) -> dict[str, Any]:
        """The session's figures as the server measures them."""
        return sessions.get(name).stats().model_dump()


def _add_control(app: FastAPI) -> None:
    sessions: Sessions = app.state.sessions
    settings: Settings = app.state.settings

    @app.post("/api/sessions/{name}/control", status_code=202, tags=["control"])
    async def control(name: str, request: Request) -> Response:
        """One control message, as on the data channel."""
        session = sessions.get(name)
        session.control(decode_message(await _body(request, MAX_MESSAGE_BYTES)))
        return Response(status_code=202)

    @app.websocket("/api/sessions/{name}/control")
    async def control_socket(name: str, socket: WebSocket) -> None:
        """Control messages in, this session's events out. A browser gives the token, where one is set, as a subprotocol
        `bearer.TOKEN`; others as the header `Authorization`.
        """
        offered = next((name for name in socket.scope["subprotocols"] if name.startswith(TOKEN_PROTOCOL)), None)
        try:
            if settings.loopback:
                check_host(socket.headers.get("host", ""))
            check_origin(socket.headers.get("origin"), socket.headers.get("host", ""), settings.cors_origins)
            if settings.token is not None:
                given = f"Bearer {offered.removeprefix(TOKEN_PROTOCOL)}" if offered else socket.headers.get("authorization", "")
                check_token(given, settings.token.get_secret_value())
            session = sessions.get(name)
        except VisavisError as error:
            await socket.close(4000 + error.http_status, str(error)[:120])
            return
        await socket.accept(offered)
        with session.events() as events:
            both = [
                asyncio.create_task(_send_events(socket, events), name="control socket out"),
                asyncio.create_task(_take_messages(socket, session), name="control socket in"),
            ]
            try:
                await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in both:
                    task.cancel()
                await asyncio.gather(*both, return_exceptions=True)


async def _send_events(socket: WebSocket, events: asyncio.Queue[str | None]) -> None:
    """Until the session ends, which ends the socket too."""
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # starlette raises the latter once the other side has closed
        while (event := await events.get()) is not None:
            await socket.send_text(event)
        await socket.close(1000, "The session has ended.")


async def _take_messages(socket: WebSocket, session: LiveSession) -> None:
    with contextlib.suppress(WebSocketDisconnect):
        while (received := await socket.receive())["type"] != "websocket.disconnect":
            session.on_message(received.get("text") or received.get("bytes") or "")


def _add_page(app: FastAPI) -> None:
    @app.get("/docs", include_in_schema=False)
    async def docs() -> HTMLResponse:
        return HTMLResponse(render_api_page(app.openapi()))

    if not (PAGE / "index.html").is_file():

        @app.get("/", include_in_schema=False)
        async def missing() -> Response:
            return PlainTextResponse(NO_PAGE, 503)

        return

    @app.get("/", include_in_schema=False)
    async def index() -> FileResponse:
        return FileResponse(PAGE / "index.html", headers={"Cache-Control": "no-cache"})

    app.mount("/", StaticFiles(directory=PAGE), name="page")


async def _body(request: Request, most: int) -> bytes:
    """The body, read no further than `most` bytes. Raises TooLarge."""
    parts = bytearray()
    async for part in request.stream():
        parts += part
        if len(parts) > most:
            raise TooLarge(f"The body is larger than {most} bytes.")
    return bytes(parts)
