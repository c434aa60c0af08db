"""`visavis worker` with a drawn bar for a face, in a process of its own: for tests of rooms, not of people.

`python -m visavis.testing.worker URL PORT MAX_SESSIONS DRAIN_S`, the key in LIVEKIT_API_KEY and LIVEKIT_API_SECRET.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx
import psutil

from visavis.errors import Unavailable
from visavis.session.faces import Faces
from visavis.settings import Settings, load_settings
from visavis.testing.faces import PlainFaces
from visavis.transports.livekit.access import LiveKitAccess

READY_WITHIN_S: Final = 60.0


def plain_faces(settings: Settings) -> Faces:
    """A `JobConfig.make_faces`."""
    del settings
    return PlainFaces()


@dataclass
class PlainWorker:
    """A running worker process."""

    process: psutil.Popen
    url: str

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, timeout=5, trust_env=False)

    def jobs(self) -> dict[str, Any]:
        return dict(self.get("/jobs").json())

    def metric(self, name: str) -> float:
        """Of a metric without labels."""
        for line in self.get("/metrics").text.splitlines():
            if line.startswith(f"{name} "):
                return float(line.split()[1])
        raise KeyError(name)

    def kill(self) -> None:
        """As the machine would lose it: the worker and all its jobs at once."""
        for process in [*self.process.children(recursive=True), self.process]:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        self.process.wait(10)


@contextmanager
def plain_worker(access: LiveKitAccess, *, max_sessions: int = 4, drain_s: int = 10) -> Iterator[PlainWorker]:
    """A worker that takes rooms. Raises Unavailable where it does not come up."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "visavis.testing.worker", access.url, str(port), str(max_sessions), str(drain_s)]
    secrets = {"LIVEKIT_API_KEY": access.api_key, "LIVEKIT_API_SECRET": access.api_secret}
    process = psutil.Popen(command, env={**os.environ, **secrets}, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    worker = PlainWorker(process, f"http://127.0.0.1:{port}")
    try:
        _until_ready(worker)
        yield worker
    finally:
        if process.poll() is None:
            worker.kill()


def _until_ready(worker: PlainWorker) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline and worker.process.poll() is None:
        try:
            if worker.get("/readyz").status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.05)
    raise Unavailable("The worker did not come up.")


def main(url: str, port: str, max_sessions: str, drain_s: str) -> None:
    from visavis.server.run import bind
    from visavis.server.worker import run_worker

    logging.basicConfig(level=logging.WARNING)
    access = LiveKitAccess(url, os.environ["LIVEKIT_API_KEY"], os.environ["LIVEKIT_API_SECRET"])
    settings = load_settings(size=128, fps=30, port=int(port), max_sessions=int(max_sessions))
    work = run_worker(settings, access, bind(settings), drain_s=int(drain_s), idle_processes=1, make_faces=plain_faces)
    asyncio.run(work)


if __name__ == "__main__":
    main(*sys.argv[1:])
