"""A helper process over a pipe: started on demand, read in frames, ended without leaving anything behind."""

from __future__ import annotations

import asyncio
import contextlib
import struct
import sys
from pathlib import Path
from typing import Any, Final

from visavis.errors import Unavailable

HEADER: Final = struct.Struct("<4sI")
"""Kind and size of the payload that follows."""
MAX_PAYLOAD_BYTES: Final = 64 * 2**20
START_TIMEOUT_S: Final = 30.0


class WorkerDied(Unavailable):
    """The process ended while an answer was awaited."""


class WorkerProcess:
    """One process running a script of ours. Its first frame says that it is ready."""

    def __init__(self, script: Path, *, what: str, mend: str, executable: str = sys.executable) -> None:
        self._script, self._executable = script, executable
        self._what, self._mend = what, mend
        self._process: asyncio.subprocess.Process | None = None
        self._header: bytes | None = None
        """Of a frame whose payload was still to come when its reader was cancelled."""

    @property
    def pid(self) -> int | None:
        """Of the running process; None while there is none."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> bytes:
        """Start it, and wait until it is ready. Returns the payload of its first frame. Raises Unavailable."""
        await self.end()
        self._process = await asyncio.create_subprocess_exec(
            self._executable, "-I", str(self._script),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        try:
            _, payload = await asyncio.wait_for(self.read(), START_TIMEOUT_S)
        except (WorkerDied, TimeoutError) as error:
            await self.end()
            raise Unavailable(f"{self._what} does not start.", mend=self._mend) from error
        except asyncio.CancelledError:
            await self.end()
            raise
        return payload

    def write(self, data: bytes, *, most_waiting: int = MAX_PAYLOAD_BYTES) -> bool:
        """Send without waiting; False where the process is gone or more than `most_waiting` bytes wait already."""
        process = self._process
        if process is None or process.returncode is not None or process.stdin is None or process.stdin.is_closing():
            return False
        if process.stdin.transport.get_write_buffer_size() > most_waiting:
            return False
        process.stdin.write(data)
        return True

    async def read(self) -> tuple[bytes, bytes]:
        """The next frame: kind and payload. Cancelling loses nothing. Raises WorkerDied."""
        process = self._process
        if process is None or process.stdout is None:
            raise WorkerDied(f"{self._what} is not running.", mend=self._mend)
        try:
            if self._header is None:
                self._header = await process.stdout.readexactly(HEADER.size)
            kind, size = HEADER.unpack(self._header)
            assert size <= MAX_PAYLOAD_BYTES, size
            payload = await process.stdout.readexactly(size)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise WorkerDied(f"{self._what} ended unexpectedly.", mend=self._mend) from error
        self._header = None
        return kind, payload

    async def end(self) -> None:
        """Kill it and wait until it is gone. Idempotent."""
        process, self._process = self._process, None
        self._header = None
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        await process.wait()
        # asyncio closes the pipes of an ended process only once it is collected, and complains if the loop is closed by then
        transport: Any = process._transport  # type: ignore[attr-defined]
        transport.close()
