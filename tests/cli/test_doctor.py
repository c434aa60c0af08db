"""Each check on a machine where the answer is known."""

import asyncio
import json
import socket
from pathlib import Path

import pytest
from tests import needs
from typer.testing import CliRunner

from visavis.cli.commands import app
from visavis.doctor import face, network, page
from visavis.doctor.check import Check, Status, healthy
from visavis.doctor.hosted import check_hosted
from visavis.doctor.voice import check_voice
from visavis.errors import BadSettings
from visavis.settings import load_settings
from visavis.testing.engine import PlainEngine
from visavis.transports.webrtc import probe
from visavis.transports.webrtc.peer import IceSettings
from visavis.types import FaceFrame, VideoFrame

run = CliRunner()


def settings(tmp_path: Path, **more: object):
    return load_settings(home=tmp_path / "home", cache=tmp_path / "cache", **more)


class TestNetwork:
    def test_a_free_port_and_one_that_is_taken(self, tmp_path: Path) -> None:
        assert network.check_port(settings(tmp_path, port=0)).status is Status.OK
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            check = network.check_port(settings(tmp_path, port=taken.getsockname()[1]))
        assert check.status is Status.FAIL
        assert "--port" in check.mend

    async def test_a_port_that_visavis_itself_holds_is_well(self, tmp_path: Path) -> None:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            body = b'{"status":"ok","version":"0"}'
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body))
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            check = await asyncio.to_thread(network.check_port, settings(tmp_path, port=port))
        assert check.status is Status.OK
        assert "running" in check.detail

    def test_datagrams_arrive_on_loopback(self, tmp_path: Path) -> None:
        assert [check.status for check in network.check_udp(settings(tmp_path))] == [Status.OK]
        assert network._udp_over("203.0.113.77", Status.FAIL).status is Status.FAIL

    async def test_candidates_of_loopback(self, tmp_path: Path) -> None:
        checks = await network.check_ice(settings(tmp_path))
        assert [check.status for check in checks] == [Status.OK]
        assert "127.0.0.1" in checks[0].detail

    @pytest.mark.parametrize(
        ("url", "kinds", "status"),
        [
            ("stun:127.0.0.9:3478", {"host", "srflx"}, Status.OK),
            ("stun:127.0.0.9:3478", {"host"}, Status.FAIL),
            ("turn:127.0.0.9:3478", {"host", "relay"}, Status.OK),
            ("turn:127.0.0.9:3478", {"host", "srflx"}, Status.FAIL),
        ],
    )
    async def test_servers_are_judged_by_what_they_lend(self, monkeypatch, tmp_path, url, kinds, status) -> None:
        asked = []

        async def gathered(ice: IceSettings) -> list[probe.Candidate]:
            asked.append(ice.servers)
            return [probe.Candidate("udp", "10.0.0.5", kind) for kind in kinds]

        monkeypatch.setattr(network, "candidates", gathered)
        chosen = settings(tmp_path, ice_servers=[url], ice_username="u", ice_credential="a-secret-word")
        checks = await network.check_ice(chosen)
        assert checks[1].status is status
        assert "a-secret-word" not in json.dumps([str(check) for check in checks])
        assert asked == [(), (url,)]

    async def test_nothing_is_asked_unless_it_is_configured(self, monkeypatch, tmp_path) -> None:
        asked = []

        async def gathered(ice: IceSettings) -> list[probe.Candidate]:
            asked.append(ice.servers)
            return []

        monkeypatch.setattr(network, "candidates", gathered)
        checks = await network.check_ice(settings(tmp_path))
        assert asked == [()]
        assert checks[0].status is Status.FAIL

    async def test_a_turn_server_needs_a_credential(self, tmp_path: Path) -> None:
        check = await network._check_server(settings(tmp_path), "turn:127.0.0.9")
        assert check.status is Status.FAIL
        assert "VISAVIS_ICE" in check.mend

    async def test_a_url_that_is_none(self) -> None:
        with pytest.raises(BadSettings, match="no ICE server"):
            await probe.candidates(IceSettings(True, ("http://127.0.0.1",)))

    def test_microphones_need_a_secure_context(self, tmp_path: Path) -> None:
        assert network.check_microphone(settings(tmp_path)).status is Status.OK
        outside = network.check_microphone(settings(tmp_path, host="192.0.2.1"))
        assert outside.status is Status.WARN
        assert "https" in outside.mend


