"""The server process and its viewers, for real: a drawn bar for an engine, a tone for a voice, loopback alone."""

import asyncio
from pathlib import Path

import pytest

from visavis import protocol
from visavis.bench import av_sync, interrupt, response, starting
from visavis.bench.ear import Ear
from visavis.bench.glass import Glass
from visavis.bench.host import HostOptions, serving
from visavis.bench.sessions import try_sessions
from visavis.errors import Unavailable
from visavis.testing.viewer import watching

pytestmark = pytest.mark.network


def options(home: Path, **more: object) -> HostOptions:
    return HostOptions(
        home=str(home), cache=str(home / "cache"), engine="rig", avatar="nova", size=256, fps=30, plain_face=True,
        plain_voice=True, **more,
    )  # fmt: skip


def test_every_figure_of_a_stamped_session_is_found(tmp_path: Path) -> None:
    with serving(options(tmp_path, stamped=True)) as host:
        found = asyncio.run(_everything(host))
    assert all(0 < value < 5_000 for value in found["response"])
    assert len(found["response"]) == 2
    assert len(found["interrupt"]) == 1
    assert 0 < found["interrupt"][0] < 2_000
    assert len(found["glass"]) > 30
    assert min(found["glass"]) > 0
    assert len(found["offsets"]) >= 1
    assert all(abs(value) < 400 for value in found["offsets"])


async def _everything(host) -> dict:
    async with host.client() as server, watching(server) as viewer:
        ear, glass, witness = Ear(viewer), Glass(viewer), av_sync.Witness(viewer)
        viewer.tell(protocol.Say(text="one two"))
        await ear.loud_now(5)
        found = {"response": await response.measure_response(viewer, ear, times=2)}
        found["interrupt"] = await interrupt.measure_interrupt(viewer, ear, glass, times=1, text="la " * 12)
        found["glass"] = glass.values_ms
        found["offsets"] = (await av_sync.measure_av_sync(viewer, witness, seconds=2.5)).offsets_ms
        return found


def test_starting_and_a_small_crowd(tmp_path: Path) -> None:
    with serving(options(tmp_path, unlimited=True)) as host:
        assert 0 < asyncio.run(starting.measure_cold_start(host)) < 60
        assert 0 < asyncio.run(starting.measure_first_frame(host, times=1)) < 20_000
        cpu_s, memory_mb = host.usage()
        assert cpu_s > 0
        assert memory_mb > 20
        trial = try_sessions(host, 2, 1.0)
    assert trial.sessions == 2
    assert trial.fps > 1
    assert host.process.poll() is not None


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    bad = HostOptions(home=str(tmp_path), cache=str(tmp_path), engine="rig", avatar="nova", size=250, fps=30)
    with pytest.raises(Unavailable, match="did not start"), serving(bad):
        pass
