"""The rig engine. `RigEngine` is loaded when first asked for: it brings numba."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from visavis.engines.rig.engine import RigEngine

__all__ = ["RigEngine"]


def __getattr__(name: str) -> Any:
    if name == "RigEngine":
        from visavis.engines.rig.engine import RigEngine

        return RigEngine
    raise AttributeError(name)
