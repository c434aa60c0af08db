"""Gaussian splats: the same person as the rig's, trained on pictures of it, so that the two can be compared on one face."""

from __future__ import annotations

from typing import Final

import numpy as np

from visavis.bench.subject import Facts, Report, Subject
from visavis.session.faces import Faces, InstalledFaces
from visavis.settings import Settings

FRAMES: Final = 300
FRAMES_STEP: Final = 10
"""Of a talking face, every so manyth is compared."""


def _faces(settings: Settings) -> Faces:
    return InstalledFaces(settings.home, settings.cache)


def _prepare(settings: Settings, avatar: str, report: Report) -> None:
    from visavis.avatars import load_avatar
    from visavis.engines.gaussian.avatar import load

    report("reading splats", 0.0)
    load(load_avatar(avatar, settings.home).asset("gaussian"))


def _realism(settings: Settings, report: Report) -> dict[str, float]:
    """Against the rig that the person was trained on pictures of, while both say the same: faces that training never saw."""
    from visavis.bench.drawing import talking_faces
    from visavis.bench.speech_sample import speak
    from visavis.engines.gaussian.training.loss import psnr, ssim
    from visavis.render.picture import rgb_from_i420

    faces = _faces(settings)
    person = faces.avatar(GAUSSIAN.avatar)
    truth, splats = (faces.engine(person, name, settings.size) for name in ("rig", "gaussian"))
    talking = talking_faces(speak(), fps=settings.fps, count=FRAMES)[::FRAMES_STEP]
    figures = []
    for n, face in enumerate(talking):
        report("comparing with the rig", n / len(talking))
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
    realism=_realism,
)
