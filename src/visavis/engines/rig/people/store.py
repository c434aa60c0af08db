"""The cache of built people, keyed by everything that a mesh is made of."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Final

from visavis import assets
from visavis.avatars import Avatar
from visavis.engines.rig.mesh_cache import KEY_LENGTH, cached_mesh
from visavis.head.canonical import FORMAT as HEAD_FORMAT
from visavis.head.canonical import load_head
from visavis.render.mesh import FORMAT as MESH_FORMAT
from visavis.render.mesh import RenderMesh

FORMAT: Final = 1
"""Raise it when the same spec should give another mesh."""


def load_person(avatar: Avatar, cache: Path, progress: assets.Progress | None = None) -> RenderMesh:
    """The avatar's mesh: read from the cache, or built (tens of seconds) and kept there.

    Raises BadInput for a bad spec and Unavailable where the head's data cannot be had or the cache not be written.
    """

    def build() -> RenderMesh:
        from visavis.engines.rig.people.build import build_person
        from visavis.engines.rig.people.spec import read_spec

        spec = read_spec(avatar.asset("rig"))
        return build_person(load_head(cache, progress), spec, progress)

    return cached_mesh(mesh_path(avatar, cache), avatar.name, build)


def mesh_path(avatar: Avatar, cache: Path) -> Path:
    """Where the avatar's built mesh lies; the name changes with the spec, this code's formats and the head's data."""
    key = hashlib.sha256(f"{FORMAT} {HEAD_FORMAT} {MESH_FORMAT} {assets.SOURCES['head'].files_sha256} {_code_hash()}".encode())
    key.update(avatar.asset("rig").read_bytes())
    return cache / "people" / f"{avatar.name}-{key.hexdigest()[:KEY_LENGTH]}.npz"


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
