"""A real livekit-server on loopback, for tests and the bench: free ports, a key of its own, ended with its owner."""

from __future__ import annotations

import json
import secrets
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import httpx
import psutil

from visavis.errors import Unavailable
from visavis.transports.livekit.access import LiveKitAccess

READY_WITHIN_S: Final = 20.0
END_WITHIN_S: Final = 5.0


class LiveKitServer:
    """One process of `binary`; `restart` ends it and starts it again at the same address, as an operator would."""

    def __init__(self, binary: str, folder: Path) -> None:
        self._binary, self._folder = binary, folder
        self._port, self._tcp_port, self._udp_port = _free_ports()
        self.url = f"ws://127.0.0.1:{self._port}"
        self.access = LiveKitAccess(self.url, "devkey", secrets.token_hex(24))
        self._process: psutil.Popen | None = None

    def start(self) -> None:
        """Returns when it answers. Raises Unavailable, with its last line, where it does not."""
        config = self._folder / "livekit.json"  # JSON is YAML
        config.write_text(json.dumps(self._config()))
        log = self._folder / "livekit.log"
        with log.open("ab") as out:
            self._process = psutil.Popen([self._binary, "--dev", "--config", str(config)], stdout=out, stderr=out)
        deadline = time.monotonic() + READY_WITHIN_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = log.read_text(errors="replace").strip().splitlines()
                self.stop()
                raise Unavailable(f"livekit-server did not start: {said[-1] if said else 'it said nothing'}.")
            time.sleep(0.02)

    def stop(self) -> None:
        """At once: told to end, it would wait for everybody to leave."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(END_WITHIN_S)

    def restart(self) -> None:
        self.stop()
        self.start()

    def cpu_s(self) -> float:
        """CPU seconds it has taken so far."""
        assert self._process is not None
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def _answers(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self._port}/", timeout=1.0, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    def _config(self) -> dict[str, object]:
        return {
            "port": self._port,
            "bind_addresses": ["127.0.0.1"],
            "keys": {self.access.api_key: self.access.api_secret},
            "rtc": {
                "udp_port": self._udp_port,
                "tcp_port": self._tcp_port,
                "node_ip": "127.0.0.1",
                "use_external_ip": False,
                "enable_loopback_candidate": True,
                "ips": {"includes": ["127.0.0.1/32"]},
            },
            "room": {"auto_create": True, "empty_timeout": 20},
            "logging": {"level": "info", "json": False},
        }


@contextmanager
def livekit_server(binary: str) -> Iterator[LiveKitServer]:
    """A running server; `scripts/livekit-server --path` names a binary."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="visavis-livekit-")))
        server = LiveKitServer(binary, folder)
        stack.callback(server.stop)
        server.start()
        yield server


def _free_ports() -> tuple[int, int, int]:
    """Signalling (TCP), ICE over TCP, and ICE over UDP."""
    with ExitStack() as stack:
        taken = [socket.socket(socket.AF_INET, kind) for kind in (socket.SOCK_STREAM, socket.SOCK_STREAM, socket.SOCK_DGRAM)]
        for each in taken:
            stack.enter_context(each)
            each.bind(("127.0.0.1", 0))
        signalling, tcp, udp = (each.getsockname()[1] for each in taken)
        return signalling, tcp, udp
