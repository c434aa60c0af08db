"""Programs that an example needs beside it: started, waited for, ended."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from visavis.transports.livekit.access import LiveKitAccess

READY_WITHIN_S = 60.0
ROOT = Path(__file__).resolve().parents[2]
NEVER_BUSY = """
from livekit.agents import cli
from livekit_agent import server
server.load_fnc = lambda: 0.0
cli.run_app(server)
"""
"""The agent example; LiveKit gives no rooms to an agent whose machine is as busy as one that runs tests."""


@contextmanager
def example_agent(access: LiveKitAccess, log: Path, *, size: int) -> Iterator[None]:
    """The agent example at a server; entered when it takes rooms. `start` would take port 8081."""
    env = os.environ | {
        "LIVEKIT_URL": access.url, "LIVEKIT_API_KEY": access.api_key, "LIVEKIT_API_SECRET": access.api_secret,
        "VISAVIS_SIZE": str(size), "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT / "examples")]),
    }  # fmt: skip
    with running([sys.executable, "-c", NEVER_BUSY, "dev", "--no-reload"], env, log, until="registered worker"):
        yield


def said(log: Path) -> str:
    return log.read_text(errors="replace")[-3000:]


@contextmanager
def running(
    command: Sequence[str], env: Mapping[str, str], log: Path, *, until: str = "", cwd: Path | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A process whose output goes to `log`; entered when that holds `until`."""
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=env, stdout=out, stderr=out, cwd=cwd or log.parent)
        try:
            deadline = time.monotonic() + READY_WITHIN_S
            while until not in said(log) and time.monotonic() < deadline:
                assert process.poll() is None, said(log)
                time.sleep(0.1)
            yield process
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def answering(url: str, within_s: float) -> None:
    """Returns when `url` answers 200."""
    deadline = time.monotonic() + within_s
    while True:
        try:
            if httpx.get(url, timeout=2.0, trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        assert time.monotonic() < deadline, f"{url} does not answer"
        time.sleep(0.2)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
