"""How our numba kernels are compiled: cached on disk, without the GIL, one thread, finite fast arithmetic, no bounds checks.

numba discards a cached kernel when the file it stands in changes, but not when a kernel that it calls does, in another file. So each
cache is stamped with all of this folder's source and all of its own folder's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from numba import njit

_OPTIONS: Final[dict[str, Any]] = {"cache": True, "nogil": True, "fastmath": True, "error_model": "numpy", "boundscheck": False}


def sources_hash(folder: Path) -> str:
    """Changes with any .py file in the folder."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


sources_once = lru_cache(sources_hash)
SOURCES: Final = sources_once(Path(__file__).parent)


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator of a kernel."""
    compiled: Any = njit(**_OPTIONS)(function)
    store = compiled._cache._cache_file  # numba has no public door to the stamp; the test of this file would notice a change
    store._source_stamp = (store._source_stamp, SOURCES, sources_once(Path(function.__code__.co_filename).parent))
    stamped: Callable[..., Any] = compiled
    return stamped


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator of a piece of a kernel, copied into its callers."""
    compiled: Callable[..., Any] = njit(inline="always", **_OPTIONS)(function)
    return compiled