class SlowEngine(PlainEngine):
    def draw(self, face: FaceFrame) -> VideoFrame:
        import time

        until = time.thread_time() + 0.05
        while time.thread_time() < until:
            pass
        return super().draw(face)


class TestFace:
    def test_codecs_encode(self) -> None:
        assert {check.name: check.status for check in face.check_codecs()} == {
            "codec VP8": Status.OK,
            "codec H.264": Status.OK,
            "codec Opus": Status.OK,
        }

    def test_missing_data_fail_where_they_are_needed(self, tmp_path: Path) -> None:
        checks = {check.name: check for check in face.check_assets(settings(tmp_path))}
        assert checks["data head"].status is Status.FAIL
        assert "visavis setup" in checks["data head"].mend
        assert checks["data landmarks"].status is Status.INFO

    def test_a_fast_machine_and_a_slow_one(self) -> None:
        fast = face.speed_of(PlainEngine(), cores=8)
        assert fast.status is Status.OK
        assert "sessions" in fast.detail
        slow = face.speed_of(SlowEngine(), cores=2)
        assert slow.status is Status.FAIL
        assert "--size" in slow.mend


class TestVoice:
    async def test_a_vendor_without_plugin_or_key_fails_and_no_key_is_told(self, tmp_path: Path, monkeypatch) -> None:
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        without = await check_voice(settings(tmp_path, stt="none", llm="openai/gpt-4.1-mini"))
        assert [check.status for check in without if "openai" in check.name] == [Status.FAIL]
        assert not healthy(without)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
        told = await check_voice(settings(tmp_path, stt="none", llm="openai/gpt-4.1-mini"))
        assert "very-secret" not in str(told)


def test_the_page_and_a_missing_one(tmp_path: Path) -> None:
    assert page.check_page(tmp_path).status is Status.FAIL
    (tmp_path / "index.html").write_text("<!doctype html>")
    assert page.check_page(tmp_path).status is Status.OK
    assert page.check_chromium().status is Status.INFO


@pytest.mark.parametrize(("status", "code"), [(Status.OK, 0), (Status.WARN, 0), (Status.INFO, 0), (Status.FAIL, 1)])
def test_only_a_failure_fails_the_command(monkeypatch, status: Status, code: int) -> None:
    async def examine(given):
        yield Check("port", Status.OK, "free")
        yield Check("a [thing]", status, "some detail", "do [this]")

    monkeypatch.setattr("visavis.doctor.examine.examine", examine)
    result = run.invoke(app, ["doctor"])
    assert result.exit_code == code
    assert "a [thing]" in result.output
    assert ("do [this]" in result.output) == (status is not Status.OK)
    as_json = run.invoke(app, ["doctor", "--json"])
    assert as_json.exit_code == code
    assert json.loads(as_json.stdout)[1]["status"] == status


class TestHosted:
    def chosen(self, tmp_path: Path, providers: list[str]) -> list[Check]:
        return check_hosted(settings(tmp_path, providers=providers))

    def test_keys_are_looked_for_and_never_told(self, tmp_path: Path, monkeypatch) -> None:
        needs.package("livekit.plugins.tavus", 'pip install "visavis[tavus]"')
        monkeypatch.setenv("LIVEKIT_URL", "wss://rooms.example")
        monkeypatch.setenv("LIVEKIT_API_KEY", "lk-key")
        monkeypatch.setenv("LIVEKIT_API_SECRET", "lk-very-secret")
        monkeypatch.delenv("TAVUS_API_KEY", raising=False)
        without = self.chosen(tmp_path, ["tavus"])
        assert [check.status for check in without] == [Status.FAIL]
        assert without[0].mend == "Set TAVUS_API_KEY."
        monkeypatch.setenv("TAVUS_API_KEY", "very-secret")
        there = self.chosen(tmp_path, ["tavus"])
        assert [check.status for check in there] == [Status.OK]
        assert "very-secret" not in str(there)

    def test_a_failure_before_another_name_is_borne(self, tmp_path: Path) -> None:
        checks = self.chosen(tmp_path, ["hedra", "rig"])
        assert [(check.name, check.status) for check in checks] == [("provider hedra", Status.WARN)]
        assert "tavus" in checks[0].mend

    def test_nothing_chosen_nothing_said(self, tmp_path: Path) -> None:
        assert self.chosen(tmp_path, []) == []
