"""`visavis worker`: avatars for many LiveKit rooms, each in a process of its own; admission by measured cost; health and metrics."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import signal
import socket
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import uvicorn
from fastapi import FastAPI
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from visavis import __version__
from visavis.errors import BadInput, Unavailable
from visavis.session.capacity import Capacity, Cost, measure_costs
from visavis.session.faces import ENGINES, InstalledFaces
from visavis.session.room_job import JobConfig, serve, warm
from visavis.settings import Settings

if TYPE_CHECKING:
    from visavis.transports.livekit.access import LiveKitAccess
    from visavis.transports.livekit.dispatch import AvatarWish
    from visavis.transports.livekit.worker import Worker

log = logging.getLogger(__name__)

MAX_REPORT_BYTES: Final = 4_096
SILENT_S: Final = 5.0
"""A job that has not reported for so long has crashed."""
IDLE_PROCESSES: Final = 2
"""Kept ready, each with a person loaded: a room is taken in a second, and a few hundred MB wait for it."""
FIGURES: Final = {
    "fps": "Frames a second handed to LiveKit.",
    "frame_ms_p50": "Time to draw a frame, median.",
    "frame_ms_p95": "Time to draw a frame, 95th percentile.",
    "gap_ms_p95": "Time between frames, 95th percentile.",
    "late_frames": "Frames never drawn because their time had gone by.",
    "stalled_ms": "Silence inside utterances because the voice fell behind.",
    "interrupts": "Interruptions so far.",
    "av_offset_ms": "How much later than its sound a picture is handed to LiveKit.",
}


class Reports:
    """What the job processes say of themselves, once a second. A job that falls silent without a farewell has crashed."""

    def __init__(self) -> None:
        self.figures: dict[str, dict[str, float]] = {}
        self.pids: dict[str, int] = {}
        self._heard_s: dict[str, float] = {}
        self.taken = self.taken_over = self.crashed = self.interrupts_before = 0

    def take(self, data: bytes) -> None:
        """A report as it came. What is none is left out: only our own processes know the socket."""
        with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError, RecursionError):
            report = json.loads(data[:MAX_REPORT_BYTES])
            job = str(report["job"])[:64]
            if report.get("ended"):
                self._forget(job)
                return
            figures, pid = {name: float(report["figures"].get(name) or 0.0) for name in FIGURES}, int(report["pid"])
            self.figures[job], self.pids[job] = figures, pid
            self._heard_s[job] = time.monotonic()

    def sweep(self) -> None:
        silent = [job for job, at in self._heard_s.items() if time.monotonic() - at > SILENT_S]
        for job in silent:
            self._forget(job)
        self.crashed += len(silent)

    def _forget(self, job: str) -> None:
        self._heard_s.pop(job, None)
        self.pids.pop(job, None)
        self.interrupts_before += int(self.figures.pop(job, {}).get("interrupts", 0))


class _WorkerCollector(Collector):
    def __init__(self, worker: Worker, capacity: Capacity, reports: Reports) -> None:
        self._worker, self._capacity, self._reports = worker, capacity, reports

    def collect(self) -> Iterator[Metric]:
        reports = self._reports
        reports.sweep()
        yield GaugeMetricFamily("visavis_sessions", "Rooms with an avatar of this worker.", len(self._worker.wishes()))
        yield GaugeMetricFamily("visavis_sessions_limit", "Sessions this machine holds.", self._capacity.limit)
        yield GaugeMetricFamily("visavis_load", "Share of this machine that is taken, as told to LiveKit.", self._worker.load)
        yield GaugeMetricFamily("visavis_draining", "1 while no new rooms are taken.", float(self._worker.draining))
        yield CounterMetricFamily("visavis_jobs", "Rooms taken so far.", reports.taken)
        yield CounterMetricFamily("visavis_restarts", "Rooms taken over from a face that was lost.", reports.taken_over)
        yield CounterMetricFamily("visavis_crashes", "Sessions that ended without a farewell.", reports.crashed)
        interrupts = reports.interrupts_before + sum(int(each["interrupts"]) for each in reports.figures.values())
        yield CounterMetricFamily("visavis_interrupts", "Interruptions carried out.", interrupts)
        for name, help_text in FIGURES.items():
            if name == "interrupts":
                continue
            family = GaugeMetricFamily(f"visavis_{name}", help_text, labels=["job"])
            for job, figures in reports.figures.items():
                family.add_metric([job], figures[name])
            yield family


def health_app(worker: Worker, capacity: Capacity, reports: Reports) -> FastAPI:
    """`/healthz`, `/readyz`, `/metrics`, and `/jobs`: which process draws what."""
    app = FastAPI(title="visavis worker", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)
    registry = CollectorRegistry()
    registry.register(_WorkerCollector(worker, capacity, reports))

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok", "version": __version__}

    @app.get("/readyz")
    async def readyz() -> JSONResponse:
        """Whether a room would be taken now."""
        free = max(0, capacity.limit - len(worker.wishes()))
        status = "draining" if worker.draining else "connecting" if not worker.registered else "ready" if free else "full"
        return JSONResponse({"status": status, "free": free, "limit": capacity.limit}, 200 if status == "ready" else 503)

    @app.get("/jobs")
    async def jobs() -> dict[str, Any]:
        reports.sweep()
        return {job: {"pid": reports.pids[job], "figures": figures} for job, figures in reports.figures.items()}

    @app.get("/metrics", response_class=PlainTextResponse)
    async def metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return app


class _QuietServer(uvicorn.Server):
    """Signals are the worker's: a SIGTERM drains before it ends."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run_worker(
    settings: Settings,
    access: LiveKitAccess,
    listening: socket.socket,
    *,
    drain_s: int,
    idle_processes: int = IDLE_PROCESSES,
    make_faces: Any = None,
) -> None:
    """Until SIGTERM or Ctrl-C; then no more rooms are taken, and it ends when the last has, or after `drain_s`."""
    from visavis.transports.livekit.worker import Worker, WorkerOptions

    costs = () if make_faces else await _measured(settings)
    capacity = Capacity(costs or [Cost(0.0, 0.0)], fps=settings.fps, at_most=settings.max_sessions)
    log.info("this machine holds %d sessions at %d fps", capacity.limit, settings.fps)
    reports = Reports()
    async with AsyncExitStack() as ending:
        folder = ending.enter_context(tempfile.TemporaryDirectory(prefix="visavis-worker-"))
        path = str(Path(folder) / "reports")
        config = JobConfig(settings, tuple(costs), path, make_faces)
        worker = Worker(
            WorkerOptions(
                access, partial(serve, config), partial(warm, config), load=partial(_load, capacity), accepts=_check,
                on_taken=partial(_taken, reports), idle_processes=min(capacity.limit, idle_processes), drain_s=drain_s,
            )
        )  # fmt: skip
        ending.push_async_callback(_listen(path, reports))
        health = _QuietServer(uvicorn.Config(health_app(worker, capacity, reports), log_level="warning", lifespan="off"))
        serving = asyncio.create_task(health.serve([listening]), name="worker health")
        try:
            await _until_signalled(worker)
        finally:
            health.should_exit = True
            await serving


