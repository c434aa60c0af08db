"""The rig: a drawn character on the canonical head."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Final

from visavis.bench.subject import Facts, Report, Subject
from visavis.session.faces import Faces, InstalledFaces
from visavis.settings import Settings


def _faces(settings: Settings) -> Faces:
    return InstalledFaces(settings.home, settings.cache)


def _prepare(settings: Settings, avatar: str, report: Report) -> None:
    from visavis.avatars import load_avatar
    from visavis.engines.rig.store import load_mesh

    load_mesh(load_avatar(avatar, settings.home), settings.cache, report)


def _build(settings: Settings, avatar: str, scratch: Path) -> None:
    """The person from its bundle; fetched data are lent from the real cache, built things are not."""
    from visavis.avatars import load_avatar
    from visavis.engines.rig.store import load_mesh

    scratch.mkdir(parents=True, exist_ok=True)
    os.symlink((settings.cache / "assets").resolve(), scratch / "assets", target_is_directory=True)
    load_mesh(load_avatar(avatar, settings.home), scratch)


RIG: Final = Subject(
    engine="rig",
    avatar="nova",
    facts=Facts(
        realism="a drawn character",
        new_identity="a description of the head, in a text file",
        identity_from=frozenset({"character"}),
        training="none",
        hardware="cpu",
        best_for="any machine, full control, no data",
    ),
    faces=_faces,
    prepare=_prepare,
    build=_build,
)
RIG_VIEWER: Final = replace(
    RIG, draw="viewer", build=None, facts=replace(RIG.facts, best_for="many calls from one machine, motion at the display's own rate")
)  # fmt: skip
"""The same person drawn by the viewer: the server sends sound and motion."""
