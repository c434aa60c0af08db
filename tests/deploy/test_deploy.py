"""The files of deploy/ against the schemas of their tools, and against what the program really answers to."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests import needs
from typer.testing import CliRunner

from visavis.cli.commands import app

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
MANIFESTS = ("redis.yaml", "livekit.yaml", "worker.yaml", "hpa.yaml")


def documents(name: str) -> list[dict[str, Any]]:
    return [each for each in yaml.safe_load_all((DEPLOY / name).read_text()) if each]


def container(name: str) -> dict[str, Any]:
    deployment = next(each for each in documents(f"kubernetes/{name}.yaml") if each["kind"] == "Deployment")
    found: dict[str, Any] = deployment["spec"]["template"]["spec"]["containers"][0]
    return found


def test_compose_follows_its_schema() -> None:
    needs.package("check_jsonschema", "pip install check-jsonschema")
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("name", MANIFESTS)
def test_manifests_follow_kubernetes_schemas(name: str) -> None:
    needs.package("kubernetes_validate", "pip install kubernetes-validate")
    import kubernetes_validate

    for document in documents(f"kubernetes/{name}"):
        kubernetes_validate.validate(document, "1.32", strict=True)


def livekit_configs() -> list[str]:
    (config,) = (each for each in documents("kubernetes/livekit.yaml") if each["kind"] == "ConfigMap")
    return [(DEPLOY / "livekit.yaml").read_text(), config["data"]["livekit.yaml"]]


@pytest.mark.parametrize("config", livekit_configs(), ids=["compose", "kubernetes"])
def test_livekit_reads_its_configuration(config: str) -> None:
    """The server itself refuses what it does not know; the ports it names are those that are opened."""
    chosen = yaml.safe_load(config)
    chosen["rtc"]["use_external_ip"] = False  # it would ask a server outside
    command = [needs.livekit_server(), "--config-body", yaml.safe_dump(chosen), "--keys", f"key: {'s' * 32}", "ports"]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "could not parse" not in told.stdout + told.stderr
    opened = {port.partition(":")[0] for port in documents("compose.yaml")[0]["services"]["livekit"]["ports"]}
    opened_in_kubernetes = {str(port["containerPort"]) for port in container("livekit")["ports"]}
    for port in ("7880", "7881", "7882"):
        assert port in told.stdout
        assert port in opened & opened_in_kubernetes


def test_every_manifest_is_applied() -> None:
    (kustomization,) = documents("kubernetes/kustomization.yaml")
    assert set(kustomization["resources"]) == set(MANIFESTS)


def commands() -> list[tuple[str, list[str]]]:
    services = documents("compose.yaml")[0]["services"]
    found = [(name, service["command"]) for name, service in services.items() if service.get("image") == "visavis:latest"]
    return [*found, ("kubernetes", container("worker")["args"])]


@pytest.mark.parametrize(("where", "arguments"), commands())
def test_the_commands_are_the_programs(where: str, arguments: list[str]) -> None:
    told = CliRunner().invoke(app, [arguments[0], "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    assert told.exit_code == 0, f"{where}: {told.output}"
    for option in arguments[1:]:
        if option.startswith("--"):
            assert option in told.output, f"{where}: {arguments[0]} has no {option}"


def seconds_of(option: str, arguments: list[str]) -> int:
    return int(arguments[arguments.index(option) + 1])


def test_pods_are_given_the_time_to_drain() -> None:
    deployment = next(each for each in documents("kubernetes/worker.yaml") if each["kind"] == "Deployment")
    grace_s = deployment["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    assert grace_s >= seconds_of("--drain-s", container("worker")["args"]) + 30
    worker = documents("compose.yaml")[0]["services"]["worker"]
    assert int(worker["stop_grace_period"].removesuffix("m")) * 60 >= seconds_of("--drain-s", worker["command"]) + 30


def test_probes_and_scrapes_ask_what_the_worker_answers() -> None:
    source = "".join(path.read_text() for path in (DEPLOY.parent / "src" / "visavis" / "server").glob("*.py"))
    worker = container("worker")
    for probe in ("startupProbe", "livenessProbe"):
        assert f'"{worker[probe]["httpGet"]["path"]}"' in source
    (scaler,) = documents("kubernetes/hpa.yaml")
    metric = scaler["spec"]["metrics"][0]["pods"]["metric"]["name"]
    assert f'"{metric}"' in source
    rules = documents("kubernetes/prometheus-adapter-values.yaml")[0]["rules"]["custom"]
    assert any(metric.removeprefix("visavis_") in rule["seriesQuery"] for rule in rules)
    ports = {port["containerPort"] for port in worker["ports"]}
    assert ports == {seconds_of("--port", worker["args"])}


def test_no_key_stands_in_a_file() -> None:
    for path in DEPLOY.rglob("*"):
        if path.is_file():
            for line in path.read_text().splitlines():
                key = re.match(r"\s*(?:LIVEKIT_API_SECRET|VISAVIS_TOKEN|api-secret)\s*[:=]\s*(\S+)", line)
                assert key is None or key[1].startswith(("$", "{")), f"{path.name}: {line}"


def test_the_image_copies_what_there_is() -> None:
    for line in (DEPLOY / "Dockerfile").read_text().splitlines():
        words = line.split()
        if words[:1] == ["COPY"] and not words[1].startswith("--"):
            for source in words[1:-1]:
                assert (DEPLOY.parent / source).exists(), line
