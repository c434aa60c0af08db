"""What one process of `visavis worker` does: draws one avatar in one room, and says every second how it goes."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from visavis.session.capacity import Cost
from visavis.session.faces import Faces, InstalledFaces
from visavis.session.live import LiveSession
from visavis.session.rooms import RoomSessions, room_viewer
from visavis.settings import Settings

if TYPE_CHECKING:
    from visavis.transports.livekit.participant import RoomAvatar
    from visavis.transports.livekit.worker import Job, Process

log = logging.getLogger(__name__)

REPORT_S: Final = 1.0
ALONE_S: Final = 20.0
"""An avatar whose agent has left, and not come back within this, leaves too."""
WARM: Final = "visavis.faces"


@dataclass(frozen=True)
class JobConfig:
    """Handed to every job process. `reports` is the worker's datagram socket."""

    settings: Settings
    costs: tuple[Cost, ...]
    reports: str
    make_faces: Callable[[Settings], Faces] | None = None
    """Instead of the installed ones: tests bring their own."""


def warm(config: JobConfig, process: Process) -> None:
    """Before the first job: the default person is loaded and its kernels are ready. An idle process costs memory alone."""
    from visavis.transports.livekit import agent_speech, participant, tracing  # noqa: F401

    tracing.configure("visavis-worker")
    settings = config.settings
    faces = config.make_faces(settings) if config.make_faces else InstalledFaces(settings.home, settings.cache)
    faces.engine(faces.avatar(settings.avatar), settings.engine, settings.size).close()
    process.userdata[WARM] = faces


async def serve(config: JobConfig, context: Job) -> None:
    """One room, from joining it until the agent has gone."""
    from visavis.transports.livekit.agent_speech import AgentSpeech
    from visavis.transports.livekit.tracing import SpeechSpans
    from visavis.transports.livekit.worker import job_room, wish_of

    wish = wish_of(context)
    settings = config.settings.model_copy(
        update={key: value for key, value in (("size", wish.size), ("fps", wish.fps)) if value is not None}
    )
    sessions = RoomSessions(settings, faces=context.proc.userdata[WARM], costs=config.costs)
    make_room, join = job_room(context)
    spans = SpeechSpans()
    speeches: list[AgentSpeech] = []
    viewers: list[Any] = []

    def talker(sink: Any, session: LiveSession) -> AgentSpeech:
        speeches.append(AgentSpeech(sink, wish.agent, spans))
        speeches[0].on_broken = session.on_disconnected
        return speeches[0]

    def attach(room: Any) -> None:
        speeches[0].attach(room)

    def viewer(session: LiveSession, width: int, height: int) -> Any:
        viewers.append(
            room_viewer(
                session, join, agent=wish.agent, width=width, height=height, fps=settings.fps, alone_s=ALONE_S,
                make_room=make_room, rejoin=False, on_room=attach,
                on_frame=spans.seen,
            )
        )  # fmt: skip
        return viewers[0]

    session = await sessions.join(avatar=wish.avatar, engine=wish.engine, make_viewer=viewer, make_talker=talker)
    reporting = asyncio.create_task(_report(config.reports, context.job.id, session, viewers[0]), name="job reports")
    session.on_ended = lambda ended: context.shutdown("the session has ended")

    async def end() -> None:
        reporting.cancel()
        await asyncio.gather(reporting, return_exceptions=True)
        await sessions.aclose()

    context.add_shutdown_callback(end)


async def _report(path: str, job: str, session: LiveSession, viewer: RoomAvatar) -> None:
    """Datagrams of JSON; a worker that does not read loses them."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.setblocking(False)
        try:
            while True:
                figures = session.stats().model_dump() | {
                    "interrupts": session.player.generation,
                    "av_offset_ms": viewer.av_offset_ms,
                }
                _send(out, path, {"job": job, "pid": os.getpid(), "figures": figures})
                await asyncio.sleep(REPORT_S)
        finally:
            _send(out, path, {"job": job, "ended": True})


def _send(out: socket.socket, path: str, report: dict[str, object]) -> None:
    with suppress(OSError):
        out.sendto(json.dumps(report).encode(), path)
