"""A worker as LiveKit's dispatch knows it: takes jobs while its load allows, runs each in a process of its own, drains.

livekit-agents' `AgentServer` does the work; what a job does and what it costs is handed in.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from livekit import rtc
from livekit.agents import AgentServer, AutoSubscribe, JobContext, JobExecutorType, JobProcess, JobRequest

from visavis.errors import BadInput
from visavis.transports.livekit.access import ON_BEHALF, LiveKitAccess
from visavis.transports.livekit.dispatch import AvatarWish, decode_wish
from visavis.transports.livekit.participant import Join
from visavis.transports.livekit.wire import WORKER_AGENT_NAME

FULL: Final = 0.999
"""The load from which on no job is taken."""
START_PROCESS_S: Final = 60.0
"""A process loads a person and compiled kernels before it takes its first job; on a busy machine that takes a while."""
END_JOB_S: Final = 5.0

Job: TypeAlias = JobContext
Process: TypeAlias = JobProcess
Entry = Callable[[Job], Awaitable[None]]
Warm = Callable[[Process], None]


@dataclass(frozen=True)
class WorkerOptions:
    """`load` is asked for the share of this machine that the running wishes take, 0 to 1 and beyond.

    `entry` and `warm` run in job processes, so they must be importable (or partials of what is).
    """

    access: LiveKitAccess
    entry: Entry
    warm: Warm
    load: Callable[[Iterable[AvatarWish]], float]
    accepts: Callable[[AvatarWish], None]
    """Raises a VisavisError for what cannot be drawn here."""
    on_taken: Callable[[AvatarWish], None]
    idle_processes: int
    drain_s: int


class Worker:
    """`run` until closed. One for each process."""

    def __init__(self, options: WorkerOptions) -> None:
        self._options = options
        access = options.access
        self._server = AgentServer(
            job_executor_type=JobExecutorType.PROCESS,
            multiprocessing_context="spawn",  # kernels and their threads do not survive a fork
            ws_url=access.url,
            api_key=access.api_key,
            api_secret=access.api_secret,
            host="127.0.0.1",
            port=0,
            load_fnc=self._load,
            load_threshold=FULL,
            num_idle_processes=options.idle_processes,
            initialize_process_timeout=START_PROCESS_S,
            shutdown_process_timeout=END_JOB_S,
            drain_timeout=options.drain_s,
            job_memory_warn_mb=2_000,
            setup_fnc=options.warm,
        )
        self._server.rtc_session(options.entry, agent_name=WORKER_AGENT_NAME, on_request=self._requested)
        self._server.on("worker_registered", self._on_registered)
        self.registered = False

    async def run(self) -> None:
        """Raises Unavailable where the server cannot be reached or refuses the key."""
        await self._server.run()

    async def drain(self) -> None:
        """No new jobs; returns when the running ones have ended, or after `drain_s`."""
        await self._server.drain()

    async def aclose(self) -> None:
        await self._server.aclose()

    @property
    def draining(self) -> bool:
        return bool(self._server.draining)

    def wishes(self) -> list[AvatarWish]:
        """Of the running jobs."""
        return [decode_wish(running.job.metadata) for running in self._server.active_jobs]

    @property
    def load(self) -> float:
        return self._options.load(self.wishes())

    def _load(self) -> float:
        return self.load

    def _on_registered(self, *_: Any) -> None:
        self.registered = True

    async def _requested(self, request: JobRequest) -> None:
        try:
            wish = decode_wish(request.job.metadata)
            self._options.accepts(wish)
        except BadInput:
            await request.reject()
            raise
        self._options.on_taken(wish)
        await request.accept(identity=wish.identity, name=wish.name, attributes={ON_BEHALF: wish.agent})


def wish_of(context: Job) -> AvatarWish:
    return decode_wish(context.job.metadata)


def job_room(context: Job) -> tuple[Callable[[], rtc.Room], Join]:
    """The job's room, and how it is joined."""

    async def join(room: rtc.Room) -> None:
        assert room is context.room
        await context.connect(auto_subscribe=AutoSubscribe.SUBSCRIBE_NONE)

    return lambda: context.room, join
