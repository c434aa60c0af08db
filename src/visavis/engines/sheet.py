"""Contact sheets: one person in many faces on a page, to be looked at."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from visavis.arkit import COUNT, INDEX, SHAPES
from visavis.errors import Unavailable
from visavis.render.picture import rgb_from_i420
from visavis.types import F32, TICKS_HZ, U8, Engine, FaceFrame

CELL: Final = 320
"""A cell is drawn at the engine's size and shown at most this large."""
COLUMNS: Final = 9
QUALITY: Final = 88
"""JPEG quality of the files."""
CLOSE: Final = (0.20, 0.86, 0.17, 0.83)
"""Top, bottom, left and right of a cell cut to the face, as shares of the picture."""
TURNS_DEG: Final[Mapping[str, tuple[float, float]]] = {
    "turn -35": (-35, 0), "turn -18": (-18, 0), "straight": (0, 0), "turn +18": (18, 0), "turn +35": (35, 0),
}  # fmt: skip
"""Yaw and pitch."""
GAP_TICKS: Final = 10 * TICKS_HZ
"""Faces stand this far apart in media time, so that nothing swings over from one to the next."""


@dataclass(frozen=True, slots=True)
class Page:
    """A sheet: its name and its labelled faces, `columns` in a row."""

    name: str
    faces: Mapping[str, FaceFrame]
    columns: int
    close: bool = True
    """Cut to the face, or the whole picture."""


def shape_page() -> Page:
    """Every ARKit shape at full weight, neutral first."""
    faces = {"neutral": _face(np.zeros(COUNT, np.float32))}
    for name in SHAPES:
        weights = np.zeros(COUNT, np.float32)
        weights[INDEX[name]] = 1.0
        if name == "mouthClose":
            weights[INDEX["jawOpen"]] = 1.0
        if name == "tongueOut":
            weights[INDEX["jawOpen"]] = 0.35
        faces[name] = _face(weights)
    return Page("shapes", faces, COLUMNS)


def turn_page() -> Page:
    """Five head turns."""
    zeros = np.zeros(COUNT, np.float32)
    return Page(
        "turns", {name: _face(zeros, yaw, pitch) for name, (yaw, pitch) in TURNS_DEG.items()}, len(TURNS_DEG), close=False
    )


def overview_page(visemes: Mapping[str, npt.NDArray[np.floating]]) -> Page:
    """One page to judge a person by: neutral, the visemes, closed eyes, a smile, four turns within a portrait's range."""
    zeros = np.zeros(COUNT, np.float32)
    blink, smile = zeros.copy(), zeros.copy()
    blink[[INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = 1
    smile[[INDEX["mouthSmileLeft"], INDEX["mouthSmileRight"]]] = 0.7
    smile[[INDEX["cheekSquintLeft"], INDEX["cheekSquintRight"]]] = 0.4
    faces = {"neutral": _face(zeros)} | {name: _face(np.asarray(w, np.float32)) for name, w in visemes.items()}
    faces |= {"blink": _face(blink), "smile": _face(smile)}
    faces |= {f"turn {yaw:+d}": _face(zeros, yaw) for yaw in (-18, 18)} | {f"nod {p:+d}": _face(zeros, 0, p) for p in (-10, 10)}
    return Page("overview", faces, 6, close=False)


def weights_page(name: str, table: Mapping[str, npt.NDArray[np.floating]], columns: int) -> Page:
    """A page from named weights [52]."""
    return Page(name, {label: _face(np.asarray(weights, np.float32)) for label, weights in table.items()}, columns)


def draw_page(engine: Engine, page: Page) -> U8:
    """The page as RGB [h, w, 3]."""
    cells = []
    for i, (label, face) in enumerate(page.faces.items()):
        at = FaceFrame((i + 1) * GAP_TICKS, face.weights, face.head_rotation, face.head_translation, face.gaze)
        picture = rgb_from_i420(engine.draw(at).i420)
        if page.close:
            picture = _face_of(picture)
        picture = np.ascontiguousarray(picture)
        side = min(CELL, picture.shape[1])
        height = round(side * picture.shape[0] / picture.shape[1])
        cell = np.asarray(cv2.resize(picture, (side, height), interpolation=cv2.INTER_AREA), np.uint8)
        cells.append(_labelled(cell, label))
    blank = np.zeros_like(cells[0])
    cells += [blank] * (-len(cells) % page.columns)
    rows = [np.hstack(cells[i : i + page.columns]) for i in range(0, len(cells), page.columns)]
    return np.vstack(rows)


def write_sheets(
    engine: Engine,
    name: str,
    folder: Path,
    *,
    visemes: Mapping[str, npt.NDArray[np.floating]] | None = None,
    emotions: Mapping[str, npt.NDArray[np.floating]] | None = None,
) -> list[Path]:
    """Write `<name>-<page>.jpg` for shapes and turns, and for visemes and emotions where their weights [52] are given.

    Raises Unavailable where the folder cannot be written. Each file appears whole or not at all.
    """
    pages: list[Page] = [shape_page()]
    if visemes:
        pages.append(weights_page("visemes", visemes, 5))
    if emotions:
        pages.append(weights_page("emotions", emotions, 4))
    pages.append(turn_page())
    if visemes:
        pages.append(overview_page(visemes))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [_write(draw_page(engine, page), folder / f"{name}-{page.name}.jpg") for page in pages]
    except OSError as error:
        raise Unavailable(f"The sheets cannot be written to {folder}: {error}.") from None


def _face(weights: F32, yaw_deg: float = 0.0, pitch_deg: float = 0.0) -> FaceFrame:
    rotation = np.radians([yaw_deg, pitch_deg, 0.0]).astype(np.float32)
    return FaceFrame(0, weights, rotation, np.zeros(3, np.float32), np.zeros((2, 2), np.float32))


def _face_of(picture: U8) -> U8:
    """The part of the picture that the face fills."""
    height, width = picture.shape[:2]
    top, bottom, left, right = CLOSE
    return picture[round(top * height) : round(bottom * height), round(left * width) : round(right * width)]


def _labelled(cell: U8, label: str) -> U8:
    for shift, colour in ((1, (0, 0, 0)), (0, (255, 255, 255))):
        cv2.putText(cell, label, (8 + shift, 18 + shift), cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, 1, cv2.LINE_AA)
    return cell


def _write(picture: U8, path: Path) -> Path:
    encoded: Sequence[object] = cv2.imencode(".jpg", picture[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    data = np.asarray(encoded[1]).tobytes()
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path
