"""Importing motion is cheap."""

from __future__ import annotations

import subprocess
import sys


def test_importing_motion_loads_nothing_heavy() -> None:
    heavy = ("numba", "torch", "pocketsphinx", "av", "livekit", "aiortc", "scipy", "cv2", "onnxruntime")
    code = f"import sys, visavis.motion, visavis.motion.voice_model; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
