"""Server and viewer on two hosts of a network of the test's own: a bound address, its token, and media that cross it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.needs import network_namespace

pytestmark = pytest.mark.network
HERE = Path(__file__).parent
SERVER, VIEWER = "10.77.41.1", "10.77.41.2"
TOKEN = "a-token-for-this-test"


@pytest.fixture
def hosts() -> Iterator[tuple[list[str], list[str]]]:
    """Command prefixes that run a program on the server's and on the viewer's host."""
    network_namespace()
    names = [f"visavis-{os.getpid()}-{side}" for side in ("server", "viewer")]
    inside = [["ip", "netns", "exec", name] for name in names]
    ends = [f"vv{os.getpid() % 100_000}s", f"vv{os.getpid() % 100_000}v"]

    def run(*command: str) -> None:
        subprocess.run(command, check=True, capture_output=True)

    try:
        for name in names:
            run("ip", "netns", "add", name)
        run("ip", "link", "add", ends[0], "netns", names[0], "type", "veth", "peer", "name", ends[1], "netns", names[1])
        for prefix, end, address in zip(inside, ends, (SERVER, VIEWER), strict=True):
            run(*prefix, "ip", "link", "set", "lo", "up")
            run(*prefix, "ip", "address", "add", f"{address}/24", "dev", end)
            run(*prefix, "ip", "link", "set", end, "up")
        yield inside[0], inside[1]
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


def test_a_conversation_crosses_the_network(hosts: tuple[list[str], list[str]]) -> None:
    on_server, on_viewer = hosts
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}
    serving = subprocess.Popen(
        [*on_server, sys.executable, str(HERE / "plain_server.py"), SERVER, "8700", TOKEN],
        stdout=subprocess.PIPE,
        env=environment,
    )
    try:
        assert serving.stdout is not None
        assert serving.stdout.readline() == b"ready\n"
        url = f"http://{SERVER}:8700"
        refused = subprocess.run(
            [*on_viewer, sys.executable, str(HERE / "plain_viewer.py"), url, "wrong"],
            capture_output=True, text=True, timeout=60, env=environment, check=False,
        )  # fmt: skip
        assert "401" in refused.stderr
        seen = subprocess.run(
            [*on_viewer, sys.executable, str(HERE / "plain_viewer.py"), url, TOKEN],
            capture_output=True, text=True, timeout=60, env=environment, check=True,
        )  # fmt: skip
    finally:
        serving.terminate()
        serving.wait(10)
        serving.stdout.close()
    witnessed = json.loads(seen.stdout)
    assert witnessed["addresses"] == [SERVER]
    assert witnessed["frames"] > 20
    assert witnessed["loud"] >= 45
    assert witnessed["open"] > 5
