"""What holds for every test."""

from __future__ import annotations

import faulthandler
import signal
import sys


def pytest_configure() -> None:
    """Some process that the suite starts sends a stray SIGTERM minutes later; it is told where it struck, and the run goes on."""
    faulthandler.register(signal.SIGTERM, file=sys.__stderr__, all_threads=True, chain=False)
