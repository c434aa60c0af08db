"""How our numba kernels are compiled: cached on disk, without the GIL, one thread, finite fast arithmetic, no bounds checks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit

_OPTIONS: dict[str, Any] = {"cache": True, "nogil": True, "fastmath": True, "error_model": "numpy", "boundscheck": False}


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator of a kernel."""
    compiled: Callable[..., Any] = njit(**_OPTIONS)(function)
    return compiled


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator of a piece of a kernel, copied into its callers."""
    compiled: Callable[..., Any] = njit(inline="always", **_OPTIONS)(function)
    return compiled
