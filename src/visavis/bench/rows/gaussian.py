"""Gaussian splats: the same person as the rig's, trained on pictures of it, so that the two can be compared on one face."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from visavis.bench.subject import Facts, Report, Subject
from visavis.session.faces import Faces, InstalledFaces
from visavis.settings import Settings
from visavis.types import FaceFrame

COMPARED: Final = 30
"""Frames."""


def _faces(settings: Settings) -> Faces:
    return InstalledFaces(settings.home, settings.cache)


def _prepare(settings: Settings, avatar: str, report: Report) -> None:
    from visavis.avatars import load_avatar
    from visavis.engines.gaussian.avatar import load

    report("reading splats", 0.0)
    load(load_avatar(avatar, settings.home).asset("gaussian"))


def _against_truth(settings: Settings, avatar: str, talking: Sequence[FaceFrame]) -> dict[str, float] | None:
    """Against the rig that the person was trained on pictures of, while both say the same: expressions that training never saw."""
    from visavis.engines.gaussian.training.loss import psnr, ssim
    from visavis.render.picture import rgb_from_i420

    faces = _faces(settings)
    person = faces.avatar(avatar)
    if "rig" not in person.engines:
        return None
    truth, splats = (faces.engine(person, name, settings.size) for name in ("rig", "gaussian"))
    figures = []
    for face in talking[:: max(1, len(talking) // COMPARED)]:
        a, b = (np.asarray(rgb_from_i420(engine.draw(face).i420) / 255, np.float32) for engine in (truth, splats))
        figures.append((psnr(b, a), ssim(b, a)))
    truth.close()
    splats.close()
    mean = np.mean(figures, 0)
    return {"psnr": float(mean[0]), "ssim": float(mean[1])}


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
    against_truth=_against_truth,
)
