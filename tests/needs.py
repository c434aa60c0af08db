"""What a test may need of the machine: found, or the test is skipped in words; with VISAVIS_REQUIRE it fails instead."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"


def missing(name: str, reason: str) -> None:
    """Skip, or fail where `name` stands in VISAVIS_REQUIRE."""
    required = os.environ.get("VISAVIS_REQUIRE", "").split(",")
    if name in required:
        pytest.fail(f"{reason} (VISAVIS_REQUIRE asks for {name})")
    pytest.skip(reason)


def chromium() -> str:
    """The path of a Chromium."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    missing("chromium", "no Chromium on the PATH: sudo apt-get install chromium")
    raise AssertionError


def livekit_server() -> str:
    """The path of a livekit-server: on the PATH, or built once (two minutes) by the Go toolchain."""
    script = Path(__file__).resolve().parents[1] / "scripts" / "livekit-server"
    found = subprocess.run([script, "--path"], capture_output=True, text=True, check=False)
    if found.returncode != 0:
        said = found.stderr.strip().splitlines()
        missing("livekit", said[-1] if said else "livekit-server cannot be built")
    return found.stdout.strip()


def package(name: str, mend: str) -> None:
    """A package that no part of visavis needs, but something shown here does."""
    try:
        found = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        found = None
    if found is None:
        missing(name.rpartition(".")[2], f"{name} is not installed: {mend}")


def shared(path: str) -> Path:
    """A file of the recordings, photographs and captures that lie beside the repository."""
    found = SHARED / path
    if not found.exists():
        missing("shared", f"{path} is not beside the repository (../shared/data)")
    return found


def network_namespace() -> None:
    """Root and iproute2: the test may make a network of its own."""
    if shutil.which("ip") is None or os.geteuid() != 0:
        missing("netns", "network namespaces need root and iproute2")
    if subprocess.run(["ip", "netns", "list"], capture_output=True, check=False).returncode != 0:
        missing("netns", "this kernel has no network namespaces")


def torch() -> None:
    """PyTorch and ONNX, as `pip install visavis[train]` brings them."""
    if importlib.util.find_spec("torch") is None or importlib.util.find_spec("onnx") is None:
        missing("torch", "PyTorch is not installed: pip install 'visavis[train]'")
