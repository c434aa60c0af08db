"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import psutil

from visavis import __version__

VERSIONS_OF: Final = ("numpy", "numba", "av", "aiortc", "livekit-agents")


def describe_machine() -> dict[str, Any]:
    """The processor, how busy it is, and the versions the figures depend on. Nothing that names the machine or its user."""
    one, five, _ = psutil.getloadavg()
    return {
        "cpu": _cpu_model(),
        "cores": usable_cores(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "load_average_1min": round(one, 2),
        "load_average_5min": round(five, 2),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "visavis": __version__,
        "versions": {name: _version(name) for name in VERSIONS_OF},
    }


def usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
