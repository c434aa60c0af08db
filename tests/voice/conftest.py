"""Recordings from the shared folder, and a listener that remembers."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from visavis.audio.files import load_audio
from visavis.testing.conversing import RememberingListener
from visavis.types import I16

SPEECH = Path(__file__).parents[3] / "shared" / "data" / "speech"


@pytest.fixture
def recording() -> Callable[..., I16]:
    """int16 at 16 kHz by file name."""

    def load(name: str, rate_hz: int = 16_000) -> I16:
        if not (SPEECH / name).is_file():
            why = f"{name} is not in ../shared/data/speech"
            if "shared" in os.environ.get("VISAVIS_REQUIRE", ""):
                pytest.fail(why)
            pytest.skip(why)
        return load_audio(SPEECH / name, rate_hz)

    return load


@pytest.fixture
def listener() -> RememberingListener:
    return RememberingListener()
