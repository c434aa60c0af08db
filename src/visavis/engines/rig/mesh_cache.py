"""Meshes of people and characters in the cache: built once, read from then on, built anew when damaged or outdated."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from visavis.errors import BadInput, TooLarge, Unavailable
from visavis.render.mesh import RenderMesh

KEY_LENGTH: Final = 20
_log = logging.getLogger(__name__)


def cached_mesh(path: Path, name: str, build: Callable[[], RenderMesh]) -> RenderMesh:
    """The mesh at `path`, `<name>-<key>.npz`, or what `build` makes, kept there in the place of earlier ones of that name.

    Raises Unavailable where it cannot be stored.
    """
    if path.is_file():
        try:
            return RenderMesh.load(path)
        except (BadInput, TooLarge) as error:
            _log.warning("Building %s anew: %s", name, error)
    mesh = build()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        mesh.save(path)
    except OSError as error:
        raise Unavailable(f"{name} cannot be stored under {path.parent}: {error}.", mend="Set VISAVIS_CACHE.") from None
    _drop_older(path, name)
    return mesh


def _drop_older(path: Path, name: str) -> None:
    for other in path.parent.glob(f"{name}-" + "?" * KEY_LENGTH + ".npz"):
        if other != path:
            try:
                os.unlink(other)
            except OSError as error:
                _log.info("An older mesh stays: %s", error)
