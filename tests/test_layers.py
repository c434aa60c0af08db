"""Importing is free, and layers hold."""

import subprocess
import sys

import pytest

HEAVY = {"torch", "aiortc", "aioice", "livekit", "numba", "onnxruntime", "av", "cv2", "pocketsphinx", "scipy", "PIL"}


def loaded_by(*modules: str) -> set[str]:
    code = f"import sys, {', '.join(modules)}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


@pytest.mark.parametrize(
    "module",
    [
        "visavis", "visavis.types", "visavis.protocol", "visavis.settings", "visavis.motion", "visavis.voice", "visavis.engines",
        "visavis.engines.rig", "visavis.render", "visavis.head", "visavis.avatars", "visavis.assets", "visavis.sync",
        "visavis.landmarks.faces", "visavis.landmarks.pictures", "visavis.splats", "visavis.splats.formats",
        "visavis.transports", "visavis.transports.livekit", "visavis.hosted", "visavis.hosted.start", "visavis.hosted.doctor",
        "visavis.session", "visavis.server", "visavis.cli", "visavis.cli.commands",
    ],
)  # fmt: skip
def test_importing_loads_nothing_heavy(module: str) -> None:
    assert not loaded_by(module) & HEAVY
