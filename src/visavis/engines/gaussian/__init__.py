"""The gaussian engine. `GaussianEngine` is loaded when first asked for: it brings numba."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from visavis.engines.gaussian.engine import GaussianEngine

__all__ = ["GaussianEngine"]


def __getattr__(name: str) -> Any:
    if name == "GaussianEngine":
        from visavis.engines.gaussian.engine import GaussianEngine

        return GaussianEngine
    raise AttributeError(name)
