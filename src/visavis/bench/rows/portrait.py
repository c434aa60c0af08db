"""The portrait: one picture that lives. Measured on the person of the rig's row, drawn once and taken as a picture."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

from visavis.bench.self_reenactment import SIDE, measure_people
from visavis.bench.subject import Facts, Report, Subject
from visavis.session.faces import Faces, InstalledFaces
from visavis.settings import Settings

AVATAR: Final = "nova-picture"
PERSON: Final = "nova"


def _faces(settings: Settings) -> Faces:
    return InstalledFaces(settings.home, settings.cache)


def _prepare(settings: Settings, avatar: str, report: Report) -> None:
    """The bench's own avatar is made where it is not installed yet; another one must be there."""
    from visavis.avatars import Likeness, installed_root, load_avatar
    from visavis.session.creation import Request, create_avatar

    if avatar != AVATAR or (installed_root(settings.home) / avatar).exists():
        load_avatar(avatar, settings.home)
        return
    with tempfile.TemporaryDirectory(prefix="visavis-bench-") as scratch:
        picture = _draw_person(settings, Path(scratch) / "nova.png", report)
        likeness = Likeness(origin="synthetic", statement="Drawn by visavis from its built-in person Nova, to be measured.")
        create_avatar(Request(picture, AVATAR, likeness=likeness), settings.home, settings.cache, report)


def _draw_person(settings: Settings, path: Path, report: Report) -> Path:
    from PIL import Image

    from visavis.avatars import load_avatar
    from visavis.engines.rig import RigEngine
    from visavis.engines.rig.people import load_person
    from visavis.types import FaceFrame

    rig = RigEngine(load_person(load_avatar(PERSON, settings.home), settings.cache, report), width=SIDE, height=SIDE)
    Image.fromarray(rig.draw_rgb(FaceFrame.neutral())).save(path)
    rig.close()
    return path


def _build(settings: Settings, avatar: str, scratch: Path) -> None:
    """The picture of an installed portrait, made into a portrait again; fetched data are lent from the real cache."""
    from PIL import Image

    from visavis.avatars import load_avatar
    from visavis.engines.portrait.create import create_portrait
    from visavis.engines.portrait.portrait import Portrait

    scratch.mkdir(parents=True, exist_ok=True)
    for name in ("assets", "head"):
        os.symlink((settings.cache / name).resolve(), scratch / name, target_is_directory=True)
    picture = scratch / "picture.png"
    Image.fromarray(Portrait.load(load_avatar(avatar, settings.home).asset("portrait")).picture[..., :3]).save(picture)
    create_portrait(picture, scratch, {}, scratch)


def _realism(settings: Settings, report: Report) -> dict[str, float]:
    report("comparing with the truth", 0.0)
    found = measure_people(settings.cache, settings.home)
    report("comparing with the truth", 1.0)
    return found


PORTRAIT: Final = Subject(
    engine="portrait",
    avatar=AVATAR,
    facts=Facts(
        realism="the picture itself",
        new_identity="one picture",
        identity_from=frozenset({"photo", "character"}),
        training="none",
        hardware="cpu",
        best_for="a likeness in seconds, on any machine",
    ),
    faces=_faces,
    prepare=_prepare,
    build=_build,
    realism=_realism,
)
