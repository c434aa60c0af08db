"""A real server in a process of its own, on loopback, as `visavis serve` starts it: what is measured never shares its process
with the one who measures. `serving` starts one and ends it; `python -m visavis.bench.host` is the process.

`stamped` wraps every engine so that its pictures can be read at the viewer (`bench.stamps`) and lets the talker click
(`bench.clicks`); without it the server is exactly the product.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import psutil

from visavis.errors import Unavailable

READY_TIMEOUT_S: Final = 90.0
END_TIMEOUT_S: Final = 10.0
READY_POLL_S: Final = 0.02


@dataclass(frozen=True)
class HostOptions:
    """What the process is told, as JSON in its only argument."""

    home: str
    cache: str
    engine: str
    avatar: str
    size: int
    fps: int
    stamped: bool = False
    unlimited: bool = False
    """Admit every session, beyond the found limit: only the search for the true limit does that."""
    plain_face: bool = False
    """A drawn bar instead of the engine: the bench's own tests."""
    plain_voice: bool = False
    """A tone instead of the voice: the same."""


@dataclass
class Host:
    """A running server process. `asked_s` is when it was started, on `time.monotonic()`."""

    process: psutil.Popen
    url: str
    asked_s: float

    @contextlib.asynccontextmanager
    async def client(self) -> AsyncIterator[httpx.AsyncClient]:
        async with httpx.AsyncClient(base_url=self.url, timeout=60, trust_env=False) as client:
            yield client

    def usage(self) -> tuple[float, float]:
        """CPU seconds so far and resident memory in MiB, of the server and its children together."""
        return usage_of(self.process)


@contextlib.contextmanager
def serving(options: HostOptions) -> Iterator[Host]:
    """A server that takes sessions. Raises Unavailable, with its last line, where it does not come up."""
    asked_s = time.monotonic()
    command = [sys.executable, "-m", "visavis.bench.host", json.dumps(asdict(options))]
    with contextlib.ExitStack() as stack:
        log = stack.enter_context(tempfile.TemporaryFile("w+", errors="replace"))
        process = psutil.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        stack.callback(end_process, process)
        line = process.stdout.readline().strip()
        if not line.startswith("http"):
            log.seek(0)
            said = log.read().strip().splitlines()
            raise Unavailable(f"The server to measure did not start: {said[-1] if said else 'it said nothing'}.")
        host = Host(process, line, asked_s)
        asyncio.run(_until_ready(host))
        yield host


def usage_of(process: psutil.Process) -> tuple[float, float]:
    """CPU seconds so far and resident memory in MiB, of a process and its children together."""
    cpu_s = memory = 0.0
    for one in [process, *process.children(recursive=True)]:
        with contextlib.suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            cpu_s += times.user + times.system
            memory += one.memory_info().rss / 2**20
    return cpu_s, memory


def end_process(process: psutil.Popen) -> None:
    process.terminate()
    try:
        process.wait(END_TIMEOUT_S)
    except psutil.TimeoutExpired:
        process.kill()
        process.wait(END_TIMEOUT_S)
    process.stdout.close()


async def _until_ready(host: Host) -> None:
    async with asyncio.timeout(READY_TIMEOUT_S), host.client() as client:
        while (await client.get("/readyz")).status_code != 200:
            if host.process.poll() is not None:
                raise Unavailable("The server to measure ended before it was ready.")
            await asyncio.sleep(READY_POLL_S)


def main(argument: str) -> None:
    """The process: prints its URL when it listens, serves until it is terminated."""
    options = HostOptions(**json.loads(argument))
    from visavis.server.app import create_app
    from visavis.server.run import bind, run_server, url_of
    from visavis.settings import Settings

    settings = Settings(
        home=Path(options.home), cache=Path(options.cache), engine=None if options.plain_face else options.engine,
        avatar=options.avatar, size=options.size, fps=options.fps, host="127.0.0.1", port=0, max_sessions=None,
    )  # fmt: skip
    listening = bind(settings)
    app = create_app(settings, sessions=_sessions(settings, options))
    url = url_of(settings, listening)
    run_server(app, listening, on_ready=lambda: _announce(url))


def _announce(url: str) -> None:
    os.write(1, f"{url}\n".encode())


def _sessions(settings: Any, options: HostOptions) -> Any:
    """The product's own sessions, with stamped engines and a clicking talker where asked."""
    from visavis.bench.clicks import ClickingTalker, FlashTimes
    from visavis.bench.stamps import StampedEngine
    from visavis.bench.subject import subjects
    from visavis.session.capacity import Capacity
    from visavis.session.sessions import Sessions

    flashes = FlashTimes(settings.fps)

    class Faces:
        def __init__(self) -> None:
            self._inner = _plain_faces(settings) if options.plain_face else subjects([options.engine])[0].faces(settings)

        def avatar(self, name: str) -> Any:
            return self._inner.avatar(name)

        def engine(self, avatar: Any, engine: str | None, size: int, **detail: Any) -> Any:
            drawn_by = self._inner.engine(avatar, engine, size, **detail)
            return StampedEngine(drawn_by, flashes.flashing) if options.stamped else drawn_by

        def model(self, avatar: Any) -> Any:
            return self._inner.model(avatar)

    class BenchSessions(Sessions):
        async def prepare(self) -> Capacity:
            capacity = await super().prepare()
            if options.unlimited:
                capacity.limit = capacity.viewer_limit = 1_000
            return capacity

        def _conversation(self, sink: Any, session: Any) -> Any:
            if options.plain_voice:
                from visavis.testing.talker import EchoTalker

                talker: Any = EchoTalker(sink, session)
            else:
                talker = super()._conversation(sink, session)
            return ClickingTalker(talker, sink, session, flashes, settings.fps) if options.stamped else talker

    return BenchSessions(settings, faces=Faces())


def _plain_faces(settings: Any) -> Any:
    from visavis.avatars import load_avatar
    from visavis.testing.engine import PlainEngine

    class PlainFaces:
        def avatar(self, name: str) -> Any:
            return load_avatar(name, settings.home)

        def engine(self, avatar: Any, engine: str | None, size: int, **detail: Any) -> Any:
            return PlainEngine(size, size)

    return PlainFaces()


if __name__ == "__main__":
    main(sys.argv[1])
