"""The cache of built people, keyed by everything that a mesh is made of."""

from __future__ import annotations

import hashlib
import logging
import os
from functools import lru_cache
from pathlib import Path
from typing import Final

from visavis import assets
from visavis.avatars import Avatar
from visavis.errors import BadInput, TooLarge, Unavailable
from visavis.head.canonical import FORMAT as HEAD_FORMAT
from visavis.head.canonical import load_head
from visavis.render.mesh import FORMAT as MESH_FORMAT
from visavis.render.mesh import RenderMesh

FORMAT: Final = 1
"""Raise it when the same spec should give another mesh."""
_log = logging.getLogger(__name__)


def load_person(avatar: Avatar, cache: Path, progress: assets.Progress | None = None) -> RenderMesh:
    """The avatar's mesh: read from the cache, or built (tens of seconds) and kept there.

    Raises BadInput for a bad spec and Unavailable where the head's data cannot be had or the cache not be written.
    """
    spec_path = avatar.asset("rig")
    path = mesh_path(avatar, cache)
    if path.is_file():
        try:
            return RenderMesh.load(path)
        except (BadInput, TooLarge) as error:
            _log.warning("Building %s anew: %s", avatar.name, error)
    from visavis.engines.rig.people.build import build_person
    from visavis.engines.rig.people.spec import read_spec

    spec = read_spec(spec_path)
    head = load_head(cache, progress)
    mesh = build_person(head, spec, progress)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        mesh.save(path)
    except OSError as error:
        raise Unavailable(f"The person cannot be stored under {cache}: {error}.", mend="Set VISAVIS_CACHE.") from None
    _drop_older(path, avatar.name)
    return mesh


def mesh_path(avatar: Avatar, cache: Path) -> Path:
    """Where the avatar's built mesh lies; the name changes with the spec, this code's formats and the head's data."""
    key = hashlib.sha256(f"{FORMAT} {HEAD_FORMAT} {MESH_FORMAT} {assets.SOURCES['head'].files_sha256} {_code_hash()}".encode())
    key.update(avatar.asset("rig").read_bytes())
    return cache / "people" / f"{avatar.name}-{key.hexdigest()[:20]}.npz"


@lru_cache(maxsize=1)
def _code_hash() -> str:
    """Hash of the sources that make people, so that a changed line is never drawn from an old cache."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    render = here.parents[2] / "render"
    files = [*here.rglob("*.py"), *(here.parents[2] / "head").rglob("*.py"), render / "bake.py", render / "prune.py"]
    for file in sorted(files):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _drop_older(path: Path, name: str) -> None:
    """Remove the meshes of earlier specs of the same avatar."""
    for other in path.parent.glob(f"{name}-" + "?" * 20 + ".npz"):
        if other != path:
            try:
                os.unlink(other)
            except OSError as error:
                _log.info("An older mesh stays: %s", error)
