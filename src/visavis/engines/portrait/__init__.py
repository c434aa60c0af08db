"""A picture that lives: one photograph, painting or render, moved by FaceFrames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from visavis.engines.portrait.engine import PortraitEngine

__all__ = ["PortraitEngine"]


def __getattr__(name: str) -> Any:
    if name == "PortraitEngine":
        from visavis.engines.portrait.engine import PortraitEngine

        return PortraitEngine
    raise AttributeError(name)
