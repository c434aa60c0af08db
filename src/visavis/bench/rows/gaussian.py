"""Gaussian splats: the same person as the rig's, trained on pictures of it, so that the two can be compared on one face."""

from __future__ import annotations

from typing import Final

from visavis.bench.subject import Facts, Report, Subject
from visavis.session.faces import Faces, InstalledFaces
from visavis.settings import Settings


def _faces(settings: Settings) -> Faces:
    return InstalledFaces(settings.home, settings.cache)


def _prepare(settings: Settings, avatar: str, report: Report) -> None:
    from visavis.avatars import load_avatar
    from visavis.engines.gaussian.avatar import load

    report("reading splats", 0.0)
    load(load_avatar(avatar, settings.home).asset("gaussian"))


GAUSSIAN: Final = Subject(
    engine="gaussian",
    avatar="nova",
    facts=Facts(
        realism="the likeness of what was photographed",
        new_identity="pictures from many cameras in many expressions, or a file of splats",
        identity_from=frozenset({"capture"}),
        training="minutes",
        hardware="cpu",
        best_for="a real person's likeness from any side",
    ),
    faces=_faces,
    prepare=_prepare,
)
