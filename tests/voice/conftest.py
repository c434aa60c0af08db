"""Recordings from the shared folder, and a listener that remembers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests import needs

from visavis.audio.files import load_audio
from visavis.testing.conversing import RememberingListener
from visavis.types import I16


@pytest.fixture
def recording() -> Callable[..., I16]:
    """int16 at 16 kHz by file name."""

    def load(name: str, rate_hz: int = 16_000) -> I16:
        return load_audio(needs.shared(f"speech/{name}"), rate_hz)

    return load


@pytest.fixture
def listener() -> RememberingListener:
    return RememberingListener()
