"""`realism`: a picture is moved, and the truth is known because the picture was drawn.

A built-in person is drawn at rest by the rig; that one picture becomes a portrait, and both make the same faces. Compared in the face's
region, where the portrait shows it; identities, light and expressions are nothing the portrait was made from.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from visavis.arkit import COUNT, INDEX
from visavis.types import F32, U8, FaceFrame

PEOPLE: Final = ("nova", "milo")
SIDE: Final = 768
FRAMES_EACH: Final = 40
YAW_RAD, PITCH_RAD, ROLL_RAD = 0.26, 0.16, 0.08
"""Heads turn within about 15, 9 and 5 degrees."""
WINDOW, SIGMA = (11, 11), 1.5
"""SSIM's window. Source: Wang et al., "Image quality assessment: from error visibility to structural similarity", 2004."""


def measure_people(cache: Path, home: Path, people: Sequence[str] = PEOPLE, frames: int = FRAMES_EACH) -> dict[str, float]:
    """PSNR in dB and SSIM, means over people and faces."""
    pairs = [value for person in people for value in measure_person(cache, home, person, frames)]
    psnr, ssim = np.mean(pairs, axis=0)
    return {"psnr": float(psnr), "ssim": float(ssim)}


def measure_person(cache: Path, home: Path, person: str, frames: int = FRAMES_EACH) -> list[tuple[float, float]]:
    """PSNR and SSIM of each face."""
    import cv2

    from visavis.avatars import load_avatar
    from visavis.engines.portrait.build import build_portrait
    from visavis.engines.portrait.engine import PortraitEngine
    from visavis.engines.rig import RigEngine
    from visavis.engines.rig.people import load_person
    from visavis.landmarks.pictures import Picture

    rig = RigEngine(load_person(load_avatar(person, home), cache), width=SIDE, height=SIDE)
    portrait, _ = build_portrait(Picture(rig.draw_rgb(FaceFrame.neutral())), person, cache)
    engine = PortraitEngine(portrait, size=portrait.side)
    scale, left, top = (float(v) for v in portrait.crop)
    matrix = np.array([[scale, 0, left], [0, scale, top]])
    found = []
    for face in faces_to_make(frames):
        truth = rig.draw_rgb(face)
        cut = np.asarray(cv2.warpAffine(truth, matrix, (portrait.side,) * 2, flags=cv2.INTER_CUBIC), np.uint8)
        found.append(compare(engine.draw_rgb(face), cut, engine.face_region()))
    rig.close()
    return found


def faces_to_make(count: int, seed: int = 5) -> list[FaceFrame]:
    """Talking, blinking, turning faces, each a new one."""
    rng = np.random.default_rng(seed)
    faces = []
    for i in range(count):
        weights = np.zeros(COUNT, np.float32)
        weights[INDEX["jawOpen"]] = rng.uniform(0, 0.35)
        for name in ("mouthFunnel", "mouthPucker", "browInnerUp"):
            weights[INDEX[name]] = rng.uniform(0, 0.5) * (rng.random() < 0.3)
        for name in ("mouthSmile", "mouthStretch", "mouthLowerDown", "mouthUpperUp", "browOuterUp", "cheekSquint"):
            both = rng.uniform(0, 0.4) * (rng.random() < 0.4)
            weights[[INDEX[f"{name}Left"], INDEX[f"{name}Right"]]] = both
        weights[[INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = rng.uniform(0, 1) * (rng.random() < 0.25)
        turn = rng.uniform(-1, 1, 3) * [YAW_RAD, PITCH_RAD, ROLL_RAD]
        gaze = np.tile(rng.uniform(-0.15, 0.15, 2), (2, 1)).astype(np.float32)
        faces.append(FaceFrame(i, weights, turn.astype(np.float32), np.zeros(3, np.float32), gaze))
    return faces


def compare(drawn: U8, truth: U8, region: npt.NDArray[np.bool_]) -> tuple[float, float]:
    """PSNR in dB over RGB, and SSIM of the luma, within region bool [h, w]."""
    error = ((drawn.astype(np.float64) - truth) ** 2)[region].mean()
    return float(10 * np.log10(255**2 / max(error, 1e-9))), float(_ssim(_luma(drawn), _luma(truth))[region].mean())


def _luma(rgb: U8) -> F32:
    return np.asarray(rgb @ np.array([0.299, 0.587, 0.114]), np.float32)


def _ssim(a: F32, b: F32) -> F32:
    import cv2

    def blur(x: F32) -> F32:
        return np.asarray(cv2.GaussianBlur(x, WINDOW, SIGMA), np.float32)

    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b, both = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2, blur(a * b) - mean_a * mean_b
    c1, c2 = np.float32((0.01 * 255) ** 2), np.float32((0.03 * 255) ** 2)
    value = (2 * mean_a * mean_b + c1) * (2 * both + c2) / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
    return np.asarray(value, np.float32)
