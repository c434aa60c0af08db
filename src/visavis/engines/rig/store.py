"""The mesh of any rig avatar: a person from a description, or a character from a glTF or VRM file."""

from __future__ import annotations

from pathlib import Path

from visavis import assets
from visavis.avatars import Avatar
from visavis.render.mesh import RenderMesh


def load_mesh(avatar: Avatar, cache: Path, progress: assets.Progress | None = None) -> RenderMesh:
    """Read from the cache, or built (tens of seconds) and kept there. The asset's ending tells a character from a description.

    Raises BadInput or TooLarge for what the bundle holds, Unavailable where the head's data cannot be had or the cache not be written.
    """
    from visavis.engines.rig.characters.store import is_character, load_character

    if is_character(avatar.asset("rig")):
        return load_character(avatar.name, avatar.asset("rig"), cache, progress)
    from visavis.engines.rig.people import load_person

    return load_person(avatar, cache, progress)