async def _until_signalled(worker: Worker) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    running = asyncio.create_task(worker.run(), name="worker")
    stopping = asyncio.create_task(stop.wait(), name="worker signals")
    await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
    try:
        if not running.done():
            with contextlib.suppress(TimeoutError):
                await worker.drain()
    finally:
        stopping.cancel()
        await worker.aclose()
    try:
        await running
    except (OSError, RuntimeError, ValueError) as error:
        raise Unavailable(f"LiveKit cannot be reached: {error}.", mend="Check the server's URL, key and secret.") from error


def _listen(path: str, reports: Reports) -> Any:
    """Reads reports from now on; the coroutine function that ends it."""
    loop = asyncio.get_running_loop()
    receiving = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    receiving.setblocking(False)
    receiving.bind(path)

    def read() -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                reports.take(receiving.recv(MAX_REPORT_BYTES))

    loop.add_reader(receiving, read)

    async def end() -> None:
        loop.remove_reader(receiving)
        receiving.close()

    return end


async def _measured(settings: Settings) -> tuple[Cost, ...]:
    """In a process of its own, so that the worker itself stays small: job processes are what draws."""
    loop = asyncio.get_running_loop()
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as apart:
        return await loop.run_in_executor(apart, _measure, settings)


def _measure(settings: Settings) -> tuple[Cost, ...]:
    faces = InstalledFaces(settings.home, settings.cache)
    avatar = faces.avatar(settings.avatar)
    return tuple(
        measure_costs(lambda level: faces.engine(avatar, settings.engine, settings.size, level=level), fps=settings.fps)
    )


def _load(capacity: Capacity, wishes: Iterable[AvatarWish]) -> float:
    """A session is a share; LiveKit gives the next room to the worker that is least loaded."""
    return sum(1 for _ in wishes) / capacity.limit


def _check(wish: AvatarWish) -> None:
    if wish.engine is not None and wish.engine not in ENGINES:
        raise BadInput(f"There is no engine {wish.engine!r} here.", mend=f"Known: {', '.join(ENGINES)}.")


def _taken(reports: Reports, wish: AvatarWish) -> None:
    reports.taken += 1
    reports.taken_over += wish.restart > 0
